"""The checks of ALBs' Ingresses and of canaries see what they are there for: each invariant is broken in one place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.checks import check
from bggen.render import render
from tests.support.breaking import annotation, broken, put, put_at
from tests.support.fronts import BY_BOTH, front
from tests.support.states import bumped, first

if TYPE_CHECKING:
    from collections.abc import Callable

PATHS = {"/": "web", "/api": "api"}
ALB, NGINX, OWN = (
    bumped(first(front(controller, PATHS, switch=switch, preview=BY_BOTH)), front(controller, PATHS, switch=switch))
    for controller, switch in (("alb", "ingress"), ("nginx", "service"), ("nginx", "ingress"))
)
BOTH = bumped(first(front("alb", PATHS, preview=BY_BOTH)), front("alb", PATHS, preview=BY_BOTH))
INGRESS, PREVIEW, CANARY = "ingress-shop.yaml", "ingress-shop-preview.yaml", "ingress-shop-blue-green.yaml"
PREFIX = "alb.ingress.kubernetes.io"
Change = Any


def action(name: str, change: Callable[[Any], object]) -> Change:
    """A change of an action's JSON."""

    def changed(data: Any) -> None:
        notes = data["metadata"]["annotations"]
        value = json.loads(notes[f"{PREFIX}/actions.{name}"])
        change(value["forwardConfig"])
        notes[f"{PREFIX}/actions.{name}"] = json.dumps(value)

    return changed


def _weights(blue: int, green: int) -> Callable[[Any], None]:
    def change(forward: Any) -> None:
        forward["targetGroups"][0]["weight"], forward["targetGroups"][1]["weight"] = blue, green

    return change


def _service(name: str) -> Callable[[Any], None]:
    def change(forward: Any) -> None:
        forward["targetGroups"][1]["serviceName"] = name

    return change


def _swapped(data: Any) -> None:
    paths = data["spec"]["rules"][0]["http"]["paths"]
    paths[0], paths[2] = paths[2], paths[0]


def _without(index: int) -> Change:
    def change(data: Any) -> None:
        del data["spec"]["rules"][0]["http"]["paths"][index]

    return change


NO_RULE = "spec.rules: /api on shop.example.com must lead to api of blue with X-Preview: blue, then api of green with"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (action("api", _weights(0, 100)), NO_RULE),
        (action("api", _weights(99, 1)), "the action api must give one colour the weight 100 and the other one 0, or"),
        (action("api", _weights(50, 50)), NO_RULE),
        (action("api", lambda forward: forward["targetGroups"].pop()), "the action api must name both colours of one"),
        (action("api", _service("shop-web-green")), "the action api must name both colours of one component"),
        (action("api", _service("shop-api")), "the action api names shop-api: no Service of a colour, at `http`"),
        (action("api", _service("shop-gone-green")), "the action api names shop-gone-green: no Service of a colour"),
        (
            action("api", lambda forward: forward.update(targetGroupStickinessConfig={"enabled": True})),
            "the action api must forward, and must not keep users where they are",
        ),
        (annotation(f"{PREFIX}/actions.api", "{"), "the action api must forward"),
        (annotation(f"{PREFIX}/actions.api-blue", None), "the action api-blue must forward"),
        (annotation(f"{PREFIX}/conditions.api-blue", None), NO_RULE),
        (annotation(f"{PREFIX}/conditions.api", '[{"field": "source-ip"}]'), "its conditions must be one value of one"),
        (annotation(f"{PREFIX}/target-type", "instance"), "must be ip: the Services have no ports on nodes"),
        (put("spec/rules/0/http/paths/0/backend/service/port/name", "http"), "must be a prefix with an action"),
        (put("spec/rules/0/http/paths/0/pathType", "Exact"), "must be a prefix with an action"),
        (_swapped, NO_RULE),
        (_without(0), NO_RULE),
        (_without(2), NO_RULE),
    ],
)
def test_rules_of_an_alb(change: Change, said: str) -> None:
    found = broken(INGRESS, change, BOTH)
    assert any(said in line for line in found), found


def test_the_preview_of_an_alb_leads_to_the_idle_colour() -> None:
    found = broken(PREVIEW, action("web", _weights(100, 0)), BOTH)
    assert found == ["spec.rules: / on preview.example.com must lead to web of green; leads to ['web of blue']"]


def test_an_alb_weighs_joined_colours_the_same() -> None:
    joined = replace(bumped(first(front("alb", PATHS)), front("alb", PATHS)), joined=True)
    assert check(joined, render(joined)) == ()
    for weights in (_weights(100, 0), _weights(0, 100)):
        (line,) = broken(INGRESS, action("web", weights), joined)
        assert "then web of blue and green; leads to" in line


def _mark(key: str, value: str | None) -> Change:
    return annotation(f"nginx.ingress.kubernetes.io/canary{key}", value)


SERVICE = "spec/rules/0/http/paths/0/backend/service/name"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_mark("", None), "must be true, is None"),
        (_mark("", "false"), "must be true, is false"),
        (_mark("-by-header", "X-Other"), "must be X-Preview, is X-Other"),
        (_mark("-by-header-value", "blue"), "must be green, is blue"),
        (_mark("-weight", "50"), "must not be there, is 50"),
        (put(SERVICE, "shop-web-blue"), "the Service shop-web-blue leads to blue, not to green"),
        (put(SERVICE, "shop-web"), "shop-web stands in another Ingress: nginx would drop the location of one"),
        (put(SERVICE, "shop-api-green"), "must be shop-web-green, is shop-api-green"),
        (put(SERVICE, "gone"), "gone is no Service of this app"),
        (put("spec/rules/0/http/paths/0/path", "/new"), "must be no path: users have none there, is shop-web-green"),
        (put("spec/rules/0/host", "new.example.com"), "must hold / on shop.example.com"),
        (_without(0), "must hold / on shop.example.com"),
    ],
)
def test_a_canary(change: Change, said: str) -> None:
    found = broken(CANARY, change, NGINX)
    assert any(said in line for line in found), found


def test_users_ingress_is_no_canary() -> None:
    found = broken(INGRESS, _mark("", "true"), NGINX)
    assert any("must not be there, is true" in line for line in found)


def test_a_canary_beside_an_ingress_that_switches() -> None:
    assert broken(CANARY, put_at("metadata", "labels", "note", to="x"), OWN) == []
    found = broken(CANARY, put(SERVICE, "shop-web-green"), OWN)
    assert any("must be shop-web-preview, is shop-web-green" in line for line in found)


def test_a_canary_stands_in_the_last_wave() -> None:
    found = broken(CANARY, annotation("argocd.argoproj.io/sync-wave", "20"), NGINX)
    assert any("is 20, must be 30" in line for line in found)
