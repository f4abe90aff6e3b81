"""What must hold for traffic at every moment of a sync, checked on the model's cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.support.argocd_cluster import PROMISED
from tests.support.argocd_objects import EVERYBODY, ROUTES, admitted, mounted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.argocd_cluster import Cluster
    from tests.support.argocd_objects import Key, Resource, Tree

# What the pods of the colour that serves suffer unavoidably where they are replaced by those of a later release.
_IN_PLACE = {"rolled", "shrunk"}


class Broken(NamedTuple):
    """A rule that did not hold.

    Rules:
        no-backend: a live route leads to a Service or port that does not exist; or names one, with whatever weight.
        no-pods: users reach a Service that selects no pod that was ever ready.
        unready: a Service, or a route to it, began to lead to pods that were not all ready.
        short: or to fewer pods than Git says, because Argo CD ignores replicas of what is autoscaled.
        ungated: an active Service or the Ingress moved to a colour while the smoke test before it had not passed.
        unmigrated: or while the database lacked the schema that the release there needs.
        gone: an active Service with traffic, or the Ingress, was deleted before the switch had moved.
        pruned, stopped: the Deployment that users' traffic reached was deleted, or scaled to nothing.
        rolled: it got another pod template.
        shrunk: it fell to one pod.
        cut off: a policy forbids its pods callers that their own release lets in; `late` where it only goes too late.
        need: a Service that pods with traffic call is gone, or where the sync stops at a gate, their ServiceAccount or
            a ConfigMap that they mount: only new pods need those.
        twice: a worker started in one colour while that of the other one worked, or two colours' crons start Jobs.
        changed twice: a worker started while that of the other one worked, which becomes another kind; see 0012.
        idle: after a sync the CronJob of the active colour starts nothing.
        fixed: an object was to be changed that cannot be.

    `in-place` is put before `rolled`, `shrunk`, `cut off` and `need` where the Deployment had traffic before the sync,
    and its colour takes traffic in the tree that is applied: the way from a release of a colour to a later one of
    the same colour, when Argo CD never saw the flips between them. Or where the state holds the release no more that
    it runs: the same way, and then back to the other colour. Two colours cannot avoid it.

    `uncovered` is put before `gone`, `no-backend` and `need` where a Service had lost its `PruneLast` in a sync that
    did not come to the switch.
    """

    rule: str
    subject: str
    detail: str


@dataclass(slots=True)
class Watch:
    """Looks at a cluster after every change of one sync to a tree and remembers each rule that did not hold.

    Users come by the active Services, and by the Ingress while it is that of the release that serves; what they reach
    calls other pods. What was broken when the sync began is not its doing and not reported again.

    Where the Ingress is itself the switch and in the last wave, it is applied moments after the other colour's
    Deployments and policies, which stand in that wave as well. Their pods get traffic for that long. A new template is
    let off there if it is rolled out gently: the first old pod goes `minReadySeconds` after a new one is up. And so is
    a fall to one pod, which the label of autoscaling brings: those that go drain first. Policies
    of the colour that is left stand right before the switch, where no sync stops: they are looked at where one does.
    """

    cluster: Cluster
    tree: Tree
    broken: set[Broken] = field(default_factory=set)
    _edges: dict[Key, frozenset[Key]] = field(default_factory=dict)
    _reach: dict[Key, frozenset[Key]] = field(default_factory=dict)
    _aims: dict[Key, frozenset[str | None]] = field(default_factory=dict)
    _bare: frozenset[Key] = frozenset()
    _more_goes: bool = False
    _old: frozenset[Broken] = frozenset()
    _began: set[Key] = field(default_factory=set)
    _releases: dict[Key, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._see()
        self._began = _all(self._reach.values())
        self._releases = {key: self.cluster.live[key].release for key in self._began}
        gone = [key for key in self.cluster.live if key not in self.tree.resources]
        self._more_goes = any(kind in {"Service", "Deployment", *ROUTES} for kind, _ in gone)
        self._old = frozenset([*self._faults(), *self._needs(), *self._cut_off(self._began)])
        self.cluster.hits.clear()

    def look(self) -> None:
        """Compare with the moment before."""
        edges, reach, aims, bare = self._edges, self._reach, self._aims, self._bare
        self._see()
        self.broken |= {*self._hits(reach, bare)}
        self.broken |= {*self._faults()} - self._old
        for service, deployments in self._edges.items():
            for key in deployments - edges.get(service, frozenset()):
                if not self.cluster.pods[key].settled:
                    self.broken.add(_broken("unready", service, f"leads to {key[1]}"))
                if self.cluster.live[key].replicas < self.cluster.live[key].wanted:
                    self.broken.add(_broken("short", service, f"leads to {key[1]}"))
        gained = {key: aim - aims.get(key, frozenset()) for key, aim in self._aims.items()}
        moved = {key for key, aim in gained.items() if aim & self.tree.serving}
        if not all(self.cluster.finished.get(gate) == "Healthy" for gate in self.tree.gates):
            self.broken |= {_broken("ungated", key) for key in moved}
        if self.cluster.schema < self.tree.needs:
            self.broken |= {_broken("unmigrated", key) for key in moved}

    def pause(self) -> None:
        """Look at what must hold whenever a wave is applied: within one, only moments pass."""
        self.look()
        ours = {key for key in self._awaited() if self.cluster.live[key].color == self.tree.active}
        self.broken |= {*self._cut_off(ours)} - self._old

    def stop(self) -> None:
        """Look at what must be there for as long as the sync may stand at this gate."""
        self.broken |= {*self._needs(), *self._cut_off(self._awaited())} - self._old

    def done(self) -> None:
        """Look at what a sync leaves that has succeeded."""
        self.look()
        self.broken |= {*self._cut_off(_all(self._reach.values()))} - self._old
        for key, resource in self.cluster.live.items():
            if key[0] == "CronJob" and resource.color == self.tree.active and resource.suspended:
                self.broken.add(_broken("idle", key))

    def _see(self) -> None:
        """Take in which Services users reach, which Deployments those lead to, and which ones are reached in turn."""
        live = self.cluster.live
        services = set(self.cluster.serving)
        if self.cluster.routed or self.cluster.leaving:
            services |= self._routed()
        self._edges = self._led(services)
        self._aims = {key: frozenset([each.color_selected]) for key, each in live.items() if each.active}
        self._aims |= {key: each.colors for key, each in live.items() if each.switches}
        self._reach = {service: self._callees(found) for service, found in self._edges.items()}
        self._bare = frozenset(self.cluster.uncovered)

    def _routed(self) -> set[Key]:
        return {("Service", name) for each in self.cluster.live.values() if each.route for name in each.leads}

    def _led(self, services: Iterable[Key]) -> dict[Key, frozenset[Key]]:
        live = self.cluster.live
        return {
            service: frozenset(key for key in self.cluster.pods if live[service].leads_to(live[key]))
            for service in services
            if service in live
        }

    def _callees(self, deployments: frozenset[Key]) -> frozenset[Key]:
        """Return the Deployments and those that their pods call, however far."""
        found: set[Key] = set()
        new = set(deployments)
        while new:
            found |= new
            called = {("Service", host) for key in new for host, _ in self.cluster.live[key].calls}
            new = _all(self._led(called).values()) - found
        return frozenset(found)

    def _hits(self, before: dict[Key, frozenset[Key]], bare: frozenset[Key]) -> Iterator[Broken]:
        """Report what the sync did to what had traffic the moment before, and had lost its `PruneLast` by then."""
        for service in before.keys() - self.cluster.live.keys():
            # The wave that moves the switch begins with its prunes, and no Service counts as bare from there on.
            yield _broken("uncovered gone" if service in bare else "gone", service)
        reached = _all(deployments for service, deployments in before.items() if service in self._edges)
        for hit, key in self.cluster.hits:
            if hit in {"gone", "fixed", "twice", "changed twice"}:
                yield _broken(hit, key)
            elif key in reached and not (hit in _IN_PLACE and self._let_off(key)):
                yield _broken(self._in_place(key, hit) if hit in _IN_PLACE else hit, key)
        self.cluster.hits.clear()

    def _faults(self) -> Iterator[Broken]:
        """Report what is wrong at this moment, whatever happened before."""
        live = self.cluster.live
        for service, deployments in self._edges.items():
            if not any(self.cluster.pods[key].available for key in deployments):
                yield _broken("no-pods", service)
        for resource in live.values() if self.cluster.routed or self.cluster.leaving else ():
            for name, port in resource.backends if resource.route else ():
                if not self._answers(name, port) and not self._spared(resource, name):
                    yield _broken(self._uncovered("no-backend", name), resource.key, f"{name}:{port}")
        for key in _all(self._reach.values()):
            for host, port in live[key].calls:
                if not self._answers(host, port):
                    yield _broken(self._uncovered(self._in_place(key, "need"), host), key, f"http://{host}:{port}")
        yield from self._crons()

    def _crons(self) -> Iterator[Broken]:
        working: dict[str | None, Key] = {}
        for key, resource in sorted(self.cluster.live.items()):
            if key[0] == "CronJob" and not resource.suspended:
                if resource.component in working:
                    yield _broken("twice", key)
                working[resource.component] = key

    def _awaited(self) -> set[Key]:
        """Return the Deployments that policies keep step with: those behind the switch, the last one if there are two.

        What only the release that is left has keeps its users until the last wave; those are not waited for.
        """
        tree = self.tree.resources
        services = {key for key, each in tree.items() if each.active and each.color_selected == self.tree.active}
        switches = [each for each in tree.values() if each.switches]
        if switches:
            services = self._routed() | (services if switches[0].wave == PROMISED else set())
        return _all(reached for service, reached in self._reach.items() if service in services)

    def _cut_off(self, deployments: set[Key]) -> Iterator[Broken]:
        for key in deployments:
            if self._forbidden(key):
                # A policy that goes together with other objects gets another wave than its own, whatever that is.
                late = self._more_goes and ("NetworkPolicy", key[1]) not in self.tree.resources
                yield _broken("late cut off" if late else self._in_place(key, "cut off"), key)

    def _needs(self) -> Iterator[Broken]:
        for key in _all(self._reach.values()):
            deployment = self.cluster.live[key]
            account = deployment.account
            if account and ("ServiceAccount", account) not in self.cluster.live:
                yield _broken("need", key, f"ServiceAccount/{account}")
            templates = {deployment.template, *self.cluster.pods[key].available}
            for config in {name for template in templates for name in mounted(template)}:
                if ("ConfigMap", config) not in self.cluster.live:
                    yield _broken(self._in_place(key, "need"), key, f"ConfigMap/{config}")

    def _forbidden(self, key: Key) -> bool:
        """Whether a policy keeps somebody from a Deployment's pods whom their own release lets in."""
        live = self.cluster.live
        now = admitted(live[key], (each for each in live.values() if each.key[0] == "NetworkPolicy"))
        own = live[key].allows
        return now is not EVERYBODY and (own is EVERYBODY or not own <= now)

    def _spared(self, route: Resource, name: str) -> bool:
        """Whether it is an ALB's Ingress of before, and nobody is led to the Service that it misses.

        Its controller leaves the ALB as it is then, until the sync comes to the Ingress that does not name the Service.
        """
        goes = self.tree.resources.get(route.key)
        return route.key[0] == "Ingress" and name not in route.leads and (goes is None or goes.body != route.body)

    def _answers(self, name: str, port: str) -> bool:
        service = self.cluster.live.get(("Service", name))
        return service is not None and port in service.ports

    def _let_off(self, key: Key) -> bool:
        """Whether its pods have traffic for moments only: by an Ingress that the wave is about to apply."""
        if not self.cluster.leaving or key not in self.cluster.live:
            return False
        return not any(key in reached for service, reached in self._reach.items() if service in self.cluster.serving)

    def _uncovered(self, rule: str, service: str) -> str:
        gone = self.cluster.uncovered - self.cluster.live.keys()
        return f"uncovered {rule}" if ("Service", service) in gone else rule

    def _in_place(self, key: Key, rule: str) -> str:
        if key not in self._began:
            return rule
        deployment = self.cluster.live[key]
        forgotten = self.tree.known is not None and self._releases.get(key) not in self.tree.known
        return f"in-place {rule}" if deployment.color in self.tree.serving or forgotten else rule


def _broken(rule: str, key: Key, detail: str = "") -> Broken:
    return Broken(rule, "/".join(key), detail)


def _all(groups: Iterable[frozenset[Key]]) -> set[Key]:
    return {key for group in groups for key in group}
