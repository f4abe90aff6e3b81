"""Traffic: selectors, labels and ports, from a Service to the pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.view import dig, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Color, EnvState, Problem

_SERVICE_PORT = 80


def routing(view: View) -> Iterator[Problem]:
    """Every selector is the one that it must be, and every way that traffic can take ends at pods that run."""
    for item, expected in view.of("deployment", "worker"):
        yield from _deployment(item, expected)
    for item, expected in view.of("budget"):
        yield from _selector(item, expected, item.at("spec", "selector", "matchLabels"), "spec.selector.matchLabels")
    for item, expected in view.of("color service", "active service", "preview service"):
        yield from _service(item, expected, view)


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
    # What is offered outside the cluster is only what serves.
    open_ = expected.component.service if expected.component and expected.serves else None
    settings = open_ if expected.role == "active service" else None
    kind = settings.type if settings else "ClusterIP"
    if item.at("spec", "type") != kind:
        yield item.problem("spec.type", f"must be {kind}, is {item.at('spec', 'type')}")
    ports = item.at("spec", "ports")
    yield from _ports(item, expected, view, settings.node_port if settings else None)
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
        # A port that is kept for other pods leads to those alone.
        name = dig(port, "name")
        if name in {"http", *running.ports} and target not in {*container_ports(found[0]), running.ports.get(name)}:
            yield item.problem(f"spec.ports.{index}.targetPort", f"{found[0].manifest.name} has no port {target!r}")
    if not ports:
        yield item.problem("spec.ports", "must not be empty")


def _ports(item: Item, expected: Expected, view: View, node_port: int | None) -> Iterator[Problem]:
    component, color = expected.component, expected.selects
    if component is None or color is None:
        return
    kept = _kept_ports(view.state, component.name, color) if expected.role == "color service" else {}
    # A Service may have a number once.
    kept = {name: number for name, number in kept.items() if number not in component.ports.values()}
    wanted = {**kept, **component.ports, "http": _SERVICE_PORT}
    ports = item.at("spec", "ports")
    found = [dig(port, "name") for port in (ports if isinstance(ports, list) else [])]
    for name in wanted:
        if found.count(name) != 1:
            yield item.problem("spec.ports", f"must hold {name} once")
    for index, name in enumerate(found):
        where = f"spec.ports.{index}"
        number = item.at("spec", "ports", index, "port")
        if name not in wanted:
            # What a patch adds beside them leads by name to a port that the pods have, whichever release they are of.
            added = any(patch.kind == "Service" for patch in expected.release.spec.patches)
            if not added or item.at("spec", "ports", index, "targetPort") not in wanted:
                yield item.problem(f"{where}.name", f"{component.name} has no port {name!r}")
        elif number != wanted[name]:
            reason = "a Service must not change with the port of its pods, and other pods call it there"
            yield item.problem(f"{where}.port", f"must be {wanted[name]}, is {number}: {reason}")
        outside = item.at("spec", "ports", index, "nodePort")
        if outside != (node_port if name == "http" else None):
            yield item.problem(f"{where}.nodePort", f"must be as the spec says, is {outside}")


def _kept_ports(state: EnvState, component: str, color: Color) -> dict[str, int]:
    """Return the named ports that a colour's Service has for the release that `rollback` returns to."""
    if state.saved is None or state.previous is None or state.previous.color is not color:
        return {}
    defined = state.saved.spec.components.get(component)
    return dict(defined.ports) if defined is not None and defined.port is not None else {}


def container_ports(workload: Item) -> list[Any]:
    """Return the names of the ports of a workload's containers."""
    containers = workload.at(*workload.template, "spec", "containers")
    return [
        dig(port, "name")
        for container in (containers if isinstance(containers, list) else [])
        for port in (dig(container, "ports") or [])
    ]


def _shown(selector: object) -> str:
    if not isinstance(selector, dict):
        return str(selector)
    return ", ".join(f"{key}={value}" for key, value in sorted(selector.items(), key=str))
