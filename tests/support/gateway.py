"""Where a request ends that comes in through Gateway API: its rules of precedence, written from the specification.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec (`hostnames`) and #httprouterule (`matches`). Rules of all
HTTPRoutes of a Gateway are looked at together; the most specific host comes first, then the match, then the age.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from bggen.model import Route
from bggen.model.parts import ParentRef, Preview
from bggen.render import render
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.model import AppSpec, EnvState

EDGE = ParentRef("edge", namespace="infra", section_name="https")
HOST = "shop.example.com"


def gateway_spec(paths: Mapping[str, str], tag: str = "v1", **fields: Any) -> AppSpec:
    """Return a spec whose components are those of its paths, behind one Gateway.

    Args:
        paths: of the route.
        tag: of all images.
        **fields: of the route, but for `namespace`, which is the app's.
    """
    namespace = fields.pop("app_namespace", "shop")
    names = sorted({*paths.values()})
    made = [component(name, port=8000 + number) for number, name in enumerate(names)]
    route = {"hosts": (HOST,), "parent_refs": (EDGE,), "switch": "gateway", **fields}
    return app_spec("shop", *made, route=Route(paths=dict(paths), **route), namespace=namespace, kubernetes=tag_of(tag))


def tag_of(tag: str) -> str:
    """Return a minor version of Kubernetes; a release that differs in nothing else differs in it."""
    return {"v1": "1.34", "v2": "1.35", "v3": "1.36"}[tag]


def preview(host: str | None = None, header: str | None = "X-Preview") -> Preview:
    """Return a preview by header, by host, or both."""
    return Preview(host=host, header=header)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a Gateway sees it. Names of headers are in lower case."""

    path: str
    host: str = HOST
    headers: Mapping[str, str] = field(default_factory=dict)
    gateway: str = "edge"


@dataclass(frozen=True, slots=True)
class Gateways:
    """The HTTPRoutes of a cluster.

    Attributes:
        bodies: the objects.
        ages: when each was made, by name; the smaller the older.
        falls_back: whether rules of a wildcard take what no rule of a more specific host does. The specification may be
            read either way: see https://github.com/envoyproxy/gateway/issues/5500.
    """

    bodies: tuple[dict[str, Any], ...]
    ages: Mapping[str, int] = field(default_factory=dict)
    falls_back: bool = True

    @classmethod
    def of(cls, state: EnvState, ages: Mapping[str, int] | None = None, *, falls_back: bool = True) -> Gateways:
        """Return those that a state renders."""
        bodies = [yaml.load(each.text, Loader=yaml.CSafeLoader) for each in render(state) if each.kind == "HTTPRoute"]
        return cls(tuple(bodies), ages or {}, falls_back)

    def backends(self, request: Request) -> dict[str, int] | None:
        """Return the Services of the rule that takes a request, with their weights; None where none does."""
        found = [*self._candidates(request)]
        if not found:
            return None
        if not self.falls_back:
            most = max(key[0] for key, _ in found)
            found = [(key, rule) for key, rule in found if key[0] == most]
        fits = [(key, rule) for key, rule in found if rule is not None]
        if not fits:
            return None
        _, rule = max(fits, key=lambda each: each[0])
        return {each["name"]: each["weight"] for each in rule["backendRefs"]}

    def answers(self, request: Request) -> str | None:
        """Return the one Service that a request reaches; None for 404."""
        backends = self.backends(request)
        if backends is None:
            return None
        (name,) = [name for name, weight in backends.items() if weight]
        return name

    def _candidates(self, request: Request) -> Iterator[tuple[Any, Any]]:
        """Yield the precedence and the rule of every match; a host without a fitting rule has None for a rule."""
        for body in self.bodies:
            spec, name = body["spec"], body["metadata"]["name"]
            if request.gateway not in [parent["name"] for parent in spec["parentRefs"]]:
                continue
            hosts = [host for host in spec["hostnames"] if host_fits(host, request.host)]
            if not hosts:
                continue
            specific = max((0 if host.startswith("*") else len(host), len(host)) for host in hosts)
            yield (specific,), None
            place = (-self.ages.get(name, 0), _descending(f"{body['metadata'].get('namespace', '')}/{name}"))
            for index, rule in enumerate(spec["rules"]):
                for match in rule["matches"]:
                    if (fits := _match(match, request)) is not None:
                        yield (specific, fits, *place, -index), rule


def host_fits(host: str, asked: str) -> bool:
    """Whether a host of a route is that of a request, or a wildcard that covers it."""
    return asked.endswith(host[1:]) and asked != host[2:] if host.startswith("*") else asked == host


def _match(match: Mapping[str, Any], request: Request) -> tuple[bool, int, bool, int, int] | None:
    """Return the precedence of a match; None where it does not take the request."""
    path, headers = match["path"], match.get("headers", [])
    exact = path["type"] == "Exact"
    if not (request.path == path["value"] if exact else _beneath(request.path, path["value"])):
        return None
    if any(request.headers.get(each["name"].lower()) != each["value"] for each in headers):
        return None
    queries = match.get("queryParams", [])
    return exact, len(path["value"]), "method" in match, len(headers), len(queries)


def _beneath(path: str, prefix: str) -> bool:
    """Whether the path begins with the prefix, segment by segment; a slash at the prefix's end does not count."""
    wanted = [part for part in prefix.split("/") if part]
    return [part for part in path.split("/") if part][: len(wanted)] == wanted


def _descending(text: str) -> tuple[int, ...]:
    """Return what is greater the earlier the text comes in the alphabet."""
    return (*(-ord(letter) for letter in text), 0) if text else (0,)


def color_of(service: str | None) -> str | None:
    """Return the colour that a Service's name ends in."""
    return service.rpartition("-")[2] if service else None


def every_path(paths: Iterable[str]) -> list[str]:
    """Return paths to ask: each of them, below it, beside it, and some that nobody named."""
    found = {"/", "/nothing", "/nothing/at/all"}
    for path in paths:
        bare = path.rstrip("/")
        found |= {path, f"{bare}/", f"{bare}/deep/er", f"{bare}x"}
    return sorted(found)
