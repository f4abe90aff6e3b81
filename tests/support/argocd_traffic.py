"""What must hold for traffic at every moment of a sync, checked on the model's cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.argocd_cluster import Cluster, Key, Tree


class Broken(NamedTuple):
    """A rule that did not hold.

    Rules:
        no-backend: a live Ingress leads to a Service or port that does not exist.
        no-pods: users reach a Service that selects no pod that was ever ready.
        unready: a Service, or a route to it, began to lead to pods that were not all ready.
        gone: an active Service with traffic, or the Ingress, was deleted before the switch had moved.
        pruned, stopped: the Deployment that users' traffic reached was deleted, or scaled to nothing.
        rolled: it got another pod template.
        need: a Service that pods with traffic call is gone, or where the sync stops at a gate, their ServiceAccount:
            only new pods need that one.

    `in-place` is put before `rolled` and `need` where the Deployment's colour is the active one of the tree that is
    applied: the way from a release of a colour to a later one of the same colour, when Argo CD never saw the flips
    between them. Two colours cannot avoid it.
    """

    rule: str
    subject: str
    detail: str


@dataclass(slots=True)
class Watch:
    """Looks at a cluster after every change of one sync to a tree and remembers each rule that did not hold.

    Users come by the active Services, and by the Ingress while it is that of the release that serves. What was broken
    when the sync began is not its doing and not reported again.
    """

    cluster: Cluster
    tree: Tree
    broken: set[Broken] = field(default_factory=set)
    _edges: dict[Key, frozenset[Key]] = field(default_factory=dict)
    _old: frozenset[Broken] = frozenset()

    def __post_init__(self) -> None:
        self._edges = self._traffic()
        self._old = frozenset([*self._faults(self._edges), *self._accounts(self._edges)])
        self.cluster.hits.clear()

    def look(self) -> None:
        """Compare with the moment before."""
        before, now = self._edges, self._traffic()
        self.broken |= {*self._faults(now)} - self._old
        self.broken |= {*self._hits(before, now)}
        for service, deployments in now.items():
            for key in deployments - before.get(service, frozenset()):
                if not self.cluster.pods[key].settled:
                    self.broken.add(_broken("unready", service, f"leads to {key[1]}"))
        self._edges = now

    def stop(self) -> None:
        """Look at what must be there for as long as the sync may stand at this gate."""
        self.broken |= {*self._accounts(self._traffic())} - self._old

    def _traffic(self) -> dict[Key, frozenset[Key]]:
        """Return the Services that users reach, each with the Deployments whose pods it selects."""
        live = self.cluster.live
        entries = set(self.cluster.serving)
        if self.cluster.routed:
            entries |= {("Service", name) for resource in live.values() for name, _ in resource.backends}
        return {
            entry: frozenset(key for key in self.cluster.pods if live[entry].leads_to(live[key]))
            for entry in entries
            if entry in live
        }

    def _hits(self, before: dict[Key, frozenset[Key]], now: dict[Key, frozenset[Key]]) -> Iterator[Broken]:
        """Report what the sync did to what had traffic the moment before."""
        for service in before.keys() - self.cluster.live.keys():
            yield _broken("gone", service)
        reached = _all(deployments for service, deployments in before.items() if service in now)
        for hit, key in self.cluster.hits:
            if key in reached or hit == "gone":
                yield _broken(self._in_place(key, hit) if hit == "rolled" else hit, key)
        self.cluster.hits.clear()

    def _faults(self, traffic: dict[Key, frozenset[Key]]) -> Iterator[Broken]:
        """Report what is wrong at this moment, whatever happened before."""
        live = self.cluster.live
        for service, deployments in traffic.items():
            if not any(self.cluster.pods[key].available for key in deployments):
                yield _broken("no-pods", service)
        for resource in live.values() if self.cluster.routed else ():
            for name, port in resource.backends:
                if not self._answers(name, port):
                    yield _broken("no-backend", resource.key, f"{name}:{port}")
        for key in _all(traffic.values()):
            for host, port in live[key].calls:
                if not self._answers(host, port):
                    yield _broken(self._in_place(key, "need"), key, f"http://{host}:{port}")

    def _accounts(self, traffic: dict[Key, frozenset[Key]]) -> Iterator[Broken]:
        for key in _all(traffic.values()):
            account = self.cluster.live[key].account
            if account is not None and ("ServiceAccount", account) not in self.cluster.live:
                yield _broken("need", key, f"ServiceAccount {account}")

    def _answers(self, name: str, port: str) -> bool:
        service = self.cluster.live.get(("Service", name))
        return service is not None and port in service.ports

    def _in_place(self, key: Key, rule: str) -> str:
        return f"in-place {rule}" if self.cluster.live[key].color == self.tree.active else rule


def _broken(rule: str, key: Key, detail: str = "") -> Broken:
    return Broken(rule, "/".join(key), detail)


def _all(groups: Iterable[frozenset[Key]]) -> set[Key]:
    return {key for group in groups for key in group}
