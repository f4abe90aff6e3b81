"""Argo CD may go from any tree of a history to any later one: no worker and no cron ever works in both colours.

Components come, go and are parked, but keep their kinds. Where a cron becomes a worker, Argo CD applies the Deployment
before the CronJob of the other colour, so that both may begin work for the moment between the two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.support.argocd import End, Sync, World
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import Command, states_of, tree_of
from tests.support.argocd_objects import Tree
from tests.support.states import crew_spec

if TYPE_CHECKING:
    from random import Random

    from bggen.model import AppSpec
    from tests.support.argocd_objects import Key, Resource

SINGLE = ("mailer", "report")
COMMANDS = ["bump", "bump", "bump --flip", "flip", "flip", "rollback", "park", "wake"]


@st.composite
def _specs(draw: st.DrawFn) -> AppSpec:
    spec = crew_spec(draw(st.sampled_from(["v1", "v2", "v3"])))
    # Turning autoscaling on or off is another story.
    web = replace(spec.components["crew"], autoscale=None)
    kept = {name: spec.components[name] for name in SINGLE if draw(st.integers(0, 3))}
    return replace(spec, components={"crew": web, **kept}, network=draw(st.sampled_from([None, ()])))


@st.composite
def histories(draw: st.DrawFn) -> list[Command]:
    names = ["bump", *draw(st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=7))]
    return [Command(name, draw(_specs()) if name.startswith("bump") else None) for name in names]


def working(cluster: Cluster) -> set[tuple[str, str]]:
    """The workers and crons that work, each with its colour."""
    found = set()
    for (kind, _), resource in cluster.live.items():
        name = resource.body["metadata"]["labels"].get("app.kubernetes.io/component")
        works = {"Deployment": resource.replicas > 0, "CronJob": not _suspended(resource)}
        if name in SINGLE and works.get(kind):
            found.add((name, str(resource.color)))
    return found


def _suspended(resource: Resource) -> bool:
    return bool((resource.body.get("spec") or {}).get("suspend"))


def synced(cluster: Cluster, tree: Tree, world: World) -> End:
    """Sync, and look after every change that nothing works twice."""

    def look() -> None:
        names = [name for name, _ in working(cluster)]
        assert len(names) == len(set(names)), working(cluster)

    end = Sync(cluster, tree, world, look).run()
    if end is End.SUCCEEDED:
        assert working(cluster) == working(Cluster.settled(tree))
        assert {color for _, color in working(cluster)} <= {tree.active}
    return end


def healthy_but_suspended(cluster: Cluster, chosen: Health = Health.HEALTHY) -> World:
    """A world in which Argo CD waits for a suspended CronJob for ever, as it does, and finds all else as chosen."""

    def health(key: Key) -> Health:
        return Health.PROGRESSING if _suspended(cluster.live[key]) else chosen

    return World(health)


@given(histories())
def test_a_sync_between_any_two_trees_lets_nothing_work_twice(commands: list[Command]) -> None:
    note("\n".join(map(str, commands)))
    trees = [Tree({}), *map(tree_of, states_of("crew", commands))]
    for start in range(len(trees)):
        for goal in range(start + 1, len(trees)):
            for chosen in (Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED):
                cluster = Cluster.settled(trees[start])
                synced(cluster, trees[goal], healthy_but_suspended(cluster, chosen))


@given(histories(), st.randoms(use_true_random=True))
def test_interrupted_syncs_let_nothing_work_twice(commands: list[Command], random: Random) -> None:
    note("\n".join(map(str, commands)))
    trees = [*map(tree_of, states_of("crew", commands))]
    cluster = Cluster()
    at = 0
    for _ in range(4):
        at = random.randint(at, len(trees) - 1)
        world = healthy_but_suspended(cluster, random.choice([Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED]))
        end = synced(cluster, trees[at], replace(world, cut=random.choice([None, random.randint(0, 30)])))
        note(f"to {at}: {end}")


def crew_trees(*names: str) -> list[Tree]:
    """The trees of a crew after a first bump and these commands."""
    commands = [Command("bump", crew_spec())]
    commands += [Command(name, crew_spec("v2") if name.startswith("bump") else None) for name in names]
    return [*map(tree_of, states_of("crew", commands))]


def test_neighbouring_trees_work_all_the_time() -> None:
    trees = crew_trees("bump", "flip", "rollback", "park")
    assert [tree.active for tree in trees] == ["blue", "blue", "green", "blue", "blue"]
    cluster = Cluster.settled(trees[0])
    for tree in trees[1:]:
        assert synced(cluster, tree, healthy_but_suspended(cluster)) is End.SUCCEEDED
        assert working(cluster) == {(name, tree.active) for name in SINGLE}


def test_a_colour_that_never_gets_ready_stops_the_work_only_where_the_old_one_is_to_be_pruned() -> None:
    """The price of never working twice: what goes goes early, and only a sync that skips commits lets it go."""
    start, _, flipped, parked = crew_trees("bump", "flip", "park")
    for goal, still in ((flipped, {(name, "blue") for name in SINGLE}), (parked, set())):
        cluster = Cluster.settled(start)
        end = synced(cluster, goal, healthy_but_suspended(cluster, Health.PROGRESSING))
        assert (end, working(cluster)) == (End.WAITING, still)


def test_work_that_ended_after_the_other_colour_began_would_be_seen() -> None:
    _, before, after = crew_trees("bump", "flip")
    key = ("Deployment", "crew-mailer-blue")
    late = Tree({**after.resources, key: replace(after.resources[key], wave=31)}, after.active)
    cluster = Cluster.settled(before)
    with pytest.raises(AssertionError, match="mailer"):
        synced(cluster, late, healthy_but_suspended(cluster))
