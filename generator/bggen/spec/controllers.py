"""What each Ingress controller can do: what it is refused, and why; imported late, because most specs name none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bggen.spec.layers import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

ALB: Final = "alb.ingress.kubernetes.io/"
NGINX_CANARY: Final = "nginx.ingress.kubernetes.io/canary"
# An annotation gives an action, and one gives its conditions, to each backend of an ALB's Ingress.
ALB_RULES: Final = (f"{ALB}actions.", f"{ALB}conditions.")
# Rules and characters that an ALB takes:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html,
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HttpHeaderConditionConfig.html,
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_PathPatternConditionConfig.html.
MOST_RULES: Final = 100
_LONGEST_HEADER: Final = 40
# Of a path pattern 128, of which the controller needs two for `/*`.
_LONGEST_PATH: Final = 126
_ALB_PATH = re.compile(r"[-A-Za-z0-9_.$/~\"'@:+&]*")
_STICKY = re.compile(r"(?:\A|,)\s*stickiness\.enabled\s*=\s*true\s*(?:,|\Z)")

_NO_HEADERS: Final[Mapping[str, str]] = {
    "generic": "a plain Ingress matches no headers: name the `controller` (nginx or alb),"
    " or use `preview.host` or `switch: gateway`",
    "traefik": "Traefik's Ingress matches no headers: use `preview.host` or `switch: gateway`",
    "haproxy": "HAProxy's Ingress tells a header apart only on a path of its own, or within one Service:"
    " use `preview.host` or `switch: gateway`",
}


def refusal(switch: str, controller: str, *, header: bool) -> tuple[Path, str] | None:
    """Return the field of a route that does not go with the others, and why; None where they go together.

    Args:
        switch: of the route.
        controller: of the route's Ingress.
        header: whether the preview is by header.
    """
    if controller == "gce":
        # Seconds of 502: https://github.com/kubernetes/ingress-gce/issues/638.
        message = "gce loses requests for seconds when an Ingress changes its backend or a Service its selector"
        return ("controller",), f"{message}: use `switch: gateway`"
    if controller == "alb" and switch != "ingress":
        # https://github.com/argoproj/argo-rollouts/issues/1283.
        return ("switch",), "must be ingress for alb: with another one a flip takes all targets away at once"
    if header and controller in _NO_HEADERS:
        return ("preview", "header"), _NO_HEADERS[controller]
    return None


def check_controller(layers: Layers, route: Mapping[str, Any]) -> None:
    """Report what does not go with the controller of a route's Ingress.

    Args:
        layers: where its fields came from.
        route: the merged fields.
    """
    controller = str(route.get("controller", "generic"))
    preview = mapping(route.get("preview"))
    header = preview.get("header")
    refused = refusal(str(route["switch"]), controller, header="header" in preview)
    if refused:
        where, message = refused
        if where == ("controller",) and not layers.own(where):
            where = ("class",)
        layers.report(where, message)
        return
    check = {"alb": _alb, "nginx": _nginx}.get(controller)
    if check is not None:
        for where, message in check(route, header if isinstance(header, str) else None):
            layers.report(where, message)


def _nginx(route: Mapping[str, Any], header: str | None) -> Iterator[tuple[Path, str]]:
    for where, key, _ in _annotations(route):
        if key.startswith(NGINX_CANARY):
            yield where, "would make this Ingress a canary of another one: use `preview.header`"
    if header is not None and "_" in header:
        # https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/.
        yield ("preview", "header"), "nginx drops headers with an underscore: use a dash"


def _alb(route: Mapping[str, Any], header: str | None) -> Iterator[tuple[Path, str]]:
    for where, key, value in _annotations(route):
        if key.startswith(ALB_RULES):
            yield where, "bggen writes the rules of an ALB itself: use `paths` and `preview`"
        elif key == f"{ALB}target-type" and value != "ip":
            yield where, "must be ip: the Services of the colours have no ports on nodes"
        elif key == f"{ALB}target-group-attributes" and _STICKY.search(value):
            # An ALB with two groups in an action wants stickiness of groups then, which outlasts a flip:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html.
            yield where, "stickiness would keep users on the colour that they came to first: leave it out"
    if header is not None and len(header) > _LONGEST_HEADER:
        yield ("preview", "header"), f"must have at most {_LONGEST_HEADER} characters for an ALB, not {len(header)}"
    if _taken(route):
        message = "a `*.` host of the route takes it, in a group whose rules come by order"
        yield ("preview", "host"), f"{message}: give `preview.annotations` a lower {ALB}group.order"
    yield from _alb_paths(mapping(route.get("paths")), len(route["hosts"]), header=header is not None)


def _alb_paths(paths: Mapping[str, Any], hosts: int, *, header: bool) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if not _ALB_PATH.fullmatch(path):
            yield ("paths", path), "an ALB takes letters, digits and -_.$/~\"'@:+& in a path"
        elif len(path) > _LONGEST_PATH:
            yield ("paths", path), f"must have at most {_LONGEST_PATH} characters for an ALB, not {len(path)}"
    rules = hosts * len(paths) * (3 if header else 1)
    if rules > MOST_RULES:
        each = "3 rules" if header else "a rule"
        message = f"come to {rules} rules of an ALB, {each} for each path of each host; it takes {MOST_RULES}"
        yield ("paths",), message


def _taken(route: Mapping[str, Any]) -> bool:
    """Whether rules of users' hosts come before those of the preview's, on one ALB, and fit its host as well.

    Of one `group.order`, Ingresses come by name (`sortGroupMembers` in the controller's `pkg/ingress/group_loader.go`).
    """
    preview = mapping(route.get("preview"))
    users, shown = (
        mapping(each.get("annotations")) for each in (route, {"annotations": route["annotations"], **preview})
    )
    host = str(preview.get("host"))
    covered = any(str(each).startswith("*.") and host.endswith(str(each)[1:]) for each in route["hosts"])
    if (
        not covered
        or users.get(f"{ALB}group.name") is None
        or users.get(f"{ALB}group.name") != shown.get(f"{ALB}group.name")
    ):
        return False
    here, there = (str(each.get(f"{ALB}group.order", "0")) for each in (users, shown))
    numbers = here.lstrip("-").isdecimal() and there.lstrip("-").isdecimal()
    return not (numbers and int(there) < int(here))


def _annotations(route: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Yield the annotations that the spec itself holds: those of a preview are the route's unless it has its own."""
    for top, data in (((), route), (("preview",), mapping(route.get("preview")))):
        for key, value in mapping(data.get("annotations")).items():
            yield (*top, "annotations", key), key, str(value)
