"""Which plain values of a file are text although they look like numbers or truths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Inside(NamedTuple):
    """What counts inside of a value.

    Attributes:
        as_text: whether plain scalars are text; None where nothing in it ever is.
        names: whether its keys are names, which stand for nothing.
    """

    as_text: bool | None
    names: bool


TOP = Inside(as_text=False, names=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """Keys that say how what stands beneath them is read.

    Attributes:
        text_under: every plain scalar but null beneath them is text, as it stands in the file.
        names_under: their mapping has names for keys (of components, say): those never count for `text_under`.
        as_is_under: nothing beneath them counts for `text_under`.
    """

    text_under: frozenset[str] = frozenset()
    names_under: frozenset[str] = frozenset()
    as_is_under: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether they say anything at all."""
        return bool(self.text_under or self.names_under or self.as_is_under)

    def below(self, inside: Inside, key: str | None) -> Inside:
        """Return what counts below a key, or for an item of a list, of a collection in which `inside` counts."""
        if key is None or inside.names:
            return Inside(inside.as_text, names=False)
        text = inside.as_text
        if text is False:
            text = None if key in self.as_is_under else key in self.text_under
        return Inside(text, key in self.names_under)
