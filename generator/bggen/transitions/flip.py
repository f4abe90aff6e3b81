"""flip: the idle colour becomes active."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bggen.errors import RefusedError
from bggen.model import Previous
from bggen.transitions.capacity import less_capacity, refuse_sudden_autoscale, unseen, with_capacity_of
from bggen.transitions.result import Transition, active_of, idle_of, refuse_joined, unchanged, version
from bggen.transitions.waiting import endless_sync

if TYPE_CHECKING:
    from bggen.model import Color, EnvState, Release
    from bggen.model.migrating import Database


@dataclass(frozen=True, slots=True)
class FlipRequest:
    """What the user asked for.

    Attributes:
        now: the time as `YYYY-MM-DDTHH:MM:SSZ`, by which a hold may have ended.
        to: the colour that is to be active.
        release: the release that is to be active.
        if_active: the colour that must be active now.
        allow_less_capacity: flip even where the idle colour has fewer replicas.
        override_hold: why a hold does not count this time.
        smoke: whether the release's smoke test, where it has one, stands before the switch.
    """

    now: str
    to: Color | None = None
    release: int | None = None
    if_active: Color | None = None
    allow_less_capacity: bool = False
    override_hold: str | None = None
    smoke: bool = True


def flip(state: EnvState, request: FlipRequest, *, waited: bool = True) -> Transition:
    """Make the idle colour active. Reaching a target that is reached already is success, and changes nothing.

    Nothing but the smoke test that still stands before its switch: without `smoke`, that goes.

    Args:
        state: what is.
        request: what the user asked for.
        waited: whether the idle colour's release was there before this change.

    Raises:
        RefusedError: `not-active`, `stale`, `empty-idle`, `joined`, `hold`, `schema` or `capacity`.
    """
    active, current = active_of(state)
    if _reached(active, current, request):
        if state.gate and not request.smoke:
            refuse_held(state, now=request.now, override=request.override_hold)
            return _opened(state, active, current)
        return unchanged("flip", state, f"{active} is active already, with release {current.number}")
    if request.if_active not in (None, active):
        raise RefusedError(f"{active} is active, not {request.if_active}", kind="not-active")
    if request.to is active:
        raise RefusedError(
            f"{active} is active with release {current.number}, not release {request.release}",
            kind="stale",
        )
    idle, target = idle_of(state)
    if request.release not in (None, target.number):
        raise RefusedError(
            f"{idle} is idle and holds release {target.number}, not release {request.release}",
            hint="bggen status shows what runs where",
            kind="stale",
        )
    refuse_joined(state, "flip")
    refuse_held(state, now=request.now, override=request.override_hold)
    database = _migrated(state, target)
    if target.spec.rollout is not None:
        refuse_sudden_autoscale(state, target)
    if not request.allow_less_capacity:
        refuse_less_capacity(current, target, idle)
    after = replace(
        state,
        active=idle,
        previous=Previous(active, current.number),
        saved=None,
        served=max(state.served, target.number),
        parked=False,
        gate=request.smoke and target.spec.smoke is not None,
        database=database,
    )
    notes = _notes(state, after, target, request)
    return Transition(
        "flip",
        state,
        after,
        subject=f"flip {active} → {idle} ({version(target)})",
        notes=(*notes, *(_promoted(target, waited=True) if waited else ())),
        warnings=(
            *(() if waited else _promoted(target, waited=False)),
            *(() if request.allow_less_capacity else unseen(current, target)),
            *endless_sync(active, current, target),
        ),
    )


def _promoted(target: Release, *, waited: bool) -> tuple[str, ...]:
    if target.spec.rollout is None:
        return ()
    from bggen.transitions.promoting import of_flip  # noqa: PLC0415 - most apps have another switch

    return tuple(of_flip(target, waited=waited))


def _notes(state: EnvState, after: EnvState, target: Release, request: FlipRequest) -> list[str]:
    idle = after.active
    notes = [f"{idle} was parked: its pods have to start before it takes traffic"] if state.parked else []
    notes += _behind_a_migration(after.database, target, after.idle_color)
    if after.gate:
        notes.append(f"a smoke test of {idle} stands before the switch: while it fails, traffic stays where it is")
    elif target.spec.smoke is not None:
        notes.append("no smoke test stands before the switch: --no-smoke")
    if request.override_hold and state.hold:
        notes.append(f"the hold ({state.hold.reason}) was overridden: {request.override_hold}")
    return notes


def _migrated(state: EnvState, target: Release) -> Database | None:
    if state.database is None:
        return None
    from bggen.transitions.migrating import flipped  # noqa: PLC0415 - most apps do without

    return flipped(state, target)


def _behind_a_migration(database: Database | None, target: Release, active: Color) -> list[str]:
    if database is None or database.migration != target.number:
        return []
    return [f"its migration to schema {database.schema} stands before its pods: until that is done, {active} serves"]


def _opened(state: EnvState, active: Color, current: Release) -> Transition:
    return Transition(
        "flip",
        state,
        replace(state, gate=False),
        subject=f"flip to {active} ({version(current)}) without its smoke test",
        notes=(f"{active} is active already: the smoke test no longer stands before its switch",),
    )


def _reached(active: Color, current: Release, request: FlipRequest) -> bool:
    """Whether the user named a target, and it is what takes traffic."""
    if request.to is None and request.release is None:
        return False
    return request.to in (None, active) and request.release in (None, current.number)


def refuse_held(state: EnvState, *, now: str, override: str | None) -> None:
    """Refuse what moves traffic while there is a hold that has not ended.

    Raises:
        RefusedError: `hold`.
    """
    hold = state.hold
    # Both times have one format, in UTC, so that their order is the order of their text.
    if hold is None or override or (hold.until is not None and hold.until <= now):
        return
    until = f" until {hold.until}" if hold.until else ""
    raise RefusedError(
        f"{state.app}/{state.env} is on hold{until}: {hold.reason} ({hold.by})",
        hint=f"bggen unhold --app {state.app} --env {state.env}, or --override-hold REASON",
        kind="hold",
    )


def refuse_less_capacity(
    current: Release, target: Release, idle: Color, *, way_out: str = ", or --allow-less-capacity"
) -> None:
    """Refuse traffic for a colour with fewer replicas than the one that takes it.

    Raises:
        RefusedError: `capacity`, with the numbers.
    """
    less = less_capacity(current, target)
    if less:
        enough = " ".join(each.replace(" ", "=") for each in with_capacity_of(current, target)[1])
        raise RefusedError(
            f"{idle} has less capacity than what takes traffic now: replicas of {', '.join(less)}",
            hint=f"bggen scale {enough} --on {idle}{way_out}",
            kind="capacity",
        )
