"""What a request that names a colour by a header has to reach, said again apart from the renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.checks.view import Expected
from bggen.spec.identity import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import Color, EnvState, Release, Route


def route_of(state: EnvState, color: Color) -> Route | None:
    """Return the route of a colour's release; of the active one while the colour is empty."""
    release = state.release(color) or state.active_release
    return release.spec.route if release else None


def header_of(state: EnvState, color: Color) -> str | None:
    """Return the header that leads to a colour."""
    route = route_of(state, color)
    return route.preview.header if route and route.preview else None


def longest(path: str, paths: Mapping[str, str]) -> str | None:
    """Return the longest of the paths, by whole segments, that the path lies beneath."""
    steps = _steps(path)
    above = [each for each in paths if steps[: len(_steps(each))] == _steps(each)]
    return max(above, key=lambda each: len(_steps(each)), default=None)


def answers(state: EnvState, color: Color) -> dict[str, str]:
    """Return for every path of either release the component of the colour that answers there."""
    own = route_of(state, color)
    other = route_of(state, color.other)
    mine, theirs = dict(own.paths if own else {}), dict(other.paths if other else {})
    found = {}
    for path in {*mine, *theirs}:
        above = longest(path, mine)
        found[path] = theirs[path] if above is None else mine[above]
    return found


def expected_previews(state: EnvState, shown: Release, idle: Color) -> Iterator[Expected]:
    """Yield the Ingresses that lead people to the idle colour: by a host, if users have no such host, and by a header.

    The latter beside an Ingress of ingress-nginx alone, and where it can tell all paths apart.
    """
    live = state.active_release.spec.route if state.active_release else None
    route = shown.spec.route
    preview = route.preview if route else None
    if route is None or preview is None or (live and preview.host in live.hosts):
        return
    if preview.host is not None:
        yield Expected("Ingress", f"{state.app}-preview", "preview ingress", shown, None, idle)
    nginx = live is not None and {live.controller, route.controller} == {"nginx"}
    if live and nginx and preview.header is not None and canary_paths(live.paths, route.paths):
        yield Expected("Ingress", canary_name(state.app), "canary", shown, None, idle)


def canary_name(app: str) -> str:
    """Return the name of the Ingress that is a canary."""
    return f"{shortened(app, 52)}-blue-green"


def canary_paths(live: Mapping[str, str], idle: Mapping[str, str]) -> dict[str, str] | None:
    """Return the component of the idle release for each path of users; None where some request would go astray.

    ingress-nginx takes the Service that a path of users leads to, and leads to the first one that a canary has put
    beside that Service, by whichever path.
    """
    found = {path: idle[above] if (above := longest(path, idle)) else live[path] for path in live}
    for path in {*live, *idle}:
        location = longest(path, live)
        if location is None:
            return None
        first = found[min(each for each in live if live[each] == live[location])]
        above = longest(path, idle)
        if first != (live[location] if above is None else idle[above]):
            return None
    return found


def _steps(path: str) -> list[str]:
    return path.rstrip("/").split("/")
