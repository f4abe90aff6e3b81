"""Opening a request exactly once, although answers get lost and others open it at the same time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.forge.client import LostError, RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.forge.protocol import Forge, Request, Wanted

# What forges answer where a request of these branches is open already.
_TAKEN = frozenset({400, 409, 422})
_TRIES = 3


def open_once(forge: Forge, wanted: Wanted, post: Callable[[], Request]) -> Request:
    """Return the request that `post` opened, or the one that turns out to be open already, brought to what is wanted.

    Raises:
        ForgeError: neither can be had.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return post()
        except LostError:
            found = forge.find(wanted.head_branch, wanted.base_branch)
            if found is None and attempt == _TRIES:
                raise
        except RefusalError as refusal:
            if refusal.status not in _TAKEN:
                raise
            found = forge.find(wanted.head_branch, wanted.base_branch)
            if found is None:
                raise
        if found is not None:
            return forge.update(found, wanted)
    raise AssertionError


def warned(request: Request, *warnings: str) -> Request:
    """Return the request with more warnings."""
    return replace(request, warnings=(*request.warnings, *warnings))
