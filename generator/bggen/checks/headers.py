"""What a request that names a colour by a header has to reach, said again apart from the renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.spec.identity import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Color, EnvState, Route


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
