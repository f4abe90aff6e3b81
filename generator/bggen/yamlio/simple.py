"""The simple YAML that bggen itself writes, read line by line: six times as fast, and never another result.

Whatever is not surely simple is left to the full reader: comments behind values, escapes, text in blocks, aliases,
tags, numbers but whole ones, and every mistake.
"""

from __future__ import annotations

import re
from typing import Any

_MOST_LINES = 2_000
_LONGEST_LINE = 900
_DEEPEST = 30

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


def read(content: bytes) -> dict[str, Any] | None:
    """Return what the full reader makes of the same bytes, or None where this one cannot be sure of it."""
    if not content.isascii() or content[-1:] != b"\n":
        return None
    lines = content[:-1].decode("ascii").split("\n")
    if len(lines) > _MOST_LINES or len(max(lines, key=len)) > _LONGEST_LINE:
        return None
    reader = _Reader()
    # What is not printable may not stand in a file, or ends the comment.
    if not all((line[:1] == "#" and line.isprintable()) or reader.take(line) for line in lines):
        return None
    return reader.root if reader.root and not reader.waiting else None


class _Reader:
    """What was read so far.

    Attributes:
        waiting: whether the last line was a key whose value stands below it.
    """

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self.waiting = False
        # (indentation, collection), from the outermost to the innermost; and the place of the last key.
        self._open: list[tuple[int, Any]] = [(0, self.root)]
        self._last: tuple[dict[str, Any], str, int] = (self.root, "", 0)

    def take(self, line: str) -> bool:
        """Read one more line, and return whether it is simple and stands where it may."""
        match = _LINE.fullmatch(line)
        if match is None or match.lastgroup is None:
            return False
        column, item, key = len(match[1]), bool(match[2]), match["key"]
        if not (self._begins(column, item=item) if self.waiting else self._goes_on(column, item=item)):
            return False
        self.waiting = match.lastgroup == "key"
        value = None if self.waiting else _value(match)
        target = self._open[-1][1]
        if key is None:
            if item:
                target.append(value)
            return item
        if item:
            column += 2
            fields: dict[str, Any] = {}
            target.append(fields)
            self._open.append((column, fields))
            target = fields
        name = key[1:-1] if key[0] == '"' else key
        if name in target:
            return False
        target[name] = value
        self._last = (target, name, column)
        return True

    def _begins(self, column: int, *, item: bool) -> bool:
        """Open the collection that the last key waits for; the items of a list may stand right below their key."""
        holder, name, above = self._last
        if column < above + (not item) or len(self._open) > _DEEPEST:
            return False
        inner: Any = [] if item else {}
        holder[name] = inner
        self._open.append((column, inner))
        return True

    def _goes_on(self, column: int, *, item: bool) -> bool:
        """Close what ends before this line, and return whether the line goes on with what is open then."""
        there, inner = self._open[-1]
        while there > column or (there == column and not item and type(inner) is list):
            self._open.pop()
            there, inner = self._open[-1]
        return there == column and (type(inner) is list) is item


def _value(match: re.Match[str]) -> Any:
    text = match[str(match.lastgroup)]
    if match.lastgroup == "text":
        return _WORDS.get(text, text)
    if match.lastgroup == "quoted":
        return text[1:-1]
    if match.lastgroup == "number":
        return int(text)
    return {} if text == "{}" else []
