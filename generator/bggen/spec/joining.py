"""Which releases may serve side by side, and behind which routes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Release, Route

# What weighs two Services against each other: an HTTPRoute, and the forward action of an AWS load balancer.
CAN: Final = "switch: gateway, or switch: ingress with controller: alb"
_ONE_COLOR: Final[Mapping[str, str]] = {
    "service": "switch: service leads to one colour, as a Service selects one",
    "rollouts": "switch: rollouts: Argo Rollouts runs one colour beside the other, and gives traffic to one",
}


def why_alone(route: Route | None) -> str | None:
    """Say in a few words why what stands before the Services can only lead to one colour; None where it can weigh two.

    Selectors are exactly name, component and colour, so no Service ever selects both colours.
    """
    if route is None:
        return "there is no route, and a Service selects one colour"
    if route.switch == "gateway" or (route.switch == "ingress" and route.controller == "alb"):
        return None
    if route.switch == "ingress" and route.controller == "nginx":
        return (
            "an Ingress of controller: nginx weighs two Services by a canary alone, which bggen makes for previews only"
        )
    return _ONE_COLOR.get(
        route.switch, f"an Ingress of controller: {route.controller} has one Service a path, which selects one colour"
    )


def same_but_sizes(one: Release, other: Release) -> bool:
    """Whether both run the same, whatever their numbers of replicas: `scale` may change those of one colour."""
    return (one.renderer, _sizeless(one.spec)) == (other.renderer, _sizeless(other.spec))


def _sizeless(spec: AppSpec) -> AppSpec:
    components = {name: replace(each, replicas=1, autoscale=None) for name, each in spec.components.items()}
    return replace(spec, components=components)
