"""A model of one Argo CD sync: which object it applies, prunes and waits for, in the order of its source.

Read in gitops-engine's `sync_context.go` and `sync_tasks.go` and in Argo CD's `controller/sync.go`. What a summary of
them loses easily: every round of the controller compares anew and makes its tasks from what is live by then, so the
waves of prunes are swapped anew among the prunes that are **left**. While one with a low wave is left, each later round
gives that wave to the highest of the others: without `PruneLast` nearly everything is pruned at the lowest wave of all.

Left out, because bggen uses neither: SyncFail hooks, deletion policies of hooks, `ApplyOutOfSyncOnly`, selective syncs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.support.argocd_cluster import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.argocd_cluster import Cluster
    from tests.support.argocd_objects import Key, Resource, Tree

KINDS = [
    "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
    "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume",
    "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding",
    "ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod",
    "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob",
    "IngressClass", "Ingress", "APIService",
]  # fmt: skip
_KIND_RANK = {kind: rank for rank, kind in enumerate(KINDS)}
PHASES = ("PreSync", "Sync", "PostSync")


@dataclass(slots=True)
class Task:
    """What a sync has to do about one object; without a target it is a prune."""

    key: Key
    target: Resource | None
    live: Resource | None
    phase: str
    wave: int

    @property
    def prune(self) -> bool:
        return self.target is None

    @property
    def hook(self) -> bool:
        return self.target is not None and self.target.hook is not None

    @property
    def order(self) -> tuple[int, int, int, str]:
        kind, name = self.key
        return (PHASES.index(self.phase), self.wave, _KIND_RANK.get(kind, len(KINDS)), name)


def tasks_of(live: dict[Key, Resource], tree: Tree) -> list[Task]:
    """Return the tasks of one round in their order.

    Prunes take the wave of the live object. Their distinct waves are swapped symmetrically, and those whose live
    object says `PruneLast=true` go to one wave after the last of all Sync tasks.
    """
    tasks = [
        Task(key, target, live.get(key), target.hook or "Sync", target.wave) for key, target in tree.resources.items()
    ]
    prunes = [
        Task(key, None, resource, "Sync", resource.wave)
        for key, resource in live.items()
        if key not in tree.resources and resource.hook is None
    ]
    waves = sorted({task.wave for task in prunes})
    swapped = dict(zip(waves, reversed(waves), strict=True))
    for task in prunes:
        task.wave = swapped[task.wave]
    tasks += prunes
    last = max((task.wave for task in tasks if task.phase == "Sync"), default=0)
    for task in prunes:
        if task.live is not None and "PruneLast=true" in task.live.options:
            task.wave = max(last, 0) + 1
    return sorted(tasks, key=lambda task: task.order)


class End(StrEnum):
    """How a sync ended. `WAITING`: it would wait for ever; a person or the controller's time limit ends it."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    WAITING = "Waiting"
    CUT = "Cut"


def _healthy(_key: Key) -> Health:
    return Health.HEALTHY


def _accepted(_key: Key) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class World:
    """The choices that are not Argo CD's.

    Attributes:
        health: what becomes of an object that a gate looks at and that is not certainly healthy.
        refuses: whether the API server refuses to take the object.
        cut: after how many changed objects the controller is stopped; None for never.
    """

    health: Callable[[Key], Health] = _healthy
    refuses: Callable[[Key], bool] = _accepted
    cut: int | None = None


def _nobody() -> None:
    pass


@dataclass(slots=True)
class Sync:
    """One sync operation on a cluster. `log` holds what it did: `apply`, `prune` and `wait` with the object.

    Attributes:
        watch: called at every moment at which others see the cluster.
        pause: called instead where the waves that have begun are applied.
        stop: called where the sync stops at a gate, to wait or for good.
    """

    cluster: Cluster
    tree: Tree
    world: World = field(default_factory=World)
    watch: Callable[[], None] = _nobody
    stop: Callable[[], None] = _nobody
    pause: Callable[[], None] | None = None
    log: list[tuple[str, Key]] = field(default_factory=list)
    _running: set[Key] = field(default_factory=set)
    _done: set[Key] = field(default_factory=set)
    _refused: bool = False
    _changes: int = 0

    def run(self) -> End:
        """Let the controller go round until the sync ends."""
        self.cluster.begin()
        end = End.CUT if self.world.cut == 0 else None
        while end is None:
            end = self._round()
        return end

    def _round(self) -> End | None:
        tasks = tasks_of(self.cluster.live, self.tree)
        end = self._gate(tasks)
        if end is not None:
            return end
        pending = [task for task in tasks if task.key not in self._done]
        if not pending:
            return End.SUCCEEDED
        now = [task for task in pending if (task.phase, task.wave) == (pending[0].phase, pending[0].wave)]
        if all(task.prune for task in pending[len(now) :]):
            self.cluster.moved(self.tree)
        end = self._apply(now)
        if self._refused:
            # What was taken of the wave is waited for first.
            return end if self._running else End.FAILED
        # What was applied last is not waited for, even if it never gets ready; a hook always is.
        if end is None and len(now) == len(pending) and not any(task.hook for task in now):
            return End.SUCCEEDED
        return end

    def _gate(self, tasks: list[Task]) -> End | None:
        """Look at everything that was applied and is not done; afterwards nothing runs, or the sync ends here."""
        failed = self._refused
        waits = []
        for task in tasks:
            if task.key not in self._running:
                continue
            health = self.cluster.look(task.key, self.world.health)
            if health is Health.PROGRESSING:
                waits.append(("wait", task.key))
                continue
            self._running.discard(task.key)
            self._done.add(task.key)
            failed |= health is Health.DEGRADED
        (self.pause or self.watch)()
        self.log += waits
        if not (waits or self.cluster.terminating or failed):
            return None
        self.stop()
        return End.FAILED if failed and not waits and not self.cluster.terminating else End.WAITING

    def _apply(self, tasks: list[Task]) -> End | None:
        """Prune, then create and update kind by kind; the objects of a kind go at the same time.

        What is refused holds up nothing of its own wave (`processCreateTasks`), and all that comes after it.
        """
        prunes = [task for task in tasks if task.prune]
        for task in prunes:
            self.log.append(("prune", task.key))
            self._done.add(task.key)
        if prunes:
            self.cluster.prune([task.key for task in prunes])
            self._changes += 1
            self.watch()
        for batch in _by_kind([task for task in tasks if not task.prune]):
            for task in batch:
                if self._changes == self.world.cut:
                    self.watch()
                    return End.CUT
                if task.target is None or self.world.refuses(task.key) or self.cluster.refuses(task.target):
                    self._refused = True
                    continue
                self.log.append(("apply", task.key))
                self._changes += self.cluster.apply(task.target, self.tree)
                self._running.add(task.key)
            self.watch()
        return End.CUT if self._changes == self.world.cut else None


def _by_kind(tasks: list[Task]) -> Iterator[list[Task]]:
    batch: list[Task] = []
    for task in tasks:
        if batch and batch[0].key[0] != task.key[0]:
            yield batch
            batch = []
        batch.append(task)
    if batch:
        yield batch
