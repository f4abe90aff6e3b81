"""Times as people think of them: how long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_MONTH = 30 * DAY
_YEAR = 365 * DAY
# From how many seconds on, how many of them make one, and its name.
_UNITS = (
    (2 * _YEAR, _YEAR, "y"),
    (2 * _MONTH, _MONTH, "mo"),
    (DAY, DAY, "d"),
    (HOUR, HOUR, "h"),
    (MINUTE, MINUTE, "min"),
)


def when(stamp: str | None, now: datetime | None) -> str:
    """Return a time for people to read.

    Args:
        stamp: RFC 3339; None where it is not known.
        now: an age is told as of then; without it, the time stays as it is.

    Returns:
        `3 h`, or the time itself where it lies ahead: clocks differ, and an age would hide that.
    """
    if stamp is None:
        return "-"
    if now is None:
        return stamp
    # Only a terminal needs it; whoever gives `now` has it already.
    from datetime import datetime  # noqa: PLC0415 - see above

    seconds = (now - datetime.fromisoformat(stamp)).total_seconds()
    if seconds <= -MINUTE:
        return stamp
    return next((f"{int(seconds // size)} {unit}" for least, size, unit in _UNITS if seconds >= least), "just now")
