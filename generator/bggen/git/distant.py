"""The history of a branch of which little is here: commits are fetched without files, then what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import RefusedError

if TYPE_CHECKING:
    from bggen.git.history import PastRelease
    from bggen.git.store import Store


def past_release(store: Store, ref: str, folder: str, number: int) -> PastRelease | None:  # noqa: ARG001 - none is read yet
    """Return the release of that number, out of the newest commit in which it was active.

    Raises:
        RefusedError: the history of a remote branch is not read.
    """
    raise RefusedError(
        f"release {number} is in none of the state files, and the history of a remote branch is not read",
        hint="run it in a checkout",
        kind="no-previous",
    )
