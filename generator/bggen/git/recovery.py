"""Finish or undo a change that was killed half way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import InvalidError
from bggen.git import journal
from bggen.git.content import cleaned, on_disk
from bggen.git.index import IndexUpdate, hidden_paths, set_entries
from bggen.git.place import read_head, short, wait_for_index
from bggen.workspace import Staged, WorkTree, printable, remove_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bggen.git.journal import Item, Journal
    from bggen.git.place import Head, Place


def recover(place: Place) -> str | None:
    """Repair what a kill left behind. Call it with bggen's lock held.

    A branch that has not moved: what was prepared is removed. One that has: the files and index entries that still
    hold the old content get the new; what somebody changed since then is left alone.

    Returns:
        A line that says what was done, or None where there was nothing to do.

    Raises:
        GitError: git or the file system fails; the journal stays for the next attempt.
    """
    folder = place.git_dir / "bggen"
    if not journal.exists(folder):
        journal.remove(folder)
        return None
    note = journal.read(folder)
    branch = printable(short(note.ref))
    head = read_head(place)
    remove_leftovers(place.root, [item.temp for item in note.items if item.temp], note.folders)
    if head.ref == note.ref and _holds(place, head.commit, note):
        left = _finish(place, head, note)
        line = f"finished the commit {note.new[:10]} on {branch}, which was interrupted"
        if left:
            line += f"; left alone, because they changed since: {', '.join(map(printable, left))}"
    elif head.ref == note.ref:
        line = f"removed what an interrupted change to {branch} left behind"
    else:
        line = f"removed what an interrupted change to {branch} left behind; another branch is checked out now"
    journal.remove(folder)
    return line


def _holds(place: Place, commit: str, note: Journal) -> bool:
    return commit == note.new or (
        commit != note.old and place.git.run("merge-base", "--is-ancestor", note.new, commit).code == 0
    )


def _finish(place: Place, head: Head, note: Journal) -> list[str]:
    """Bring files and index entries from old to new; return the paths that hold something else."""
    wait_for_index(place)
    wanted = {item.path: item for item in note.items}
    if head.commit != note.new:
        now = _tip_blobs(place, head.commit, wanted)
        wanted = {path: item for path, item in wanted.items() if now.get(path) == item.new}
    work = WorkTree(place.root)
    found = {path: _kind_at(work, path) for path in wanted}
    ids = cleaned(place, [path for path, kind in found.items() if kind == "file"])
    stale = [
        item for path, item in wanted.items() if _is(found[path], ids.get(path), item.old) and item.old != item.new
    ]
    _place(place, work, stale)
    settled = {item.path for item in stale}
    settled |= {path for path, item in wanted.items() if _is(found[path], ids.get(path), item.new)}
    entries = _index_blobs(place, wanted)
    # An index entry that is neither old nor new is something that somebody staged.
    known = {path for path, item in wanted.items() if entries.get(path) in {item.old, item.new}}
    index = IndexUpdate(place)
    try:
        index.finish([item for path, item in wanted.items() if path in settled & known], hidden_paths(place, wanted))
    finally:
        index.close()
    # The file was edited since, but what is staged is still the old content: without this, the next `git commit` of
    # anything would take the change back.
    set_entries(place, [item for path, item in wanted.items() if path in known - settled])
    return [path for path in wanted if path not in settled & known]


def _is(kind: str | None, found: str | None, expected: str | None) -> bool:
    return kind in {None, "file"} and found == expected


def _kind_at(work: WorkTree, path: str) -> str | None:
    try:
        return work.check(path)
    except InvalidError:
        return "other"


def _place(place: Place, work: WorkTree, stale: Iterable[Item]) -> None:
    items = {item.path: item for item in stale}
    written = on_disk(place, {path: item.new for path, item in items.items() if item.new})
    work.forget()
    staged = Staged(
        work,
        {path: written.get(path) for path in items},
        # The names in the journal: should this be killed as well, the next attempt knows what to remove.
        names={path: item.temp for path, item in items.items() if item.temp},
        executable=frozenset(path for path, item in items.items() if item.executable),
    )
    try:
        staged.write()
        staged.place()
    finally:
        staged.discard()


def _tip_blobs(place: Place, commit: str, paths: Iterable[str]) -> Mapping[str, str]:
    out = place.git.output("read the branch", "ls-tree", "-z", commit, "--", *paths)
    lines = (line.partition("\t") for line in out.decode("utf-8", "surrogateescape").split("\0") if line)
    return {path: facts.split(" ")[2] for facts, _, path in lines}


def _index_blobs(place: Place, paths: Iterable[str]) -> Mapping[str, str]:
    out = place.git.output("read the index", "ls-files", "--stage", "-z", "--", *paths)
    lines = (line.partition("\t") for line in out.decode("utf-8", "surrogateescape").split("\0") if line)
    return {path: facts.split(" ")[1] for facts, _, path in lines}
