"""Text that people wrote → Markdown that cannot leave its place, whichever forge shows it.

Forges make links of mentions, issue numbers and URLs after reading the Markdown: backslashes do not stop them.
Nothing of the kind happens in code: whatever may hold a user's words stands in a code span or a fence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_LINE = 1000
_TICKS = re.compile(r"`+")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# What no Markdown, and no forge's own links, makes anything else of: no flag, path, host, hash or key of an issue.
_WORD = re.compile(r"\(?(?:[A-Za-z]+(?:[-'][A-Za-z]+)*|[0-9]{1,6}(?:\.\.[0-9]{1,6})?|→)[),.;:]*")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,}")


def size(text: str) -> int:
    """Return how much of a forge's limit a text takes at most.

    Some forges count characters and some bytes, and some make CRLF of every line break.
    """
    return len(text.encode()) + text.count("\n")


def visible(text: str, keep: str = "") -> str:
    """Return the text with everything escaped that has no form of its own, such as codes of terminals or directions.

    Args:
        text: any text.
        keep: characters that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    number = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    for form, most in (("\\x{:02x}", 0xFF), ("\\u{:04x}", 0xFFFF)):
        if number <= most:
            return form.format(number)
    return f"\\U{number:08x}"


def code(text: str) -> str:
    """Return a code span that shows the text (CommonMark 6.1); what is empty has none."""
    shown = visible(text)
    if not shown:
        return "(empty)"
    ticks = "`" * (_longest_run(shown) + 1)
    # One space at each end is taken away again, unless there is nothing else.
    ends = shown[0] + shown[-1]
    padded = f" {shown} " if "`" in ends or (ends == "  " and shown.strip(" ")) else shown
    return f"{ticks}{padded}{ticks}"


def cell(text: str) -> str:
    """Return a code span for the cell of a table, in which a pipe needs a backslash even in code (GFM 4.10)."""
    # Parsers do not agree on what a backslash before that one means.
    return code(text).replace("\\|", "\\u007c").replace("|", "\\|") if "|" in text else code(text)


def sentence(text: str) -> str:
    """Return a sentence as it is where it is made of plain words, and else as a code span."""
    words = text.split(" ")
    plain = text[:1].isalpha() and all(_WORD.fullmatch(word) and not _COMMIT.search(word) for word in words)
    return text if plain else code(text)


def fence(lines: Sequence[str], language: str) -> str:
    """Return a fenced block that shows the lines, with a line break at its end; tabs stay."""
    shown = [_line(line) for line in lines]
    ticks = "`" * max(3, max(map(_longest_run, shown), default=0) + 1)
    return "".join(f"{line}\n" for line in (f"{ticks}{language}", *shown, ticks))


def fence_within(lines: Iterable[str], language: str, budget: int) -> tuple[str, int]:
    """Return a block of as many of the lines as fit, and how many were left out.

    Args:
        lines: may be many; all are counted.
        language: of the block.
        budget: as `size` counts. Where not even one line fits, the text is empty.
    """
    taken: list[str] = []
    used, run, left = 0, 2, 0
    for line in lines:
        shown = _line(line)
        run = max(run, _longest_run(shown)) if not left else run
        used += size(shown) + 2
        # Both fences, the language, and the breaks behind them.
        if left or used + 2 * (run + 1) + len(language) + 4 > budget:
            left += 1
        else:
            taken.append(line)
    return (fence(taken, language) if taken else "", left)


def folded(summary: str, inner: str, *, html: bool) -> str:
    """Return a part that is shown when it is clicked, or under a heading where a forge shows no HTML.

    Args:
        summary: our own words, without anything that a user wrote.
        inner: whole blocks of Markdown.
        html: whether the forge knows `<details>`.
    """
    if not html:
        return f"### {summary}\n\n{inner}\n"
    return f"<details>\n<summary>{summary}</summary>\n\n{inner}\n</details>\n\n"


def _line(line: str) -> str:
    more = len(line) - _LONGEST_LINE
    return visible(line if more <= 0 else f"{line[:_LONGEST_LINE]}… ({more} characters more)", keep="\t")


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0) if "`" in text else 0
