"""EnvState → manifests: which renderer makes which object, from which release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import InvalidError, PatchError, TooNewError
from bggen.model import Color, Problem
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
    active Services and the routes the active release, and the preview Services the idle one.

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
    manifests = [*_colors(state, renderers), *_accounts(state, renderers), *_services(state, active, renderers)]
    release = state.release(active)
    if release is not None:
        manifests += _renderer(state, release, renderers).routes(state.env, release)
    return tuple(sorted(manifests, key=lambda manifest: manifest.file))


def _colors(state: EnvState, renderers: Mapping[int, Renderer]) -> Iterator[Manifest]:
    for color in Color:
        release = state.release(color)
        if release is not None:
            yield from _renderer(state, release, renderers).workloads(
                state.env,
                release,
                color,
                active=color is state.active,
                running=state.runs(color),
            )


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
                serves=owner is color is active,
                source=f"{owner}.yaml" if role == "color" else "release.yaml",
            )


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
