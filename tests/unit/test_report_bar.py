"""The progress bar: late to come, never in the way, gone without a trace."""

from __future__ import annotations

import re
from io import StringIO

import pytest

from bggen.report.bar import Bar
from bggen.report.table import cells

ERASE = "\r\x1b[K"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(stream: StringIO) -> list[str]:
    """What was drawn, one after the other, without colours."""
    assert stream.getvalue().startswith(ERASE)
    return re.sub(r"\x1b\[\d+m", "", stream.getvalue()).split(ERASE)[1:]


def work(stream: StringIO, clock: Clock, *, width: int = 60, colors: bool = False, steps: tuple[float, ...]) -> None:
    with Bar(stream, "checking", colors=colors, width=lambda: width, clock=clock) as bar:
        bar.start(10)
        for seconds in steps:
            clock.now += seconds
            bar.advance()


def test_short_work_shows_nothing() -> None:
    stream = StringIO()
    work(stream, Clock(), steps=(0.1,) * 4)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("colors", [False, True])
def test_long_work_shows_how_far_it_has_come(colors: bool) -> None:  # noqa: FBT001 - a parameter of the test
    stream = StringIO()
    work(stream, Clock(), steps=(0.2,) * 5, colors=colors)
    lines = drawn(stream)
    assert lines == ["checking " + "━" * 12 + "─" * 28 + "  3/10", *lines[1:3], ""]
    assert [line.split()[-1] for line in lines[:-1]] == ["3/10", "4/10", "5/10"]
    assert ("\x1b[36m" in stream.getvalue()) == colors


def test_it_is_not_drawn_at_every_step() -> None:
    stream = StringIO()
    work(stream, Clock(), steps=(1.0, *(0.001,) * 9))
    assert len(drawn(stream)) == 2


@pytest.mark.parametrize("width", [0, 1, 4, 10, 25, 26, 40, 200])
def test_it_fits_into_any_window(width: int) -> None:
    stream = StringIO()
    work(stream, Clock(), width=width, steps=(1.0,) * 12)
    assert max(map(cells, drawn(stream))) < max(width, 1)


def test_a_failure_takes_it_away_too() -> None:
    stream, clock = StringIO(), Clock()

    def fail() -> None:
        with Bar(stream, "reading", colors=False, width=lambda: 60, clock=clock) as bar:
            bar.start(0)
            clock.now += 1
            bar.advance()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert drawn(stream) == ["reading " + "─" * 40 + " 0/0", ""]
