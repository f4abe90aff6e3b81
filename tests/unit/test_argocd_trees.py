"""Trees that bggen renders, one by one: every cut of a short story, wrong orders, and what the order leaves open."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.argocd import End, World
from tests.support.argocd_checks import as_rendered, harm, not_switched, repaired, sync
from tests.support.argocd_cluster import COLOR, Cluster, Health, Tree
from tests.support.argocd_history import Command, app, states_of, tree_of

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState
    from tests.support.argocd_checks import Change

WEB = app({"web": []})
NEW = app({"web": []}, tag="v2")
PAIR = app({"web": ["api"], "api": []})
NEW_PAIR = app({"web": ["api"], "api": []}, tag="v2")
FRONT = app({"front": []})
MOVED = app({"web": ["api"], "api": []}, ports={"api": 7000})
MUTE = app({"web": [], "api": []}, ports={"api": None})
HOLES: dict[str, tuple[list[str | AppSpec], int, int]] = {
    # The Service that the Ingress leads to, and the one that serving pods call, are pruned before green is ready.
    "a component goes": (["bump", PAIR, "bump --flip", WEB, "bump", WEB], 1, 3),
    "a component is renamed": (["bump", WEB, "bump --flip", FRONT, "bump", FRONT], 1, 3),
    # shop-api-blue gets the port of the release after next while blue still serves and calls the old one.
    "a port changes": (["bump", PAIR, "bump --flip", PAIR, "bump", MOVED], 1, 3),
    # shop-web moves to green, whose pods do not exist yet, while the old Ingress still leads to it.
    "a stand-in moves": (["bump", WEB, "bump --flip", WEB, "bump --flip", FRONT], 1, 3),
    # One commit: the Ingress is pruned before the gate, because Services of the component that goes are pruned too.
    "a route goes": (["bump", PAIR, "bump --flip", WEB, "bump --flip", app({"web": []}, routed=False)], 2, 3),
    # One commit: shop-api is pruned before the gate, because shop-api-green is pruned too.
    "a component loses its port": (["bump", PAIR, "bump --flip", MUTE], 1, 2),
}


def states(words: list[str | AppSpec]) -> list[EnvState]:
    """Return the states of a history written as command, spec, command…"""
    commands: list[Command] = []
    for word in words:
        if isinstance(word, str):
            commands.append(Command(word))
        else:
            commands[-1] = Command(commands[-1].name, word)
    return states_of("shop", commands)


@pytest.mark.parametrize(
    "change",
    [pytest.param(as_rendered, marks=pytest.mark.xfail(strict=True, reason="open in the order by role")), repaired],
)
@pytest.mark.parametrize("hole", HOLES)
def test_what_the_waves_leave_open_and_the_repair_closes(hole: str, change: Change) -> None:
    words, start, goal = HOLES[hole]
    trees = [change(tree_of(state)) for state in states(words)]
    _, broken = sync(Cluster.settled(trees[start - 1]), trees[goal - 1])
    assert not harm(broken)


def test_a_colour_that_is_replaced_in_place_keeps_its_pods_until_the_new_ones_are_ready() -> None:
    first, _, third = history = states(["bump", WEB, "bump --flip", WEB, "bump --flip", NEW])
    cluster = Cluster.settled(tree_of(first))
    blue = ("Deployment", "shop-web-blue")
    old = cluster.live[blue].template
    end, broken = sync(cluster, tree_of(third), World(lambda _key: Health.PROGRESSING))
    assert end is End.WAITING
    assert {each.rule for each in broken} == {"in-place rolled"}
    assert cluster.pods[blue].available == {old}
    assert not_switched(cluster, third, as_rendered) == []
    end, broken = sync(cluster, tree_of(third))
    assert (end, broken) == (End.SUCCEEDED, set())
    assert cluster.pods[blue].available == {cluster.live[blue].template} != {old}
    assert len(history) == 3


def test_every_cut_of_a_short_story_and_every_tree_after_it() -> None:
    history = states(["bump", WEB, "bump", PAIR, "flip", "bump --flip", NEW_PAIR, "park"])
    trees = [tree_of(state) for state in history]
    cuts = 0
    for start, goal in itertools.combinations(range(len(trees)), 2):
        for cut in itertools.count():
            cluster = Cluster.settled(trees[start])
            end, broken = sync(cluster, trees[goal], World(cut=cut))
            assert not harm(broken)
            assert not_switched(cluster, history[goal], as_rendered) == []
            for later in trees[goal:]:
                assert not harm(sync(cluster.copy(), later)[1])
            if end is not End.CUT:
                break
            cuts += 1
    assert cuts > 50


def test_neighbouring_trees_never_replace_a_colour_in_place() -> None:
    history = states(
        ["bump", WEB, "bump", NEW, "flip", "bump", PAIR, "park", "wake", "bump --flip", WEB, "bump", PAIR, "rollback"]
    )
    assert len(history) == 9
    for before, after in itertools.pairwise(map(tree_of, history)):
        assert sync(Cluster.settled(before), after) == (End.SUCCEEDED, set())


def test_without_an_address_of_the_ingress_a_prune_after_the_last_wave_never_comes() -> None:
    """The price of PruneLast: the switch is applied, but the sync hangs, and so does every one until the next bump."""
    first, *_, parked = history = states(["bump", WEB, "bump", NEW, "flip", "park"])
    no_address = World(lambda key: Health.PROGRESSING if key[0] == "Ingress" else Health.HEALTHY)
    cluster = Cluster.settled(tree_of(first))
    for _ in range(2):
        assert sync(cluster, tree_of(parked), no_address) == (End.WAITING, set())
        assert cluster.live["Service", "shop-web"].color_selected == "green"
        assert ("Deployment", "shop-web-blue") in cluster.live
    bumped = states(["bump", WEB, "bump", NEW, "flip", "park", "bump", WEB])[-1]
    assert sync(cluster, tree_of(bumped), no_address) == (End.SUCCEEDED, set())
    # Argo CD that sees each commit is never caught.
    cluster = Cluster.settled(tree_of(first))
    for state in history[1:]:
        assert sync(cluster, tree_of(state), no_address) == (End.SUCCEEDED, set())


def _moved(kinds: set[str], wave: int) -> Change:
    """Put all objects of some kinds into one wave, whatever their role."""

    def change(tree: Tree) -> Tree:
        moved = {key: replace(each, wave=wave) for key, each in tree.resources.items() if key[0] in kinds}
        return Tree({**tree.resources, **moved}, tree.active)

    return change


def _without_waves(tree: Tree) -> Tree:
    return Tree({key: replace(each, wave=0) for key, each in tree.resources.items()}, tree.active)


def _without_prune_last(tree: Tree) -> Tree:
    return Tree({key: replace(each, options=frozenset()) for key, each in tree.resources.items()}, tree.active)


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


STORY: list[str | AppSpec] = ["bump", WEB, "bump", NEW, "flip", "park"]


@pytest.mark.parametrize(
    ("wrong", "words", "rules"),
    [
        (_without_waves, ["bump", WEB, "bump --flip", NEW], {"unready", "no-pods"}),
        (_moved({"Service"}, 0), STORY, {"unready", "no-pods"}),
        (_moved({"Deployment"}, 30), ["bump", WEB, "bump --flip", NEW], {"unready", "no-pods"}),
        (_without_prune_last, STORY, {"pruned"}),
        (_roughly_rolled, ["bump", WEB, "bump --flip", WEB, "bump --flip", NEW], {"no-pods"}),
    ],
)
def test_a_wrong_order_harms_traffic(wrong: Change, words: list[str | AppSpec], rules: set[str]) -> None:
    trees = [Tree({}), *map(tree_of, states(words))]
    assert _rules_broken(trees) == set()
    assert rules <= _rules_broken([wrong(tree) for tree in trees])


def _rules_broken(trees: list[Tree]) -> set[str]:
    pairs = itertools.combinations(trees, 2)
    return {each.rule for start, goal in pairs for each in harm(sync(Cluster.settled(start), goal)[1])}


@pytest.mark.parametrize(
    "wrong", [_moved({"Deployment"}, 0), _moved({"PodDisruptionBudget"}, 0), _moved({"Ingress"}, 10)]
)
def test_what_stands_before_the_switch_can_block_the_way_back(wrong: Change) -> None:
    state = states(["bump", WEB, "bump", NEW, "flip"])[-1]
    assert not_switched(Cluster.settled(tree_of(state)), state, as_rendered) == []
    assert not_switched(Cluster.settled(wrong(tree_of(state))), state, wrong) != []


def test_an_active_service_of_the_wrong_colour_is_seen() -> None:
    first = tree_of(states(["bump", WEB])[0])
    _, broken = sync(Cluster(), _selecting_the_other(first))
    assert {each.rule for each in broken} == {"no-pods"}
