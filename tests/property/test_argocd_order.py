"""Argo CD may go from any tree of a history to any later one: traffic must survive every moment of it.

What holds between **any** two trees, whatever Argo CD skipped, however often it was interrupted:

- every Service that users reach has pods, and they were all ready when it began to lead to them;
- no Deployment that users reach is pruned, stopped, or given another pod template, and no Service that its pods call
  is taken away, nor, where a sync may stand still, the ServiceAccount that new pods of it need;
- a rollback from the newest state gets its switch applied even where the colour that it leaves never gets healthy.

**In place.** One thing two colours cannot avoid: Argo CD has blue's release 1 live, misses the flips to green's release
2 and back to blue's release 3, and then sees a tree in which blue is active with another release. Blue's Deployments
get a new template while the Service leads to them. There `maxUnavailable: 0` is what protects users: pods of release 1
go only as pods of release 3 get ready, nothing is pruned before, and until then both releases answer.

**Uncovered.** A sync stands still before its switch, when the Services of the colour that still serves have lost their
`PruneLast` already, and in a later tree neither colour has a component that users are led to, or its pods call, until
that tree's own switch. To avoid it would cost more: what is pruned last makes every bump that drops a component wait
for the last wave, and a suspended cron there is waited for without end. A rollback before any other commit is the way.

The same way are a policy, a ConfigMap of the old release and the label of autoscaling, and a rollback that meets pods
of a release which the state has forgotten.

**Short.** Git cannot see how many pods an autoscaler has made: see `tests/unit/test_argocd_kinds.py`.

**Let off.** The Ingress cannot stand before the switch, so paths that only the old release has lead to what is left of
it until the last kind of the last wave is applied. Users of those paths are protected up to that wave, but not within
it, nor where it is refused, or a killed controller keeps it from being applied at all (`Cluster.routed`). Nor is a
colour that an Ingress leaves: there the wave may roll its pods, or let autoscaling begin with one.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.support.argocd import World
from tests.support.argocd_checks import WORLDS, harm, not_switched, sync
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import Command, histories, states_of, tree_of
from tests.support.argocd_objects import Tree

if TYPE_CHECKING:
    from random import Random

    from bggen.model import EnvState
    from tests.support.argocd_objects import Key

_many = settings(max_examples=3 * settings().max_examples)


def rules_over_all_pairs(states: list[EnvState]) -> set[str]:
    """Sync from every settled tree of a history to every later one; return the rules that did not hold."""
    trees = [Tree({}), *map(tree_of, states)]
    rules = set()
    for start in range(len(trees)):
        for goal in range(start + 1, len(trees)):
            broken = set().union(*(sync(Cluster.settled(trees[start]), trees[goal], world)[1] for world in WORLDS))
            assert not harm(broken), (start, goal)
            rules |= {each.rule for each in broken}
            if {each for each in broken if each.rule.startswith("in-place")}:
                assert goal > start + 1
                before, after = states[start - 1], states[goal - 1]
                assert before.active == after.active
                assert before.active_release != after.active_release
    return rules


def check_walk(states: list[EnvState], random: Random) -> None:
    """Let Argo CD stumble along a history; wherever it is, roll back from the state that is newest by then."""
    trees = [tree_of(state) for state in states]
    at = 0
    cluster = Cluster.settled(trees[0]) if random.random() < 0.6 else Cluster()
    for _ in range(random.randint(2, 4)):
        at = random.randint(at, len(states) - 1)
        end, broken = sync(cluster, trees[at], _any_world(random))
        note(f"to {at}: {end}")
        assert not harm(broken)
        newest = states[random.randint(at, len(states) - 1)]
        assert not_switched(cluster, newest) == []
        cluster.settle([key for key in cluster.pods if random.random() < 0.4])
        cluster.sicken([key for key in cluster.pods if random.random() < 0.1])


def _any_world(random: Random) -> World:
    healths: dict[Key, Health] = {}

    def health(key: Key) -> Health:
        choices = [Health.HEALTHY, Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED]
        return healths.setdefault(key, random.choice(choices))

    if random.random() < 0.3:
        return World()
    refused = random.randint(0, 200)
    asked = iter(range(10_000))
    return World(health, lambda _key: next(asked) == refused, random.choice([None, None, random.randint(0, 30)]))


@_many
@given(histories())
def test_a_sync_between_any_two_trees_harms_no_traffic(commands: list[Command]) -> None:
    note("\n".join(map(str, commands)))
    allowed = {"in-place rolled", "in-place shrunk", "in-place cut off", "in-place need", "short", "late cut off"}
    assert rules_over_all_pairs(states_of("shop", commands)) <= allowed


@given(histories())
def test_between_neighbouring_commits_nothing_but_a_route_is_ever_pruned_after_the_last_wave(
    commands: list[Command],
) -> None:
    """Such a prune makes a sync wait for the last wave, in which anything may be sick."""
    note("\n".join(map(str, commands)))
    trees = [tree_of(state) for state in states_of("shop", commands)]
    for before, after in itertools.pairwise(trees):
        gone = [before.resources[key] for key in before.resources.keys() - after.resources.keys()]
        kinds = {each.key[0] for each in gone if "PruneLast=true" in each.options}
        assert kinds <= {"Ingress", "HTTPRoute"}


@_many
@given(histories(), st.randoms(use_true_random=True))
def test_interrupted_syncs_harm_no_traffic_and_a_rollback_always_switches(
    commands: list[Command], random: Random
) -> None:
    note("\n".join(map(str, commands)))
    check_walk(states_of("shop", commands), random)
