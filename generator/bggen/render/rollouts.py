"""EnvState → the manifests of an app behind `switch: rollouts`; imported late, most apps have another switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.render.face import Sides, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bggen.model import Color, EnvState, Manifest, Release
    from bggen.render.face import Renderer


def rollout_objects(state: EnvState, active: Color, find: Callable[[Release], Renderer]) -> Iterator[Manifest]:
    """Yield every object.

    The Rollout and all that has to do with its newest pods follow the release that the pods are of; what else reaches
    pods that serve follows the active one.

    Args:
        state: the state.
        active: the colour that takes traffic.
        find: returns the renderer of a release.
    """
    serving = state.release(active)
    if serving is None:
        return
    turn = turn_of(state, active, serving)
    yield from find(turn.wanted).rollout(state.env, turn)
    yield from find(serving).around_rollout(state.env, turn)
    yield from _configs(state, active, find)
    # Both go to Services that keep their names: to the routes nothing has a colour.
    sides = Sides(active, {active: serving, active.other: turn.wanted})
    yield from find(serving).routes(state.env, serving, sides)
    hosts = serving.spec.route.hosts if serving.spec.route else ()
    route = turn.wanted.spec.route
    if route is not None and route.preview is not None and route.preview.host not in hosts:
        yield from find(turn.wanted).preview(state.env, turn.wanted, sides)


def turn_of(state: EnvState, active: Color, serving: Release) -> Turn:
    """Return what the Rollout is made of: the pending release while one waits, otherwise what serves."""
    idle = state.idle_release
    waits = idle is not None and state.idle == "running"
    wanted = idle if idle is not None and waits else serving
    return Turn(
        serving=serving,
        wanted=wanted,
        promotes=not waits,
        tested=waits or state.gate,
        # A flip leaves what to go back to, a rollback does not.
        returned=not waits and state.previous is None,
        kept=_kept_ports(state, serving),
        source=f"{active.other if waits else active}.yaml",
    )


def _kept_ports(state: EnvState, serving: Release) -> Mapping[str, int]:
    """Return the named ports of releases that may serve still: the active Service changes before the pods do."""
    before = [each for each in (state.idle_release, state.saved) if each is not None and each.number <= state.served]
    ports: dict[str, int] = {}
    for release in before:
        for name in release.spec.components.keys() & serving.spec.components.keys():
            ports = {**release.spec.components[name].ports, **ports}
    return ports


def _configs(state: EnvState, active: Color, find: Callable[[Release], Renderer]) -> Iterator[Manifest]:
    """Yield the ConfigMaps of every release whose pods may be there; equal files are one ConfigMap."""
    holders = [(active, state.release(active), f"{active}.yaml"), (active.other, state.idle_release, "")]
    holders.append((active.other, state.saved if state.previous is not None else None, "previous.yaml"))
    seen: set[str] = set()
    for color, release, source in holders:
        if release is None:
            continue
        made = find(release).configs(
            state.env, release, None, serves=release is state.active_release, source=source or f"{color}.yaml"
        )
        new = [manifest for manifest in made if manifest.file not in seen]
        seen.update(manifest.file for manifest in new)
        yield from new
