"""How text looks: lines of words with a style, and what a terminal, or none, makes of them.

Text from outside becomes part of a line as it is. Codes come from `Look.paint` alone, which takes everything out of the
words that a terminal would obey; so nobody who makes a line can forget to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.model import Color

if TYPE_CHECKING:
    from datetime import datetime

# Parameters of "select graphic rendition", ECMA-48 8.3.117. Of the sixteen colours only: every terminal has them, and
# a user who cannot tell some of them apart has chosen others.
Style = str
PLAIN, STRONG, DIM = "", "1", "2"
GOOD, WARNING, BAD, HINT = "32", "33", "31", "36"
ERROR = "1;31"
TILES = {Color.BLUE: "97;44", Color.GREEN: "30;42"}

# Words and how they look. A tuple, since there are many.
Span = tuple[str, Style]
Line = str | tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Where text goes to; by default to a file or a pipe, as scripts read it.

    Attributes:
        colors: whether codes may be used.
        terminal: whether it is a terminal, which would obey codes in people's own words.
        width: the columns to fit tables into; None where lines may have any length.
        now: ages are told as of then; None for times as they are.
    """

    colors: bool = False
    terminal: bool = False
    width: int | None = None
    now: datetime | None = None

    def tile(self, color: Color, *, wide: bool = False) -> Span:
        """Return the colour's name on a block of that colour.

        Args:
            color: which.
            wide: whether it stands in a column, where all blocks are as wide as the widest.
        """
        if not self.colors:
            return (str(color), PLAIN)
        return (f" {color:<{max(map(len, Color)) if wide else 0}} ", TILES[color])

    def paint(self, line: Line) -> str:
        """Return the line as it is to be printed."""
        if isinstance(line, str) and not self.terminal and not self.colors:
            return line
        return "".join(self._painted(text, style) for text, style in spans(line))

    def _painted(self, text: str, style: Style) -> str:
        # A reader at the end of a pipe gets the bytes as they are; one who asked for colours has a terminal there.
        shown = printable(text.expandtabs()) if self.terminal or self.colors else text
        return f"\x1b[{style}m{shown}\x1b[0m" if self.colors and style and shown else shown


PLAIN_LOOK = Look()


def spans(line: Line) -> tuple[Span, ...]:
    """Return the line in its parts."""
    return ((line, PLAIN),) if isinstance(line, str) else line


def labelled(label: str, style: Style, rest: str) -> Line:
    """Return `label: rest`, where only the label has a style."""
    return ((f"{label}:", style), (f" {rest}", PLAIN))


def printable(text: str) -> str:
    """Return the text without what could move a terminal's cursor; names and reasons are what people wrote."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)
