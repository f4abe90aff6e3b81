"""Histories of one (app, env) for the model of Argo CD: commands, the states they lead to, and their trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml
from hypothesis import strategies as st

from bggen.errors import RefusedError, UsageError
from bggen.model import EnvState, Image, Route
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
from tests.support.argocd_cluster import Resource, Tree
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bggen.model import AppSpec
    from bggen.transitions import Transition

PORTS = {"web": 8080, "api": 9090, "front": 8000, "mailer": None}
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
        parts = [f"{c.name}:{c.port}{sorted(map(str, c.env.values()))}" for c in self.spec.components.values()]
        return f"{self.name} {', '.join(parts)} routes {dict(self.spec.route.paths) if self.spec.route else 'nothing'}"


def app(
    components: Mapping[str, Iterable[str]],
    *,
    tag: str = "v1",
    ports: Mapping[str, int | None] | None = None,
    routed: bool = True,
) -> AppSpec:
    """Return a spec of which each component calls some others.

    Args:
        components: the names, each with those that it calls.
        tag: of all images.
        ports: what differs from `PORTS`.
        routed: whether there is a route; `/` leads to the first component, `/NAME` to the other ones with a port.
    """
    given: dict[str, int | None] = {**PORTS, **(ports or {})}
    made = [
        component(
            name,
            image=Image(f"ghcr.io/acme/{name}", tag),
            port=given[name],
            env={f"{other.upper()}_URL": f"${{{other}.url}}" for other in calls},
        )
        for name, calls in components.items()
    ]
    ported = [each.name for each in made if each.port]
    paths = {"/" if name == ported[0] else f"/{name}": name for name in ported}
    return app_spec("shop", *made, route=Route(("shop.example.com",), paths) if routed else None)


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
    return {"park": park, "wake": wake, "unhold": unhold}[command.name](state)


def states_of(app: str, commands: Iterable[Command]) -> list[EnvState]:
    """Return the states of a history, one for each command that changed the manifests' state."""
    states = [EnvState(app, "prod")]
    for command in commands:
        after = state_after(states[-1], command)
        if after != states[-1]:
            states.append(after)
    return states[1:]


def rolled_back(state: EnvState) -> EnvState | None:
    """Return the state after a `rollback`, or None where there is nothing to go back to."""
    after = state_after(state, Command("rollback"))
    return after if after != state else None


def tree_of(state: EnvState) -> Tree:
    """Render a state and read the objects as Argo CD does."""
    resources = [_read(manifest.text) for manifest in render(state)]
    return Tree({resource.key: resource for resource in resources}, state.active)


@lru_cache(maxsize=4096)
def _read(text: str) -> Resource:
    return Resource.of(yaml.load(text, Loader=yaml.CSafeLoader))


@st.composite
def _specs(draw: st.DrawFn, names: list[str], *, steady: bool) -> AppSpec:
    ported = [name for name in names if PORTS[name]]
    paths = {path: draw(st.sampled_from(ported)) for path in draw(st.sampled_from([["/"], ["/", "/api"]]))}
    made = [
        component(
            name,
            image=Image(f"ghcr.io/acme/{name}", draw(st.sampled_from(["v1", "v2", "v3"]))),
            port=PORTS[name] and (PORTS[name] if steady else draw(st.sampled_from([PORTS[name], 7000]))),
            replicas=draw(st.integers(1, 3)),
            env={f"{other.upper()}_URL": f"${{{other}.url}}" for other in ported if draw(st.booleans())},
        )
        for name in names
    ]
    routed = steady or draw(st.integers(0, 9)) > 0
    return app_spec("shop", *made, route=Route(("shop.example.com",), paths) if routed else None)


@st.composite
def histories(draw: st.DrawFn) -> list[Command]:
    """Histories of up to nine commands; the first is a bump.

    In half of them components only ever come, and keep their ports, and there is always a route. In the others
    components, ports and routes come and go.
    """
    steady = draw(st.booleans())
    names = ["web", "api", "mailer", "front"]
    actions = ["bump", "bump", "bump --flip", "flip", "flip", "rollback", "park", "wake", "scale", "hold", "unhold"]
    commands = []
    least = 1
    for action in ["bump", *draw(st.lists(st.sampled_from(actions), min_size=1, max_size=8))]:
        spec = None
        if action.startswith("bump"):
            if steady:
                least = draw(st.integers(least, len(names)))
                chosen = names[:least]
            else:
                chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
                chosen = chosen if chosen != ["mailer"] else ["web"]
            spec = draw(_specs(chosen, steady=steady))
        commands.append(Command(action, spec))
    return commands
