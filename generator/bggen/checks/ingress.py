"""Routes: an Ingress leads to Services that are there, and through them to pods of the right colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.view import COLOR_LABEL, dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, Role, View
    from bggen.model import Color, Problem


def ingress(view: View) -> Iterator[Problem]:
    """Users are led to the active colour, and the preview never is."""
    users: set[Any] = set()
    for item, expected in view.of("ingress"):
        yield from _leads(item, expected, view)
        users.update(_hosts(item))
    for item, expected in view.of("preview ingress"):
        yield from _leads(item, expected, view)
        for host in users.intersection(_hosts(item)):
            yield item.problem("spec.rules", f"{host} leads to the active colour already")


def _leads(item: Item, expected: Expected, view: View) -> Iterator[Problem]:
    route, color = expected.release.spec.route, expected.selects
    if route is None or color is None or route.controller == "alb":
        return
    services = _services(view, expected, color, own=route.switch == "ingress")
    what = _what(expected, color, own=route.switch == "ingress")
    if not item.at("spec", "rules"):
        yield item.problem("spec.rules", "must not be empty")
    for place, _, path in paths_of(item):
        where = f"{place}.backend.service"
        name = dig(path, "backend", "service", "name")
        if name not in services:
            yield item.problem(f"{where}.name", f"{name} is no {what} of this app")
            continue
        service, port = services[name], dig(path, "backend", "service", "port", "name")
        if port is None or port not in [dig(each, "name") for each in service.at("spec", "ports") or []]:
            yield item.problem(f"{where}.port.name", f"the Service {name} has no port {port!r}")
        for message in wrong_pods(service, color, view):
            yield item.problem(f"{where}.name", f"the Service {name} leads to {message}")


def _services(view: View, expected: Expected, color: Color, *, own: bool) -> dict[str, Item]:
    if own:
        return {item.manifest.name: item for item, wanted in view.of("color service") if wanted.selects is color}
    role: Role = "active service" if expected.serves else "preview service"
    return {item.manifest.name: item for item, _ in view.of(role)}


def _what(expected: Expected, color: Color, *, own: bool) -> str:
    return f"Service of {color}" if own else "active Service" if expected.serves else "preview Service"


def wrong_pods(service: Item, color: Color, view: View) -> Iterator[str]:
    """Yield what is wrong with the pods that a Service selects, if they have to be those of a colour."""
    selector = service.at("spec", "selector")
    if dig(selector, COLOR_LABEL) != str(color):
        yield f"{dig(selector, COLOR_LABEL)}, not to {color}"
    if view.state.runs(color) and not view.pods_of(selector):
        yield "no pods"


def paths_of(item: Item) -> Iterator[tuple[str, Any, Any]]:
    """Yield where each path of an Ingress stands, its host, and itself."""
    rules = item.at("spec", "rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        for number, path in enumerate(dig(rule, "http", "paths") or []):
            yield f"spec.rules.{index}.http.paths.{number}", dig(rule, "host"), path


def _hosts(item: Item) -> list[Any]:
    rules = item.at("spec", "rules")
    return [dig(rule, "host") for rule in (rules if isinstance(rules, list) else [])]
