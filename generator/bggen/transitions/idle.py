"""What happens beside the traffic: park and wake the idle colour, hold and unhold flips."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.errors import RefusedError
from bggen.model import Hold
from bggen.transitions.result import Transition, active_of, idle_of, refuse_joined, unchanged
from bggen.transitions.rollback import HELD_BY_ROLLBACK, UNHOLD_ADVICE

if TYPE_CHECKING:
    from bggen.model import EnvState


def park(state: EnvState) -> Transition:
    """Stop the idle colour's workloads; its release stays known.

    Raises:
        RefusedError: `empty-idle` or `joined`.
    """
    idle, release = idle_of(state)
    refuse_joined(state, "park")
    if state.parked:
        return unchanged("park", state, f"{idle} is parked already")
    if release.spec.rollout is not None and not state.pending:
        return unchanged("park", state, f"{idle} has no pods: the Rollout ends them by itself after a promotion")
    subject = f"park {idle} (release {release.number})"
    return Transition("park", state, replace(state, parked=True), subject=subject)


def wake(state: EnvState) -> Transition:
    """Start the idle colour's workloads again.

    Raises:
        RefusedError: `empty-idle`, `schema`: the release cannot run on it, or `rollouts`: it would go live.
    """
    idle, release = idle_of(state)
    if not state.parked and (release.spec.rollout is None or state.pending):
        return unchanged("wake", state, f"{idle} is running already")
    if state.database is not None:
        from bggen.transitions.migrating import refuse_unfit  # noqa: PLC0415 - most apps do without

        refuse_unfit(state, release)
    if release.spec.rollout is not None:
        # A ReplicaSet that waits for its end is promoted without a pause: rollout/bluegreen.go of argo-rollouts,
        # isBlueGreenFastTracked.
        raise RefusedError(
            f"{state.app}/{state.env}: release {release.number} would go live without a flip, where its pods have not"
            " ended yet: Argo Rollouts does not pause before pods that it knows",
            hint="bggen bump --force gives it a new number, and new pods; bggen flip makes it active",
            kind="rollouts",
        )
    subject = f"wake {idle} (release {release.number})"
    return Transition("wake", state, replace(state, parked=False), subject=subject)


def hold(state: EnvState, *, reason: str, by: str, until: str | None = None) -> Transition:
    """Refuse flips from now on, until a time (`YYYY-MM-DDTHH:MM:SSZ`) or for ever. Bumps go on.

    Raises:
        RefusedError: nothing was ever released.
    """
    active_of(state)
    wanted = Hold(reason, by, until)
    if state.hold and (state.hold.reason, state.hold.until) == (reason, until):
        return unchanged("hold", state, f"on hold already: {reason}")
    ends = f" until {until}" if until else ""
    return Transition("hold", state, replace(state, hold=wanted), subject=f"hold flips{ends}: {reason}")


def unhold(state: EnvState) -> Transition:
    """End a hold.

    Raises:
        RefusedError: nothing was ever released.
    """
    active_of(state)
    if state.hold is None:
        return unchanged("unhold", state, "there is no hold")
    return Transition("unhold", state, replace(state, hold=None), subject=f"unhold: {_ended(state.hold.reason)}")


def _ended(reason: str) -> str:
    """Return a hold's reason without the advice that a rollback puts behind it."""
    return reason.removesuffix(UNHOLD_ADVICE) if reason.startswith(HELD_BY_ROLLBACK) else reason
