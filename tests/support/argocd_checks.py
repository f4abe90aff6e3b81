"""The questions that tests put to the model of Argo CD's sync, and the trees that they put them about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.argocd import End, Sync, World
from tests.support.argocd_cluster import Cluster, Health, Resource, Tree
from tests.support.argocd_history import rolled_back, tree_of
from tests.support.argocd_traffic import Watch

if TYPE_CHECKING:
    from bggen.model import EnvState
    from tests.support.argocd_cluster import Key
    from tests.support.argocd_traffic import Broken

Change = Callable[[Tree], Tree]
_PRUNE_LAST = frozenset({"PruneLast=true"})


def as_rendered(tree: Tree) -> Tree:
    """Change nothing."""
    return tree


def repaired(tree: Tree) -> Tree:
    """Change waves and options so that components, ports and routes may come and go as well.

    - `PruneLast` on all that traffic of the active release passes through or needs: every object of its components in
      its colour, their active Services, the Ingress. Nothing of it but an Ingress is ever pruned by the next commit, so
      that only a sync that skips commits pays with a wave after the last.
    - The other colour's ServiceAccounts and Services are no earlier than its Deployments.
    - So are active Services that stand in for a component which only the other colour has.
    """
    return Tree({key: _repaired(resource, tree) for key, resource in tree.resources.items()}, tree.active)


def _repaired(resource: Resource, tree: Tree) -> Resource:
    kind, name = resource.key
    color = resource.color_selected if resource.active else resource.color
    if kind == "Ingress":
        return replace(resource, options=_PRUNE_LAST)
    if color is None:
        return resource
    if color != tree.active:
        return replace(resource, wave=30)
    runs = resource.active or ("Deployment", name) in tree.resources
    return replace(resource, options=_PRUNE_LAST) if runs else resource


def sync(cluster: Cluster, tree: Tree, world: World | None = None) -> tuple[End, set[Broken]]:
    """Run a sync and return what broke on the way."""
    watch = Watch(cluster, tree)
    end = Sync(cluster, tree, world or World(), watch.look).run()
    if end is End.SUCCEEDED:
        watch.look()
    return end, watch.broken


def harm(broken: set[Broken]) -> set[Broken]:
    """Leave out what two colours cannot avoid."""
    return {each for each in broken if not each.rule.startswith("in-place")}


def not_switched(cluster: Cluster, state: EnvState, change: Change) -> list[Key]:
    """Roll back with the colour that is left dead for good, and return what of the switch was not applied."""
    back = rolled_back(state)
    if back is None:
        return []
    tree = change(tree_of(back))

    def health(key: Key) -> Health:
        if key[0] == "Ingress":
            return Health.PROGRESSING
        if key[0] == "PodDisruptionBudget":
            return Health.DEGRADED
        return Health.PROGRESSING if tree.resources[key].color == state.active else Health.HEALTHY

    tried = cluster.copy()
    tried.sicken([key for key in tried.pods if tried.live[key].color == state.active])
    _, broken = sync(tried, tree, World(health))
    assert not harm(broken)
    return [
        key
        for key, resource in tree.resources.items()
        if (resource.active or key[0] == "Ingress") and (key not in tried.live or tried.live[key].body != resource.body)
    ]
