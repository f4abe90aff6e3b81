"""Renderer 1: the Ingresses of AWS Load Balancer Controller, in which every rule always names both colours.

A target group that no rule names is deleted at once, without draining; one that has no weight keeps its targets, and
keeps checking them. So a flip changes nothing but weights.
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bggen.model import Color
from bggen.render.v1.objects import KEPT, WAVE_REST, WAVE_SWITCH, Object, labels_of
from bggen.render.v1.reach import reach_of
from bggen.spec.identity import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import AppSpec, Manifest, Release, Route
    from bggen.render.face import Sides

_PREFIX = "alb.ingress.kubernetes.io"
# What the controller takes for the name of a port whose backend is an action of the annotations.
_BY_ANNOTATION = "use-annotation"
# `conditions.<name>` may have 63 characters behind the slash.
_LONGEST_NAME = 52
# Addresses of examples (RFC 5737): nobody comes from there. In a name nothing else ends as names of these do.
_NOBODY = '[{"field":"source-ip","sourceIPConfig":{"values":["192.0.2.0/32"]}}]'
# Its default are ports of the nodes, which the Services of the colours do not have.
_TARGETS = {f"{_PREFIX}/target-type": "ip"}


def alb_routes(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the Ingress that is the switch: users' rules, and for each colour those of the header that leads to it.

    The controller makes a rule of each path, sorts those of a host by the length of the path and keeps the order of
    equal ones (`sortIngressPaths` in its `pkg/ingress/model_build_listener_rules.go`); the first rule that fits wins.
    So the rules of the headers stand before users' rule of the same path, and there are some for every path that
    either colour has: a longer path of users would win over them otherwise. They stay as they are at a flip.
    """
    spec = release.spec
    route = spec.route
    if route is None:
        return
    headers = {color: header for color in Color if (header := _header(sides, color)) is not None}
    answers = {color: reach_of(sides, color) for color in headers}
    kept = _kept(sides, {component for each in (route.paths, *answers.values()) for component in each.values()})
    every = {*route.paths, *kept, *(path for paths in answers.values() for path in paths)}
    paths: list[tuple[str, str]] = []
    annotations: dict[str, str] = {}
    for path in sorted(every, key=lambda each: (-len(each), each)):
        if path in kept:
            component = kept[path]
            name = shortened(f"{component}-preview", _LONGEST_NAME)
            paths.append((path, name))
            annotations |= {_action(name): _forward(spec, component, sides.active.other), _conditions(name): _NOBODY}
        for color, header in headers.items():
            component = answers[color][path]
            name = shortened(f"{component}-{color}", _LONGEST_NAME)
            paths.append((path, name))
            annotations |= {_action(name): _forward(spec, component, color), _conditions(name): _named(header, color)}
        if path in route.paths:
            name = shortened(route.paths[path], _LONGEST_NAME)
            paths.append((path, name))
            serving = sides.active if not sides.joined else None
            annotations[_action(name)] = _forward(spec, route.paths[path], serving)
    yield Object(release, env, spec.name, "release.yaml", None).manifest(
        "Ingress",
        WAVE_SWITCH if route.publishes_status else WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations={**_TARGETS, **route.annotations, **annotations, **KEPT},
        values=_values(route.hosts, route.tls, route.ingress_class, paths),
    )


def alb_preview(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the Ingress of the preview's host: target groups of its own, which it names at all times as well."""
    spec = release.spec
    route = spec.route
    preview = route.preview if route else None
    if route is None or preview is None or preview.host is None:
        return
    paths = [(path, shortened(component, _LONGEST_NAME)) for path, component in sorted(route.paths.items())]
    actions = {
        _action(shortened(component, _LONGEST_NAME)): _forward(spec, component, sides.active.other)
        for component in route.paths.values()
    }
    yield Object(release, env, f"{spec.name}-preview", "release.yaml", None).manifest(
        "Ingress",
        WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations={**_TARGETS, **preview.annotations, **actions},
        values=_values((preview.host,), preview.tls, preview.ingress_class, paths),
    )


def _kept(sides: Sides, named: set[str]) -> dict[str, str]:
    """Return paths of the idle release, each with a component that no other rule names.

    Its target groups are there before a flip then, with healthy targets in them, and after one until its colour is
    bumped: requests on their way end, and a rollback finds them as they were.
    """
    idle = sides.releases.get(sides.active.other)
    paths = idle.spec.route.paths if idle and idle.spec.route else {}
    return {
        path: component
        for component, path in {component: path for path, component in sorted(paths.items())}.items()
        if component not in named
    }


def _header(sides: Sides, color: Color) -> str | None:
    """Return the header that leads to a colour, as its own release says; as the active one says where it is empty."""
    route: Route | None = sides.releases.get(color, sides.releases[sides.active]).spec.route
    return route.preview.header if route and route.preview else None


def _values(
    hosts: tuple[str, ...], tls: str | None, ingress_class: str | None, paths: list[tuple[str, str]]
) -> Mapping[str, object]:
    return {"hosts": list(hosts), "tls": tls, "ingress_class": ingress_class, "port": _BY_ANNOTATION, "paths": paths}


def _action(name: str) -> str:
    return f"{_PREFIX}/actions.{name}"


def _conditions(name: str) -> str:
    return f"{_PREFIX}/conditions.{name}"


def _forward(spec: AppSpec, component: str, color: Color | None) -> str:
    """Return the action that leads to a colour of a component; with None to either one of them."""
    weights = dict.fromkeys(Color, 50) if color is None else {color: 100, color.other: 0}
    groups = [
        {"serviceName": f"{spec.base_name(component)}-{each}", "servicePort": "http", "weight": weights[each]}
        for each in Color
    ]
    return _json({"type": "forward", "forwardConfig": {"targetGroups": groups}})


def _named(header: str, color: Color) -> str:
    config = {"httpHeaderName": header, "values": [str(color)]}
    return _json([{"field": "http-header", "httpHeaderConfig": config}])


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
