"""What a parsed file is: plain data, and the place that every part of it was read from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bggen.model import Position

Path: TypeAlias = tuple[str | int, ...]

_SHOWN_AS_IT_IS = re.compile(r"(?!\.)[\w./~$@+=-]+(?<!\.)", re.ASCII)
_LONGEST_KEY = 60


class LateMarks(Mapping[Path, "tuple[Position, Position]"]):
    """The marks of a file whose places are looked for when somebody asks for one."""

    def __init__(self, find: Callable[[], Mapping[Path, tuple[Position, Position]]]) -> None:
        self._find = find
        self._marks: Mapping[Path, tuple[Position, Position]] | None = None

    def __getitem__(self, where: Path) -> tuple[Position, Position]:
        return self._found()[where]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def _found(self) -> Mapping[Path, tuple[Position, Position]]:
        if self._marks is None:
            self._marks = self._find()
        return self._marks


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

    def has(self, where: Path) -> bool:
        """Whether something stands at the path; that takes no places, which may not be known yet."""
        value: Any = self.data
        for part in where:
            in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if not in_list and not (isinstance(value, dict) and part in value):
                return False
            value = value[part]
        return True

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
