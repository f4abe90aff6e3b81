"""scale: other numbers of replicas, or bounds of autoscaling, for the releases that there are, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bggen.errors import UsageError
from bggen.model import Color
from bggen.transitions.capacity import replicas_of
from bggen.transitions.result import Transition, active_of, idle_of, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bggen.model import Component, EnvState, Release

# As in the schema of a component.
_LEAST, _MOST = 1, 1000
_WANTED = re.compile(r"([-a-z0-9]+)=([0-9]{1,9})(?:\.\.([0-9]{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Replicas:
    """What the user wants of one component: a number, or with `most` the bounds of its autoscaling."""

    number: int
    most: int | None = None

    def __str__(self) -> str:
        """Return it as the user wrote it."""
        return f"{self.number}" if self.most is None else f"{self.number}..{self.most}"


def parse_replicas(texts: Iterable[str]) -> dict[str, Replicas]:
    """Read the arguments of `scale`: `COMPONENT=N` or `COMPONENT=MIN..MAX`, one or more.

    Raises:
        UsageError: one is neither, is out of bounds, or contradicts another.
    """
    wanted: dict[str, Replicas] = {}
    for text in texts:
        match = _WANTED.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{text!r}: not COMPONENT=N", hint="bggen scale web=3, or api=3..20 for what is autoscaled"
            )
        found = Replicas(int(match[2]), int(match[3]) if match[3] else None)
        most = found.number if found.most is None else found.most
        if not all(_LEAST <= number <= _MOST for number in (found.number, most)):
            raise UsageError(
                f"{text}: a component has {_LEAST} to {_MOST} replicas",
                hint="bggen park stops the idle colour" if found.number == 0 else None,
            )
        if found.number > most:
            raise UsageError(f"{text}: the least comes first", hint=f"{match[1]}={most}..{found.number}")
        if wanted.setdefault(match[1], found) != found:
            raise UsageError(f"two numbers for {match[1]}: {wanted[match[1]]} and {found}")
    return wanted


def scale(state: EnvState, wanted: Mapping[str, Replicas], on: Color | None = None) -> Transition:
    """Give components other numbers of replicas; the releases stay what they are in all else, their numbers included.

    Args:
        state: what is.
        wanted: by component; one of the colours has to have it.
        on: the only colour to be changed; both, as far as they hold a release, where it is None.

    Raises:
        UsageError: there is no such component, it is a cron, or bounds were given for what is not autoscaled, or a
            number for what is.
        RefusedError: nothing was released yet, or the colour that is named is empty.
    """
    active, _ = active_of(state)
    if on is active.other:
        idle_of(state)
    releases = {color: release for color in Color if on in (None, color) and (release := state.release(color))}
    _refuse_unknown(releases, wanted)
    after = {color: _scaled(release, wanted) for color, release in releases.items()}
    scaled = [color for color in releases if after[color] != releases[color]]
    words = ", ".join(f"{name}={replicas}" for name, replicas in wanted.items())
    if not scaled:
        return unchanged("scale", state, f"{words} already on {_and(list(releases))}", *_missing(releases, wanted))
    serving = [color for color in scaled if state.serves(color)]
    fewer = {color: found for color in serving if (found := _steps(color, releases, wanted, down=True))}
    whose = f"{scaled[0]}'s" if len(scaled) == 1 else "each colour's"
    return Transition(
        "scale",
        state,
        replace(state, blue=after.get(Color.BLUE, state.blue), green=after.get(Color.GREEN, state.green)),
        subject=f"scale {words} on {_and(scaled)}",
        notes=(
            *(f"{color}: {', '.join(_steps(color, releases, wanted))}" for color in scaled),
            *_missing(releases, wanted),
            *([f"{active.other} is parked: it starts with these"] if state.parked and active.other in scaled else []),
            *_of_rollout(state, scaled),
            f"this lasts until {whose} next bump, which takes replicas from the spec again",
        ),
        warnings=tuple(
            f"{color} takes traffic, and gets fewer replicas: {', '.join(found)}" for color, found in fewer.items()
        ),
    )


def _of_rollout(state: EnvState, scaled: list[Color]) -> tuple[str, ...]:
    """Say of a Rollout, which has one number for both colours, when the idle one's counts."""
    release = state.active_release
    if release is None or release.spec.rollout is None or state.idle_color not in scaled:
        return ()
    return (f"a Rollout has one number, that of {state.active}: {state.idle_color}'s counts from its flip on",)


def _refuse_unknown(releases: Mapping[Color, Release], wanted: Mapping[str, Replicas]) -> None:
    known = sorted({name for release in releases.values() for name in release.spec.components})
    for name, replicas in wanted.items():
        if name not in known:
            raise UsageError(f"no component {name} on {_and(list(releases))}", hint=f"there is {', '.join(known)}")
        found = {
            color: parts[name] for color, release in releases.items() if name in (parts := release.spec.components)
        }
        _refuse_unfit(name, replicas, found)


def _refuse_unfit(name: str, replicas: Replicas, found: Mapping[Color, Component]) -> None:
    crons = [color for color, component in found.items() if component.kind == "cron"]
    if crons:
        raise UsageError(
            f"{name}={replicas}: {name} is a cron{_on(crons, found)}, which has no replicas",
            hint=_elsewhere(crons, found) or "its schedule is part of the spec: edit app.yaml, then bggen bump",
        )
    bounds = replicas.most is not None
    unfit = [color for color, component in found.items() if (component.autoscale is not None) is not bounds]
    if unfit:
        right = f"{name}=N is its number of replicas" if bounds else f"{name}=MIN..MAX sets its bounds"
        raise UsageError(
            f"{name}={replicas}: {name} is {'not ' if bounds else ''}autoscaled{_on(unfit, found)}",
            hint="; ".join(part for part in (_elsewhere(unfit, found), right) if part),
        )


def _on(colors: Sequence[Color], found: Mapping[Color, Component]) -> str:
    """Name the colours, unless they are all."""
    return f" on {_and(colors)}" if len(colors) < len(found) else ""


def _elsewhere(colors: Sequence[Color], found: Mapping[Color, Component]) -> str:
    return "".join(f"--on {color} leaves it alone" for color in found if color not in colors)


def _scaled(release: Release, wanted: Mapping[str, Replicas]) -> Release:
    components = {
        name: _with(component, wanted[name]) if name in wanted else component
        for name, component in release.spec.components.items()
    }
    return replace(release, spec=replace(release.spec, components=components))


def _with(component: Component, replicas: Replicas) -> Component:
    scale = component.autoscale
    if scale is not None and replicas.most is not None:
        scale = replace(scale, min=replicas.number, max=replicas.most)
    return replace(component, replicas=replicas.number, autoscale=scale)


def _steps(
    color: Color, releases: Mapping[Color, Release], wanted: Mapping[str, Replicas], *, down: bool = False
) -> list[str]:
    """Name the components whose numbers change in a colour, or with `down` only those that lose some."""
    components = releases[color].spec.components if color in releases else {}
    return [
        f"{name} {replicas_of(components[name])} → {replicas}"
        for name, replicas in wanted.items()
        if name in components
        and (_loses(components[name], replicas) if down else _with(components[name], replicas) != components[name])
    ]


def _loses(component: Component, replicas: Replicas) -> bool:
    scale = component.autoscale
    fewer_at_most = scale is not None and replicas.most is not None and replicas.most < scale.max
    return fewer_at_most or replicas.number < component.replicas


def _missing(releases: Mapping[Color, Release], wanted: Mapping[str, Replicas]) -> list[str]:
    return [
        f"{color} has no {name}"
        for color, release in releases.items()
        for name in wanted
        if name not in release.spec.components
    ]


def _and(colors: Sequence[Color]) -> str:
    return " and ".join(colors)
