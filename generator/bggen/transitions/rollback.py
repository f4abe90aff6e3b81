"""rollback: back to a release that was active before, whatever stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bggen.errors import RefusedError
from bggen.model import Color, Hold
from bggen.transitions.capacity import unseen, with_capacity_of, without_sudden_autoscale
from bggen.transitions.result import Transition, active_of, refuse_moving, refuse_renumbered, unchanged, version
from bggen.transitions.waiting import endless_leave, endless_sync

if TYPE_CHECKING:
    from bggen.model import EnvState, Release
    from bggen.model.migrating import Database

# How the reason of the hold that a rollback leaves begins.
HELD_BY_ROLLBACK = "rolled back from release "
# How it ends.
UNHOLD_ADVICE = ": end it with bggen unhold"


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """The release that a rollback goes to, and where it is to be found."""

    number: int
    source: Literal["active", "idle", "saved", "history"]


def rollback_target(state: EnvState, to: int | None) -> RollbackTarget:
    """Say which release `rollback [--to N]` means.

    `active` means that there is nothing to do. `history` means that no state file holds it any more.

    Raises:
        RefusedError: there is nothing to go back to (`no-previous`), or N was never active (`stale`).
    """
    _, current = active_of(state)
    number = to
    if number is None:
        if current.number < state.served:
            return RollbackTarget(current.number, "active")
        if state.previous is None:
            raise RefusedError(
                f"{state.app}/{state.env}: release {current.number} is the first that was ever active:"
                " there is nothing to go back to",
                kind="no-previous",
            )
        number = state.previous.release
    if number == current.number:
        return RollbackTarget(number, "active")
    if number > state.served:
        raise RefusedError(
            f"release {number} was never active",
            hint=f"bggen flip --release {number} makes a new release active" if number <= state.last else None,
            kind="stale",
        )
    if state.idle_release and state.idle_release.number == number:
        return RollbackTarget(number, "idle")
    if state.saved and state.saved.number == number:
        return RollbackTarget(number, "saved")
    return RollbackTarget(number, "history")


def rollback(state: EnvState, target: RollbackTarget, *, by: str, found: Release | None = None) -> Transition:
    """Make the target active, in the idle colour, and hold further flips.

    No hold, no freeze, no second colour that serves and no lack of capacity stops it: replicas are raised to what the
    active release has. What the release scales by itself gets a fixed number where the idle colour runs it without.

    Args:
        state: what is.
        target: from `rollback_target` on the same state.
        by: who does it, for the hold.
        found: the release, where the target's source is `history`.

    Raises:
        RefusedError: the release lives in another namespace or behind another switch, a port has another number, or
            it cannot run on the database's schema.
    """
    active, current = active_of(state)
    if target.source == "active":
        if current.number < state.served:
            return unchanged(
                "rollback", state, f"already rolled back: {active} is active with release {current.number}"
            )
        return unchanged("rollback", state, f"{active} is active with release {current.number} already")
    release = {"idle": state.idle_release, "saved": state.saved}.get(target.source, found)
    if release is None or release.number != target.number:
        raise ValueError(f"release {target.number} was not handed in")
    refuse_moving(current, release)
    refuse_renumbered((current,), release)
    database = _migrated(state, release, (current, release))
    fixed: list[str] = []
    if target.source != "idle" or release.spec.rollout is not None:
        release, fixed = without_sudden_autoscale(state, release)
    release, raised = with_capacity_of(current, release)
    idle = active.other
    replaced = state.idle_release
    blue, green = (release, state.green) if idle is Color.BLUE else (state.blue, release)
    after = replace(
        state,
        active=idle,
        blue=blue,
        green=green,
        previous=None,
        saved=None,
        parked=False,
        gate=False,
        joined=False,
        hold=Hold(f"{HELD_BY_ROLLBACK}{current.number} to {release.number}{UNHOLD_ADVICE}", by),
        database=database,
    )
    notes = [f"release {replaced.number} is dropped from {idle}"] if replaced and target.source != "idle" else []
    if state.parked and target.source == "idle":
        notes.append(f"{idle} was parked: its pods have to start before it takes traffic")
    if state.joined:
        # As a Deployment does it: one by one, and each new one is ready first.
        replaces = "" if target.source == "idle" else "; its pods are replaced while they serve"
        notes.append(f"{idle} served beside {active}, and serves alone now{replaces}")
    notes += ["no smoke test stands before the switch"] if state.gate or release.spec.smoke is not None else []
    runs = "the Rollout" if release.spec.rollout else idle
    notes += [f"without autoscaling, which {runs} runs without: {', '.join(fixed)}"] if fixed else []
    notes += [f"replicas raised to those of release {current.number}: {', '.join(raised)}"] if raised else []
    if state.database and state.database.migration:
        dropped = f"the migration of release {state.database.migration} is dropped"
        notes.append(f"{dropped}: the database keeps what it did, and counts as schema {state.database.schema}")
    notes.append("flips are on hold until bggen unhold")
    return Transition(
        "rollback",
        state,
        after,
        subject=f"rollback {active} → {idle} ({version(release)})",
        notes=tuple(notes),
        warnings=(*unseen(current, release), *endless_sync(active, current, release), *endless_leave(state, release)),
    )


def _migrated(state: EnvState, release: Release, held: tuple[Release | None, ...]) -> Database | None:
    if state.database is None:
        return None
    from bggen.transitions.migrating import rolled_back  # noqa: PLC0415 - most apps do without

    return rolled_back(state, release, held)
