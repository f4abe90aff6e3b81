"""What Gateway API takes of a route: of one release, and of two that are previewed by header side by side.

The numbers and rules are those of the CRD of HTTPRoute, and of its text:
https://gateway-api.sigs.k8s.io/reference/spec/#httproute.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bggen.spec.layers import mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.model import AppSpec, Route
    from bggen.spec.layers import Layers

MOST_HOSTS: Final = 16
MOST_PARENTS: Final = 32
MOST_RULES: Final = 16
MOST_MATCHES: Final = 128
# Of one rule.
MOST_PATHS: Final = 64
_LONGEST_NAME: Final = 63
_DURATION = re.compile(r"([0-9]{1,5})(h|ms|m|s)")
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_BAD_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_OF_INGRESS = ("tls", "class")


def route_name(spec: AppSpec) -> str:
    """Return the name of an app's HTTPRoute.

    In a namespace that is not the app's own, those of several environments may lie side by side.
    """
    namespace = spec.route.namespace if spec.route else None
    return spec.name if namespace is None else f"{spec.name}-{spec.namespace}"


def check_gateway(layers: Layers, route: dict[str, Any], app: str, namespace: str | None) -> None:
    """Report what is wrong with a route of `switch: gateway`, and leave out what says nothing.

    Args:
        layers: where its fields came from.
        route: as canonical data.
        app: the app's name.
        namespace: the app's own, if bggen.yaml gives it one.
    """
    if len(route["hosts"]) > MOST_HOSTS:
        layers.report(("hosts",), f"are {len(route['hosts'])}; an HTTPRoute takes {MOST_HOSTS}")
    _check_parents(layers, route.get("parentRefs"))
    _check_paths(layers, mapping(route.get("paths")))
    _check_timeouts(layers, mapping(route.get("timeouts")))
    for key in _OF_INGRESS:
        # The preview's class is the route's where it says nothing.
        if layers.own(("preview", key)):
            layers.report(("preview", key), "is for an Ingress")
    if route.get("namespace") == namespace:
        route.pop("namespace", None)
    elif namespace is None:
        message = "needs `namespace` in bggen.yaml: a ReferenceGrant has to lie beside the app's Services"
        layers.report(("namespace",), message)
    elif "namespace" in route and len(name := f"{app}-{namespace}-preview") > _LONGEST_NAME:
        message = f"makes names that are too long: {name} has {len(name)} characters, {_LONGEST_NAME} are the most"
        layers.report(("namespace",), message)


def _check_parents(layers: Layers, parents: Any) -> None:
    parents = [mapping(each) for each in parents] if isinstance(parents, list) else []
    if len(parents) > MOST_PARENTS:
        layers.report(("parentRefs",), f"are {len(parents)}; an HTTPRoute takes {MOST_PARENTS}")
    for index, parent in enumerate(parents):
        for before in parents[:index]:
            if (before.get("name"), before.get("namespace")) != (parent.get("name"), parent.get("namespace")):
                continue
            sections = [each.get("sectionName") for each in (before, parent)]
            if None in sections:
                message = f"names Gateway {parent.get('name')} again: give each of them a `sectionName`"
                layers.report(("parentRefs", index), message)
                break
            if sections[0] == sections[1]:
                message = f"names listener {sections[0]} of Gateway {parent.get('name')} again"
                layers.report(("parentRefs", index), message)
                break


def _check_paths(layers: Layers, paths: Mapping[str, Any]) -> None:
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(path.rstrip("/"), path)
        if other != path:
            layers.report(("paths", path), f"is the same as {other}: a slash at the end says nothing")
        if _BAD_PERCENT.search(path):
            layers.report(("paths", path), "holds a `%` without two hexadecimal digits")
    if len(paths) > MOST_MATCHES:
        layers.report(("paths",), f"are {len(paths)}; an HTTPRoute takes {MOST_MATCHES}")
    elif (rules := _rules(paths, map(str, paths.values()))) > MOST_RULES:
        layers.report(
            ("paths",), f"lead to so many components that {rules} rules are needed; {MOST_RULES} are the most"
        )


def _check_timeouts(layers: Layers, timeouts: Mapping[str, Any]) -> None:
    request, backend = (_duration(timeouts.get(key)) for key in ("request", "backendRequest"))
    # Zero is no limit.
    if request and backend and backend > request:
        layers.report(("timeouts", "backendRequest"), f"is longer than `request`, {timeouts['request']}")


def _duration(text: Any) -> timedelta | None:
    if not isinstance(text, str):
        return None
    return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in _DURATION.findall(text)), timedelta())


def _rules(paths: Iterable[str], components: Iterable[str]) -> int:
    """Return how many rules may be needed: no more than one component can have more paths than a rule takes."""
    return len({*components}) + (len({*paths}) > MOST_PATHS)


def misfit(one: Route, two: Route) -> str | None:
    """Return why two releases cannot both be previewed by header; None where they can.

    The rules of each colour's header stand beside those of the users, for all hosts and paths of both releases.
    """
    hosts = {*one.hosts, *two.hosts}
    if len(hosts) > MOST_HOSTS:
        return f"together they have {len(hosts)} hosts, and an HTTPRoute takes {MOST_HOSTS}"
    for host, wildcard in (*_covered(one, two), *_covered(two, one)):
        return f"only one of them has {host}, which {wildcard} of the other covers"
    paths = {*one.paths, *two.paths}
    if len(paths) > MOST_MATCHES:
        return f"together they have {len(paths)} paths, and an HTTPRoute takes {MOST_MATCHES}"
    rules = _rules(paths, (*one.paths.values(), *two.paths.values()))
    if rules > MOST_RULES:
        return f"together they need {rules} rules, and an HTTPRoute takes {MOST_RULES}"
    return None


def _covered(one: Route, two: Route) -> Iterator[tuple[str, str]]:
    """Yield hosts that only one route names, and that a wildcard of the other one covers.

    The more specific host wins before any path or header is looked at, and not every Gateway falls back from it to the
    wildcard's rules: https://github.com/envoyproxy/gateway/issues/5500. So a rule for a header on such a host could
    take it from the users, and one on the wildcard would never see it.
    """
    for host in one.hosts:
        for wildcard in two.hosts:
            if host not in two.hosts and wildcard.startswith("*.") and host.endswith(wildcard[1:]):
                yield host, wildcard
