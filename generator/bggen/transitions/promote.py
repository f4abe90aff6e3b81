"""promote: a new release for the idle colour, with what is active in another environment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.errors import UsageError
from bggen.images import Promoted
from bggen.transitions.bump import bump
from bggen.transitions.result import active_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.model import EnvState
    from bggen.transitions.bump import BumpRequest
    from bggen.transitions.result import Transition


def promote(state: EnvState, source: EnvState, request: BumpRequest) -> Transition:
    """Make a release for the idle colour out of this environment's spec and the other one's active images.

    Args:
        state: of the environment that gets the release.
        source: of the environment that is promoted, of the same app.
        request: as for `bump`.

    Raises:
        RefusedError: `empty-idle` where nothing was released there, `repository` where the two environments have
            a component from different repositories, or what `bump` refuses.
    """
    _, release = active_of(source)
    return bump(state, replace(request, promoted=Promoted(source.env, release)))


def env_before(order: Sequence[str], env: str) -> str:
    """Return the environment before another one, in the order of promotion.

    Raises:
        UsageError: it is the first one.
    """
    index = order.index(env)
    if index == 0:
        raise UsageError(
            f"{env} is the first environment of the app: there is none before it to promote",
            hint=f"say with --env where to: {' → '.join(order)}"
            if len(order) > 1
            else "bggen bump --image TAG makes a release",
        )
    return order[index - 1]
