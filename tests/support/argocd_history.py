"""Histories of one (app, env) for the model of Argo CD: commands, the states they lead to, and their trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml
from hypothesis import strategies as st

from bggen.errors import RefusedError, UsageError
from bggen.model import Color, EnvState
from bggen.render import LATEST, render
from bggen.transitions import (
    BumpRequest,
    FlipRequest,
    bump,
    flip,
    hold,
    park,
    parse_replicas,
    rollback,
    rollback_target,
    scale,
    unhold,
    wake,
)
from bggen.transitions.joining import JoinRequest, drain, join
from bggen.transitions.migrating import contract
from tests.support.argocd_objects import Resource, Tree
from tests.support.argocd_specs import PORTS, specs, ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bggen.model import AppSpec
    from bggen.transitions import Transition

Words = list["str | AppSpec"]
_FLIP = FlipRequest(now="2026-01-01T00:00:00Z", allow_less_capacity=True, override_hold="the test goes on")


@dataclass(frozen=True, slots=True)
class Command:
    """One command; only bumps carry a spec, whose images are all pinned."""

    name: str
    spec: AppSpec | None = None

    def __str__(self) -> str:
        """Return what a reader of a counterexample needs."""
        if self.spec is None:
            return self.name
        parts = [
            f"{c.name}:{c.port or c.kind}{sorted(map(str, c.env.values()))}{c.files or ''}{c.autoscale or ''}"
            for c in self.spec.components.values()
        ]
        route, smoke, peers = self.spec.route, self.spec.smoke, self.spec.network
        more = [f"{route.switch}s {dict(route.paths)}" if route else "no route", "smoke" if smoke else "", str(peers)]
        return f"{self.name} {', '.join(parts)} {' '.join(more)}"


def state_after(state: EnvState, command: Command) -> EnvState:
    """Return the state after a command; the same one where it is refused or changes nothing."""
    try:
        return _decide(state, command).after
    except (RefusedError, UsageError):
        return state


def _decide(state: EnvState, command: Command) -> Transition:
    match command.name:
        case "bump" | "bump --flip":
            then = _FLIP if command.name == "bump --flip" else None
            return bump(state, BumpRequest(command.spec, LATEST, force=True, then_flip=then))
        case "flip":
            return flip(state, _FLIP)
        case "rollback":
            target = rollback_target(state, None)
            if target.source == "history":
                raise RefusedError("older than what the state files hold")
            return rollback(state, target, by="test")
        case "hold":
            return hold(state, reason="test", by="test")
        case "scale":
            return scale(state, parse_replicas(["web=4"]))
    return _OTHERS[command.name](state)


_OTHERS: Mapping[str, Callable[[EnvState], Transition]] = {
    "park": park,
    "wake": wake,
    "unhold": unhold,
    "drain": drain,
    "contract": contract,
    "join": lambda state: join(state, JoinRequest(_FLIP.now, _FLIP.override_hold)),
    "as-active": lambda state: bump(state, BumpRequest(None, LATEST, as_active=True)),
}


def states_of(app: str, commands: Iterable[Command]) -> list[EnvState]:
    """Return the states of a history, one for each command that changed the manifests' state."""
    states = [EnvState(app, "prod")]
    for command in commands:
        after = state_after(states[-1], command)
        if after != states[-1]:
            states.append(after)
    return states[1:]


def written(words: Words) -> list[EnvState]:
    """Return the states of a history written as command, spec, command…"""
    commands: list[Command] = []
    for word in words:
        if isinstance(word, str):
            commands.append(Command(word))
        else:
            commands[-1] = Command(commands[-1].name, word)
    return states_of("shop", commands)


def rolled_back(state: EnvState) -> EnvState | None:
    """Return the state after a `rollback`, or None where there is nothing to go back to."""
    after = state_after(state, Command("rollback"))
    return after if after != state else None


def tree_of(state: EnvState) -> Tree:
    """Render a state and read the objects as Argo CD does."""
    once = {
        ("Deployment", f"{release.spec.base_name(name)}-{color}")
        for color in Color
        if (release := state.release(color))
        for name, defined in release.spec.components.items()
        if defined.kind == "worker"
    }
    resources = [_read(manifest.text) for manifest in render(state)]
    made = Tree.made([replace(each, once=True) if each.key in once else each for each in resources], state.active)
    releases = (state.blue, state.green, state.saved)
    known = frozenset(str(release.number) for release in releases if release)
    return replace(made, known=known, needs=_needs(state))


def _needs(state: EnvState) -> int:
    """Return the least schema that the active release, which has a migration, can run on.

    A rollback drops the Job, and its tree waits for nothing: its release has served already.
    """
    release = state.active_release
    if release is None or not release.spec.compatible or not release.spec.migrate:
        return 0
    return release.spec.compatible.min if state.database and state.database.migration else 0


@lru_cache(maxsize=4096)
def _read(text: str) -> Resource:
    return Resource.of(yaml.load(text, Loader=yaml.CSafeLoader))


@st.composite
def histories(draw: st.DrawFn) -> list[Command]:
    """Histories of up to nine commands; the first is a bump.

    In half of them components only ever come, keep their ports and kinds, and there is always a route. In the others
    all of that comes and goes.
    """
    found = draw(ways())
    names = ["web", "api", "mailer", "front"]
    names += ["report"] if found.kinds else []
    actions = ["bump", "bump", "bump --flip", "flip", "flip", "rollback", "park", "wake", "scale", "hold", "unhold"]
    actions += ["bump --flip", "contract"] if found.database else []
    commands = []
    least = 1
    for action in ["bump", *draw(st.lists(st.sampled_from(actions), min_size=1, max_size=8))]:
        spec = None
        if action.startswith("bump"):
            if found.steady:
                least = draw(st.integers(least, len(names)))
                chosen = names[:least]
            else:
                chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
                chosen = chosen if any(map(PORTS.get, chosen)) else ["web", *chosen]
            spec = draw(specs(chosen, found))
        commands.append(Command(action, spec))
    return commands
