"""The weights of an ALB and the canary of nginx in the order of one sync, over all pairs of a story's trees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.model.parts import Preview
from tests.support.argocd_checks import harm, moved, not_switched, rules_broken, sync
from tests.support.argocd_cluster import Cluster
from tests.support.argocd_history import tree_of, written
from tests.support.argocd_objects import Tree
from tests.support.argocd_specs import app

if TYPE_CHECKING:
    from bggen.model import AppSpec, Controller
    from tests.support.argocd_history import Words

PREVIEW = Preview("preview.example.com", header="X-Preview")


def behind(controller: Controller, components: dict[str, list[str]], tag: str = "v1", **route: Any) -> AppSpec:
    fields: dict[str, Any] = {"switch": "ingress", "publishes_status": True, "preview": PREVIEW, **route}
    spec = app(components, tag=tag)
    assert spec.route is not None
    return replace(spec, route=replace(spec.route, controller=controller, **fields))


def story(controller: Controller, **route: Any) -> Words:
    """Components that come and go, flips, a rollback, and colours that are bumped and flipped to at once."""
    web: dict[str, list[str]] = {"web": []}
    pair = {"web": ["api"], "api": []}
    return [
        "bump", behind(controller, pair, **route),
        "bump", behind(controller, {"web": [], "front": []}, "v2", **route),
        "flip",
        "bump", behind(controller, web, "v3", **route),
        "rollback", "unhold",
        "bump --flip", behind(controller, pair, "v4", **route),
        "park",
    ]  # fmt: skip


WAYS: list[tuple[Controller, dict[str, Any]]] = [
    ("alb", {}),
    ("alb", {"preview": None}),
    ("alb", {"publishes_status": False}),
    ("nginx", {"switch": "service", "publishes_status": False}),
    ("nginx", {}),
    ("nginx", {"publishes_status": False}),
]


@pytest.mark.parametrize(("controller", "route"), WAYS)
def test_no_pair_of_trees_harms_traffic_and_every_rollback_switches(
    controller: Controller, route: dict[str, Any]
) -> None:
    states = written(story(controller, **route))
    trees = [Tree({}), *map(tree_of, states)]
    assert len(trees) > 6
    assert rules_broken(trees) == set()
    for start, state in zip(trees[1:], states, strict=True):
        assert not_switched(Cluster.settled(start), state) == []


def test_weights_that_move_before_their_colour_is_up_are_noticed() -> None:
    trees = [moved({"Ingress"}, -10)(tree_of(state)) for state in written(story("alb"))]
    assert "unready" in rules_broken(trees)


def test_users_of_an_alb_are_led_by_its_weights_and_by_no_rule_that_asks_for_a_header() -> None:
    before, after = map(tree_of, written(story("alb"))[1:3])
    live = ("Ingress", "shop")
    assert before.resources[live].leads == {"shop-web-blue", "shop-api-blue"}
    assert after.resources[live].leads == {"shop-web-green", "shop-front-green"}
    both = {f"shop-{name}-{color}" for name in ("web", "api", "front") for color in ("blue", "green")}
    assert {name for name, _ in before.resources[live].backends} == both
    assert before.resources[live].backends == after.resources[live].backends
    cluster = Cluster.settled(before)
    _, broken = sync(cluster, after)
    assert not harm(broken)
    assert cluster.live[live].leads == after.resources[live].leads


def test_nobody_comes_by_a_canary_without_asking_and_it_stands_behind_the_switch() -> None:
    same = behind("nginx", {"web": [], "api": []}, switch="service")
    tree = tree_of(written(["bump", same, "bump", same])[-1])
    canary, live = tree.resources["Ingress", "shop-blue-green"], tree.resources["Ingress", "shop"]
    assert live.route
    assert not canary.route
    assert canary.wave >= live.wave
    assert canary.wave > max(each.wave for each in tree.resources.values() if each.active)
