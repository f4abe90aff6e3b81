"""Ingresses → the route: hosts, paths, certificate, class, and the preview's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bggen.adopting.grouping import backends
from bggen.adopting.looking import dig, items, text, texts, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.adopting.parts import Found, Layout

CLASS = "kubernetes.io/ingress.class"
CANARY = "nginx.ingress.kubernetes.io/canary"
_BY_ANNOTATION = "use-annotation"
# What is more than that, an expression above all, becomes a patch.
_SIMPLE = re.compile(r"/[-A-Za-z0-9/._~]*")
_OF_OTHERS = ("kubectl.kubernetes.io/", "meta.helm.sh/", "argocd.argoproj.io/", "helm.sh/", "bggen.dev/")


@dataclass(frozen=True, slots=True)
class Routing:
    """What the Ingresses come to.

    Attributes:
        route: the section of app.yaml; empty without an Ingress.
        main: the Ingress that it was made of.
        preview: the one that leads to the idle colour.
        others: all others that lead to the app.
    """

    route: Mapping[str, Any]
    main: Found | None = None
    preview: Found | None = None
    others: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One path of an Ingress: where it leads, by component and by Service."""

    host: str | None
    path: str
    kind: str
    component: str | None
    service: str


def routing(found: Sequence[Found], drawn: Layout) -> Routing:
    """Return the route of an app.

    Args:
        found: all objects.
        drawn: the app's components.
    """
    mine = [each for each in found if each.kind == "Ingress" and any(rule.component for rule in rules(each, drawn))]
    serving = [each for each in mine if each.annotations.get(CANARY) != "true" and not _is_preview(each, drawn)]
    if not serving:
        return Routing({}, others=tuple(mine))
    main = min(serving, key=lambda each: (each.name != drawn.app, each.name))
    route = _route(main, drawn)
    if not route:
        return Routing({}, others=tuple(mine))
    if drawn.routed:
        route["switch"] = "ingress"
    shown = [each for each in mine if each.annotations.get(CANARY) != "true" and _is_preview(each, drawn)]
    preview = min(shown, key=lambda each: each.name) if shown else None
    if preview is not None:
        seen = _preview(preview, route)
        if seen:
            route["preview"] = seen
        else:
            preview = None
    others = tuple(each for each in mine if each is not main and each is not preview)
    return Routing(route, main, preview, others)


def rules(ingress: Found, drawn: Layout) -> Iterator[Rule]:
    """Yield every path of an Ingress that leads to a Service."""
    leading = {
        service.name: group.name
        for group in drawn.groups
        for service in (*group.others, *([group.main] if group.main else []))
    }
    for rule in items(ingress.data, "spec", "rules"):
        for path in items(rule, "http", "paths"):
            service = text(path, "backend", "service", "name")
            # With that port the name is one of an annotation, and of no Service.
            if service is not None and dig(path, "backend", "service", "port", "name") != _BY_ANNOTATION:
                yield Rule(
                    text(rule, "host"),
                    text(path, "path") or "/",
                    text(path, "pathType") or "ImplementationSpecific",
                    leading.get(service),
                    service,
                )


def asked_ports(found: Sequence[Found], service: str | None) -> list[str | int]:
    """Return the ports of a Service that Ingresses lead to."""
    asked: list[Any] = []
    for each in found:
        for rule in items(each.data, "spec", "rules") if each.kind == "Ingress" else ():
            for path in items(rule, "http", "paths"):
                if text(path, "backend", "service", "name") == service:
                    port = dig(path, "backend", "service", "port", "name")
                    asked.append(dig(path, "backend", "service", "port", "number") if port is None else port)
    return [port for port in asked if isinstance(port, str | int)]


def _is_preview(ingress: Found, drawn: Layout) -> bool:
    """Whether an Ingress leads to no Service that everybody is served by."""
    serving = {group.main.name for group in drawn.groups if group.main}
    names = set(backends(ingress))
    return not names & serving


def _route(main: Found, drawn: Layout) -> dict[str, Any]:
    """Return what all hosts have in common; what one of them has beside it becomes a patch."""
    listed = [rule for rule in rules(main, drawn) if rule.component and _SIMPLE.fullmatch(rule.path)]
    hosts = list(dict.fromkeys(rule.host for rule in listed if rule.host))
    if not hosts:
        return {}
    first = [rule for rule in listed if rule.host == hosts[0]]
    paths = {_plain(rule.path): rule.component for rule in first}
    same = [host for host in hosts if _paths(listed, host) == _paths(listed, hosts[0])]
    data: dict[str, Any] = {"host": same[0]} if len(same) == 1 else {"hosts": same}
    data["paths"] = paths
    data |= _certificate(main) | _class(main)
    annotations = _annotations(main)
    return {**data, **({"annotations": annotations} if annotations else {})}


def _paths(listed: Sequence[Rule], host: str) -> set[tuple[str, str | None]]:
    return {(_plain(rule.path), rule.component) for rule in listed if rule.host == host}


def _plain(path: str) -> str:
    """Return a path as a prefix: `/api/` and `/api` are the same to Kubernetes."""
    return path.rstrip("/") or "/"


def _certificate(main: Found) -> dict[str, Any]:
    secrets = [text(each, "secretName") for each in items(main.data, "spec", "tls")]
    return {"tls": secrets[0]} if secrets and secrets[0] else {}


def _class(main: Found) -> dict[str, Any]:
    name = text(main.data, "spec", "ingressClassName") or main.annotations.get(CLASS)
    return {"class": name} if name else {}


def _annotations(main: Found) -> dict[str, str]:
    found = texts(main.data, "metadata", "annotations")
    return {key: value for key, value in found.items() if key != CLASS and not key.startswith(_OF_OTHERS)}


def _preview(ingress: Found, route: Mapping[str, Any]) -> dict[str, Any]:
    hosts = list(dict.fromkeys(text(rule, "host") for rule in items(ingress.data, "spec", "rules")))
    if not hosts or hosts[0] is None or hosts[0] in (route.get("hosts") or [route.get("host")]):
        return {}
    data: dict[str, Any] = {"host": hosts[0], **_certificate(ingress)}
    if _class(ingress).get("class") != route.get("class"):
        data |= _class(ingress)
    if _annotations(ingress) != route.get("annotations", {}):
        data["annotations"] = _annotations(ingress)
    return data


def certified(ingress: Found) -> list[tuple[str | None, tuple[str, ...]]]:
    """Return the certificates of an Ingress with the hosts of each."""
    return [(text(each, "secretName"), tuple(words(each, "hosts"))) for each in items(ingress.data, "spec", "tls")]
