"""Make one commit of a plan's paths: objects, then the branch, then the files on disk, then their index entries."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from bggen.errors import BggenError, GitError, RefusedError
from bggen.git import journal
from bggen.git.commits import commit_tree, rewrite
from bggen.git.content import cleaned, on_disk, refuse_lossy
from bggen.git.index import IndexUpdate, hidden_paths
from bggen.git.place import refuse_unready, same_branch, short
from bggen.git.settings import PendingSettings
from bggen.git.target import Moved
from bggen.workspace import Staged, WorkTree, not_a, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from bggen.git.objects import Objects
    from bggen.git.place import Head, Place
    from bggen.git.signature import Signature
    from bggen.git.trees import File
    from bggen.model import Change


def deliver(
    place: Place,
    objects: Objects,
    head: Head,
    changes: Sequence[Change],
    *,
    message: str,
    reflog: str,
    lock: int,
    index: IndexUpdate,
    signature: Signature,
    publish: Callable[[str], None] = lambda _: None,
    hidden: Mapping[str, str] | None = None,
) -> str:
    """Commit the changes on top of `head` and let the files on disk and their index entries follow.

    Nothing that a user sees moves before everything that may fail has been prepared: the objects, the signature, and
    every new file, written beside its target. What comes after that is repaired by `recover` where it does not end.

    Args:
        place: where.
        objects: the repository's objects.
        head: the branch and the commit that the changes were planned on.
        changes: the files; none of them may have uncommitted changes (the caller has asked for the status).
        message: the commit message.
        reflog: the line for the reflog.
        lock: the descriptor of bggen's lock in this checkout.
        index: the index, held; the caller closes it.
        signature: author and signature of the commit.
        publish: is given the new commit before anything that a user sees moves; what it raises ends the delivery.
        hidden: which of the files git was told not to look at, where this is known (see `hidden_paths`).

    Returns:
        The new commit's id; `head.commit` where the tree holds the changes already.

    Raises:
        Moved: the branch is elsewhere by now.
        RefusedError: HEAD is detached, a merge is in progress, an untracked file is in the way, or git knows no
            identity.
        InvalidError: a symbolic link or a submodule is in the way.
        GitError: git or the file system fails.
    """
    ref = refuse_unready(place, head)
    contents = {change.path: change.after for change in changes}
    work = WorkTree(place.root)
    for change in changes:
        _refuse_obstacle(work, change)
    new_tree = rewrite(objects, head.commit, {place.prefix + path: content for path, content in contents.items()})
    files = {path: new_tree.files[place.prefix + path] for path in contents}
    files = {path: file for path, file in files.items() if file.old != file.new}
    if not files:
        return head.commit
    with contextlib.closing(PendingSettings(place.git)) as asked:
        if hidden is None:
            hidden = hidden_paths(place, files)
        if hidden:
            _refuse_hidden_edits(place, work, files, hidden)
        objects.write(new_tree.objects)
        settings = asked.result()
        commit = commit_tree(
            place.git, new_tree.top, head.commit, message=message, signature=signature, sign=settings.sign
        )
        blobs = {path: file.new for path, file in files.items() if file.new}
        written = on_disk(place, blobs)
        if settings.filters:
            refuse_lossy(place, written, blobs)
        staged = Staged(
            work,
            {path: written.get(path) for path in files},
            token=os.urandom(4).hex(),
            executable=frozenset(path for path, file in files.items() if file.executable),
        )
        items = tuple(
            journal.Item(path, staged.temps.get(path), file.old, file.new, file.executable)
            for path, file in files.items()
        )
        note = journal.Journal(ref, head.commit, commit, items, tuple(staged.folders))
        publish(commit)
        _move(place, head, note, staged, index, marked=hidden, reflog=reflog, lock=lock)
    return commit


def _move(
    place: Place,
    head: Head,
    note: journal.Journal,
    staged: Staged,
    index: IndexUpdate,
    *,
    marked: Collection[str],
    reflog: str,
    lock: int,
) -> None:
    folder = place.git_dir / "bggen"
    with _uninterrupted():
        moved = False
        try:
            journal.write(folder, note)
            staged.write()
            _move_ref(place, head, note, reflog=reflog, lock=lock)
            moved = True
        finally:
            if not moved:
                staged.discard()
                journal.remove(folder)
        try:
            staged.place()
            index.finish(note.items, marked)
        except BggenError as error:
            made = f"the commit {note.new[:10]} is on {printable(short(note.ref))}"
            raise GitError(
                f"{error.message}; {made}, but not all of its files are on disk",
                hint="the next bggen command that changes something puts that right",
            ) from error
        journal.remove(folder)


def _move_ref(place: Place, head: Head, note: journal.Journal, *, reflog: str, lock: int) -> None:
    if not same_branch(place, head):
        raise Moved
    # The lock goes with it: if bggen is killed now, the next one waits until the ref has moved or has not. And it is
    # not in bggen's process group: a kill of the group would leave the ref locked for good.
    done = place.git.run("update-ref", "-m", reflog, note.ref, note.new, note.old, keep_open=[lock], own_group=True)
    if done.code == 0:
        return
    commit = place.git.run("rev-parse", "--verify", "-q", note.ref).out.decode().strip()
    if commit == note.new:
        return
    if commit != note.old:
        raise Moved
    raise done.error(f"move the branch {printable(short(note.ref))}")


def _refuse_obstacle(work: WorkTree, change: Change) -> None:
    """Refuse where something else than the branch's file is on disk.

    A new path that exists there may be ignored, so that no status shows it.
    """
    kind = work.check(change.path)
    if kind not in {None, "file"}:
        raise not_a(change.path, str(kind), "file")
    if kind is not None and change.before is None:
        raise RefusedError(
            f"{printable(change.path)} exists on disk, but not on the branch",
            hint="commit it or move it away",
            kind="uncommitted",
        )


def _refuse_hidden_edits(place: Place, work: WorkTree, files: Mapping[str, File], hidden: Mapping[str, str]) -> None:
    """Refuse files whose edits no status shows, because git was told not to look at them."""
    present = [path for path in files if path in hidden and work.check(path)]
    for path, oid in cleaned(place, present).items():
        if oid != files[path].old:
            option = "--no-skip-worktree" if hidden[path] == "S" else "--no-assume-unchanged"
            raise RefusedError(
                f"{printable(path)} was edited, and git was told not to look",
                hint=f"git update-index {option} {printable(path)}, then look at `git status`",
                kind="uncommitted",
            )


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and the like wait until the change is made; a kill is what the journal is for."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
