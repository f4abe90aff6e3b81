"""Which paths have uncommitted changes, asked in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.git.process import end, finish, path_arguments
from bggen.workspace import segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.git.place import Place

# How many fields stand before the path, by the first letter of a record.
# Source: git-status(1), "Porcelain Format Version 2".
_FIELDS = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}


class PendingStatus:
    """A `git status` under way."""

    def __init__(self, place: Place, paths: Sequence[str]) -> None:
        """Start it.

        Args:
            place: where.
            paths: files or folders, relative to the config repo's root; "" is the root itself.
        """
        self._prefix = place.prefix
        self._paths = frozenset("/".join(segments(path)) for path in paths)
        self._process = place.git.start(
            "-c",
            "core.fsmonitor=false",
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=all",
            "--no-renames",
            "--ignore-submodules=all",
            "--",
            *path_arguments([path or "." for path in self._paths]),
        )
        self._result: frozenset[str] | None = None

    def result(self) -> frozenset[str]:
        """Return those paths, of the ones asked about or below them, that have staged, unstaged or untracked changes.

        Raises:
            GitError: git failed.
        """
        if self._result is None:
            done = finish(self._process)
            if done.code != 0:
                raise done.error("compare the work tree with the branch")
            records = done.out.decode("utf-8", "surrogateescape").split("\0")
            changed = (self._path(record) for record in records if record)
            self._result = frozenset(path for path in changed if self._asked(path))
        return self._result

    def close(self) -> None:
        """End it, where nobody wants its result any more."""
        end(self._process)

    def _path(self, record: str) -> str:
        return record.split(" ", _FIELDS[record[0]])[-1].removeprefix(self._prefix).rstrip("/")

    def _asked(self, path: str) -> bool:
        names = path.split("/")
        return any("/".join(names[:depth]) in self._paths for depth in range(len(names) + 1))
