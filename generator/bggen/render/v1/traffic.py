"""Renderer 1: how traffic reaches a component's pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.render.references import SERVICE_PORT
from bggen.render.v1.objects import KEPT, WAVE_GROUND, WAVE_REST, WAVE_SWITCH, Object, labels_of, pairs, selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, Manifest, Release
    from bggen.render.face import Role


def service(
    env: str, release: Release, component: str, *, role: Role, selects: Color, serves: bool, source: str
) -> Manifest:
    """Return the component's Service of that role; it has one port, whatever port the containers listen on."""
    spec = release.spec
    wave = WAVE_GROUND if role == "color" else WAVE_SWITCH
    if role == "active" and not serves:
        # It moves to pods that nothing has waited for, and until the Ingress changes users may still reach it.
        wave = WAVE_REST
    own_color = selects if role == "color" else None
    suffix = {"color": f"-{selects}", "active": "", "preview": "-preview"}[role]
    return Object(release, env, spec.base_name(component) + suffix, source, own_color).manifest(
        "Service",
        wave,
        labels=labels_of(spec.name, component, own_color),
        annotations=KEPT if serves else None,
        values={"port": SERVICE_PORT, "selector": pairs(selector(spec.name, component, selects))},
    )


def routes(env: str, release: Release) -> Iterator[Manifest]:
    """Return the Ingress, which leads to the active Services whichever colour they select."""
    spec = release.spec
    route = spec.route
    if route is None:
        return
    yield Object(release, env, spec.name, "release.yaml", None).manifest(
        "Ingress",
        WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations={**route.annotations, **KEPT},
        values={
            "hosts": list(route.hosts),
            "tls": route.tls,
            "ingress_class": route.ingress_class,
            "paths": [(path, spec.base_name(component)) for path, component in sorted(route.paths.items())],
        },
    )
