"""A progress bar: one line that comes when work takes long, and leaves no trace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self, TextIO

from bggen.report.look import DIM, HINT, Look

if TYPE_CHECKING:
    from collections.abc import Callable

# In seconds: what is over before that needs no bar; and how often it is drawn.
_PATIENCE = 0.5
_PAUSE = 0.1
_WIDEST = 40
_NARROWEST = 8
# Back to the start of the line, and erase to its end.
_ERASE = "\r\x1b[K"


class Bar:
    """Draws how far work has come, as a context manager that takes the line away again.

    Args:
        stream: a terminal.
        doing: the word before the bar.
        colors: whether it may have them.
        width: tells the terminal's columns; it is asked anew each time, since windows change.
        clock: tells seconds.
    """

    def __init__(
        self,
        stream: TextIO,
        doing: str,
        *,
        colors: bool,
        width: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._doing = doing
        self._look = Look(colors=colors, terminal=True)
        self._width = width
        self._clock = clock
        self._total = self._done = 0
        self._next = clock() + _PATIENCE
        self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()

    def start(self, total: int) -> None:
        """Begin work that has this many steps."""
        self._total, self._done = total, 0

    def advance(self) -> None:
        """Count one step as done."""
        self._done += 1
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _PAUSE
        self._drawn = True
        self._stream.write(_ERASE + self._line(self._width()))
        self._stream.flush()

    def _line(self, width: int) -> str:
        """Return the line, which never reaches the last column: some terminals would begin a new one."""
        done = min(self._done, self._total)
        count = f"{done:>{len(str(self._total))}}/{self._total}"
        room = min(_WIDEST, width - 1 - len(self._doing) - len(count) - 2)
        if room < _NARROWEST:
            return count[: max(width - 1, 0)]
        full = room * done // max(self._total, 1)
        return self._look.paint(
            ((f"{self._doing} ", ""), ("━" * full, HINT), ("─" * (room - full), DIM), (f" {count}", ""))
        )
