"""The checks of Gateway API see what they are there for, and patches may not change what switches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bggen.checks import check
from bggen.errors import InvalidError
from bggen.model.parts import ParentRef, Patch, Timeouts
from bggen.render import render
from tests.support.breaking import OPTIONS, WAVE, added, annotation, broken, put
from tests.support.gateway import gateway_spec, preview
from tests.support.states import bumped, first, flipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import AppSpec, EnvState

BOTH = preview("preview.example.com")
PATHS = {"/": "web", "/api": "api"}
STATE = bumped(first(gateway_spec(PATHS, preview=BOTH)), gateway_spec({**PATHS, "/new": "web"}, "v2", preview=BOTH))
FOREIGN = bumped(
    first(gateway_spec(PATHS, preview=BOTH, namespace="infra")),
    gateway_spec(PATHS, "v2", preview=BOTH, namespace="infra", timeouts=Timeouts(request="10s")),
)
LIVE, HOST = "httproute-shop.yaml", "httproute-shop-preview.yaml"
BLUE, GREEN = "httproute-shop-blue.yaml", "httproute-shop-green.yaml"
GRANT = "referencegrant-shop.yaml"
API = {"path": {"type": "PathPrefix", "value": "/api"}}


@pytest.mark.parametrize("state", [STATE, FOREIGN, flipped(STATE), flipped(FOREIGN)])
def test_what_is_rendered_is_right(state: EnvState) -> None:
    assert check(state, render(state)) == ()


def backend(rule: int, number: int, key: str, to: object) -> Callable[[dict[str, Any]], None]:
    return put(f"spec/rules/{rule}/backendRefs/{number}/{key}", to)


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (LIVE, backend(0, 0, "weight", 0), "shop-api-blue: the weight must be 100, is 0"),
        (LIVE, backend(0, 1, "weight", 1), "shop-api-green: the weight must be 0, is 1"),
        (LIVE, backend(0, 1, "name", "shop-web-green"), "must be of one component"),
        (LIVE, backend(0, 1, "name", "shop-api-blue"), "must be one each of blue, green"),
        (LIVE, backend(0, 0, "name", "shop-api"), "shop-api: is no Service of a colour of this app"),
        (LIVE, backend(0, 0, "kind", "Other"), "shop-api-blue: is no Service of a colour of this app"),
        (LIVE, backend(0, 0, "port", 9090), "shop-api-blue: the port must be 80, is 9090"),
        (LIVE, backend(0, 0, "namespace", "x"), "the namespace must be None, is x"),
        (LIVE, put("spec/rules/0/backendRefs", []), "/api must lead to shop-api"),
        (LIVE, put("spec/rules/0/matches/0/path/value", "/other"), "must take /api: users may be led by it"),
        (LIVE, put("spec/rules/0/matches/0/path/type", "Exact"), "must take /api: users may be led by it"),
        (LIVE, put("spec/rules/0/matches/0/headers", [{"name": "X-A", "value": "b"}]), "must have no headers"),
        (LIVE, put("spec/rules/1/matches", [API]), "must take /: users may be led by it"),
        (LIVE, put("spec/hostnames", ["other.example.com"]), "spec.hostnames: must be shop.example.com"),
        (LIVE, put("spec/parentRefs/0/name", "other"), "spec.parentRefs: must be those of the spec"),
        (LIVE, put("spec/parentRefs", []), "spec.parentRefs: must be from 1 to 32, are 0"),
        (LIVE, put("spec/rules/0/matches", [API] * 65), "spec.rules.0.matches: must be from 1 to 64, are 65"),
        (LIVE, annotation(WAVE, "30"), "is 30, must be 20"),
        (LIVE, annotation(WAVE, "10"), "this may hold up the switch"),
        (LIVE, annotation(OPTIONS, ""), "must hold PruneLast=true"),
        (HOST, backend(0, 0, "weight", 100), "shop-api-blue: the weight must be 0, is 100"),
        (HOST, put("spec/hostnames", ["shop.example.com"]), "spec.hostnames: must be preview.example.com"),
        (HOST, annotation(WAVE, "20"), "is 20, must be 30"),
        (GREEN, backend(0, 0, "name", "shop-api-blue"), "must be one each of green"),
        (GREEN, added("spec.rules.0.backendRefs", {"name": "shop-api-blue"}), "must be one each of green"),
        (GREEN, put("spec/rules/0/matches/0/headers/0/value", "blue"), "must name green in the header"),
        (GREEN, put("spec/rules/0/matches/0/headers", []), "must name green in the header"),
        (BLUE, put("spec/rules/0/matches/0/path/value", "/other"), "must take /api: users may be led by it"),
        (BLUE, annotation(WAVE, "20"), "is 20, must be 30"),
        (BLUE, annotation(OPTIONS, "PruneLast=true"), "must not hold PruneLast=true"),
        ("service-shop-api-green.yaml", annotation(OPTIONS, ""), "must hold PruneLast=true"),
    ],
)
def test_a_route_that_leads_elsewhere_is_named(
    file: str, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    found = broken(file, change, STATE)
    assert any(expected in line for line in found), found


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        ("httproute-shop-shop.yaml", put("metadata.namespace", "shop"), "metadata.namespace: must be infra, is shop"),
        ("httproute-shop-shop.yaml", backend(0, 0, "namespace", "infra"), "the namespace must be shop, is infra"),
        (GRANT, put("spec.from.0.namespace", "other"), "spec: must let HTTPRoutes of infra reach Services"),
        (GRANT, put("spec.to.0.kind", "Secret"), "spec: must let HTTPRoutes of infra reach Services"),
        (GRANT, annotation(WAVE, "30"), "is 30, must be -20"),
        (GRANT, annotation(OPTIONS, ""), "must hold PruneLast=true"),
    ],
)
def test_a_route_in_another_namespace(file: str, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    found = broken(file, change, FOREIGN)
    assert any(expected in line for line in found), found


def test_what_is_missing_is_named() -> None:
    for file in ("httproute-shop-shop.yaml", "httproute-shop-shop-green.yaml", GRANT):
        found = check(FOREIGN, tuple(each for each in render(FOREIGN) if each.file != file))
        assert any(str(each).endswith("asks for it") and each.path.endswith(file) for each in found)


def test_without_the_service_of_one_colour_its_weight_of_zero_is_no_excuse() -> None:
    kept = tuple(each for each in render(STATE) if each.file != "service-shop-api-green.yaml")
    found = [str(each) for each in check(STATE, kept) if LIVE in each.path]
    assert any("shop-api-green: is no Service of a colour of this app" in line for line in found)


def test_where_no_users_come_by_a_route_a_preview_brings_its_grant() -> None:
    plain = replace(gateway_spec(PATHS), route=None)
    for shown in (preview(), BOTH, preview("preview.example.com", header=None)):
        state = bumped(first(plain), gateway_spec(PATHS, "v2", preview=shown, namespace="infra"))
        kinds = [each.kind for each in render(state)]
        assert kinds.count("ReferenceGrant") == 1
        assert kinds.count("HTTPRoute") == (shown.host is not None) + (shown.header is not None)
        for now in (state, flipped(state)):
            assert check(now, render(now)) == ()


def test_two_environments_may_have_their_routes_in_one_namespace() -> None:
    one, two = (
        first(gateway_spec(PATHS, namespace="infra", app_namespace=name), env) for name, env in (("a", "x"), ("b", "y"))
    )
    names = [[each.name for each in render(state) if each.kind == "HTTPRoute"] for state in (one, two)]
    assert names == [["shop-a"], ["shop-b"]]


def patched(*operations: dict[str, Any], name: str | None = None, kind: str = "HTTPRoute") -> AppSpec:
    spec = gateway_spec(PATHS, preview=preview(), namespace="infra" if kind == "ReferenceGrant" else None)
    return replace(spec, patches=(Patch(kind, name=name, operations=operations),))


RULE = {"matches": [API], "backendRefs": [{"name": "other", "port": 80}]}


@pytest.mark.parametrize(
    ("path", "value", "advice"),
    [
        ("/spec/rules/0/backendRefs/0/weight", 1, "it is how traffic is switched"),
        ("/spec/rules/0/backendRefs/0/name", "shop-web-blue", "it is how traffic is switched"),
        ("/spec/rules/0/backendRefs", [], "it is how traffic is switched"),
        ("/spec/rules/0/matches/0/path/value", "/x", "use `route.paths` and `route.preview` of the spec"),
        ("/spec/rules/0/matches/0/headers", [{"name": "a", "value": "b"}], "use `route.paths` and `route.preview`"),
        ("/spec/rules", [], "use `route.paths` and `route.preview` of the spec"),
        ("/spec/rules/-", RULE, "use `route.paths` and `route.preview` of the spec"),
        ("/spec/hostnames/-", "x.example.com", "use `route.hosts` and `route.preview.host` of the spec"),
        ("/spec/parentRefs/0/name", "x", "use `route.parentRefs` of the spec"),
    ],
)
def test_what_switches_cannot_be_patched(path: str, value: object, advice: str) -> None:
    spec = patched({"op": "add", "path": path, "value": value}, name="shop")
    with pytest.raises(InvalidError, match="of HTTPRoute shop can't be patched: .*" + advice):
        render(first(spec))


def test_the_grant_cannot_be_patched() -> None:
    spec = patched({"op": "add", "path": "/spec/to/0/name", "value": "x"}, kind="ReferenceGrant")
    with pytest.raises(InvalidError, match="it is how the HTTPRoutes reach the Services"):
        render(first(spec))


def test_filters_timeouts_and_redirects_may_be_patched_in() -> None:
    header = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "X-A", "value": "b"}]}}
    redirect = {
        "matches": [{"path": {"type": "Exact", "value": "/old"}}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplaceFullPath"}}}],
    }
    spec = patched(
        {"op": "add", "path": "/spec/rules/0/filters", "value": [header]},
        {"op": "add", "path": "/spec/rules/1/timeouts", "value": {"request": "5s"}},
        {"op": "add", "path": "/spec/rules/-", "value": redirect},
        name="shop",
    )
    state = bumped(first(spec), spec)
    for now in (state, flipped(state)):
        assert check(now, render(now)) == ()
    data = yaml.safe_load(next(each.text for each in render(state) if each.file == LIVE))
    assert [*data["spec"]["rules"][0]] == ["matches", "backendRefs", "filters"]


def test_the_gateways_and_listeners_of_the_spec() -> None:
    parents = (ParentRef("edge"), ParentRef("edge", "infra", "https", 443), ParentRef("lan", port=8080))
    state = first(gateway_spec(PATHS, parent_refs=parents))
    data = yaml.safe_load(next(each.text for each in render(state) if each.file == LIVE))
    own = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    assert data["spec"]["parentRefs"] == [
        {**own, "name": "edge"},
        {**own, "name": "edge", "namespace": "infra", "sectionName": "https", "port": 443},
        {**own, "name": "lan", "port": 8080},
    ]
