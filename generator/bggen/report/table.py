"""Rows in aligned columns, fitted to a terminal's width."""

from __future__ import annotations

import unicodedata
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from bggen.report.look import DIM, PLAIN, PLAIN_LOOK, STRONG, TILES, spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bggen.report.look import Line, Look, Span

_GAP = 2
# No column that gives way becomes narrower than this; where that is not enough, there is no table.
_NARROWEST = 16


def table(
    rows: Iterable[Sequence[Line]],
    *,
    head: Sequence[str] = (),
    look: Look = PLAIN_LOOK,
    giving_way: Iterable[int] = (),
) -> Iterator[Line]:
    """Lay rows out in columns as wide as their widest cell.

    Args:
        rows: cells without line breaks.
        head: the columns' names.
        look: where it has a width, the table is fitted into it.
        giving_way: the columns whose cells may be broken into several lines for that, the first ones first.

    Returns:
        The table; where even so it is too wide, each row as a list of its cells.
    """
    top: list[Sequence[Line]] = [[((name, DIM),) for name in head]] if head else []
    everything = [*top, *rows]
    if not look.colors:
        # Most tables are long where nobody looks at them, and a string is laid out faster than its parts.
        everything = [[_unstyled(cell) for cell in row] for row in everything]
    sizes = [[cells(cell) for cell in row] for row in everything]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    if look.width is None or _width(widths) <= look.width:
        return (_line(row, of, widths) for row, of in zip(everything, sizes, strict=True))
    fitted = _fitted(widths, look.width, giving_way)
    if fitted is not None:
        return (line for row in everything for line in _broken(row, fitted))
    return _cards(everything[1:], head, look.width) if head else (_joined(row) for row in everything)


def cells(line: Line) -> int:
    """Return how many columns of a terminal the line takes."""
    if isinstance(line, str) and line.isascii():
        return len(line)
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


def _unstyled(line: Line) -> str:
    return line if isinstance(line, str) else "".join([text for text, _ in line])


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _fitted(widths: Sequence[int], width: int, giving_way: Iterable[int]) -> list[int] | None:
    """Return narrower columns, or None where those that give way do not give enough."""
    fitted = list(widths)
    for at in giving_way:
        missing = _width(fitted) - width
        fitted[at] -= max(min(missing, fitted[at] - _NARROWEST), 0)
    return fitted if _width(fitted) <= width else None


def _line(row: Sequence[Line], sizes: Sequence[int], widths: Sequence[int]) -> Line:
    line: list[Span] = []
    text = ""
    for cell, size, width in zip(row, sizes, widths, strict=True):
        if isinstance(cell, str):
            text += cell
        else:
            line += [(text, PLAIN), *cell]
            text = ""
        text += " " * (width - size + _GAP)
    return _trimmed([*line, (text, PLAIN)]) if line else text.rstrip()


def _broken(row: Sequence[Line], widths: Sequence[int]) -> Iterator[Line]:
    """Lay a row out in as many lines as its highest cell needs."""
    parts = [wrapped(cell, width) if cells(cell) > width else [cell] for cell, width in zip(row, widths, strict=True)]
    for line in zip_longest(*parts, fillvalue=""):
        yield _line(line, [cells(cell) for cell in line], widths)


def _cards(rows: Iterable[Sequence[Line]], head: Sequence[str], width: int) -> Iterator[Line]:
    """Show each row as lines of `NAME  cell`, leaving out the cells that say nothing."""
    margin = max(map(len, head)) + _GAP
    for number, row in enumerate(rows):
        if number:
            yield ""
        for at, (name, cell) in enumerate(zip(head, row, strict=True)):
            if _unstyled(cell) in {"", "-"}:
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
