"""Migrations in the model of Argo CD: no switch gets past one that failed, and none holds up a rollback."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.model.migrating import Database
from tests.support.argocd import End, World
from tests.support.argocd_checks import harm, moved, not_switched, rules_broken, sync
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import rolled_back, tree_of, written
from tests.support.argocd_objects import Tree
from tests.support.argocd_specs import app, migrates, smoke, worker

if TYPE_CHECKING:
    from bggen.model import AppSpec
    from tests.support.argocd_history import Words

FAILED = World(lambda key: Health.DEGRADED if key[0] == "Job" else Health.HEALTHY)
NEVER = World(lambda key: Health.PROGRESSING if key[0] == "Job" else Health.HEALTHY)


def release(tag: str, *numbers: int, **fields: Any) -> AppSpec:
    """Return a release whose migration makes the first number, with the window of the next two, and a third phase."""
    return app({"web": []}, tag=tag, **migrates(*numbers)("web"), **fields)


ONE, TWO = release("v1", 1, 1, 2), release("v2", 2, 2, 3)
FIXED, LAST = release("v3", 2, 2, 3), release("v4", 2, 2, 4, 3)
NONE = app({"web": []}, tag="v5", **migrates(None, 2, 3)("web"))
STORY: Words = [
    *("bump", ONE, "bump", TWO, "flip", "bump", FIXED, "flip", "bump", LAST, "flip"),
    *("bump", replace(LAST, smoke=smoke()), "flip", "contract", "bump", LAST, "flip", "park"),
]
BACK: Words = ["bump", ONE, "bump --flip", TWO, "rollback", "bump", FIXED, "flip", "bump", NONE, "flip"]


def on_ingress(word: str | AppSpec, switch: Any = "ingress") -> str | AppSpec:
    if isinstance(word, str) or word.route is None:
        return word
    return replace(word, route=replace(word.route, switch=switch))


STORIES = {
    "three phases": STORY,
    "a rollback": BACK,
    "out of order": [
        *("bump", ONE, "bump", TWO, "bump", FIXED, "flip", "bump", NONE, "flip", "flip"),
        *("bump", TWO, "flip"),
    ],
    "an Ingress": [on_ingress(word) for word in STORY],
}  # fmt: skip


def trees_of(words: Words) -> list[Tree]:
    return [Tree({}), *map(tree_of, written(words))]


@pytest.mark.parametrize("words", STORIES.values(), ids=STORIES)
def test_between_no_two_trees_does_a_switch_get_past_a_migration(words: Words) -> None:
    trees = trees_of(words)
    assert any(tree.needs for tree in trees)
    assert rules_broken(trees) == set()


@pytest.mark.parametrize("wave", [10, 20, 30])
def test_after_the_pods_it_would_be_too_late(wave: int) -> None:
    late = moved({"Job"}, wave)
    trees = trees_of(["bump", ONE, "bump", TWO, "flip"])
    found = rules_broken([late(tree) for tree in trees])
    assert found == (set() if wave == 10 else {"unmigrated"})


@pytest.mark.parametrize("world", [FAILED, NEVER])
@pytest.mark.parametrize("switch", ["service", "ingress"])
@pytest.mark.parametrize(
    "later", [["park"], ["bump", FIXED], ["bump", NONE], ["bump", FIXED, "flip", "flip"], ["scale"]], ids=str
)
def test_behind_a_failed_migration_no_pod_comes_and_nothing_moves_but_a_rollback(
    world: World, switch: Any, later: Words
) -> None:
    start, *rest = written([on_ingress(word, switch) for word in ["bump", ONE, "bump", TWO, "flip", *later]])
    cluster = Cluster.settled(tree_of(start))
    for state in rest:
        if "migrate" not in str([key for key in tree_of(state).resources if key[0] == "Job"]):
            continue
        end, broken = sync(cluster, tree_of(state), world)
        assert end is (End.FAILED if world is FAILED else End.WAITING)
        assert broken == set()
        assert cluster.live["Service", "shop-web"].color_selected == "blue"
        assert ("Deployment", "shop-web-green") not in cluster.live
        assert not_switched(cluster, state) == []
        assert cluster.schema == 1


@pytest.mark.parametrize("world", [FAILED, NEVER])
def test_the_tree_of_a_rollback_waits_for_no_migration_and_none_is_made(world: World) -> None:
    history = written(["bump", ONE, "bump", TWO, "flip"])
    cluster = Cluster.settled(tree_of(history[0]))
    sync(cluster, tree_of(history[2]), world)
    back = rolled_back(history[2])
    assert back
    assert sync(cluster, tree_of(back), world) == (End.SUCCEEDED, set())
    assert not [key for key in cluster.live if key[0] == "Job"]
    assert cluster.schema == 1


def test_a_flip_after_a_rollback_from_a_failed_migration_does_not_get_past_it() -> None:
    """Without the Job, which a rollback drops, the release would serve on a database that nobody changed."""
    history = written(["bump", ONE, "bump", TWO, "flip", "rollback", "flip"])
    cluster = Cluster.settled(tree_of(history[0]))
    for state in history[1:3]:
        sync(cluster, tree_of(state), FAILED)
    sync(cluster, tree_of(history[3]))
    assert cluster.schema == 1
    again = tree_of(history[4])
    end, broken = sync(cluster.copy(), again, FAILED)
    assert (end, broken) == (End.FAILED, set())
    known = history[4].database
    assert known
    without = replace(tree_of(replace(history[4], database=Database(known.schema))), needs=again.needs)
    assert {each.rule for each in sync(cluster.copy(), without, FAILED)[1]} == {"unmigrated"}


def test_a_release_that_comes_instead_of_one_whose_trees_were_skipped_brings_its_own_job() -> None:
    """With a Job for the first release of a schema alone, the second one would serve on the old schema."""
    history = written(["bump", ONE, "bump", TWO, "flip", "bump", FIXED, "flip"])
    last = history[-1]
    assert last.database
    assert last.database.schema == 2
    start, goal = tree_of(history[0]), tree_of(last)
    end, broken = sync(Cluster.settled(start), goal)
    assert (end, harm(broken)) == (End.SUCCEEDED, set())
    empty = Cluster()
    without = replace(goal, resources={key: each for key, each in goal.resources.items() if key[0] != "Job"})
    assert {each.rule for each in sync(empty, without)[1]} == {"unmigrated"}


@pytest.mark.parametrize("world", [FAILED, NEVER])
def test_a_third_phase_that_fails_holds_up_no_later_switch(world: World) -> None:
    first = app({"web": []}, tag="v4", fields={"mailer": worker()}, **migrates(2, 2, 4, 3)("web"))
    history = written(["bump", first, "bump", replace(LAST, smoke=None), "flip", "contract", "flip"])
    assert history[3].database == Database(3, 2, 2)
    cluster = Cluster.settled(tree_of(history[2]))
    only = World(lambda key: world.health(key) if "-contract-" in key[1] else Health.HEALTHY)
    assert sync(cluster, tree_of(history[3]), only) == (End.SUCCEEDED, set())
    assert sync(cluster, tree_of(history[4]), only) == (End.SUCCEEDED, set())
    assert cluster.live["Service", "shop-web"].color_selected == "blue"
