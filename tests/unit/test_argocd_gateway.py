"""Argo CD and `switch: gateway`: the order of what it renders, every cut of a story, and wrong orders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.argocd import End, World
from tests.support.argocd_checks import (
    cut_everywhere,
    moved,
    not_switched,
    rules_broken,
    sync,
    without_prune_last,
)
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import tree_of, written
from tests.support.argocd_objects import Tree
from tests.support.argocd_specs import app, smoke
from tests.support.gateway import preview

if TYPE_CHECKING:
    from bggen.model import AppSpec
    from tests.support.argocd_checks import Change
    from tests.support.argocd_history import Words
    from tests.support.argocd_objects import Key, Resource


def gateway(*names: str, tag: str = "v1", shown: bool = True, smoked: bool = False) -> AppSpec:
    """Return a spec of which each component is called by the one before it."""
    calls = {name: names[number + 1 : number + 2] for number, name in enumerate(names)}
    spec = app(calls, tag=tag, switch="gateway", smoke=smoke() if smoked else None)
    assert spec.route
    return replace(spec, route=replace(spec.route, preview=preview("preview.example.com") if shown else None))


WEB, NEW = gateway("web"), gateway("web", tag="v2")
PAIR, NEW_PAIR = gateway("web", "api"), gateway("web", "api", tag="v2")
RENAMED: Words = ["bump", WEB, "bump --flip", gateway("front"), "bump", gateway("front", tag="v2")]
UNROUTED = app({"web": []}, routed=False)
CHANGES: dict[str, Words] = {
    "a flip": ["bump", WEB, "bump", NEW, "flip", "rollback"],
    "one commit": ["bump", PAIR, "bump --flip", NEW_PAIR, "park"],
    "a component comes and goes": ["bump", WEB, "bump --flip", PAIR, "bump", WEB, "flip", "bump", WEB],
    "a preview comes and goes": ["bump", gateway("web", shown=False), "bump", NEW, "flip", "bump", WEB],
    "a component is renamed": RENAMED,
    "a route comes and goes": ["bump", UNROUTED, "bump --flip", WEB, "bump --flip", UNROUTED, "bump", UNROUTED],
}


@pytest.mark.parametrize("words", CHANGES.values(), ids=CHANGES)
def test_no_pair_of_these_trees_harms_traffic(words: Words) -> None:
    assert rules_broken([Tree({}), *map(tree_of, written(words))]) == set()


def test_every_cut_of_a_short_story_and_every_tree_after_it() -> None:
    history = written(["bump", WEB, "bump --flip", PAIR, "bump --flip", NEW])
    assert cut_everywhere(history) > 40


def test_a_preview_that_no_gateway_takes_holds_up_nothing() -> None:
    history = written(["bump", PAIR, "bump", NEW_PAIR, "flip"])
    previews = ("shop-preview", "shop-blue", "shop-green")
    world = World(lambda key: Health.PROGRESSING if key[1] in previews else Health.HEALTHY)
    cluster = Cluster.settled(tree_of(history[0]))
    for state in history:
        assert sync(cluster, tree_of(state), world) == (End.SUCCEEDED, set())


def test_a_gateway_that_never_takes_the_users_route_is_waited_for_after_the_switch() -> None:
    first, _, last = written(["bump", PAIR, "bump", NEW_PAIR, "flip"])
    cluster = Cluster.settled(tree_of(first))
    world = World(lambda key: Health.PROGRESSING if key == ("HTTPRoute", "shop") else Health.HEALTHY)
    assert sync(cluster, tree_of(last), world) == (End.WAITING, set())
    assert cluster.live["HTTPRoute", "shop"].leads == {"shop-web-green", "shop-api-green"}
    assert cluster.live["Service", "shop-web"].color_selected == "green"


def test_behind_a_failed_smoke_test_no_weight_changes() -> None:
    words: Words = ["bump", gateway("web", smoked=True), "bump --flip", gateway("web", tag="v2", smoked=True)]
    first, last = map(tree_of, written(words))
    cluster = Cluster.settled(first)
    world = World(lambda key: Health.DEGRADED if key[0] == "Job" else Health.HEALTHY)
    assert sync(cluster, last, world) == (End.FAILED, set())
    assert cluster.live["HTTPRoute", "shop"].leads == {"shop-web-blue"}


def _without_waves(tree: Tree) -> Tree:
    return Tree({key: replace(each, wave=0) for key, each in tree.resources.items()}, tree.active)


def _turned(tree: Tree) -> Tree:
    """Let the route lead to the colour that is not active."""
    key: Key = ("HTTPRoute", "shop")

    def turned(route: Resource) -> Resource:
        names = {name for name, _ in route.backends}
        return replace(route, leads=frozenset(names - route.leads))

    found = tree.resources.get(key)
    return Tree({**tree.resources, key: turned(found)}, tree.active) if found else tree


def _idle_services_pruned_at_once(tree: Tree) -> Tree:
    """Let the route's backends with a weight of zero go when their wave comes."""
    found = {
        key: replace(each, options=frozenset())
        for key, each in tree.resources.items()
        if key[0] == "Service" and each.color is not None and each.color != tree.active
    }
    return Tree({**tree.resources, **found}, tree.active)


@pytest.mark.parametrize(
    ("wrong", "words", "rules"),
    [
        (_without_waves, ["bump", WEB, "bump --flip", NEW], {"unready"}),
        (moved({"HTTPRoute"}, -10), ["bump", WEB, "bump --flip", NEW], {"unready", "no-pods"}),
        (without_prune_last("Service"), RENAMED, {"gone", "no-backend"}),
        (_idle_services_pruned_at_once, RENAMED, {"no-backend"}),
        (without_prune_last("HTTPRoute"), CHANGES["a route comes and goes"], {"gone"}),
        (_turned, ["bump", WEB], {"no-pods"}),
    ],
)
def test_a_wrong_order_harms_traffic(wrong: Change, words: Words, rules: set[str]) -> None:
    trees = [Tree({}), *map(tree_of, written(words))]
    assert rules_broken(trees) == set()
    assert rules <= rules_broken([wrong(tree) for tree in trees])


def test_a_preview_before_the_switch_could_block_the_way_back() -> None:
    state = written(["bump", WEB, "bump", NEW, "flip"])[-1]
    assert not_switched(Cluster.settled(tree_of(state)), state) == []

    def early(tree: Tree) -> Tree:
        found = {
            key: replace(each, wave=10)
            for key, each in tree.resources.items()
            if key[0] == "HTTPRoute" and not each.route
        }
        return Tree({**tree.resources, **found}, tree.active)

    assert not_switched(Cluster.settled(early(tree_of(state))), state, early) != []
