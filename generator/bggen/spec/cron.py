"""Schedules of CronJobs: what Kubernetes would refuse."""

from __future__ import annotations

import re
from typing import NamedTuple

# Kubernetes reads schedules with https://pkg.go.dev/github.com/robfig/cron/v3#ParseStandard.
_MACROS = frozenset(("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"))
_EVERY = re.compile(r"@every (?=[0-9])([0-9]+(\.[0-9]+)?h)?([0-9]+(\.[0-9]+)?m)?([0-9]+(\.[0-9]+)?s)?")
_PART = re.compile(r"(?:(\*|\?)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,4}))?", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        if text.isdecimal():
            return int(text)
        return self.words.index(text.lower()) + self.least if text.lower() in self.words else None


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


def mistake(schedule: str) -> str | None:
    """Return what is wrong with a schedule; None where Kubernetes takes it."""
    if schedule.startswith("@"):
        if schedule in _MACROS or _EVERY.fullmatch(schedule):
            return None
        return f"there is no such word; the known ones are {', '.join(sorted(_MACROS))}"
    if "TZ" in schedule:
        return "takes no time zone: write `timeZone`"
    parts = schedule.split()
    if len(parts) != len(_FIELDS):
        return f"must have five fields (minute, hour, day of the month, month, day of the week), has {len(parts)}"
    for field, text in zip(_FIELDS, parts, strict=True):
        for part in text.split(","):
            if not _fits(field, part):
                return f"{part!r} is no {field.name} ({field.least}-{field.most})"
    return None


def _fits(field: _Field, part: str) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return False
    every, first, last, step = found.groups()
    if step is not None and int(step) == 0:
        return False
    if every:
        return True
    numbers = [field.number(text) for text in (first, last) if text is not None]
    if any(number is None or not field.least <= number <= field.most for number in numbers):
        return False
    return numbers == sorted(numbers, key=lambda number: number or 0)
