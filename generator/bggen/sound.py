"""Whether what release.yaml and the colour files say fits together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import InvalidError
from bggen.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bggen.model import EnvState


def sound(state: EnvState, path: str) -> EnvState:
    """Return a state that a sequence of commands may lead to, and refuse any other, even with the right digest.

    Raises:
        InvalidError: it contradicts itself.
    """
    numbers = [release.number for release in (state.blue, state.green, state.saved) if release]
    checks = (
        (state.active_release is not None, f"active is {state.active}, but that colour holds no release"),
        (all(number <= state.last for number in numbers), "a release has a number above last"),
        (len(set(numbers)) == len(numbers), "two files hold one release number"),
        (state.served <= state.last, "served is above last"),
        (not state.parked or state.idle_release is not None, "an empty colour is parked"),
        (not state.gate or _smoked(state), "the gate is there, but the active release has no smoke test"),
        (not state.joined or _may_be_joined(state), "joined, but the two colours cannot serve side by side"),
        (_one_switch(state), "one release is of a Rollout, and another is not"),
        (state.saved is None or state.previous is not None, "previous.yaml exists, but release.yaml names no previous"),
        *_of_database(state),
    )
    for holds, message in checks:
        if not holds:
            problem = Problem(path, 0, 0, "", message)
            raise InvalidError(str(problem), problems=[problem])
    return state


def _one_switch(state: EnvState) -> bool:
    found = {release.spec.rollout is None for release in (state.blue, state.green, state.saved) if release}
    return found != {True, False}


def _may_be_joined(state: EnvState) -> bool:
    from bggen.spec.joining import same_but_sizes, why_alone  # noqa: PLC0415 - only those who join need it

    active, idle = state.active_release, state.idle_release
    if active is None or idle is None or state.parked:
        return False
    return same_but_sizes(active, idle) and why_alone(active.spec.route) is None


def _of_database(state: EnvState) -> Iterable[tuple[bool, str]]:
    if state.database is None:
        return ()
    from bggen.spec.codec_migrate import database_rules  # noqa: PLC0415 - most apps do without

    return database_rules(state, state.database)


def _smoked(state: EnvState) -> bool:
    return state.active_release is not None and state.active_release.spec.smoke is not None
