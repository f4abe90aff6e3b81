"""An app whose two colours may serve side by side, at each point of one upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen import transitions
from bggen.model import EnvState, Image, Route
from bggen.model.parts import HttpSmoke, ParentRef, Schedule
from bggen.transitions import BumpRequest, FlipRequest
from bggen.transitions.joining import JoinRequest, drain, join
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from bggen.model import AppSpec

NOW = "2026-06-01T12:00:00Z"
GATEWAY = Route(("shop.example.com",), {"/": "web", "/api": "api"}, "gateway", parent_refs=(ParentRef("public"),))
ALB = Route(("shop.example.com",), {"/": "web", "/api": "api"}, "ingress", controller="alb", ingress_class="alb")
TEST = HttpSmoke("web", "/ready", Image("docker.io/curlimages/curl", "8.16.0"))


def halves(tag: str = "v1", route: Route | None = GATEWAY, **fields: Any) -> AppSpec:
    """Two services, of which one calls the other, a worker and a cron."""
    return app_spec(
        "shop",
        component(
            "web",
            image=Image("ghcr.io/acme/web", tag),
            port=8080,
            replicas=3,
            env={"API": "${api.url}"},
            files={"/etc/web.ini": f"version = {tag}\n"},
        ),
        component("api", image=Image("ghcr.io/acme/api", tag), port=9090, replicas=2),
        component("mailer", image=Image("ghcr.io/acme/mailer", tag), kind="worker", drain=0),
        component(
            "report", image=Image("ghcr.io/acme/report", tag), kind="cron", drain=0, schedule=Schedule("0 3 * * *")
        ),
        route=route,
        **fields,
    )


def bump(state: EnvState, spec: AppSpec) -> EnvState:
    """The state after a bump to the spec."""
    return transitions.bump(state, BumpRequest(spec, 1)).after


def as_active(state: EnvState) -> EnvState:
    """The state after `bump --as-active`."""
    return transitions.bump(state, BumpRequest(None, 1, as_active=True)).after


def flip(state: EnvState) -> EnvState:
    """The state after a flip."""
    return transitions.flip(state, FlipRequest(NOW)).after


def joined(state: EnvState) -> EnvState:
    """The state after a join."""
    return join(state, JoinRequest(NOW)).after


def upgrade(route: Route = GATEWAY, **fields: Any) -> dict[str, EnvState]:
    """The states of a first release, a second half beside it, and one upgrade of both, by what was done last."""
    first = bump(EnvState("shop", "prod"), halves("v1", route, **fields))
    states = {"first": first, "filled": as_active(first)}
    states["joined"] = joined(states["filled"])
    states["drained"] = drain(states["joined"]).after
    states["bumped"] = bump(states["drained"], halves("v2", route, **fields))
    states["flipped"] = flip(states["bumped"])
    states["evened"] = as_active(states["flipped"])
    states["rejoined"] = joined(states["evened"])
    return states
