"""The pull request of a change: opened, brought up to date, or closed, by the forge's own ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.app.outcomes import PullRequest
from bggen.git.target import PLAIN, Posting

if TYPE_CHECKING:
    from bggen.app.outcomes import Changed
    from bggen.app.wish import Wish
    from bggen.git.target import Target


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is about to be opened, and the way to do it.

    Attributes:
        posting: what the push takes along.
    """

    posting: Posting = PLAIN

    def settle(self) -> PullRequest:
        """Open the request, or say where a person does."""
        return PullRequest(None, None, "page")


def prepare(wish: Wish, target: Target, planned: Changed) -> Prepared:  # noqa: ARG001 - no forge is known yet
    """Write the request for a plan, and find the way to open it; nothing is sent yet."""
    return Prepared()


def close_empty(wish: Wish, target: Target, planned: Changed) -> PullRequest | None:  # noqa: ARG001 - as above
    """Close the request that is open for a change which changes nothing any more."""
    return None
