"""Gateway API: where every HTTPRoute leads, and that it fits what an HTTPRoute may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.view import Expected, dig
from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.checks.view import Item, View
    from bggen.model import EnvState, Problem, Release, Route

# https://gateway-api.sigs.k8s.io/reference/spec/#httproute
_MOST_PARENTS = 32
_MOST_HOSTS = 16
_MOST_RULES = 16
_MOST_PATHS = 64
_MOST_MATCHES = 128
_PORT = 80
_GROUP = "gateway.networking.k8s.io"


def expected_routes(state: EnvState, active: Color) -> Iterator[Expected]:
    """Yield what the state lets expect of Gateway API; other routes are not looked at."""
    releases = {color: release for color in Color if (release := state.release(color))}
    current = releases[active]
    users, grants = _route(current), [current]
    if users is not None:
        yield Expected(
            "HTTPRoute", _name(current), "live route", current, None, active, serves=True, namespace=users.namespace
        )
    shown = releases.get(active.other, current)
    route = _route(shown)
    taken = current.spec.route.hosts if current.spec.route else ()
    if route is not None and route.preview and route.preview.host and route.preview.host not in taken:
        yield _expected(f"{_name(shown)}-preview", "preview route", shown, route, active.other)
    if route is not None and route.preview and not current.spec.route:
        grants.append(shown)
    for color in Color:
        own = releases.get(color, current)
        route = _route(own)
        if route is not None and route.preview and route.preview.header and _side_by_side(releases.values()):
            yield _expected(f"{_name(own)}-{color}", "header route", own, route, color)
    for release in grants:
        if (route := _route(release)) is not None and route.namespace is not None:
            yield Expected("ReferenceGrant", state.app, "grant", release, None, None, serves=True)


def _expected(name: str, role: Any, release: Release, route: Route, color: Color) -> Expected:
    return Expected("HTTPRoute", name, role, release, None, color, namespace=route.namespace)


def _route(release: Release) -> Route | None:
    route = release.spec.route
    return route if route is not None and route.switch == "gateway" else None


def _name(release: Release) -> str:
    foreign = release.spec.route is not None and release.spec.route.namespace is not None
    return f"{release.spec.name}-{release.spec.namespace}" if foreign else release.spec.name


def _side_by_side(releases: Any) -> bool:
    """Whether the hosts and paths of the releases fit one HTTPRoute, and no wildcard comes between them."""
    routes = [release.spec.route for release in releases if release.spec.route]
    hosts = {host for route in routes for host in route.hosts}
    paths = {path for route in routes for path in route.paths}
    components = {name for route in routes for name in route.paths.values()}
    more = 1 if len(paths) > _MOST_PATHS else 0
    if len(hosts) > _MOST_HOSTS or len(paths) > _MOST_MATCHES or len(components) + more > _MOST_RULES:
        return False
    for route in routes:
        ends = [host[1:] for host in route.hosts if host.startswith("*")]
        if any(host.endswith(end) for host in hosts.difference(route.hosts) for end in ends):
            return False
    return True


def gateway(view: View) -> Iterator[Problem]:
    """Users are led to the active colour, a preview to the idle one, and a header to the colour that it names."""
    for item, expected in view.of("live route", "preview route", "header route"):
        route = expected.release.spec.route
        if route is not None and expected.selects is not None:
            yield from _limits(item)
            yield from _head(item, expected, route, view)
            yield from _leads(item, expected, expected.selects, view)
    for item, expected in view.of("grant"):
        origin = expected.release.spec.route.namespace if expected.release.spec.route else None
        wanted = {
            "from": [{"group": _GROUP, "kind": "HTTPRoute", "namespace": origin}],
            "to": [{"group": "", "kind": "Service"}],
        }
        if item.at("spec") != wanted:
            yield item.problem("spec", f"must let HTTPRoutes of {origin} reach Services, and nothing else")


def _limits(item: Item) -> Iterator[Problem]:
    rules = _list(item.at("spec", "rules"))
    matches = [len(_list(dig(rule, "matches"))) for rule in rules]
    found = [
        ("spec.parentRefs", len(_list(item.at("spec", "parentRefs"))), _MOST_PARENTS),
        ("spec.hostnames", len(_list(item.at("spec", "hostnames"))), _MOST_HOSTS),
        ("spec.rules", len(rules), _MOST_RULES),
        *((f"spec.rules.{index}.matches", count, _MOST_PATHS) for index, count in enumerate(matches)),
        ("spec.rules", sum(matches), _MOST_MATCHES),
    ]
    for where, count, most in found:
        if not 0 < count <= most:
            yield item.problem(where, f"must be from 1 to {most}, are {count}")


def _head(item: Item, expected: Expected, route: Route, view: View) -> Iterator[Problem]:
    """Look at the Gateways and hosts by which people come."""
    parents = [
        {
            "group": _GROUP,
            "kind": "Gateway",
            "name": each.name,
            **({"namespace": each.namespace} if each.namespace is not None else {}),
            **({"sectionName": each.section_name} if each.section_name is not None else {}),
            **({"port": each.port} if each.port is not None else {}),
        }
        for each in route.parent_refs
    ]
    if item.at("spec", "parentRefs") != parents:
        yield item.problem("spec.parentRefs", "must be those of the spec")
    hosts = list(route.hosts)
    if expected.role == "preview route":
        hosts = [route.preview.host] if route.preview and route.preview.host else []
    if expected.role == "header route":
        hosts = sorted({host for each in _routes(view) for host in each.hosts})
    if item.at("spec", "hostnames") != hosts:
        yield item.problem("spec.hostnames", f"must be {', '.join(hosts)}")


def _leads(item: Item, expected: Expected, color: Color, view: View) -> Iterator[Problem]:
    """Look at every rule: which requests it takes, and where it sends them."""
    missing = dict(_wanted(expected, view))
    for index, rule in enumerate(_list(item.at("spec", "rules"))):
        where = f"spec.rules.{index}"
        backends = _list(dig(rule, "backendRefs"))
        for number, match in enumerate(_list(dig(rule, "matches"))):
            path = dig(match, "path", "value")
            if dig(match, "headers") != _headers(expected, color):
                what = f"name {color} in the header" if expected.role == "header route" else "have no headers"
                yield item.problem(f"{where}.matches.{number}.headers", f"must {what}")
            elif dig(match, "path", "type") == "PathPrefix" and isinstance(path, str) and path in missing:
                base = missing.pop(path)
                if not backends or dig(backends[0], "name") not in {f"{base}-blue", f"{base}-green"}:
                    yield item.problem(f"{where}.matches.{number}", f"{path} must lead to {base}")
        # What a patch adds may answer by itself, as a redirect does.
        for name, message in _wrong(backends, expected, color, view) if backends else ():
            yield item.problem(f"{where}.backendRefs", f"{name}: {message}")
    for path in missing:
        yield item.problem("spec.rules", f"must take {path}: users may be led by it")


def _wanted(expected: Expected, view: View) -> Iterator[tuple[str, str]]:
    """Yield every path that must be there, with the base name of what answers."""
    spec = expected.release.spec
    own = dict(spec.route.paths) if spec.route else {}
    for path, component in own.items():
        yield path, spec.base_name(component)
    if expected.role != "header route":
        return
    for route in _routes(view):
        for path, component in route.paths.items():
            if path not in own:
                above = [each for each in own if f"{path.rstrip('/')}/".startswith(f"{each.rstrip('/')}/")]
                yield path, spec.base_name(own[max(above, key=len)] if above else component)


def _headers(expected: Expected, color: Color) -> list[dict[str, Any]] | None:
    route = expected.release.spec.route
    if expected.role != "header route" or route is None or route.preview is None:
        return None
    return [{"type": "Exact", "name": route.preview.header, "value": str(color)}]


def _wrong(backends: list[Any], expected: Expected, color: Color, view: View) -> Iterator[tuple[Any, str]]:
    """Yield what is wrong with the backends of a rule, each with its name."""
    services = {item.manifest.name: wanted for item, wanted in view.of("color service")}
    spec = expected.release.spec
    namespace = spec.namespace if expected.namespace != spec.namespace else None
    both = view.state.joined and expected.role == "live route"
    weights: Mapping[Color, int] = {each: 100 if both or each is color else 0 for each in Color}
    if expected.role == "header route":
        weights = {color: 1}
    seen: dict[Color | None, Any] = {}
    for backend in backends:
        name = dig(backend, "name")
        service = services.get(name) if dig(backend, "kind") == "Service" and dig(backend, "group") == "" else None
        if service is None:
            yield name, "is no Service of a colour of this app"
            continue
        seen[service.selects] = service.component
        if dig(backend, "port") != _PORT:
            yield name, f"the port must be {_PORT}, is {dig(backend, 'port')}"
        if dig(backend, "namespace") != namespace:
            yield name, f"the namespace must be {namespace}, is {dig(backend, 'namespace')}"
        if service.selects is not None and dig(backend, "weight") != weights.get(service.selects):
            yield name, f"the weight must be {weights.get(service.selects, 'none')}, is {dig(backend, 'weight')}"
    if seen.keys() != weights.keys() or len(backends) != len(weights):
        yield spec.name, f"must be one each of {', '.join(weights)}"
    elif len({component.name for component in seen.values()}) != 1:
        yield spec.name, "must be of one component"


def _routes(view: View) -> list[Route]:
    releases = [view.state.blue, view.state.green]
    return [release.spec.route for release in releases if release and release.spec.route]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
