"""Which port of a component is the one of its traffic, and what the others are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import items, number, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.adopting.parts import Found

_SERVICE_PORT = 80
_ANNOTATIONS_OF_OTHERS = ("kubectl.kubernetes.io/", "meta.helm.sh/", "argocd.argoproj.io/", "helm.sh/", "bggen.dev/")


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a component.

    Attributes:
        fields: what app.yaml says of them.
        names: what bggen calls each, by the name or the number that it had.
    """

    fields: Mapping[str, Any]
    names: Mapping[str | int, str]


def ports(container: Mapping[str, Any], service: Found | None, asked: Sequence[str | int]) -> Ports:
    """Return the ports of a container.

    Args:
        container: the main one.
        service: the Service that its users go by; None of a worker.
        asked: the ports of the Service, by name or number, that an Ingress leads to.
    """
    listed = [port for port in items(container, "ports") if port.get("protocol", "TCP") == "TCP"]
    known = {port["name"]: port.get("containerPort") for port in listed if text(port, "name")}
    first = _first(service, known, asked)
    fields: dict[str, Any] = {}
    names: dict[str | int, str] = {}
    if first is not None:
        fields["port"] = first
        names |= {first: "http", "http": "http"}
    further = {}
    for port in listed:
        value = number(port, "containerPort")
        if value is None:
            continue
        own = text(port, "name")
        if value == first:
            names |= {own: "http"} if own else {}
            continue
        # `http` is the port of the traffic, and 80 what its Services listen on.
        name = own if own and own != "http" else f"port-{value}"
        if value == _SERVICE_PORT and first is not None:
            continue
        further[name] = value
        names |= {value: name} | ({own: name} if own else {})
    if further:
        fields["ports"] = further
    if service is not None and first is not None:
        fields |= _settings(service)
    return Ports(fields, names)


def target_of(port: Mapping[str, Any], known: Mapping[str, Any]) -> int | None:
    """Return the number that a port of a Service leads to."""
    target = port.get("targetPort", port.get("port"))
    found = known.get(target) if isinstance(target, str) else target
    return found if type(found) is int else None


def main_port(service: Found, asked: Sequence[str | int]) -> dict[str, Any] | None:
    """Return the port of a Service that is its traffic's: the Ingress's, `http`, 80, or the first."""
    listed = [port for port in items(service.data, "spec", "ports") if port.get("protocol", "TCP") == "TCP"]

    def rank(port: Mapping[str, Any]) -> tuple[bool, bool, bool]:
        wanted = port.get("name") in asked or port.get("port") in asked
        return (not wanted, port.get("name") != "http", port.get("port") != _SERVICE_PORT)

    return min(listed, key=rank) if listed else None


def _first(service: Found | None, known: Mapping[str, Any], asked: Sequence[str | int]) -> int | None:
    port = main_port(service, asked) if service else None
    return None if port is None else target_of(port, known)


def _settings(service: Found) -> dict[str, Any]:
    """Return what is special about the active Service."""
    spec = service.data["spec"]
    kind = text(spec, "type") or "ClusterIP"
    found: dict[str, Any] = {}
    if kind in ("NodePort", "LoadBalancer"):
        found["type"] = kind
        node_port = next((port["nodePort"] for port in items(spec, "ports") if number(port, "nodePort")), None)
        if node_port is not None:
            found["nodePort"] = node_port
        if kind == "LoadBalancer":
            found["publishesStatus"] = True
    annotations = {
        key: value
        for key, value in texts(service.data, "metadata", "annotations").items()
        if not key.startswith(_ANNOTATIONS_OF_OTHERS)
    }
    if annotations:
        found["annotations"] = annotations
    return {"service": found} if found else {}
