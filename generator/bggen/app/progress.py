"""How long work tells that it goes on; who shows it, and whether anybody does, is not its business."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of the steps of one piece of work, always by the process that began it."""

    def start(self, total: int) -> None:
        """Take note that so many steps follow."""

    def advance(self) -> None:
        """Take note that one more step is done."""


class _Silent:
    def start(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass


SILENT: Progress = _Silent()
