"""Which paths have uncommitted changes, asked in the background."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from typing import TYPE_CHECKING

from bggen.errors import GitError, InvalidError
from bggen.git.content import cleaned
from bggen.git.process import end, finish, path_arguments
from bggen.workspace import WorkTree, segments

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bggen.git.place import Place

# How many fields stand before the path, by the first letter of a record.
# Source: git-status(1), "Porcelain Format Version 2".
_FIELDS = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}
# So many files are read in less time than git needs for the time stamps of a repo that has so many apps.
_MOST_FILES = 10_000
# The most that Linux lets everybody have.
_PIPE = 1 << 20


class PendingStatus:
    """A comparison of tip, index and work tree under way.

    `git status` would do, but it costs more than all else where the index is large. So the entries below the paths are
    compared here, and disk by content; only where that does not show that all is clean, git is asked what is not.
    """

    def __init__(self, place: Place, tip: str, paths: Sequence[str]) -> None:
        """Start it.

        Args:
            place: where.
            tip: the commit that HEAD stands at.
            paths: files or folders, relative to the config repo's root; "" is the root itself.
        """
        self._place = place
        self._paths = frozenset("/".join(segments(path)) for path in paths)
        self._arguments = path_arguments([path or "." for path in self._paths])
        self._quick = "." not in self._arguments
        self._result: frozenset[str] | None = None
        self._tags: dict[str, str] = {}
        self._started = []
        if self._quick:
            # Tag, mode, id, stage. Source: git-ls-files(1), -s and -v.
            for command in (["ls-files", "-s", "-v", "-z"], ["ls-tree", "-r", "-z", tip]):
                process = place.git.start(*command, "--", *self._arguments, stdin=subprocess.DEVNULL)
                _widen(process)
                self._started.append(process)

    def result(self) -> frozenset[str]:
        """Return those paths, of the ones asked about or below them, that have staged, unstaged or untracked changes.

        Raises:
            GitError: git failed.
        """
        if self._result is None:
            self._result = frozenset() if self._quick and self._is_clean() else self._ask_git()
        return self._result

    def marked(self, files: Collection[str]) -> dict[str, str] | None:
        """Return which of the files git was told not to look at, as `hidden_paths` does; None where that is unknown."""
        if self._result is None or not self._quick or not all(is_below(file, self._paths) for file in files):
            return None
        return {path: tag for path, tag in self._tags.items() if path in files and tag != "H"}

    def close(self) -> None:
        """End it, where nobody wants its result any more."""
        for process in self._started:
            end(process)

    def _is_clean(self) -> bool:
        index, tree = (self._records(process) for process in self._started)
        self._started.clear()
        entries: dict[str, tuple[str, str]] = {}
        for facts, path in index:
            self._tags[path], mode, oid, stage = facts.split(" ")
            entries[path] = (mode, oid if stage == "0" else "")
        expected = {path: (facts.split(" ")[0], facts.split(" ")[2]) for facts, path in tree}
        return entries == expected and len(entries) <= _MOST_FILES and self._is_on_disk(entries)

    def _is_on_disk(self, entries: dict[str, tuple[str, str]]) -> bool:
        """Whether the work tree holds just these entries; what was left out of a sparse checkout need not be there."""
        plain: list[str] = []
        work = WorkTree(self._place.root)
        for path, (mode, _) in entries.items():
            executable = _executable(work, path)
            if executable is not None and mode == ("100755" if executable else "100644"):
                plain.append(path)
            elif self._tags[path] != "S" or os.path.lexists(self._place.root / path):
                return False
        if any(path not in entries for folder in self._paths for path in _files_below(self._place, folder)):
            return False
        return all(oid == entries[path][1] for path, oid in cleaned(self._place, plain).items())

    def _ask_git(self) -> frozenset[str]:
        out = self._place.git.output(
            "compare the work tree with the branch",
            "-c",
            "core.fsmonitor=false",
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=all",
            "--no-renames",
            "--ignore-submodules=all",
            "--",
            *self._arguments,
        )
        records = filter(None, out.decode("utf-8", "surrogateescape").split("\0"))
        changed = (record.split(" ", _FIELDS[record[0]])[-1] for record in records)
        relative = (path.removeprefix(self._place.prefix).rstrip("/") for path in changed)
        return frozenset(path for path in relative if is_below(path, self._paths))

    @staticmethod
    def _records(process: subprocess.Popen[bytes]) -> list[tuple[str, str]]:
        done = finish(process)
        if done.code != 0:
            raise done.error("compare the work tree with the branch")
        lines = (line.partition("\t") for line in done.out.decode("utf-8", "surrogateescape").split("\0") if line)
        return [(facts, path) for facts, _, path in lines]


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let the process go on although nobody reads yet what it says of hundreds of apps; only Linux can."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None and process.stdout is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(process.stdout, size, _PIPE)


def is_below(path: str, folders: Collection[str]) -> bool:
    """Whether the path is one of `folders`, or lies in one; "" is the root."""
    names = path.split("/")
    return any("/".join(names[:depth]) in folders for depth in range(len(names) + 1))


def _executable(work: WorkTree, path: str) -> bool | None:
    """Return whether the file on disk is executable; None where there is no plain file."""
    try:
        if "\n" in path or work.check(path) != "file":
            return None
        return os.access(work.top + path, os.X_OK)
    except (InvalidError, GitError):
        return None


def _files_below(place: Place, folder: str) -> list[str]:
    found = []
    for top, folders, files in os.walk(place.root / folder):
        here = "" if (below := os.path.relpath(top, place.root)) == "." else f"{below}/"
        found += [here + name for name in files]
        # A search for every folder of hundreds of apps: paths as objects would take longer than all else.
        found += [here + name for name in folders if os.path.islink(f"{top}/{name}")]  # noqa: PTH114 - see above
    return found if found or not os.path.lexists(place.root / folder) or (place.root / folder).is_dir() else [folder]
