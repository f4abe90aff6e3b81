"""The Ingresses of an ALB: each rule names both colours, and the first one that fits a request leads where it must."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bggen.checks.headers import answers, header_of
from bggen.checks.ingress import paths_of
from bggen.checks.view import dig
from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Item, View
    from bggen.model import Problem, Route

_PREFIX: Final = "alb.ingress.kubernetes.io"


# Addresses that no client has.
_NOBODY: Final = ("source-ip", "192.0.2.0/32")


class _Rule(NamedTuple):
    """What a path of the Ingress comes to: what it wants of a request, and the component and colours that it leads to.

    Nobody comes by a rule for `_NOBODY`: it is there for the target groups that it names.
    """

    wants: tuple[str, str] | None
    component: str
    colors: tuple[Color, ...]


def alb(view: View) -> Iterator[Problem]:
    """A flip changes weights and nothing else, so no backend goes away; headers lead past it, at every path."""
    for item, expected in view.of("ingress", "preview ingress"):
        route = expected.release.spec.route
        if route is None or expected.selects is None or route.controller != "alb":
            continue
        if item.at("metadata", "annotations", f"{_PREFIX}/target-type") != "ip":
            yield item.problem(f"{_PREFIX}/target-type", "must be ip: the Services have no ports on nodes")
        found: dict[tuple[Any, Any], list[_Rule]] = {}
        for where, host, path in paths_of(item):
            try:
                found.setdefault((host, dig(path, "path")), []).append(_rule(item, path, view))
            except ValueError as error:
                yield item.problem(where, str(error))
        if expected.role == "ingress":
            yield from _complete(item, found, route.hosts, _wanted(view, route, expected.selects))
        else:
            host = route.preview.host if route.preview else None
            live = {path: [_Rule(None, component, (expected.selects,))] for path, component in route.paths.items()}
            yield from _complete(item, found, (host,), live)


def _wanted(view: View, route: Route, active: Color) -> dict[str, list[_Rule]]:
    """Return the rules of each path, those of headers before that of users: of equal paths the first one wins."""
    wanted: dict[str, list[_Rule]] = {}
    for color in Color:
        header = header_of(view.state, color)
        if header is not None:
            for path, component in answers(view.state, color).items():
                wanted.setdefault(path, []).append(_Rule((header, str(color)), component, (color,)))
    idle = view.state.idle_release.spec.route if view.state.idle_release else None
    named = {rule.component for rules in wanted.values() for rule in rules} | set(route.paths.values())
    for component in set(idle.paths.values() if idle else ()) - named:
        path = max(path for path, each in (idle.paths.items() if idle else ()) if each == component)
        wanted.setdefault(path, []).insert(0, _Rule(_NOBODY, component, (active.other,)))
    serving = tuple(Color) if view.state.joined else (active,)
    for path, component in route.paths.items():
        wanted.setdefault(path, []).append(_Rule(None, component, serving))
    return wanted


def _complete(
    item: Item, found: dict[tuple[Any, Any], list[_Rule]], hosts: tuple[Any, ...], wanted: dict[str, list[_Rule]]
) -> Iterator[Problem]:
    for host in hosts:
        for path, rules in wanted.items():
            if found.get((host, path)) != rules:
                shown = [_shown(rule) for rule in found.get((host, path), ())]
                must = ", then ".join(map(_shown, rules))
                yield item.problem("spec.rules", f"{path} on {host} must lead to {must}; leads to {shown}")


def _rule(item: Item, path: Any, view: View) -> _Rule:
    """Return what a path comes to.

    Raises:
        ValueError: it is not what bggen makes; the message says why.
    """
    backend = dig(path, "backend", "service")
    name = dig(backend, "name")
    if dig(backend, "port", "name") != "use-annotation" or dig(path, "pathType") != "Prefix":
        raise ValueError(f"{name} must be a prefix with an action of the annotations")
    action = _parsed(item, f"actions.{name}")
    forward = dig(action, "forwardConfig")
    if dig(action, "type") != "forward" or not isinstance(forward, dict) or set(forward) != {"targetGroups"}:
        raise ValueError(f"the action {name} must forward, and must not keep users where they are")
    component, colors = _led(name, forward["targetGroups"], view)
    return _Rule(_wish(_parsed(item, f"conditions.{name}")), component, colors)


def _led(name: Any, groups: Any, view: View) -> tuple[str, tuple[Color, ...]]:
    """Return the component, and the colours that have weight: one that has all of it, or both as much as each other."""
    services = {each.manifest.name: expected for each, expected in view.of("color service")}
    weights: dict[Any, Any] = {}
    components = set()
    for group in groups if isinstance(groups, list) else []:
        service = services.get(dig(group, "serviceName"))
        if service is None or service.component is None or dig(group, "servicePort") != "http":
            raise ValueError(f"the action {name} names {dig(group, 'serviceName')}: no Service of a colour, at `http`")
        weights[service.selects] = dig(group, "weight")
        components.add(service.component.name)
    if len(components) != 1 or len(groups) != len(Color) or set(weights) != set(Color):
        raise ValueError(f"the action {name} must name both colours of one component")
    if [weights[color] for color in Color] not in ([100, 0], [0, 100], [50, 50]):
        raise ValueError(
            f"the action {name} must give one colour the weight 100 and the other one 0, or each of them 50"
        )
    return components.pop(), tuple(color for color in Color if weights[color])


def _wish(conditions: Any) -> tuple[str, str] | None:
    """Return the one thing that conditions ask for: a header and its value, or addresses and theirs."""
    if conditions is None:
        return None
    field = dig(conditions, 0, "field")
    config = dig(conditions, 0, {"http-header": "httpHeaderConfig", "source-ip": "sourceIPConfig"}.get(field, ""))
    values = dig(config, "values")
    if not isinstance(values, list) or len(values) != 1 or len(conditions) != 1:
        raise ValueError("its conditions must be one value of one header")
    return (str(dig(config, "httpHeaderName") or field), str(values[0]))


def _parsed(item: Item, key: str) -> Any:
    text = item.at("metadata", "annotations", f"{_PREFIX}/{key}")
    try:
        return None if text is None else json.loads(text)
    except (TypeError, ValueError):
        return {}


def _shown(rule: _Rule) -> str:
    who = "" if rule.wants is None else f" with {rule.wants[0]}: {rule.wants[1]}"
    return f"{rule.component} of {' and '.join(rule.colors)}{who}"
