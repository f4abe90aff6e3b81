"""A plan → the lines of its diffs, without the noise of names that only carry a colour or a hash."""

from __future__ import annotations

import re
from difflib import unified_diff
from itertools import groupby
from typing import TYPE_CHECKING

from bggen.comparing import compare, compare_objects, rows
from bggen.plan import unified
from bggen.review.facts import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.comparing import Row
    from bggen.model import Change
    from bggen.plan import Plan
    from bggen.review.facts import Pair

_HASHED = re.compile(r"(?P<stem>.*/manifests/configmap-.+)-[0-9a-f]{10}\.yaml")
# They stand in the tables above.
_TOLD = {"image", "replicas"}


def configuration(two: Pair) -> Iterator[str]:
    """Yield what differs in the specs, but for images and replicas; marks first, as in a diff."""
    if two.old is None:
        return
    found = compare(two.old, two.new)
    if found.renderers:
        yield "~ renderer  {} → {}".format(*found.renderers)
    for component, group in groupby(rows(found), key=lambda row: row.component):
        if component in found.added:
            yield f"+ {component}  new, a {found.added[component]}"
        if component in found.removed:
            yield f"- {component}  removed, was a {found.removed[component]}"
            continue
        block = [row for row in group if row.topic not in _TOLD or (component is None and row.topic != "kind")]
        if not block:
            continue
        if component is not None and component not in found.added:
            yield f"  {component}"
        for row in block:
            yield from _row(row)


def _row(row: Row) -> Iterator[str]:
    words = " ".join(part for part in (row.topic, row.name) if part)
    yield f"{row.mark}   {words}  {row.text}".rstrip()
    # The mark of a line comes first, so that it gets its colour.
    yield from (f"{line[:1]}     {line[1:]}" for line in row.lines)


def objects(plan: Plan, two: Pair) -> Iterator[str]:
    """Yield what differs in the manifests as if both releases were active: neither colours nor hashes are in it."""
    state = side_by_side(plan, two)
    for each in compare_objects(state) if state else ():
        yield from _lines(each.diff)


def files(changes: Iterable[Change]) -> Iterator[str]:
    """Yield the diff of all files; a ConfigMap that got another hash is one change, as git shows a renamed file."""
    changes = list(changes)
    gone: dict[str, list[Change]] = {}
    for change in changes:
        stem = _stem(change)
        if stem and change.after is None:
            gone.setdefault(stem, []).append(change)
    pairs: dict[str, Change] = {}
    for change in changes:
        stem = _stem(change)
        if stem and change.before is None and gone.get(stem):
            pairs[change.path] = gone[stem].pop(0)
    paired = {change.path for change in pairs.values()}
    for change in changes:
        if change.path in pairs:
            yield from _renamed(pairs[change.path], change)
        elif change.path not in paired:
            yield from _lines(unified(change))


def _stem(change: Change) -> str | None:
    match = _HASHED.fullmatch(change.path)
    return match["stem"] if match else None


def _renamed(old: Change, new: Change) -> Iterator[str]:
    before, after = ((content or b"").decode(errors="replace") for content in (old.before, new.after))
    yield from unified_diff(before.split("\n"), after.split("\n"), f"a/{old.path}", f"b/{new.path}", lineterm="")


def _lines(diff: str) -> list[str]:
    return diff.split("\n")[:-1]
