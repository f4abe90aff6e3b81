"""What a spec with `switch: gateway` may say, and which two releases go side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.errors import InvalidError, RefusedError
from bggen.model import Color, Image
from bggen.spec import resolve
from bggen.spec.gateway import misfit
from bggen.transitions import BumpRequest, bump
from tests.support.gateway import gateway_spec, preview
from tests.support.states import first, flipped

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState, Route

REPO = "apiVersion: bggen.dev/v1\nkind: Repo\nkubernetes: '1.34'\nenvironments: {prod: {namespace: NS}, bare: {}}\n"
APP = """apiVersion: bggen.dev/v1
kind: App
name: shop
components:
COMPONENTS
route:
  host: shop.example.com
  switch: gateway
  parentRefs: [{name: edge}]
"""


def resolved(route: str, components: int = 1, *, env: str = "prod", namespace: str = "shop") -> AppSpec:
    names = [f"c{number}" for number in range(components)]
    listed = "\n".join(f"  {name}: {{image: a/b, port: 80}}" for name in names)
    content = APP.replace("COMPONENTS", listed) + route
    return resolve(REPO.replace("NS", namespace).encode(), content.encode(), None, app="shop", env=env)


def problems(route: str, components: int = 1, *, env: str = "prod", namespace: str = "shop") -> list[str]:
    with pytest.raises(InvalidError) as caught:
        resolved(route, components, env=env, namespace=namespace)
    return [f"{each.where}: {each.message}" for each in caught.value.problems]


def paths(count: int, components: int = 1) -> str:
    return "  paths: {" + ", ".join(f"/p{number}: c{number % components}" for number in range(count)) + "}\n"


def test_an_http_route_takes_so_many_paths_and_components() -> None:
    assert len(resolved(paths(128)).route.paths) == 128  # type: ignore[union-attr]  # it has one
    assert problems(paths(129)) == ["route.paths: are 129; an HTTPRoute takes 128"]
    assert resolved(paths(16, 16), 16).route
    expected = "route.paths: lead to so many components that 17 rules are needed; 16 are the most"
    assert problems(paths(17, 17), 17) == [expected]


def test_so_many_gateways() -> None:
    parents = "".join(f"  - {{name: edge, sectionName: s{number}}}\n" for number in range(33))
    with pytest.raises(InvalidError, match=r"route\.parentRefs: are 33; an HTTPRoute takes 32"):
        resolve(
            REPO.encode(),
            (
                APP.replace("COMPONENTS", "  c0: {image: a/b, port: 80}").replace(" [{name: edge}]\n", "\n") + parents
            ).encode(),
            None,
            app="shop",
            env="prod",
        )


def test_the_namespace_of_the_route() -> None:
    route = resolved("  namespace: infra\n").route
    assert route
    assert route.namespace == "infra"
    own = resolved("  namespace: shop\n").route
    assert own
    assert own.namespace is None
    message = "needs `namespace` in bggen.yaml: a ReferenceGrant has to lie beside the app's Services"
    assert problems("  namespace: infra\n", env="bare") == [f"route.namespace: {message}"]
    name = f"shop-{'n' * 51}-preview"
    message = f"makes names that are too long: {name} has 64 characters, 63 are the most"
    assert problems("  namespace: infra\n", namespace="n" * 51) == [f"route.namespace: {message}"]
    assert resolved("  namespace: infra\n", namespace="n" * 50).route


@pytest.mark.parametrize(
    ("request_", "backend", "fits"),
    [("10s", "10s", True), ("1h", "61m", False), ("0s", "10s", True), ("1s", "1s1ms", False), ("5s", None, True)],
)
def test_a_try_may_not_take_longer_than_the_request(request_: str, backend: str | None, *, fits: bool) -> None:
    route = f"  timeouts: {{request: {request_}{f', backendRequest: {backend}' if backend else ''}}}\n"
    if fits:
        assert resolved(route).route
    else:
        assert problems(route) == [f"route.timeouts.backendRequest: is longer than `request`, {request_}"]


def route_of(**fields: object) -> Route:
    route = gateway_spec({"/": "web"}).route
    assert route
    return replace(route, **fields)  # type: ignore[arg-type]  # by name


def many(word: str, count: int) -> dict[str, str]:
    return {f"/{word}{number}": "web" for number in range(count)}


@pytest.mark.parametrize(
    ("one", "two", "reason"),
    [
        ({}, {}, None),
        ({"hosts": ("a.example.com",)}, {"hosts": ("b.example.com",)}, None),
        ({"hosts": ("*.example.com", "a.example.com")}, {"hosts": ("a.example.com",)}, None),
        (
            {"hosts": ("*.example.com",)},
            {"hosts": ("*.example.com", "a.example.com")},
            "only one of them has a.example.com, which *.example.com of the other covers",
        ),
        (
            {"hosts": ("*.a.example.com",)},
            {"hosts": ("*.example.com",)},
            "only one of them has *.a.example.com, which *.example.com of the other covers",
        ),
        (
            {"hosts": tuple(f"a{number}.com" for number in range(9))},
            {"hosts": tuple(f"b{number}.com" for number in range(8))},
            "together they have 17 hosts, and an HTTPRoute takes 16",
        ),
        ({"paths": many("a", 64)}, {"paths": many("b", 64)}, None),
        (
            {"paths": many("a", 65)},
            {"paths": many("b", 64)},
            "together they have 129 paths, and an HTTPRoute takes 128",
        ),
        (
            {"paths": {f"/{number}": f"a{number}" for number in range(9)}},
            {"paths": {f"/{number}": f"b{number}" for number in range(8)}},
            "together they need 17 rules, and an HTTPRoute takes 16",
        ),
    ],
)
def test_two_releases_side_by_side(one: dict[str, object], two: dict[str, object], reason: str | None) -> None:
    assert misfit(route_of(**one), route_of(**two)) == reason
    back = misfit(route_of(**two), route_of(**one))
    assert back == reason


def repositories(spec: AppSpec) -> AppSpec:
    made = {name: replace(each, image=Image(f"a/{name}", "v1")) for name, each in spec.components.items()}
    return replace(spec, components=made)


def after(state: EnvState, spec: AppSpec) -> EnvState:
    return bump(state, BumpRequest(repositories(spec), 1)).after


def test_a_bump_beside_which_the_active_release_could_not_be_previewed_is_refused() -> None:
    wide: dict[str, Any] = {"hosts": ("*.example.com",)}
    state = first(gateway_spec({"/": "web"}, **wide))
    with pytest.raises(RefusedError) as caught:
        after(state, gateway_spec({"/": "web"}, "v2", preview=preview()))
    assert caught.value.kind == "preview"
    assert "release 1 and to this one side by side" in str(caught.value)
    assert "leave `route.preview.header` out" in str(caught.value.hint)
    # Without a header the hosts may change, and with the same hosts there may be a header.
    moved = flipped(after(state, gateway_spec({"/": "web"}, "v2")))
    shown = after(moved, gateway_spec({"/": "web"}, "v3", preview=preview()))
    assert shown.release(Color.BLUE)
    with pytest.raises(RefusedError) as caught:
        after(flipped(shown), gateway_spec({"/": "web"}, "v2", **wide))
    assert "bump and flip without `route.preview.header` first" in str(caught.value.hint)


def test_the_route_cannot_move_to_another_namespace_while_it_is_in_use() -> None:
    state = first(gateway_spec({"/": "web"}))
    with pytest.raises(RefusedError) as caught:
        after(state, gateway_spec({"/": "web"}, "v2", namespace="infra"))
    assert caught.value.kind == "immovable"
    assert "route.namespace from (none) to infra" in str(caught.value)
    fields = {"hosts": ("new.example.com",), "parent_refs": ()}
    assert after(state, gateway_spec({"/": "web"}, "v2", **fields)).last == 2
