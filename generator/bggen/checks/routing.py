"""Traffic: selectors, labels and ports, from a route to the pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.view import dig, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_SERVICE_PORT = 80


def routing(view: View) -> Iterator[Problem]:
    """Every selector is the one that it must be, and every way that traffic can take ends at pods that run."""
    for item, expected in view.of("deployment", "worker"):
        yield from _deployment(item, expected)
    for item, expected in view.of("budget"):
        yield from _selector(item, expected, item.at("spec", "selector", "matchLabels"), "spec.selector.matchLabels")
    for item, expected in view.of("color service", "active service", "preview service"):
        yield from _service(item, expected, view)
    for item, _ in view.of("ingress"):
        yield from _ingress(item, view)


def _deployment(item: Item, expected: Expected) -> Iterator[Problem]:
    selector = item.at("spec", "selector", "matchLabels")
    yield from _selector(item, expected, selector, "spec.selector.matchLabels")
    labels = item.at("spec", "template", "metadata", "labels")
    if not (isinstance(selector, dict) and isinstance(labels, dict) and selector.items() <= labels.items()):
        yield item.problem("spec.template.metadata.labels", "do not match the selector")
    replicas = item.at("spec", "replicas")
    if expected.role == "deployment" and (not isinstance(replicas, int) or replicas < 1):
        yield item.problem("spec.replicas", f"must be 1 or more, is {replicas}")
    unavailable = item.at("spec", "strategy", "rollingUpdate", "maxUnavailable")
    if unavailable != 0:
        yield item.problem("spec.strategy.rollingUpdate.maxUnavailable", f"must be 0, is {unavailable}")


def _selector(item: Item, expected: Expected, selector: object, where: str) -> Iterator[Problem]:
    if expected.component is None or expected.selects is None:
        return
    wanted = selector_of(expected.release.spec, expected.component, expected.selects)
    if selector != wanted:
        yield item.problem(where, f"must be exactly {_shown(wanted)}; is {_shown(selector)}")


def _service(item: Item, expected: Expected, view: View) -> Iterator[Problem]:
    selector = item.at("spec", "selector")
    yield from _selector(item, expected, selector, "spec.selector")
    if item.at("spec", "type") != "ClusterIP":
        yield item.problem("spec.type", f"must be ClusterIP, is {item.at('spec', 'type')}")
    ports = item.at("spec", "ports")
    for index, port in enumerate(ports if isinstance(ports, list) else []):
        if dig(port, "port") != _SERVICE_PORT:
            reason = "a Service must not change with the port of its pods, and other pods call it there"
            yield item.problem(f"spec.ports.{index}.port", f"must be {_SERVICE_PORT}, is {dig(port, 'port')}: {reason}")
    component, color = expected.component, expected.selects
    if component is None or color is None or not view.state.runs(color):
        return
    release = view.state.release(color)
    running = release.spec.components.get(component.name) if release else None
    if running is None or running.port is None:
        return
    found = view.pods_of(selector)
    if len(found) != 1:
        names = ", ".join(each.manifest.name for each in found) or "none"
        yield item.problem("spec.selector", f"must find the pods of one Deployment, finds {names}")
        return
    for index, port in enumerate(ports if isinstance(ports, list) else []):
        target = dig(port, "targetPort")
        if target not in container_ports(found[0]):
            yield item.problem(f"spec.ports.{index}.targetPort", f"{found[0].manifest.name} has no port {target!r}")
    if not ports:
        yield item.problem("spec.ports", "must not be empty")


def container_ports(workload: Item) -> list[Any]:
    """Return the names of the ports of a workload's containers."""
    containers = workload.at(*workload.template, "spec", "containers")
    return [
        dig(port, "name")
        for container in (containers if isinstance(containers, list) else [])
        for port in (dig(container, "ports") or [])
    ]


def _ingress(item: Item, view: View) -> Iterator[Problem]:
    services = {service.manifest.name: service for service, _ in view.of("active service")}
    rules = item.at("spec", "rules")
    if not rules:
        yield item.problem("spec.rules", "must not be empty")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        for number, path in enumerate(dig(rule, "http", "paths") or []):
            where = f"spec.rules.{index}.http.paths.{number}.backend.service"
            name = dig(path, "backend", "service", "name")
            port = dig(path, "backend", "service", "port", "name")
            service = services.get(name)
            if service is None:
                yield item.problem(f"{where}.name", f"{name} is no active Service of this app")
                continue
            if port is None or port not in [dig(each, "name") for each in service.at("spec", "ports") or []]:
                yield item.problem(f"{where}.port.name", f"the Service {name} has no port {port!r}")
            if not view.pods_of(service.at("spec", "selector")):
                yield item.problem(f"{where}.name", f"the Service {name} leads to no pods")


def _shown(selector: object) -> str:
    if not isinstance(selector, dict):
        return str(selector)
    return ", ".join(f"{key}={value}" for key, value in sorted(selector.items(), key=str))
