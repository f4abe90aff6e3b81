"""Differences of specs → rows that people read: routes in words, texts of several lines as small diffs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from bggen.images import parse_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.comparing.specs import Comparison, Difference

_MARKS = {"added": "+", "removed": "-", "changed": "~"}
# What cannot be taken for anything but one word.
_WORD = re.compile(r"[\w./:@%+=${}*?&-]+")
_WIDEST = 60
_MOST_LINES = 40
_NOUNS = {
    "tls": "TLS Secret",
    "class": "ingress class",
    "publishesStatus": "publishesStatus",
    "controller": "Ingress controller",
    "parentRefs": "Gateways",
    "timeouts.request": "request timeout",
    "timeouts.backendRequest": "backend request timeout",
    "namespace": "namespace of the HTTPRoute",
    "preview.host": "preview host",
    "preview.header": "preview header",
    "preview.tls": "preview TLS Secret",
    "preview.class": "preview ingress class",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that differs.

    Attributes:
        component: whose it is; None for what the app has as a whole.
        topic: under what people look for it.
        mark: `+`, `-` or `~`.
        name: of what differs within the topic; may be empty.
        text: what it was and is, in one line; may be empty where there are lines.
        lines: what it was and is, as a small diff.
    """

    component: str | None
    topic: str
    mark: str
    name: str
    text: str
    lines: tuple[str, ...] = ()


def rows(comparison: Comparison) -> tuple[Row, ...]:
    """Return one row or more for every difference, in its order."""
    return tuple(row for difference in comparison.differences for row in _rows(difference))


def _rows(difference: Difference) -> Iterator[Row]:
    path, topic, before, after = difference.path, difference.topic, difference.before, difference.after
    inner = path[2:] if difference.component is not None else path
    name = ".".join(inner[1:] if inner[:1] == (topic,) else inner)
    mark = _MARKS[difference.change]
    text = ""
    lines: list[str] = []
    if topic == "route":
        yield from (Row(None, topic, *found) for found in _route(difference, mark))
        return
    if name == "" and topic == "image" and difference.change == "changed":
        text = _images(before, after)
    elif _listed(before) or _listed(after):
        lines = _items(before or [], after or [])
    elif _long(before) or _long(after):
        lines = _lines(before, after)
    # Texts whose lines are the same differ in the line break at the end.
    if not text and not lines:
        text = " → ".join(shown(value) for value in (before, after) if value is not None)
    yield Row(difference.component, topic, mark, name, text, tuple(lines))


def shown(value: Any) -> str:
    """Return a value of the canonical data in one line, such that no two values look the same."""
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, dict) and value.keys() in ({"secret", "key"}, {"configMap", "key"}):
        source = "Secret" if "secret" in value else "ConfigMap"
        return f"{source} {value.get('secret', value.get('configMap'))}, key {value['key']}"
    if isinstance(value, dict) and value.keys() == {"field"}:
        return f"field {value['field']}"
    if isinstance(value, dict) and {"min", "max"} <= value.keys() <= {"min", "max", "cpu", "memory"}:
        targets = (f", {name} {value[name]} %" for name in ("cpu", "memory") if name in value)
        return f"{value['min']}..{value['max']}{''.join(targets)}"
    return json.dumps(value, ensure_ascii=False)


def _route(difference: Difference, mark: str) -> Iterator[tuple[str, str, str]]:
    """Yield mark, name and sentence."""
    before, after, inner = difference.before, difference.after, difference.path[1:]
    if inner == ("hosts",):
        old, new = before or [], after or []
        yield from (("+", "", f"host {host}") for host in new if host not in old)
        yield from (("-", "", f"no host {host} any more") for host in old if host not in new)
        if sorted(old) == sorted(new):
            yield mark, "", f"hosts in another order: {', '.join(new)}"
    elif inner[:1] == ("paths",):
        path = shown(inner[1])
        sentences = {
            "added": f"{path} goes to {after}",
            "removed": f"{path} no longer goes to {before}",
            "changed": f"{path} goes to {after} instead of {before}",
        }
        yield mark, "", sentences[difference.change]
    else:
        noun = _NOUNS.get(".".join(inner)) or " ".join(inner).replace("annotations ", "annotation ")
        sentences = {
            "added": f"{noun} {shown(after)}",
            "removed": f"no {noun} any more, it was {shown(before)}",
            "changed": f"{noun} {shown(after)} instead of {shown(before)}",
        }
        yield mark, "", sentences[difference.change]


def _images(before: str, after: str) -> str:
    old, new = parse_image(before), parse_image(after)
    if old.repository != new.repository:
        return f"{before} → {after}"
    versions = (text.removeprefix(old.repository).removeprefix(":") for text in (before, after))
    return f"{' → '.join(versions)}  ({old.repository})"


def _long(value: Any) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > _WIDEST)


def _listed(value: Any) -> bool:
    """Whether it is a list of things that are more than words, such as patches."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _lines(before: Any, after: Any) -> list[str]:
    old, new = ([] if value is None else _split(value) for value in (before, after))
    return _cut(list(_hunks(old, new)))


def _split(value: Any) -> list[str]:
    if not isinstance(value, str):
        return [shown(value)]
    lines = value.split("\n")
    return lines[:-1] if lines[-1] == "" else [*lines, "(no line break at the end)"] if len(lines) > 1 else lines


def _items(before: list[Any], after: list[Any]) -> list[str]:
    return _cut(list(_hunks([shown(item) for item in before], [shown(item) for item in after])))


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    for index, line in enumerate(list(unified_diff(old, new, n=1, lineterm=""))[2:]):
        if not line.startswith("@@"):
            yield line
        elif index:
            yield "…"


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    return lines if more <= 1 else [*lines[:_MOST_LINES], f"… {more} lines more"]
