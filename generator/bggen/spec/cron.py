"""Schedules of CronJobs: what Kubernetes would refuse."""

from __future__ import annotations

import re
from typing import NamedTuple

from bggen.spec.decoding import shown
from bggen.spec.messages import nearest

# Kubernetes reads schedules with https://pkg.go.dev/github.com/robfig/cron/v3#ParseStandard.
_MACROS = frozenset(("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"))
# Its durations in their usual order; more digits would not fit its numbers.
_EVERY = re.compile(
    r"@every (?=[0-9])([0-9]{1,6}(\.[0-9]{1,9})?h)?([0-9]{1,6}(\.[0-9]{1,9})?m)?([0-9]{1,6}(\.[0-9]{1,9})?s)?"
)
_PART = re.compile(r"(?:(\*|\?)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,4}))?", re.IGNORECASE)
_KNOWN = f"; the known ones are {', '.join(sorted(_MACROS))} and `@every 1h30m`"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        words = f" or {self.words[0]}-{self.words[-1]}" if self.words else ""
        return f"{self.least}-{self.most}{words}"

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
        return _wrong_word(schedule)
    if "TZ" in schedule:
        return "takes no time zone: write it as `timeZone`"
    parts = schedule.split()
    if len(parts) != len(_FIELDS):
        return f"must have five fields (minute, hour, day of the month, month, day of the week), not {len(parts)}"
    for field, text in zip(_FIELDS, parts, strict=True):
        for part in text.split(","):
            if wrong := _wrong(field, part):
                return f"{shown(part)} is no {field.name}: {wrong}"
    return None


def _wrong_word(schedule: str) -> str | None:
    if schedule in _MACROS or _EVERY.fullmatch(schedule):
        return None
    if schedule.startswith("@every"):
        return "must say how often in hours, minutes and seconds, such as `@every 1h30m`"
    near = nearest(schedule, _MACROS)
    return f"there is no such word{f', did you mean `{near}`?' if near else _KNOWN}"


def _wrong(field: _Field, part: str) -> str | None:
    found = _PART.fullmatch(part)
    if found is None:
        return f"write {field.range}, with `-` for a range and `/` for a step"
    every, first, last, step = found.groups()
    if step is not None and int(step) == 0:
        return "a step is 1 or more"
    if every:
        return None
    numbers = [number for text in (first, last) if text is not None and (number := field.number(text)) is not None]
    if len(numbers) < (1 if last is None else 2) or not all(field.least <= number <= field.most for number in numbers):
        return f"write {field.range}" + (", 0 for Sunday" if field.words is _DAYS else "")
    return None if numbers == sorted(numbers) else "a range begins with its lower end"
