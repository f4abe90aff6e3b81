"""Renderer 1: how traffic comes in through Gateway API, for `switch: gateway`.

Users are led by one HTTPRoute, a function of the active release alone. Each of its rules names the Services of both
colours, and a flip changes nothing but their weights: no load balancer ever loses a backend. What shows a colour to
those who ask for it stands in HTTPRoutes of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.model import Color
from bggen.render.references import SERVICE_PORT
from bggen.render.v1.objects import KEPT, WAVE_GROUND, WAVE_REST, WAVE_SWITCH, Object, labels_of
from bggen.render.v1.reach import reach_of
from bggen.spec.gateway import MOST_PATHS, misfit, route_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import Manifest, Release, Route
    from bggen.render.face import Sides

# Of all requests of a rule.
_ALL = 100
_NONE = 0
_ONLY = 1


def live(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the HTTPRoute that users are led by, which is the switch, and what lets it reach the Services."""
    route = release.spec.route
    if route is None:
        return
    yield from grant(env, release)
    yield _object(env, release, "", "release.yaml", None).manifest(
        "HTTPRoute",
        WAVE_SWITCH,
        labels=labels_of(release.spec.name, None, None),
        annotations={**route.annotations, **KEPT},
        values={
            **_common(release, route),
            "hosts": list(route.hosts),
            "rules": _rules(release, route.paths, _weighted(*(Color if sides.joined else [sides.active]))),
            "header": None,
        },
    )


def grant(env: str, release: Release) -> Iterator[Manifest]:
    """Return the ReferenceGrant where the HTTPRoutes lie in another namespace than the Services."""
    route = release.spec.route
    if route is not None and route.namespace is not None:
        yield Object(release, env, release.spec.name, "release.yaml", None).manifest(
            "ReferenceGrant",
            WAVE_GROUND,
            labels=labels_of(release.spec.name, None, None),
            annotations=KEPT,
            values={"route_namespace": route.namespace},
        )


def hosted(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the HTTPRoute of the preview's host: the weights are the other way round.

    It stands in the last wave: Argo CD waits for an HTTPRoute until a Gateway has accepted it, and users must not wait
    for a preview.
    """
    route = release.spec.route
    if route is None or route.preview is None:
        return
    if sides.releases[sides.active].spec.route is None:
        # For all previews of this release: no users come by a route.
        yield from grant(env, release)
    if route.preview.host is None:
        return
    yield _object(env, release, "-preview", "release.yaml", None).manifest(
        "HTTPRoute",
        WAVE_REST,
        labels=labels_of(release.spec.name, None, None),
        annotations=route.preview.annotations,
        values={
            **_common(release, route),
            "hosts": [route.preview.host],
            "rules": _rules(release, route.paths, _weighted(sides.active.other)),
            "header": None,
        },
    )


def beside(env: str, release: Release, suffix: str) -> Iterator[Manifest]:
    """Return the HTTPRoute to the active Service of a Rollout, or with `-preview` to the other one.

    It switches nothing, as the selectors move, so that it stands where nothing is waited for.
    """
    spec = release.spec
    route = spec.route
    if route is None:
        return
    preview = route.preview if suffix else None
    if not suffix:
        yield from grant(env, release)
    own = sorted(route.paths)
    backends = [(f"{spec.base_name(component)}{suffix}", _ONLY) for component in sorted({*route.paths.values()})]
    yield _object(env, release, suffix, "release.yaml", None).manifest(
        "HTTPRoute",
        WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations={**route.annotations, **KEPT} if preview is None else preview.annotations,
        values={
            **_common(release, route),
            "hosts": list(route.hosts) if preview is None else [preview.host],
            "rules": [(own[at : at + MOST_PATHS], backends) for at in range(0, len(own), MOST_PATHS)],
            "header": None,
        },
    )


def by_header(env: str, release: Release, color: Color, sides: Sides) -> Iterator[Manifest]:
    """Return the HTTPRoute of those who name the colour in a request header, on all hosts and paths of both releases.

    A flip changes no byte of it. A rule with a header comes before one without for the same path, but a longer path
    comes before both, and a more specific host before all, so nothing of the other release may be left out:
    https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule. Where not all of it fits, there is no such route:
    `bump` refuses that, a rollback goes on without.
    """
    route = release.spec.route
    preview = route.preview if route else None
    if route is None or preview is None or preview.header is None:
        return
    routes = [each.spec.route for each in sides.releases.values() if each.spec.route]
    if any(misfit(route, other) for other in routes):
        return
    yield _object(env, release, f"-{color}", f"{color}.yaml", color).manifest(
        "HTTPRoute",
        WAVE_REST,
        labels=labels_of(release.spec.name, None, color),
        annotations=preview.annotations,
        values={
            **_common(release, route),
            "hosts": sorted({host for each in routes for host in each.hosts}),
            "rules": _rules(release, reach_of(sides, color), {color: _ONLY}),
            "header": preview.header,
            "header_value": str(color),
        },
    )


def _object(env: str, release: Release, suffix: str, source: str, color: Color | None) -> Object:
    made = Object(release, env, f"{route_name(release.spec)}{suffix}", source, color)
    if release.spec.route is not None and release.spec.route.namespace is not None:
        made.namespace = release.spec.route.namespace
    return made


def _common(release: Release, route: Route) -> dict[str, Any]:
    timeouts = route.timeouts
    return {
        "parents": [(each.name, each.namespace, each.section_name, each.port) for each in route.parent_refs],
        "backend_namespace": release.spec.namespace if route.namespace is not None else None,
        "service_port": SERVICE_PORT,
        "request_timeout": timeouts.request if timeouts else None,
        "backend_timeout": timeouts.backend_request if timeouts else None,
    }


def _weighted(*colors: Color) -> dict[Color, int]:
    return {each: _ALL if each in colors else _NONE for each in Color}


def _rules(
    release: Release, paths: Mapping[str, str], weights: Mapping[Color, int]
) -> list[tuple[list[str], list[tuple[str, int]]]]:
    """Return a rule for each component, or several where it has more paths than one takes."""
    found = []
    for component in sorted({*paths.values()}):
        base = release.spec.base_name(component)
        backends = [(f"{base}-{color}", weight) for color, weight in weights.items()]
        own = sorted(path for path in paths if paths[path] == component)
        found += [(own[at : at + MOST_PATHS], backends) for at in range(0, len(own), MOST_PATHS)]
    return found
