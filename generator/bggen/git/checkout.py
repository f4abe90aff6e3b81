"""A local checkout: read its branch's tip, and commit a plan to it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Self

from bggen.errors import GitError
from bggen.git import lock
from bggen.git.deliver import deliver
from bggen.git.index import IndexUpdate
from bggen.git.objects import Objects
from bggen.git.place import Head, Place, locate, read_head, refuse_unready, same_branch, short
from bggen.git.process import reason
from bggen.git.recovery import recover
from bggen.git.signature import UNSIGNED, identity
from bggen.git.status import PendingStatus
from bggen.git.tip import TipFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bggen.git.process import Git
    from bggen.git.signature import Signature
    from bggen.model import Change


class Checkout:
    """The checkout that a config repo lies in. Close it: it keeps a git process for reading."""

    def __init__(self, place: Place, head: Head) -> None:
        """Use `open`."""
        self._place = place
        self._head = head
        self._objects = Objects(place.git)
        self._pending: list[PendingStatus] = []
        self._lock: int | None = None
        self._index: IndexUpdate | None = None

    @classmethod
    def open(cls, root: Path, *, changing: bool = True) -> Self:
        """Return the checkout around `root`, the folder of bggen.yaml; a subfolder of the work tree is fine.

        Args:
            root: the folder of bggen.yaml.
            changing: whether a commit is to be made; a reader may also look at a detached HEAD or during a merge.

        Raises:
            GitError: no git, no repository, a bare one, or one that git refuses to work in.
            RefusedError: the branch has no commit yet; HEAD is detached, or a merge or the like is in progress.
        """
        place, head = locate(root)
        if changing:
            refuse_unready(place, head)
        checkout = cls(place, head)
        checkout._objects.start()
        return checkout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that were started for reading."""
        self._objects.close()
        self._release_index()
        for pending in self._pending:
            pending.close()
        self._pending.clear()

    @property
    def branch(self) -> str:
        """The branch's name as people write it; "" where HEAD is detached."""
        return short(self._head.ref or "")

    @property
    def tip(self) -> str:
        """The id of the branch's newest commit, as of `open` or `refresh`."""
        return self._head.commit

    @property
    def root(self) -> Path:
        """The folder of bggen.yaml."""
        return self._place.root

    @property
    def scratch(self) -> Path:
        """A folder of bggen's own inside git's: what may be lost, and is never committed."""
        return self._place.git_dir / "bggen"

    def refresh(self) -> None:
        """Look again where the branch is.

        Raises:
            RefusedError: HEAD is detached by now, or a merge or the like is in progress.
        """
        self._head = read_head(self._place)
        refuse_unready(self._place, self._head)

    @property
    def place(self) -> Place:
        """Where it lies in its repository."""
        return self._place

    @property
    def git(self) -> Git:
        """Runs git in it."""
        return self._place.git

    @property
    def prefix(self) -> str:
        """The config repo's folder in the repository: "" or with a `/` at its end."""
        return self._place.prefix

    @property
    def objects(self) -> Objects:
        """The repository's objects."""
        return self._objects

    def tip_files(self, commit: str | None = None) -> TipFiles:
        """Return the files as the tip holds them, or another commit."""
        return TipFiles(self._objects, commit or self._head.commit, self._place.prefix)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` is `old` or has it in its history, as far as that is here."""
        return old == new or self._place.git.run("merge-base", "--is-ancestor", old, new).code == 0

    def fast_forward(self, commit: str) -> str | None:
        """Bring branch, index and work tree to a commit that lies ahead; return why not, where that cannot be."""
        if not same_branch(self._place, self._head):
            return "another branch is checked out by now"
        # Git holds the index by itself.
        self._release_index()
        held = [self._lock] if self._lock is not None else []
        # As in `deliver`: a kill of bggen, or of its process group, leaves it to its work, and the next bggen waits.
        done = self._place.git.run("merge", "--quiet", "--ff-only", "--no-stat", commit, keep_open=held, own_group=True)
        if done.code != 0:
            return reason(done.err)
        self._head = Head(self._head.ref, commit, self._head.text)
        return None

    def watch(self, paths: Sequence[str]) -> PendingStatus:
        """Start to look for uncommitted changes of these files and folders, relative to `root`.

        Inside `lock`, or what another bggen is just writing is taken for somebody's work.
        """
        pending = PendingStatus(self._place, self._head.commit, paths)
        self._pending.append(pending)
        return pending

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Take turns with every other bggen in this checkout; inside itself it does nothing more.

        Raises:
            ContentionError: another bggen did not end in time.
        """
        if self._lock is not None:
            yield
            return
        self._lock = lock.acquire(self._place.git_dir / "bggen")
        try:
            yield
        finally:
            held, self._lock = self._lock, None
            os.close(held)

    def recover(self) -> str | None:
        """Finish or undo what a kill left behind, and return a line about it; None where there was nothing.

        Every command that changes something calls this first, inside `lock`: the branch is looked at again, since
        whoever held the lock until now may have moved it.

        Raises:
            GitError: git or the file system fails.
            RefusedError: as from `refresh`.
        """
        with self.lock():
            line = recover(self._place)
            self.refresh()
        return line

    def prepare(self) -> None:
        """Take the index and begin to read it, while the decision is made: in a large repo that takes as long.

        Inside `lock`. Nobody can stage anything between a look at the status and the delivery then. Without it,
        `deliver` does it.

        Raises:
            GitError: another git holds the index.
        """
        self._index = self._index or IndexUpdate(self._place)

    def _release_index(self) -> None:
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def deliver(
        self,
        tip: str,
        changes: Sequence[Change],
        message: str,
        reflog: str,
        *,
        signature: Signature = UNSIGNED,
        publish: Callable[[str], None] = lambda _: None,
    ) -> str:
        """Make one commit of the changes on the branch, and let the files on disk and in the index follow.

        Args:
            tip: the commit that the changes were planned on: the branch must still be there.
            changes: the files; the caller has made sure by `watch` that none has uncommitted changes.
            message: the commit message.
            reflog: the line for the reflog.
            signature: author and signature of the commit.
            publish: is given the new commit before anything that a user sees moves.

        Returns:
            The new commit's id.

        Raises:
            Moved: the branch is elsewhere; refresh, plan again.
            RefusedError: no identity; a merge in progress; an untracked file is in the way.
            InvalidError: a link or a submodule is in the way.
            GitError: git or the file system fails.
        """
        head = Head(self._head.ref, tip, self._head.text)
        files = {change.path for change in changes}
        seen = (pending.marked(files) for pending in self._pending)
        with self.lock():
            held = self._lock
            if held is None:
                raise GitError("the lock of this checkout is gone")
            self._index = self._index or IndexUpdate(self._place)
            try:
                return deliver(
                    self._place,
                    self._objects,
                    head,
                    changes,
                    message=message,
                    reflog=reflog,
                    lock=held,
                    index=self._index,
                    signature=signature,
                    publish=publish,
                    hidden=next((marked for marked in seen if marked is not None), None),
                )
            finally:
                self._release_index()

    def identity(self, signature: Signature = UNSIGNED) -> str:
        """Return who makes a change as `Name <mail>`.

        Raises:
            RefusedError: git knows none; the hint says how to set it.
        """
        return identity(self._place.git, signature)
