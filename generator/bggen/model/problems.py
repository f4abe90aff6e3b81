"""What is wrong, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text file; both numbers start at 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and where: `path:line:column: where: message`."""

    path: str
    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        """Return the line that users and editors read; a line number of 0 means that there is none."""
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return ": ".join(part for part in (place, self.where, self.message) if part)
