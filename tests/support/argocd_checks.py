"""The questions that tests put to the model of Argo CD's sync, and the trees that they put them about."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.argocd import End, Sync, World
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import rolled_back, tree_of
from tests.support.argocd_objects import Tree
from tests.support.argocd_traffic import Watch

if TYPE_CHECKING:
    from bggen.model import EnvState
    from tests.support.argocd_objects import Key
    from tests.support.argocd_traffic import Broken

Change = Callable[[Tree], Tree]
WORLDS = [World(), World(lambda _key: Health.PROGRESSING), World(lambda _key: Health.DEGRADED)]


def as_rendered(tree: Tree) -> Tree:
    """Change nothing."""
    return tree


def sync(cluster: Cluster, tree: Tree, world: World | None = None) -> tuple[End, set[Broken]]:
    """Run a sync and return what broke on the way."""
    watch = Watch(cluster, tree)
    end = Sync(cluster, tree, world or World(), watch.look, watch.stop, watch.pause).run()
    if end is End.SUCCEEDED:
        watch.done()
    if end in {End.CUT, End.FAILED}:
        # The CronJobs of both colours are changed at the same time: one was, and the next sync changes the other.
        watch.broken -= {each for each in watch.broken if each.rule == "twice" and each.subject.startswith("CronJob")}
    return end, watch.broken


_LET_OFF = ("in-place", "uncovered")
_ACCEPTED = {"short", "late cut off", "changed twice"}


def harm(broken: set[Broken]) -> set[Broken]:
    """Leave out what two colours cannot avoid, and what Git cannot see: how many pods an autoscaler has made."""
    return {each for each in broken if not each.rule.startswith(_LET_OFF) and each.rule not in _ACCEPTED}


def rules_broken(trees: list[Tree]) -> set[str]:
    """Sync between all pairs of trees and return the rules that did not hold, but for what nothing can avoid."""
    return {
        each.rule
        for start, goal in itertools.combinations(trees, 2)
        for world in WORLDS
        for each in harm(sync(Cluster.settled(start), goal, world)[1])
    }


def moved(kinds: set[str], wave: int) -> Change:
    """Put all objects of some kinds into one wave, whatever their role."""

    def change(tree: Tree) -> Tree:
        found = {key: replace(each, wave=wave) for key, each in tree.resources.items() if key[0] in kinds}
        return Tree({**tree.resources, **found}, tree.active, needs=tree.needs)

    return change


def without_prune_last(*kinds: str) -> Change:
    """Let objects of some kinds be pruned when their wave comes."""

    def change(tree: Tree) -> Tree:
        found = {key: replace(each, options=frozenset()) for key, each in tree.resources.items() if key[0] in kinds}
        return Tree({**tree.resources, **found}, tree.active, needs=tree.needs)

    return change


def not_switched(cluster: Cluster, state: EnvState, change: Change = as_rendered) -> list[Key]:
    """Roll back with the colour that is left dead for good, and return what of the switch was not applied."""
    back = rolled_back(state)
    if back is None:
        return []
    tree = change(tree_of(back))

    def health(key: Key) -> Health:
        if key[0] in {"Ingress", "Job", "CronJob"}:
            return Health.PROGRESSING
        if key[0] == "PodDisruptionBudget":
            return Health.DEGRADED
        if key[0] == "HTTPRoute" and not tree.resources[key].route:
            # Of a Gateway that takes no preview.
            return Health.PROGRESSING
        return Health.PROGRESSING if tree.resources[key].color == state.active else Health.HEALTHY

    tried = cluster.copy()
    tried.sicken([key for key in tried.pods if tried.live[key].color == state.active])
    _, broken = sync(tried, tree, World(health))
    assert not harm(broken)
    return [
        key
        for key, resource in tree.resources.items()
        if (resource.active or resource.route) and (key not in tried.live or tried.live[key].body != resource.body)
    ]


def cut_everywhere(history: Sequence[EnvState]) -> int:
    """Stop a sync between any two trees of a history after each change, go on to each later one; count the stops."""
    trees = [tree_of(state) for state in history]
    cuts = 0
    for start, goal in itertools.combinations(range(len(trees)), 2):
        for cut in itertools.count():
            cluster = Cluster.settled(trees[start])
            end, broken = sync(cluster, trees[goal], World(cut=cut))
            assert not harm(broken)
            assert not_switched(cluster, history[goal]) == []
            for later in trees[goal:]:
                assert not harm(sync(cluster.copy(), later)[1])
            if end is not End.CUT:
                break
            cuts += 1
    return cuts
