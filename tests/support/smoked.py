"""Specs and states with what stands around the switch: smoke tests, previews, Ingresses, open Services."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bggen.model import Image, Route
from bggen.model.parts import CommandSmoke, HttpSmoke, Preview, ServiceSettings
from tests.support.states import app_spec, bumped, component, first, flipped, shop_spec

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState

CURL = Image("curlimages/curl", "8.16.0")
HTTP = HttpSmoke("web", "/ready", CURL)
COMMAND = CommandSmoke(Image("ghcr.io/acme/shop-smoke", "v1"), ("/smoke", "--url=${web.url}"))


def smoked(tag: str = "v1", **fields: Any) -> AppSpec:
    """The shop with an Ingress that switches, a preview and a smoke test, unless told."""
    spec = shop_spec(tag)
    route: dict[str, Any] = {"switch": "ingress", "preview": Preview("preview.example.com")}
    route |= {name: fields.pop(name) for name in ("switch", "preview", "publishes_status", "hosts") if name in fields}
    assert spec.route is not None
    return replace(spec, route=replace(spec.route, **route), **{"smoke": HTTP, **fields})


def gated(state: EnvState) -> EnvState:
    """The state after a flip whose smoke test stands before the switch."""
    return replace(flipped(state), gate=True)


def guestbook(tag: str = "v1", **service: Any) -> AppSpec:
    """One component that is reached by a port of every node, as a demo on a laptop is."""
    settings = ServiceSettings(**{"type": "NodePort", "node_port": 30080, **service})
    return app_spec(
        "guestbook",
        component(
            "guestbook",
            image=Image("gcr.io/google-samples/gb-frontend", tag),
            port=80,
            security="baseline",
            service=settings,
        ),
        kubernetes="1.34",
        route=Route(hosts=("guestbook.example.com",), paths={"/": "guestbook"}, switch="ingress"),
    )


IDLE = bumped(first(smoked()), smoked("v2"))
GATED = gated(IDLE)
