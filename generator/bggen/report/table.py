"""Rows in aligned columns, fitted to a terminal's width."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

from bggen.report.look import DIM, PLAIN, PLAIN_LOOK, STRONG, TILES, spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from bggen.report.look import Line, Look, Span

_GAP = 2
# No column that gives way becomes narrower than this; where that is not enough, there is no table.
_NARROWEST = 16


def table(
    rows: Iterable[Sequence[Line]],
    *,
    head: Sequence[str] = (),
    look: Look = PLAIN_LOOK,
    giving_way: Collection[int] = (),
) -> Iterator[Line]:
    """Lay rows out in columns as wide as their widest cell.

    Args:
        rows: cells without line breaks.
        head: the columns' names.
        look: where it has a width, the table is fitted into it.
        giving_way: the columns whose cells may be broken into several lines for that.

    Returns:
        The table; where even so it is too wide, each row as a list of its cells.
    """
    body = list(rows)
    top = [tuple(((name, DIM),) for name in head)] if head else []
    widths = [max(map(cells, column)) for column in zip(*top, *body, strict=True)]
    if look.width is None or _width(widths) <= look.width:
        return (line for row in [*top, *body] for line in _laid_out(row, widths))
    fitted = _fitted(widths, look.width, giving_way)
    if fitted is not None:
        return (line for row in [*top, *body] for line in _laid_out(row, fitted))
    return _cards(body, head, look.width) if head else (_joined(row) for row in body)


def cells(line: Line) -> int:
    """Return how many columns of a terminal the line takes."""
    return sum(len(text) if text.isascii() else sum(map(_cells, text)) for text, _ in spans(line))


def wrapped(line: Line, width: int) -> list[Line]:
    """Break a line at spaces, and words that are too long wherever they are too long; it has one line at least."""
    rest = [(char, style) for text, style in spans(line) for char in text]
    found: list[Line] = []
    while rest:
        taken = fitting = 0
        while fitting < len(rest) and taken + _cells(rest[fitting][0]) <= width:
            taken += _cells(rest[fitting][0])
            fitting += 1
        # A character that is wider than the line must not keep it from ending.
        end = max(fitting, 1)
        if end < len(rest):
            end = next((at for at in range(end, 0, -1) if rest[at][0] == " "), end)
        found.append(_as_line(rest[:end]))
        while end < len(rest) and rest[end][0] == " ":
            end += 1
        rest = rest[end:]
    return found or [""]


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _fitted(widths: Sequence[int], width: int, giving_way: Collection[int]) -> list[int] | None:
    """Take what is missing from the widest of the columns that give way, as often as needed."""
    fitted = list(widths)
    while _width(fitted) > width:
        widest = max(giving_way, key=lambda at: fitted[at], default=None)
        if widest is None or fitted[widest] <= _NARROWEST:
            return None
        fitted[widest] -= 1
    return fitted


def _laid_out(row: Sequence[Line], widths: Sequence[int]) -> Iterator[Line]:
    broken = [wrapped(cell, width) if cells(cell) > width else [cell] for cell, width in zip(row, widths, strict=True)]
    for at in range(max(map(len, broken))):
        line: list[Span] = []
        for lines, width in zip(broken, widths, strict=True):
            cell = lines[at] if at < len(lines) else ""
            line += [*spans(cell), (" " * (width - cells(cell) + _GAP), PLAIN)]
        yield _trimmed(line)


def _cards(rows: Iterable[Sequence[Line]], head: Sequence[str], width: int) -> Iterator[Line]:
    """Show each row as lines of `NAME  cell`, leaving out the cells that say nothing."""
    margin = max(map(len, head)) + _GAP
    for number, row in enumerate(rows):
        if number:
            yield ""
        for at, (name, cell) in enumerate(zip(head, row, strict=True)):
            if "".join(text for text, _ in spans(cell)) in {"", "-"}:
                continue
            for part, line in enumerate(wrapped(cell, max(width - margin, 1))):
                shown = line if at else tuple((text, STRONG) for text, _ in spans(line))
                yield _trimmed([(f"{'' if part else name:<{margin}}", DIM), *spans(shown)])


def _joined(row: Sequence[Line]) -> Line:
    return _trimmed([span for cell in row for span in (*spans(cell), (" " * _GAP, PLAIN))])


def _trimmed(line: Iterable[Span]) -> Line:
    """Return the line without spaces at its end, but for those of a tile."""
    kept = list(line)
    while kept and kept[-1][1] not in TILES.values():
        text, style = kept.pop()
        if text.rstrip():
            kept.append((text.rstrip(), style))
            break
    return tuple(kept)


def _as_line(chars: Sequence[tuple[str, str]]) -> Line:
    return tuple(("".join(char for char, _ in run), style) for style, run in groupby(chars, key=lambda pair: pair[1]))
