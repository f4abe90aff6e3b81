"""Pieces of a text, each of which can be short or long → the whole text within a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.review.markdown import size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece.

    Attributes:
        rank: those with a low one are cut last.
        within: budget → the most of the piece that fits; for 0, the least that has to be said.
    """

    rank: int
    within: Callable[[int], str]


def fixed(rank: int, text: str) -> Piece:
    """Return a piece that is never cut."""
    return Piece(rank, lambda _: text)


def either(rank: int, long: str, short: str) -> Piece:
    """Return a piece that is there whole, or in a short form."""
    return Piece(rank, lambda budget: long if size(long) <= budget else short)


def assemble(pieces: Sequence[Piece], limit: int) -> str:
    """Return all pieces in their order, the important ones as long as they can be."""
    least = [size(piece.within(0)) for piece in pieces]
    left = max(0, limit - sum(least))
    made: dict[int, str] = {}
    for at in sorted(range(len(pieces)), key=lambda at: pieces[at].rank):
        text = pieces[at].within(least[at] + left)
        left -= max(0, size(text) - least[at])
        made[at] = text
    return "".join(made[at] for at in range(len(pieces)))
