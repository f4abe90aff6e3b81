"""Renderer 1: the Ingress by which ingress-nginx leads a request that names the idle colour to it.

https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary, and in its source
`mergeAlternativeBackends` of `internal/ingress/controller/controller.go` and `rootfs/etc/nginx/lua/balancer.lua`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.render.v1.objects import WAVE_REST, Object, labels_of
from bggen.spec.identity import shortened
from bggen.spec.prefixes import canary_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Manifest, Release
    from bggen.render.face import Sides

_PREFIX = "nginx.ingress.kubernetes.io"
# No name of an app ends so: of all Ingresses this one alone can be called that.
_SUFFIX: Final = "-blue-green"
_LONGEST_NAME: Final = 63


def canary(env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
    """Return the canary of users' Ingress: the same hosts and paths, to the Services of the idle colour.

    A Service that both Ingresses name would lose its own location: whichever of them is older says what it is. So the
    canary names none that users' Ingress or the preview's ever names, whichever of them a sync has changed already.
    Those are the colours' own Services where a Service is the switch, and the preview's where the Ingress is.

    Args:
        env: the environment's name.
        release: what the idle colour holds; the active release while it is empty.
        sides: both colours.
    """
    spec = release.spec
    live = sides.releases[sides.active].spec.route
    route = spec.route
    # Another controller than ingress-nginx would take it for what users come by, whatever the annotations say.
    if live is None or live.controller != "nginx" or route is None or route.preview is None:
        return
    answers = canary_paths(live.paths, route.paths)
    if answers is None or route.preview.header is None:
        return
    color = sides.active.other
    suffix = "preview" if live.switch == "ingress" else str(color)
    yield Object(release, env, canary_name(spec.name), "release.yaml", None).manifest(
        "Ingress",
        WAVE_REST,
        labels=labels_of(spec.name, None, None),
        annotations={
            f"{_PREFIX}/canary": "true",
            f"{_PREFIX}/canary-by-header": route.preview.header,
            f"{_PREFIX}/canary-by-header-value": str(color),
        },
        values={
            "hosts": list(live.hosts),
            # Certificates, and all other annotations, are those of users' Ingress.
            "tls": None,
            "ingress_class": live.ingress_class,
            "port": "http",
            "paths": [(path, f"{spec.base_name(component)}-{suffix}") for path, component in answers.items()],
        },
    )


def canary_name(app: str) -> str:
    """Return the name of an app's canary; those of the app and of its preview are taken."""
    return shortened(app, _LONGEST_NAME - len(_SUFFIX)) + _SUFFIX
