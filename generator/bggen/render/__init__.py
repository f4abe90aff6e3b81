"""EnvState → manifests: which renderer makes which object, from which release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import InvalidError, PatchError, TooNewError
from bggen.model import Color, Problem
from bggen.render.face import Sides
from bggen.render.v1 import V1
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import EnvState, Manifest, Release
    from bggen.render.face import Renderer, Role

LATEST = 1
RENDERERS: Mapping[int, Renderer] = {1: V1()}


def render(state: EnvState, renderers: Mapping[int, Renderer] = RENDERERS) -> tuple[Manifest, ...]:
    """Return every object of one (app, env), sorted by file name; a pure function of the state.

    A release is rendered by the renderer that it was made with. So a colour's objects follow that colour's release, the
    active Services, the routes and the smoke test before the switch the active release, and the preview the idle one.

    A component that only one of the two releases has with a port still gets all of its Services, from that release.
    Those that have to do with the other colour stand in: no traffic of the other release passes through them. Its
    ServiceAccounts stay in the same way, for pods that Argo CD has not replaced yet.

    Args:
        state: the state.
        renderers: the known renderers by number.

    Raises:
        TooNewError: a release was made with a renderer of a newer bggen.
        InvalidError: a release was made with a renderer that is gone, holds a value that cannot be rendered, or a patch
            that does not fit.
    """
    try:
        return objects(state, renderers)
    except PatchError as error:
        files = {"blue.yaml": state.blue, "green.yaml": state.green, "previous.yaml": state.saved}
        # It is always there: a release that the state does not hold is not rendered.
        file = next(name for name, release in files.items() if release and release.number == error.release)
        problem = Problem(f"apps/{state.app}/{state.env}/{file}", 0, 0, dotted(("spec", *error.where)), error.message)
        raise InvalidError(str(problem), problems=[problem]) from error


def objects(state: EnvState, renderers: Mapping[int, Renderer] = RENDERERS) -> tuple[Manifest, ...]:
    """Return what `render` does, for those who know where a patch came from.

    Raises:
        PatchError: a patch does not fit.
        InvalidError: as `render`.
    """
    active = state.active
    if active is None:
        return ()
    served = state.active_release
    if served is not None and served.spec.rollout is not None:
        from bggen.render.rollouts import rollout_objects  # noqa: PLC0415 - most apps have another switch

        made = rollout_objects(state, active, lambda release: _renderer(state, release, renderers))
        return tuple(sorted(made, key=lambda manifest: manifest.file))
    manifests = [
        *_colors(state, renderers),
        *_configs(state, renderers),
        *_accounts(state, renderers),
        *_services(state, active, renderers),
    ]
    release = state.release(active)
    if release is not None:
        sides = Sides(active, {color: each for color in Color if (each := state.release(color))}, state.joined)
        manifests += _renderer(state, release, renderers).routes(state.env, release, sides)
        shown = _shown(state, release)
        if shown is not None:
            manifests += _renderer(state, shown, renderers).preview(state.env, shown, sides)
        for color in Color:
            own = sides.releases.get(color, release)
            manifests += _renderer(state, own, renderers).by_header(state.env, own, color, sides)
    manifests += _smoke_tests(state, active, renderers)
    manifests += _migrations(state, renderers)
    return tuple(sorted(manifests, key=lambda manifest: manifest.file))


def _colors(state: EnvState, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    route = state.active_release.spec.route if state.active_release else None
    moved_last = route is not None and route.switch == "ingress" and not route.publishes_status
    for color in Color:
        release = state.release(color)
        if release is not None:
            renderer, active = _renderer(state, release, renderers), color is state.active
            running = state.runs(color)
            joined = state.joined and not active
            yield from renderer.workloads(state.env, release, color, active=active, joined=joined, running=running)
            yield from renderer.policies(state.env, release, color, active=active, joined=joined, moved_last=moved_last)


def _configs(state: EnvState, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    """Yield the ConfigMaps of both colours, parked or not, and of the release that `rollback` returns to.

    Pods may need the latter still: those of a flip that Argo CD has not finished.
    """
    holders = [(color, release, f"{color}.yaml") for color in Color if (release := state.release(color))]
    if state.saved is not None and state.previous is not None:
        holders.append((state.previous.color, state.saved, "previous.yaml"))
    seen: set[str] = set()
    for color, release, source in holders:
        if any(component.files for component in release.spec.components.values()):
            renderer = _renderer(state, release, renderers)
            made = renderer.configs(state.env, release, color, serves=color is state.active, source=source)
            new = [manifest for manifest in made if manifest.file not in seen]
            seen.update(manifest.file for manifest in new)
            yield from new


def _accounts(state: EnvState, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    releases = [release for release in (state.blue, state.green) if release is not None]
    for name in sorted({name for release in releases for name in release.spec.components}):
        for color in Color:
            if state.release(color) is not None:
                owner, release = _owner(state, name, color)
                renderer = _renderer(state, release, renderers)
                yield renderer.account(state.env, release, name, color, source=f"{owner}.yaml")


def _services(state: EnvState, active: Color, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    releases = [release for release in (state.blue, state.green) if release is not None]
    always = _always_named(state)
    names = {
        component.name
        for release in releases
        for component in release.spec.components.values()
        if component.port is not None
    }
    wanted: list[tuple[Role, Color]] = [
        ("color", Color.BLUE),
        ("color", Color.GREEN),
        ("active", active),
        ("preview", active.other),
    ]
    for name in sorted(names):
        for role, color in wanted:
            owner, release = _owner(state, name, color, listens=True)
            yield _renderer(state, release, renderers).service(
                state.env,
                release,
                name,
                role=role,
                # The active Service of a component that the active release lacks leads to where the component is.
                selects=owner if role == "active" else color,
                serves=_serves(state, role, color, owner) or (role == "color" and name in always),
                source=f"{owner}.yaml" if role == "color" else "release.yaml",
                kept=_kept_ports(state, name, color) if role == "color" else {},
            )


def _serves(state: EnvState, role: Role, color: Color, owner: Color) -> bool:
    return owner is color and (state.serves(color) if role == "color" else color is state.active)


def _always_named(state: EnvState) -> frozenset[str]:
    """Return the components of which the route of the users names the Services of both colours, whichever is active."""
    route = state.active_release.spec.route if state.active_release else None
    return frozenset(route.paths.values()) if route is not None and route.switch == "gateway" else frozenset()


def _shown(state: EnvState, active: Release) -> Release | None:
    """Return the release whose preview there is: none that would take a host away from the users."""
    shown = state.idle_release or active
    host = shown.spec.route.preview.host if shown.spec.route and shown.spec.route.preview else None
    return None if active.spec.route and host in active.spec.route.hosts else shown


def _kept_ports(state: EnvState, component: str, color: Color) -> Mapping[str, int]:
    """Return the named ports that a colour's Service keeps for pods of the release that was there before.

    While a flip has not come to its switch, the colour that is idle in Git serves in the cluster, whatever it was
    bumped to since; and its Services change before anything waits.
    """
    before = state.saved if state.previous and state.previous.color is color else None
    defined = before.spec.components.get(component) if before else None
    return defined.ports if defined and defined.port is not None else {}


def _smoke_tests(state: EnvState, active: Color, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    release, idle = state.active_release, state.idle_release
    if release is not None and state.gate:
        yield from _renderer(state, release, renderers).smoke(state.env, release, active, gate=True, joined=False)
    if idle is not None and state.joined:
        yield from _renderer(state, idle, renderers).smoke(state.env, idle, active.other, gate=True, joined=True)
    if idle is not None and state.pending and not state.parked:
        yield from _renderer(state, idle, renderers).smoke(
            state.env, idle, active.other, gate=False, joined=state.joined
        )


def _migrations(state: EnvState, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    for color in Color if state.database else ():
        release = state.release(color)
        if release is not None and state.database is not None:
            renderer, number = _renderer(state, release, renderers), release.number
            if number == state.database.migration:
                yield from renderer.migration(state.env, release, color, contract=False)
            if number == state.database.contraction:
                yield from renderer.migration(state.env, release, color, contract=True)


def _owner(state: EnvState, component: str, color: Color, *, listens: bool = False) -> tuple[Color, Release]:
    """Return the colour whose release defines the component: this one if it has it, the other otherwise.

    With `listens`, a component without a port is as good as none.
    """
    for candidate in (color, color.other):
        release = state.release(candidate)
        defined = release.spec.components.get(component) if release is not None else None
        if release is not None and defined is not None and not (listens and defined.port is None):
            return candidate, release
    raise KeyError(component)


def _renderer(state: EnvState, release: Release, renderers: Mapping[int, Renderer]) -> Renderer:
    number = release.renderer
    if number in renderers:
        return renderers[number]
    what = f"release {release.number} of {state.app} in {state.env}"
    if number > max(renderers):
        raise TooNewError(
            f"{what} needs bggen with renderer {number}; this one has {max(renderers)}",
            hint="install a newer bggen",
        )
    raise InvalidError(
        f"{what} was made with renderer {number}, which this bggen no longer has",
        hint="bump with the bggen that made it, or with one that still has it",
    )
