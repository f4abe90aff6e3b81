"""What two Ingress controllers make of Ingresses: which Service a request reaches, by each one's own rules.

Written from the sources of AWS Load Balancer Controller (`pkg/ingress/model_build_listener_rules.go`) and of
ingress-nginx 1.15 (`internal/ingress/controller/controller.go`, `rootfs/etc/nginx/lua/balancer.lua`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Object = dict[str, Any]
Headers = dict[str, str]
_ALB = "alb.ingress.kubernetes.io"
_CANARY = "nginx.ingress.kubernetes.io/canary"
# Where a request ends that nothing answers.
NOWHERE = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for."""

    host: str
    path: str
    headers: Headers = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """Return a header's value, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


def alb_rules(ingresses: Iterable[Object]) -> Iterator[tuple[str, list[str], list[Object], dict[str, int]]]:
    """Yield the rules of one ALB in their order: host, path patterns, conditions, and the weights of Services."""
    for ingress in ingresses:
        notes = ingress["metadata"]["annotations"]
        for rule in ingress["spec"]["rules"]:
            paths = rule["http"]["paths"]
            assert all(path["pathType"] == "Prefix" for path in paths)
            # `sort.SliceStable`, as Python's sort is.
            for path in sorted(paths, key=lambda each: -len(each["path"])):
                assert not set("*?") & set(path["path"])
                name = path["backend"]["service"]["name"]
                assert path["backend"]["service"]["port"] == {"name": "use-annotation"}
                action = json.loads(notes[f"{_ALB}/actions.{name}"])
                assert action["type"] == "forward"
                groups = action["forwardConfig"]["targetGroups"]
                own = path["path"].removesuffix("/")
                yield (
                    rule["host"],
                    ["/*"] if path["path"] == "/" else [own, f"{own}/*"],
                    json.loads(notes.get(f"{_ALB}/conditions.{name}", "[]")),
                    {group["serviceName"]: group["weight"] for group in groups},
                )


def alb(ingresses: Iterable[Object], request: Request) -> str | None:
    """Return the Service that an ALB's first fitting rule gives all of the weight."""
    for host, patterns, conditions, weights in alb_rules(ingresses):
        if not fnmatchcase(request.host, host) or not any(fnmatchcase(request.path, each) for each in patterns):
            continue
        if all(_holds(condition, request) for condition in conditions):
            (chosen,) = [service for service, weight in weights.items() if weight]
            return chosen
    return NOWHERE


def _holds(condition: Object, request: Request) -> bool:
    if condition["field"] == "source-ip":
        # Of an example's address, which nobody has.
        assert condition["sourceIPConfig"]["values"] == ["192.0.2.0/32"]
        return False
    assert condition["field"] == "http-header"
    config = condition["httpHeaderConfig"]
    value = request.header(config["httpHeaderName"])
    # Values are compared whatever their case.
    return value is not None and value.lower() in [each.lower() for each in config["values"]]


@dataclass(slots=True)
class _Upstream:
    """What ingress-nginx makes of a Service; `header` only of one that a canary named first."""

    service: str
    no_server: bool = False
    header: tuple[str, str] | None = None
    alternatives: list[str] = field(default_factory=list)


def nginx(ingresses: Sequence[Object], request: Request, endpoints: Mapping[str, bool]) -> str | None:
    """Return the Service that ingress-nginx proxies to.

    Args:
        ingresses: by age, the oldest one first.
        request: the request.
        endpoints: whether each Service has endpoints.
    """
    upstreams: dict[str, _Upstream] = {}
    for ingress in ingresses:
        for _, _, service in _paths(ingress):
            if service not in upstreams:
                upstreams[service] = _Upstream(service)
                if _is_canary(ingress):
                    notes = ingress["metadata"]["annotations"]
                    upstreams[service].no_server = True
                    upstreams[service].header = (notes[f"{_CANARY}-by-header"], notes[f"{_CANARY}-by-header-value"])
    locations: dict[str, dict[str, str]] = {}
    for ingress in ingresses:
        for host, path, service in _paths(ingress):
            if not _is_canary(ingress) and not upstreams[service].no_server:
                locations.setdefault(host, {}).setdefault(path, service)
    _merge(ingresses, upstreams, locations)
    return _balanced(upstreams, locations.get(request.host, {}), request, endpoints)


def _merge(
    ingresses: Sequence[Object], upstreams: dict[str, _Upstream], locations: Mapping[str, Mapping[str, str]]
) -> None:
    """Hang the Services of canaries onto those of users' locations."""
    for ingress in filter(_is_canary, ingresses):
        for host, path, service in _paths(ingress):
            if service not in upstreams or host not in locations:
                continue
            merged = equal = False
            for location, primary in locations[host].items():
                equal = primary == service
                if equal:
                    break
                if location == path and not upstreams[primary].no_server:
                    if service not in upstreams[primary].alternatives:
                        upstreams[primary].alternatives.append(service)
                    merged = True
            if not equal and not merged:
                del upstreams[service]


def _balanced(
    upstreams: Mapping[str, _Upstream], locations: Mapping[str, str], request: Request, endpoints: Mapping[str, bool]
) -> str | None:
    fits = [path for path in locations if f"{request.path.rstrip('/')}/".startswith(f"{path.rstrip('/')}/")]
    if not fits:
        return NOWHERE
    primary = upstreams[locations[max(fits, key=len)]]
    if not endpoints[primary.service]:
        # There is no balancer for it, so its alternatives are never looked at.
        return primary.service
    for name in primary.alternatives[:1]:
        alternative = upstreams.get(name)
        # One without endpoints has no balancer either.
        if alternative is None or not endpoints[name] or alternative.header is None:
            break
        header, value = alternative.header
        if request.header(header) == value:
            return name
    return primary.service


def _is_canary(ingress: Object) -> bool:
    return bool(ingress["metadata"]["annotations"].get(_CANARY) == "true")


def _paths(ingress: Object) -> Iterator[tuple[str, str, str]]:
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            assert path["pathType"] == "Prefix"
            yield rule["host"], path["path"], path["backend"]["service"]["name"]
