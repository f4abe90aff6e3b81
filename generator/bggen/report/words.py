"""Text that has a form of its own, as styled lines: patches, YAML, and what a change does in a few words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.model import Color
from bggen.report.look import BAD, GOOD, HINT, PLAIN, STRONG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.report.look import Line, Look, Style

# A colour that stands alone; in parentheses and after a colon are tags and reasons, which are people's own words.
_COLOR = re.compile(rf"(?<!\S)({'|'.join(Color)})(?!\S)")
_KEY = re.compile(r"(?P<before> *(?:- )*)(?P<key>[^\s:#'\"-][^:#]*|'[^']*'|\"[^\"]*\")(?P<after>:(?: .*)?)")
_BLOCK = re.compile(r"(?:.*[:-] )?[|>][-+0-9]*")
_PATCH: tuple[tuple[str, Style], ...] = (
    ("--- ", STRONG),
    ("+++ ", STRONG),
    ("@@", HINT),
    ("+", GOOD),
    ("-", BAD),
)


def subject(text: str, look: Look) -> Line:
    """Return what a change does, with a tile for each colour that it names."""
    end = min((at for at in (text.find("("), text.find(":")) if at >= 0), default=len(text))
    parts = _COLOR.split(text[:end])
    found = [look.tile(Color(part)) if at % 2 else (part, PLAIN) for at, part in enumerate(parts)]
    return (*found, (text[end:], PLAIN))


def patch(text: str) -> Iterator[Line]:
    """Yield the lines of a unified diff."""
    for line in text.splitlines():
        yield ((line, next((style for start, style in _PATCH if line.startswith(start)), PLAIN)),)


def document(text: str) -> Iterator[Line]:
    """Yield the lines of a YAML document that we wrote: keys stand out, text in blocks is left as it is."""
    block: int | None = None
    for line in text.removesuffix("\n").split("\n"):
        if block is not None and (not line or len(line) - len(line.lstrip(" ")) > block):
            yield line
            continue
        found = _KEY.fullmatch(line)
        before, key, after = found.group("before", "key", "after") if found else (line, "", "")
        block = len(before if found else line.partition("-")[0]) if _BLOCK.fullmatch(line) else None
        yield ((before, PLAIN), (key, HINT), (after, PLAIN))
