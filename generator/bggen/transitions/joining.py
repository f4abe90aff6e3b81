"""join and drain: the idle colour takes traffic beside the active one, and stops doing so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bggen.errors import RefusedError
from bggen.spec.joining import CAN, same_but_sizes, why_alone
from bggen.transitions.capacity import less_capacity, unseen
from bggen.transitions.flip import refuse_held, refuse_less_capacity
from bggen.transitions.result import Transition, active_of, idle_of, unchanged, version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, EnvState, Release

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What the user asked for.

    Attributes:
        now: the time as `YYYY-MM-DDTHH:MM:SSZ`, by which a hold may have ended.
        override_hold: why a hold does not count this time.
    """

    now: str
    override_hold: str | None = None


def join(state: EnvState, request: JoinRequest) -> Transition:
    """Let the idle colour serve beside the active one; what is active, and runs workers and crons, stays so.

    It moves traffic, so a hold refuses it. Each colour must be able to carry all of it alone, so the idle one must not
    have fewer replicas.

    Raises:
        RefusedError: `empty-idle`, `join` where the route cannot lead to two colours, the colours do not hold the same,
            or the idle one is parked, `capacity` or `hold`.
    """
    active, current = active_of(state)
    idle, target = idle_of(state)
    if state.joined:
        return unchanged("join", state, f"{idle} serves beside {active} already")
    _refuse_one_color(current)
    _refuse_other_content(state, current, target)
    if state.parked:
        raise RefusedError(f"{idle} is parked: its pods do not run", hint=f"bggen wake {_of(state)}", kind="join")
    refuse_less_capacity(current, target, idle, way_out="")
    refuse_held(state, now=request.now, override=request.override_hold)
    return Transition(
        "join",
        state,
        replace(state, joined=True),
        subject=f"join {idle} to {active} ({version(target)})",
        notes=tuple(_notes(state, request, active, idle)),
    )


def drain(state: EnvState) -> Transition:
    """Take the joined colour out of the traffic again: the active one serves alone. Nothing refuses it.

    Raises:
        RefusedError: nothing was ever released.
    """
    active, current = active_of(state)
    if not state.joined:
        return unchanged("drain", state, f"{active} serves alone already")
    idle, leaving = idle_of(state)
    fewer = less_capacity(leaving, current)
    return Transition(
        "drain",
        state,
        replace(state, joined=False),
        subject=f"drain {idle}: {active} serves alone ({version(current)})",
        warnings=(
            *([f"{active} goes on alone with fewer replicas than {idle}: {', '.join(fewer)}"] if fewer else []),
            *unseen(leaving, current),
        ),
    )


def _refuse_one_color(current: Release) -> None:
    why = why_alone(current.spec.route)
    if why is not None:
        raise RefusedError(f"{current.spec.name}: {why}", hint=f"two colours can serve behind {CAN}", kind="join")


def _refuse_other_content(state: EnvState, current: Release, target: Release) -> None:
    if same_but_sizes(current, target):
        return
    hint = f"bggen bump {_of(state)} --as-active gives {state.idle_color} what {state.active} runs"
    if state.pending:
        hint = f"if it is newer on purpose, bggen flip {_of(state)} first; {hint}"
    raise RefusedError(
        f"{state.idle_color} (release {target.number}) does not hold what {state.active} (release {current.number})"
        f" runs: {', '.join(_different(current, target))}",
        hint=hint,
        kind="join",
    )


def _different(current: Release, target: Release) -> list[str]:
    """Name what differs in a few words; numbers of replicas do not count."""
    from bggen.comparing import compare  # noqa: PLC0415 - only a refusal needs it

    found = compare(current, target)
    topics = [" ".join(filter(None, (each.component, each.topic))) for each in found.differences]
    names = [name for name in dict.fromkeys(topics) if not name.endswith(" replicas")]
    names += ["the version of the rendering"] if found.renderers else []
    more = len(names) - _MOST_NAMED
    return [*names[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])]


def _notes(state: EnvState, request: JoinRequest, active: Color, idle: Color) -> Iterator[str]:
    release = state.active_release
    components = release.spec.components.values() if release else ()
    if release and release.spec.smoke is not None:
        yield f"a smoke test of {idle} stands before the switch: while it fails, {active} goes on alone"
    if state.gate:
        yield (
            f"the smoke test of {active} stands before the switch, too: if it failed, {idle} still serves what it held"
            " before, and nothing changes; bggen rollback comes first then"
        )
    once = sorted({each.kind for each in components if each.kind != "service"})
    if once:
        yield f"{' and '.join(f'{kind}s' for kind in once)} go on in {active} alone"
    called = [release.spec.base_name(each.name) for each in components if release and each.port is not None]
    yield f"callers inside the cluster, of {', '.join(sorted(called))}, go on reaching {active} alone"
    if request.override_hold and state.hold:
        yield f"the hold ({state.hold.reason}) was overridden: {request.override_hold}"


def _of(state: EnvState) -> str:
    return f"--app {state.app} --env {state.env}"
