"""A cluster for the model of Argo CD's sync: the live objects, the pods behind them, and what traffic finds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.argocd_objects import Key, Resource, Tree


# An Ingress that is the switch stands in this wave where the spec says that it gets an address.
PROMISED = 20
_CHECKED = {"Service", "Ingress", "PodDisruptionBudget", "HorizontalPodAutoscaler", "CronJob", "HTTPRoute"}


class Health(StrEnum):
    """What Argo CD says of an object; NONE where it has no check for the kind.

    PROGRESSING stands for all that a sync waits for: Suspended, Unknown and Missing are the same to it.
    """

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of one Deployment.

    Attributes:
        available: the templates of which pods became ready and still exist.
        settled: whether all wanted pods run the wanted template and were ready.
        sick: whether they stopped being ready by themselves since then. The Deployment stays Progressing then: once
            a rollout is complete, its progress deadline counts no more.
    """

    available: frozenset[str] = frozenset()
    settled: bool = False
    sick: bool = False


@dataclass(slots=True)
class Cluster:
    """The live objects and the pods behind them.

    Attributes:
        serving: the active Services that, when last applied, selected the colour that was active in that tree. The
            others stand in for a component that the active release lacks: they bring no traffic of users.
        routed: whether the live Ingress is that of the release that serves. It is not from the moment that the switch
            has moved until the Ingress, the last kind of the last wave, is applied.
        hanging: objects that stay when they are deleted, as with foreground propagation and a pod stuck Terminating.
        leaving: whether the live Ingress, which is itself the switch, is about to be applied: by the wave that the sync
            is in, where it is the last kind.
        switched: whether the sync that runs has moved the switch.
        uncovered: Services that lost their `PruneLast` in a sync, until one has moved the switch, and applied the
            Ingress that users leave them by.
        finished: how Jobs ended; what has ended stays so until it is deleted.
        schema: the highest that a Job has made; a database does not go back.
        hits: what was done that may hurt: Deployments `pruned`, `stopped`, `rolled` or `shrunk`; workers that began
            while their like in the other colour works (`twice`, or `changed twice` where that becomes another kind);
            objects `fixed` that were to change; an Ingress that is `gone` before the switch has moved.
    """

    live: dict[Key, Resource] = field(default_factory=dict)
    pods: dict[Key, Pods] = field(default_factory=dict)
    serving: set[Key] = field(default_factory=set)
    routed: bool = True
    hanging: frozenset[Key] = frozenset()
    terminating: bool = False
    switched: bool = False
    leaving: bool = False
    uncovered: set[Key] = field(default_factory=set)
    finished: dict[Key, Health] = field(default_factory=dict)
    schema: int = 0
    hits: list[tuple[str, Key]] = field(default_factory=list)

    @classmethod
    def settled(cls, tree: Tree) -> Cluster:
        """Return the cluster where everything of the tree is applied and ready."""
        cluster = cls()
        for resource in tree.resources.values():
            cluster.apply(resource, tree)
        cluster.settle()
        cluster.uncovered.clear()
        cluster.finished = {key: Health.HEALTHY for key in cluster.live if key[0] == "Job"}
        cluster.schema = max((each.makes for each in cluster.live.values()), default=0)
        cluster.hits.clear()
        return cluster

    def copy(self) -> Cluster:
        """Return an independent copy without the record of hits."""
        made = Cluster(dict(self.live), dict(self.pods), set(self.serving), self.routed, self.hanging)
        made.finished = dict(self.finished)
        made.uncovered = set(self.uncovered)
        made.schema = self.schema
        return made

    def begin(self) -> None:
        """Note that a sync begins. What the one before it was about to do is not about to happen any more."""
        self.switched = False
        self.leaving = False

    def moved(self, tree: Tree) -> None:
        """Note that a sync has moved the switch to what the tree says.

        What only the release before it has brings no traffic of users from here on.
        """
        self.switched = True
        self.serving &= {key for key, resource in tree.resources.items() if resource.color_selected == tree.active}
        live = {key: resource for key, resource in self.live.items() if resource.route}
        wanted = {key: resource for key, resource in tree.resources.items() if resource.route}
        left = [key for key in live.keys() | wanted.keys() if not _same(live.get(key), wanted.get(key))]
        self.routed = not left
        self.leaving = any(key in wanted and live[key].switches for key in left if key in live)
        if not self.leaving:
            self.uncovered.clear()

    def settle(self, keys: Iterable[Key] | None = None) -> None:
        """Let rollouts complete and sick pods recover: those of the given Deployments, or all."""
        for key in list(self.pods if keys is None else keys):
            self._ready(key)

    def sicken(self, keys: Iterable[Key]) -> None:
        """Let complete Deployments lose their readiness without any change of theirs."""
        for key in keys:
            if key in self.pods and self.pods[key].settled:
                self.pods[key] = replace(self.pods[key], sick=True)

    def _ready(self, key: Key) -> None:
        resource = self.live[key]
        scaler = self.live.get(("HorizontalPodAutoscaler", key[1]))
        if scaler is not None and 0 < resource.replicas < scaler.wanted:
            resource = self.live[key] = replace(resource, replicas=scaler.wanted)
        self.pods[key] = Pods(frozenset([resource.template] if resource.replicas else []), settled=True)

    def look(self, key: Key, choose: Callable[[Key], Health]) -> Health:
        """Return the health that a gate sees; `choose` decides where more than one is possible, once and for good."""
        resource = self.live.get(key)
        if resource is None or resource.suspended:
            return Health.PROGRESSING
        if key[0] == "Deployment":
            return self._look_deployment(key, choose)
        if key[0] == "Job":
            return self._look_job(key, choose)
        if resource.healthy or (key[0] == "Ingress" and resource.switches and resource.wave == PROMISED):
            return Health.HEALTHY
        return choose(key) if key[0] in _CHECKED else Health.NONE

    def _look_job(self, key: Key, choose: Callable[[Key], Health]) -> Health:
        if key not in self.finished:
            chosen = choose(key)
            if chosen is Health.PROGRESSING:
                return chosen
            self.finished[key] = chosen
            if chosen is Health.HEALTHY:
                self.schema = max(self.schema, self.live[key].makes)
        return self.finished[key]

    def _look_deployment(self, key: Key, choose: Callable[[Key], Health]) -> Health:
        pods = self.pods[key]
        if self.live[key].replicas == 0 or (pods.settled and not pods.sick):
            return Health.HEALTHY
        chosen = choose(key)
        if chosen is Health.HEALTHY:
            self._ready(key)
        if chosen is Health.DEGRADED and pods.sick:
            return Health.PROGRESSING
        return chosen

    def prune(self, keys: Iterable[Key]) -> None:
        """Delete objects; their pods go at once as far as traffic is concerned."""
        for key in keys:
            route = self.live[key].route
            if key in self.hanging:
                self.terminating = True
            else:
                del self.live[key]
            self.serving.discard(key)
            self.finished.pop(key, None)
            if route:
                self.routed = True
                self.hits += [] if self.switched else [("gone", key)]
            if self.pods.pop(key, None):
                self.hits.append(("pruned", key))

    def apply(self, resource: Resource, tree: Tree) -> bool:
        """Create or update an object; return whether that changed it."""
        key = resource.key
        old = self.live.get(key)
        resource = _with_replicas(old, resource)
        if resource.active:
            (self.serving.add if resource.color_selected == tree.active else self.serving.discard)(key)
        self.routed |= resource.route
        if resource.route and self.leaving:
            self.uncovered.clear()
        changed = not _same(old, resource)
        if changed:
            self._change(old, resource, tree)
        if resource.key[0] == "HTTPRoute" and resource.route:
            # It is the last of the switch, and unlike the others it may be waited for in vain.
            self.moved(tree)
        return changed

    def _change(self, old: Resource | None, resource: Resource, tree: Tree) -> None:
        key = resource.key
        if resource.once and resource.replicas and not (old and old.once and old.replicas):
            others = [each for each in self.live.values() if resource.same_work(each)]
            # What becomes another kind in a commit that follows skipped ones is replaced, not stopped.
            became = [target for each in others if (target := tree.resources.get(each.key)) and not target.once]
            self.hits += [("twice" if len(became) < len(others) else "changed twice", key)] if others else []
        if old is not None and key[0] == "Service" and "PruneLast=true" in old.options - resource.options:
            self.uncovered.add(key)
        self.live[key] = resource
        if key[0] == "Deployment":
            self._roll(old, resource)

    def refuses(self, resource: Resource) -> bool:
        """Whether the API server takes it for a change of what nobody may change."""
        old = self.live.get(resource.key)
        if old is None or old.fixed == resource.fixed:
            return False
        self.hits.append(("fixed", resource.key))
        return True

    def _roll(self, old: Resource | None, new: Resource) -> None:
        pods = self.pods.get(new.key, Pods())
        if old is not None and 0 < new.replicas < min(old.replicas, new.wanted):
            self.hits.append(("shrunk", new.key))
        if new.replicas == 0:
            self.pods[new.key] = Pods(settled=True)
            self.hits.append(("stopped", new.key))
        elif old is None or old.template != new.template or old.replicas == 0:
            # With maxUnavailable 0 a pod goes only when a new one is ready; anything else may lose them all.
            kept = pods.available if new.rolls_gently else frozenset()
            self.pods[new.key] = Pods(kept, settled=kept == {new.template})
            if old is not None:
                self.hits.append(("rolled", new.key))
        elif new.replicas > old.replicas:
            self.pods[new.key] = replace(pods, settled=False)


def _with_replicas(old: Resource | None, new: Resource) -> Resource:
    """Return what Argo CD applies where it is told to ignore the replicas of Deployments with the label.

    With `RespectIgnoreDifferences` it takes the field out of what Git says where Git has the label, and puts that of
    the live object in where **that** has it (`normalizeTargetResources` in its `controller/sync.go`). So a live
    Deployment that gets the label loses the field, and the API server makes it 1. One that loses the label keeps its
    number, until the next sync.
    """
    if old is None or not (old.autoscaled or new.autoscaled):
        return new
    return replace(new, replicas=old.replicas if old.autoscaled else 1)


def _same(one: Resource | None, other: Resource | None) -> bool:
    if one is None or other is None:
        return one is other
    if one is other:
        return True
    return (one.body, one.wave, one.options, one.replicas) == (other.body, other.wave, other.options, other.replicas)
