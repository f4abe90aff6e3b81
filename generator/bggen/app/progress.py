"""How far long work has come: told by the use cases, shown by whoever calls them."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where a use case tells how far it has come."""

    def start(self, total: int) -> None:
        """Begin work that has this many steps."""

    def advance(self) -> None:
        """Count one step as done."""


class _Silent:
    def start(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass


SILENT: Progress = _Silent()
