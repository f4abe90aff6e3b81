"""Trees that bggen renders, one by one: every cut of a short story, wrong orders, and what the order leaves open."""

from __future__ import annotations

import itertools
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
from tests.support.argocd_objects import COLOR, Tree
from tests.support.argocd_specs import app

if TYPE_CHECKING:
    from tests.support.argocd_checks import Change
    from tests.support.argocd_history import Words
    from tests.support.argocd_objects import Resource

WEB = app({"web": []})
NEW = app({"web": []}, tag="v2")
PAIR = app({"web": ["api"], "api": []})
NEW_PAIR = app({"web": ["api"], "api": []}, tag="v2")
FRONT = app({"front": []})
MOVED = app({"web": ["api"], "api": []}, ports={"api": 7000})
MUTE = app({"web": [], "api": []}, ports={"api": None})
GONE: Words = ["bump", PAIR, "bump --flip", WEB, "bump", WEB]
PARTLY_GONE: Words = ["bump", PAIR, "bump --flip", PAIR, "bump", WEB]
RENAMED: Words = ["bump", WEB, "bump --flip", FRONT, "bump", FRONT]
MOVING: Words = ["bump", PAIR, "bump --flip", PAIR, "bump", MOVED]
STANDING_IN: Words = ["bump", WEB, "bump --flip", WEB, "bump --flip", FRONT]
UNROUTED: Words = ["bump", PAIR, "bump --flip", WEB, "bump --flip", app({"web": []}, routed=False)]
MUTED: Words = ["bump", PAIR, "bump --flip", MUTE]
# Each of them harmed traffic before the order was what it is; see the wrong orders below.
CHANGES = {
    "a component goes": GONE,
    "a component goes from the colour that serves": PARTLY_GONE,
    "a component is renamed": RENAMED,
    "a port changes": MOVING,
    "a stand-in moves": STANDING_IN,
    "a route goes": UNROUTED,
    "a component loses its port": MUTED,
}


@pytest.mark.parametrize("words", CHANGES.values(), ids=CHANGES)
def test_components_ports_and_routes_may_come_and_go(words: Words) -> None:
    assert rules_broken([Tree({}), *map(tree_of, written(words))]) == set()


def test_a_colour_that_is_replaced_in_place_keeps_its_pods_until_the_new_ones_are_ready() -> None:
    first, _, third = history = written(["bump", WEB, "bump --flip", WEB, "bump --flip", NEW])
    cluster = Cluster.settled(tree_of(first))
    blue = ("Deployment", "shop-web-blue")
    old = cluster.live[blue].template
    end, broken = sync(cluster, tree_of(third), World(lambda _key: Health.PROGRESSING))
    assert end is End.WAITING
    assert {each.rule for each in broken} == {"in-place rolled"}
    assert cluster.pods[blue].available == {old}
    assert not_switched(cluster, third) == []
    end, broken = sync(cluster, tree_of(third))
    assert (end, broken) == (End.SUCCEEDED, set())
    assert cluster.pods[blue].available == {cluster.live[blue].template} != {old}
    assert len(history) == 3


def test_every_cut_of_a_short_story_and_every_tree_after_it() -> None:
    history = written(["bump", WEB, "bump", PAIR, "flip", "bump --flip", NEW_PAIR, "park"])
    assert cut_everywhere(history) > 50


def test_neighbouring_trees_never_replace_a_colour_in_place() -> None:
    history = written(
        ["bump", WEB, "bump", NEW, "flip", "bump", PAIR, "park", "wake", "bump --flip", WEB, "bump", PAIR, "rollback"]
    )
    assert len(history) == 9
    for before, after in itertools.pairwise(map(tree_of, history)):
        assert sync(Cluster.settled(before), after) == (End.SUCCEEDED, set())


def test_without_an_address_of_the_ingress_a_prune_after_the_last_wave_never_comes() -> None:
    """The price of PruneLast: the switch is applied, but the sync hangs, and so does every one until the next bump."""
    first, *_, parked = history = written(["bump", WEB, "bump", NEW, "flip", "park"])
    no_address = World(lambda key: Health.PROGRESSING if key[0] == "Ingress" else Health.HEALTHY)
    cluster = Cluster.settled(tree_of(first))
    for _ in range(2):
        assert sync(cluster, tree_of(parked), no_address) == (End.WAITING, set())
        assert cluster.live["Service", "shop-web"].color_selected == "green"
        assert ("Deployment", "shop-web-blue") in cluster.live
    bumped = written(["bump", WEB, "bump", NEW, "flip", "park", "bump", WEB])[-1]
    assert sync(cluster, tree_of(bumped), no_address) == (End.SUCCEEDED, set())
    # Argo CD that sees each commit is never caught.
    cluster = Cluster.settled(tree_of(first))
    for state in history[1:]:
        assert sync(cluster, tree_of(state), no_address) == (End.SUCCEEDED, set())


@pytest.mark.parametrize(
    ("routed", "rules"), [(False, {"uncovered gone"}), (True, {"uncovered gone", "uncovered no-backend"})]
)
def test_what_lost_its_prune_last_in_a_sync_that_stands_still_is_pruned_early(*, routed: bool, rules: set[str]) -> None:
    """What the order leaves open, up to the moment at which users are led elsewhere.

    The wave that moves the switch begins with its prunes, and the Ingress is its last kind.
    """
    api, web = app({"api": []}, switch="ingress"), app({"web": []}, switch="ingress", routed=routed)
    history = written(["bump", api, "bump --flip", web, "bump", web])
    cluster = Cluster.settled(tree_of(history[0]))
    stuck = World(lambda key: Health.PROGRESSING if key[0] == "Deployment" else Health.HEALTHY)
    assert sync(cluster, tree_of(history[1]), stuck) == (End.WAITING, set())
    assert cluster.uncovered == {("Service", "shop-api-blue")}
    # A rollback now is the way.
    assert not_switched(cluster.copy(), history[1]) == []
    assert {each.rule for each in sync(cluster, tree_of(history[2]))[1]} == rules


def _without_waves(tree: Tree) -> Tree:
    return Tree({key: replace(each, wave=0) for key, each in tree.resources.items()}, tree.active)


def _with_stand_ins_at_the_switch(tree: Tree) -> Tree:
    return Tree(
        {key: replace(each, wave=20) if each.active else each for key, each in tree.resources.items()}, tree.active
    )


def _with_accounts_of_their_own_release_only(tree: Tree) -> Tree:
    kept = {
        key: each
        for key, each in tree.resources.items()
        if key[0] != "ServiceAccount" or ("Deployment", key[1]) in tree.resources
    }
    return Tree(kept, tree.active)


def _with_the_ports_of_the_pods(tree: Tree) -> Tree:
    """Let each colour's Services listen on the port of its pods, and pods call them there."""
    ports = {
        name: str(container["ports"][0]["containerPort"])
        for (kind, name), each in tree.resources.items()
        if kind == "Deployment"
        for container in each.body["spec"]["template"]["spec"]["containers"]
        if "ports" in container
    }

    def changed(resource: Resource) -> Resource:
        if resource.key[0] == "Service" and resource.key[1] in ports:
            return replace(resource, ports=frozenset({"http", ports[resource.key[1]]}))
        return replace(resource, calls=frozenset((host, ports[host]) for host, _ in resource.calls))

    return Tree({key: changed(each) for key, each in tree.resources.items()}, tree.active)


def _roughly_rolled(tree: Tree) -> Tree:
    return Tree({key: replace(each, rolls_gently=False) for key, each in tree.resources.items()}, tree.active)


def _selecting_the_other(tree: Tree) -> Tree:
    """Let active Services select the colour that is not active."""
    other = "green" if tree.active == "blue" else "blue"
    turned = {
        key: replace(each, selector=frozenset({*each.selector} - {(COLOR, tree.active)} | {(COLOR, other)}))
        for key, each in tree.resources.items()
        if each.active
    }
    return Tree({**tree.resources, **turned}, tree.active)


STORY: Words = ["bump", WEB, "bump", NEW, "flip", "park"]


@pytest.mark.parametrize(
    ("wrong", "words", "rules"),
    [
        (_without_waves, ["bump", WEB, "bump --flip", NEW], {"unready", "no-pods"}),
        (moved({"Service"}, 0), STORY, {"unready", "no-pods"}),
        (moved({"Deployment"}, 30), ["bump", WEB, "bump --flip", NEW], {"unready", "no-pods"}),
        (without_prune_last("Deployment"), STORY, {"pruned"}),
        (without_prune_last("Service"), GONE, {"need"}),
        (without_prune_last("Service"), RENAMED, {"gone"}),
        (without_prune_last("Ingress"), UNROUTED, {"gone"}),
        (_with_the_ports_of_the_pods, MOVING, {"need"}),
        (_with_stand_ins_at_the_switch, STANDING_IN, {"no-pods"}),
        (_with_accounts_of_their_own_release_only, PARTLY_GONE, {"need"}),
        (_roughly_rolled, ["bump", WEB, "bump --flip", WEB, "bump --flip", NEW], {"no-pods"}),
    ],
)
def test_a_wrong_order_harms_traffic(wrong: Change, words: Words, rules: set[str]) -> None:
    trees = [Tree({}), *map(tree_of, written(words))]
    assert rules_broken(trees) == set()
    assert rules <= rules_broken([wrong(tree) for tree in trees])


@pytest.mark.parametrize("wrong", [moved({"Deployment"}, 0), moved({"PodDisruptionBudget"}, 0), moved({"Ingress"}, 10)])
def test_what_stands_before_the_switch_can_block_the_way_back(wrong: Change) -> None:
    state = written(["bump", WEB, "bump", NEW, "flip"])[-1]
    assert not_switched(Cluster.settled(tree_of(state)), state) == []
    assert not_switched(Cluster.settled(wrong(tree_of(state))), state, wrong) != []


def test_an_active_service_of_the_wrong_colour_is_seen() -> None:
    first = tree_of(written(["bump", WEB])[0])
    _, broken = sync(Cluster(), _selecting_the_other(first))
    assert {each.rule for each in broken} == {"no-pods"}
