"""Bring a few entries of the user's index up to date, and no other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bggen.git.place import wait_for_index
from bggen.git.process import Done, end, finish, path_arguments

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Iterable

    from bggen.git.journal import Item
    from bggen.git.place import Place

_TRIES = 5


def hidden_paths(place: Place, paths: Collection[str]) -> dict[str, str]:
    """Return the paths that git was told not to look at.

    Returns:
        path → `S` (skip-worktree, as outside of a sparse checkout) or a lower-case letter (assume-unchanged).
        Source: git-ls-files(1), -v.

    Raises:
        GitError: git failed.
    """
    out = place.git.output("read the index", "ls-files", "-v", "-z", "--", *path_arguments(paths))
    records = (record.partition(" ") for record in out.decode("utf-8", "surrogateescape").split("\0"))
    return {path: tag for tag, _, path in records if path in paths and (tag == "S" or tag.islower())}


class IndexUpdate:
    """A `git update-index` that has taken the index's lock and reads it while other work goes on.

    It acts only on the paths that it is fed. Where bggen dies before that, it sees the end of its input, changes
    nothing and lets go of the lock.
    """

    def __init__(self, place: Place) -> None:
        """Start it.

        Raises:
            GitError: another git holds the index.
        """
        wait_for_index(place)
        self._place = place
        self._process: subprocess.Popen[bytes] | None = _start(place)

    def finish(self, items: Collection[Item], marked: Collection[str] = ()) -> None:
        """Take these files from disk into the index, with their time stamps; absent ones leave it.

        Args:
            items: the files.
            marked: the paths that git was told not to look at; the mark goes, or git would not look now.

        Raises:
            GitError: git could not, after several tries where the lock was in the way.
        """
        self._take(item.path for item in items if item.path not in marked)
        others = [item for item in items if item.path in marked]
        if others:
            set_entries(self._place, others)
            self._take(item.path for item in others)

    def close(self) -> None:
        """End it without a change."""
        process, self._process = self._process, None
        if process is not None:
            _feed(process, b"")

    def _take(self, paths: Iterable[str]) -> None:
        words = b"".join(path.encode() + b"\0" for path in paths)
        for attempt in range(_TRIES):
            process, self._process = self._process or _start(self._place), None
            done = _feed(process, words)
            if done.code == 0:
                return
            if b"index.lock" not in done.err and done.code > 0:
                break
            time.sleep(0.05 * attempt)
            wait_for_index(self._place)
        raise done.error("bring the index up to date")


def set_entries(place: Place, items: Iterable[Item]) -> None:
    """Set the entries to the items' new content, whatever is on disk.

    Source: git-update-index(1), "Using --index-info"; mode 0 removes an entry.

    Raises:
        GitError: git could not.
    """
    lines = []
    for item in items:
        mode = "0" if item.new is None else ("100755" if item.executable else "100644")
        lines.append(f"{mode} {item.new or item.old} 0\t{item.path}\0")
    if lines:
        words = "".join(lines).encode("utf-8", "surrogateescape")
        place.git.output("bring the index up to date", "update-index", "-z", "--index-info", stdin=words)


def _start(place: Place) -> subprocess.Popen[bytes]:
    return place.git.start(
        "-c", "core.safecrlf=false", "update-index", "--add", "--remove", "-z", "--stdin", own_group=True
    )


def _feed(process: subprocess.Popen[bytes], words: bytes) -> Done:
    try:
        return finish(process, words)
    except BaseException:
        end(process)
        raise
