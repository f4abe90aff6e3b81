"""What a parsed file is: plain data, and the place that every part of it was read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Position

Path: TypeAlias = tuple[str | int, ...]

_SHOWN_AS_IT_IS = re.compile(r"(?!\.)[\w./~$@+=-]+(?<!\.)", re.ASCII)
_LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        path: the file as errors show it.
        data: dict, list, str, int, float, bool and None. Aliases share their data: read it, never change it.
        marks: for each path in the data the places of its key and of its value; `()` is the root, and an item of a list
            has its own place as that of its key.
    """

    path: str
    data: Any
    marks: Mapping[Path, tuple[Position, Position]]

    def position(self, where: Path, *, key: bool = False) -> Position:
        """Return the place of the value at `where`, or of its key.

        What is absent has the place of the nearest thing around it that exists: of that one's key.
        """
        if where in self.marks:
            return self.marks[where][0 if key else 1]
        while where not in self.marks:
            where = where[:-1]
        return self.marks[where][0]


def dotted(where: Path) -> str:
    """Return a path as people write it, `components.web.args[0]`, on one line whatever the keys hold."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            shown = part[:_LONGEST_KEY] + ("…" if len(part) > _LONGEST_KEY else "")
            if not _SHOWN_AS_IT_IS.fullmatch(shown):
                shown = ascii(shown) if not part.isprintable() else f"'{shown}'"
            text += f".{shown}" if text else shown
    return text
