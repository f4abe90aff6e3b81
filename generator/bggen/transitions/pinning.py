"""A decision that is made again on a newer state must be the same decision, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.errors import RefusedError

if TYPE_CHECKING:
    from bggen.model import EnvState
    from bggen.transitions.flip import FlipRequest
    from bggen.transitions.result import Transition


def refuse_other_idle(meant: Transition | None, now: EnvState, *, retarget: bool) -> None:
    """Refuse a decision about the idle colour once the other colour is idle: nobody has tried it on that one.

    Args:
        meant: the decision when it was made first; None where this is the first time.
        now: the state that it is made on again.
        retarget: whether the user wants it for whichever colour is idle.

    Raises:
        RefusedError: `stale`.
    """
    if meant is None or retarget or meant.before.idle_color is now.idle_color:
        return
    color = meant.before.idle_color
    raise RefusedError(
        f"{now.app}/{now.env}: {color} became active while this was on its way, and it was meant for {color} as idle",
        hint=f"look at bggen status; --retarget takes the idle colour, {now.idle_color} now",
        kind="stale",
    )


def same_target(meant: Transition | None, request: FlipRequest) -> FlipRequest:
    """Return the request with the colour and the release that it led to when it was decided first."""
    if meant is None or meant.after.active is None or meant.after.active_release is None:
        return request
    return replace(request, to=meant.after.active, release=meant.after.active_release.number)


def same_release(meant: Transition | None, to: int | None) -> int | None:
    """Return the release that a rollback led to when it was decided first; what the user named where this is then."""
    if meant is None or meant.after.active_release is None:
        return to
    return meant.after.active_release.number
