"""Renderer 1: how traffic reaches a component's pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.render.references import SERVICE_PORT
from bggen.render.v1.objects import KEPT, WAVE_GROUND, WAVE_REST, WAVE_SWITCH, Object, labels_of, pairs, selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import Color, Manifest, Release
    from bggen.render.face import Role, Sides

# Backends go by the port's name.
HTTP: Final = "http"


def service(
    env: str,
    release: Release,
    component: str,
    *,
    role: Role,
    selects: Color,
    serves: bool,
    source: str,
    kept: Mapping[str, int],
) -> Manifest:
    """Return the component's Service of that role; `http` is one port, whatever port the containers listen on."""
    spec = release.spec
    wave = WAVE_GROUND if role == "color" else WAVE_SWITCH
    if role == "active" and not serves:
        # It moves to pods that nothing has waited for, and until the Ingress changes users may still reach it.
        wave = WAVE_REST
    own_color = selects if role == "color" else None
    suffix = {"color": f"-{selects}", "active": "", "preview": "-preview"}[role]
    # Outside the cluster, an active Service that only stands in would offer what nobody has flipped to.
    settings = spec.components[component].service if role == "active" and serves else None
    annotations = settings.annotations if settings else {}
    return Object(release, env, spec.base_name(component) + suffix, source, own_color).manifest(
        "Service",
        wave,
        labels=labels_of(spec.name, component, own_color),
        annotations={**annotations, **(KEPT if serves else {})},
        values={
            "type": settings.type if settings else "ClusterIP",
            "node_port": settings.node_port if settings else None,
            "port": SERVICE_PORT,
            "ports": service_ports(spec.components[component].ports, kept),
            "selector": pairs(selector(spec.name, component, selects)),
        },
    )


def service_ports(own: Mapping[str, int], kept: Mapping[str, int]) -> list[tuple[str, int, str | int]]:
    """Return the named ports with where they lead to; a number is there once, or the Service would be refused."""
    # What has a new name leads to the number instead: there both the pods of before and their successors listen.
    renamed = set(own.values()) & {number for name, number in kept.items() if name not in own}
    ports = {**{name: number for name, number in kept.items() if number not in renamed}, **own}
    return [(name, number, number if number in renamed else name) for name, number in sorted(ports.items())]


def routes(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the Ingress or HTTPRoute: to the active Services whichever they select, or itself the switch."""
    spec = release.spec
    route = spec.route
    if route is None or not route.hosts:
        return
    if route.switch == "gateway":
        from bggen.render.v1.gateway import live  # noqa: PLC0415 - most apps do without

        yield from live(env, release, sides)
        return
    if route.switch == "rollouts" and route.parent_refs:
        from bggen.render.v1.gateway import beside  # noqa: PLC0415 - most apps do without

        yield from beside(env, release, "")
        return
    if route.controller == "alb":
        from bggen.render.v1.alb import alb_routes  # noqa: PLC0415 - rare, and the import is not free

        yield from alb_routes(env, release, sides)
        return
    switches = route.switch == "ingress"
    # Its health is an address, which many controllers never write: what is waited for must have one.
    waited_for = switches and route.publishes_status
    yield Object(release, env, spec.name, "release.yaml", None).manifest(
        "Ingress",
        WAVE_SWITCH if waited_for else WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations={**route.annotations, **KEPT},
        values={
            "hosts": list(route.hosts),
            "tls": route.tls,
            "ingress_class": route.ingress_class,
            "port": HTTP,
            "paths": _backends(release, f"-{sides.active}" if switches else ""),
        },
    )


def preview(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the Ingress or HTTPRoute of the preview's host, which never leads to the active colour.

    And what leads a header to the idle one, where it is an Ingress of its own: see `canary`.
    """
    spec = release.spec
    route = spec.route
    if route is None or route.preview is None:
        return
    if route.switch == "gateway":
        from bggen.render.v1.gateway import hosted  # noqa: PLC0415 - most apps do without

        yield from hosted(env, release, sides)
        return
    if route.controller == "alb":
        from bggen.render.v1.alb import alb_preview  # noqa: PLC0415 - rare, and the import is not free

        yield from alb_preview(env, release, sides)
        return
    if route.controller == "nginx" and route.preview.header is not None:
        from bggen.render.v1.canary import canary  # noqa: PLC0415 - rare, and the import is not free

        yield from canary(env, release, sides)
    if route.preview.host is None:
        return
    if route.switch == "rollouts" and route.parent_refs:
        from bggen.render.v1.gateway import beside  # noqa: PLC0415 - most apps do without

        yield from beside(env, release, "-preview")
        return
    yield Object(release, env, f"{spec.name}-preview", "release.yaml", None).manifest(
        "Ingress",
        WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations=route.preview.annotations,
        values={
            "hosts": [route.preview.host],
            "tls": route.preview.tls,
            "ingress_class": route.preview.ingress_class,
            "port": HTTP,
            "paths": _backends(release, f"-{sides.active.other}" if route.switch == "ingress" else "-preview"),
        },
    )


def by_header(env: str, release: Release, color: Color, sides: Sides) -> Iterator[Manifest]:
    """Return the HTTPRoute of those who name the colour in a request header."""
    route = release.spec.route
    if route is not None and route.switch == "gateway":
        from bggen.render.v1 import gateway  # noqa: PLC0415 - most apps do without

        yield from gateway.by_header(env, release, color, sides)


def _backends(release: Release, suffix: str) -> list[tuple[str, str]]:
    spec = release.spec
    paths = spec.route.paths if spec.route else {}
    return [(path, spec.base_name(component) + suffix) for path, component in sorted(paths.items())]
