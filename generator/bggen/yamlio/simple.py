"""The simple YAML that bggen and most people write, read line by line: six times as fast, and never another result.

Whatever is not surely simple is left to the full reader: comments behind values, escapes, text in blocks, aliases,
tags, numbers but whole ones, and every mistake.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bggen.yamlio.rules import TOP, Inside

if TYPE_CHECKING:
    from bggen.yamlio.rules import Rules

_MOST_LINES = 2_000
_LONGEST_LINE = 900
_DEEPEST = 30
# One app's lines are for the most part another's, too.
_LINES_KEPT = 4096

_WORD = r"[A-Za-z0-9_./@$()+{}-]+"
_QUOTED = r'"[\x20\x21\x23-\x5b\x5d-\x7e]*"'
_LINE = re.compile(
    rf"( *)(- )?(?:(?P<key>[A-Za-z_/$][A-Za-z0-9_./@$()+-]*|{_QUOTED}):(?: (?=.)|\Z))?"
    # Text that begins with a letter, or with a digit and is no number: a digest, a quantity.
    rf"(?:(?P<text>[A-Za-z_/$][A-Za-z0-9_./@$()+{{}}-]*(?:[ :]{_WORD})*"
    r"|(?!0[xo])(?![0-9]+(?:[eE][0-9]+)?\Z)[0-9][A-Za-z0-9]*)"
    rf"|(?P<quoted>{_QUOTED})|(?P<number>0|[1-9][0-9]{{0,14}})|(?P<empty>\{{\}}|\[\]))?"
)
_WORDS = {
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class _Line(NamedTuple):
    """What a line says.

    Attributes:
        says: whether it says anything: it is neither blank nor a comment.
        waits: whether it is a key whose value stands below it.
        text: the value where it counts as text.
    """

    says: bool
    column: int
    item: bool
    key: str | None
    waits: bool
    value: Any
    text: Any


_NOTHING = _Line(says=False, column=0, item=False, key=None, waits=False, value=None, text=None)


def read(content: bytes, rules: Rules) -> dict[str, Any] | None:
    """Return what the full reader makes of the same bytes, or None where this one cannot be sure of it."""
    if not content.isascii() or content[-1:] != b"\n":
        return None
    lines = content[:-1].decode("ascii").split("\n")
    if len(lines) > _MOST_LINES or len(max(lines, key=len)) > _LONGEST_LINE:
        return None
    reader = _Reader(rules)
    for line in lines:
        found = _line(line)
        if found is None or (found.says and not reader.take(found)):
            return None
    return reader.root if reader.root and not reader.waiting else None


@lru_cache(maxsize=_LINES_KEPT)
def _line(line: str) -> _Line | None:
    """Return what a line says, wherever it stands; None where it is not simple."""
    if line.lstrip(" ")[:1] in ("", "#"):
        # What is not printable may not stand in a file, or ends the comment.
        return _NOTHING if line.isprintable() else None
    match = _LINE.fullmatch(line)
    if match is None or match.lastgroup is None:
        return None
    key, kind = match["key"], match.lastgroup
    name = key[1:-1] if key and key[0] == '"' else key
    text = match[kind]
    if kind == "key":
        value, as_text = None, None
    elif kind == "text":
        value = _WORDS.get(text, text)
        as_text = None if value is None else text
    elif kind == "quoted":
        value = as_text = text[1:-1]
    elif kind == "number":
        value, as_text = int(text), text
    else:
        # Whoever takes the line makes its own collection.
        value = as_text = dict if text == "{}" else list
    waits = kind == "key"
    return _Line(says=True, column=len(match[1]), item=bool(match[2]), key=name, waits=waits, value=value, text=as_text)


class _Reader:
    """What was read so far.

    Attributes:
        waiting: whether the last line was a key whose value stands below it.
    """

    def __init__(self, rules: Rules) -> None:
        self.root: dict[str, Any] = {}
        self.waiting = False
        self._rules = rules
        # (indentation, collection, what counts in it), from the outermost to the innermost.
        self._open: list[tuple[int, Any, Inside]] = [(0, self.root, TOP)]
        # The place of the last key, and what counts below it.
        self._last: tuple[dict[str, Any], str, int, Inside] = (self.root, "", 0, TOP)

    def take(self, line: _Line) -> bool:
        """Read one more line, and return whether it stands where it may."""
        _, column, item, name, waits, value, text = line
        if not (self._begins(column, item=item) if self.waiting else self._goes_on(column, item=item)):
            return False
        self.waiting = waits
        _, target, inside = self._open[-1]
        if name is None:
            if item:
                target.append(_own(text if inside.as_text else value))
            return item
        if item:
            column += 2
            fields: dict[str, Any] = {}
            target.append(fields)
            inside = Inside(inside.as_text, names=False)
            self._open.append((column, fields, inside))
            target = fields
        if name in target:
            return False
        below = self._rules.below(inside, name) if self._rules else TOP
        target[name] = _own(text if below.as_text else value)
        self._last = (target, name, column, below)
        return True

    def _begins(self, column: int, *, item: bool) -> bool:
        """Open the collection that the last key waits for; the items of a list may stand right below their key."""
        holder, name, above, inside = self._last
        if column < above + (not item) or len(self._open) > _DEEPEST:
            return False
        inner: Any = [] if item else {}
        holder[name] = inner
        self._open.append((column, inner, Inside(inside.as_text, names=False) if item else inside))
        return True

    def _goes_on(self, column: int, *, item: bool) -> bool:
        """Close what ends before this line, and return whether the line goes on with what is open then."""
        there, inner, _ = self._open[-1]
        while there > column or (there == column and not item and type(inner) is list):
            self._open.pop()
            there, inner, _ = self._open[-1]
        return there == column and (type(inner) is list) is item


def _own(value: Any) -> Any:
    return value() if value is dict or value is list else value
