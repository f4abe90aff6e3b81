"""The canary of ingress-nginx: it takes no request but those that name the idle colour, and takes them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.checks.headers import canary_paths, header_of
from bggen.checks.ingress import paths_of, wrong_pods
from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_CANARY: Final = "nginx.ingress.kubernetes.io/canary"


def canary(view: View) -> Iterator[Problem]:
    """Users' Ingress is never a canary, and what is one differs from it in nothing but its Services."""
    for item, expected in view.of("ingress", "preview ingress"):
        route = expected.release.spec.route
        if route is not None and route.controller == "nginx":
            yield from _marked(item, {})
    for item, expected in view.of("canary"):
        header = header_of(view.state, expected.selects) if expected.selects else None
        value = str(expected.selects)
        yield from _marked(item, {"": "true", "-by-header": header, "-by-header-value": value})
        yield from _leads(item, expected, view)


def _marked(item: Item, wanted: dict[str, str | None]) -> Iterator[Problem]:
    annotations = item.at("metadata", "annotations") or {}
    found = {key.removeprefix(_CANARY): value for key, value in annotations.items() if key.startswith(_CANARY)}
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            must = "not be there" if wanted.get(key) is None else f"be {wanted[key]}"
            yield item.problem(
                f"{_CANARY}{key}", f"must {must}, is {found.get(key)}: it says who is led by which Ingress"
            )


def _leads(item: Item, expected: Expected, view: View) -> Iterator[Problem]:
    active = view.state.active_release
    color, idle, live = expected.selects, expected.release.spec.route, active.spec.route if active else None
    if color is None or idle is None or live is None:
        return
    suffix = "preview" if live.switch == "ingress" else str(color)
    answers = canary_paths(live.paths, idle.paths) or {}
    wanted = {
        (host, path): f"{expected.release.spec.base_name(component)}-{suffix}"
        for host in live.hosts
        for path, component in answers.items()
    }
    services = {each.manifest.name: each for each, _ in view.of("color service", "preview service")}
    others = [path for other, _ in view.of("ingress", "preview ingress") for _, _, path in paths_of(other)]
    taken = {dig(path, "backend", "service", "name") for path in others}
    found = []
    for where, host, path in paths_of(item):
        place, name = f"{where}.backend.service.name", dig(path, "backend", "service", "name")
        key = (host, dig(path, "path"))
        found.append(key)
        if name != wanted.get(key):
            yield item.problem(place, f"must be {wanted.get(key, 'no path: users have none there')}, is {name}")
        if name in taken:
            yield item.problem(place, f"{name} stands in another Ingress: nginx would drop the location of one")
        if name not in services:
            yield item.problem(place, f"{name} is no Service of this app")
            continue
        for message in wrong_pods(services[name], color, view):
            yield item.problem(place, f"the Service {name} leads to {message}")
    for host, path in wanted.keys() - set(found):
        yield item.problem("spec.rules", f"must hold {path} on {host}")
