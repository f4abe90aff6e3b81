"""What differs between the colours → the lines that a reviewer reads."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bggen.comparing import rows
from bggen.report.look import BAD, GOOD, PLAIN, STRONG, WARNING, printable
from bggen.report.words import patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.app.views import Compared
    from bggen.comparing import Comparison, Row
    from bggen.report.look import Line, Style

_WIDEST_NAME = 32


def diff_lines(compared: Compared) -> Iterator[Line]:
    """Yield the differences of the specs, then those of the manifests."""
    yield from comparison_lines(compared.comparison)
    if not compared.objects:
        return
    state = compared.state
    yield ((f"manifests, as if both releases were {state.active}:", STRONG),)
    for each in compared.objects:
        mark = _MARKS[each.change]
        yield ((f"  {mark} {each.kind} {printable(each.name)}", _STYLES[mark]),)
    for each in compared.objects:
        for line in each.diff.split("\n")[:-1]:
            yield from patch(_clean(line))


_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_STYLES: dict[str, Style] = {"+": GOOD, "-": BAD, "~": WARNING}


def comparison_lines(comparison: Comparison) -> Iterator[Line]:
    """Yield a block for the app, one for every component that differs, and one for routes and the rest."""
    if comparison.same:
        yield (("no difference", GOOD),)
        return
    if comparison.renderers:
        yield "renderer: {} → {}".format(*comparison.renderers)
    for component, found in groupby(rows(comparison), key=lambda row: row.component):
        block = list(found)
        if component is None:
            for topic, of_topic in groupby(block, key=lambda row: row.topic):
                yield ((f"{topic}:", STRONG),)
                yield from _block(of_topic, topics=False)
        elif component in comparison.removed:
            yield ((f"{component}: removed, was a {comparison.removed[component]}", BAD),)
        elif component in comparison.added:
            yield ((f"{component}: new, a {comparison.added[component]}", GOOD),)
            yield from _block([row for row in block if row.topic != "kind"], topics=True)
        else:
            yield ((f"{component}:", STRONG),)
            yield from _block(block, topics=True)


def _block(found: Iterable[Row], *, topics: bool) -> Iterator[Line]:
    block = list(found)
    first = max(len(row.topic) for row in block) + 2 if topics else 0
    names = [len(printable(row.name)) for row in block if len(row.name) <= _WIDEST_NAME and not row.lines]
    second = max((length for length in names if length), default=0)
    last = None
    for row in block:
        topic = (row.topic if row.topic != last else "").ljust(first) if topics else ""
        last = row.topic
        name, text = printable(row.name), printable(row.text)
        words = f"{name.ljust(second)}  {text}" if name and text else name or text
        yield ((f"  {topic}", PLAIN), (f"{row.mark} {words}".rstrip(), _STYLES.get(row.mark, PLAIN)))
        yield from (f"  {' ' * first}    {_clean(line)}".rstrip() for line in row.lines)


def _clean(line: str) -> str:
    return printable(line.expandtabs(4))
