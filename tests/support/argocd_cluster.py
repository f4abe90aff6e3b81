"""A cluster for the model of Argo CD's sync: the live objects, the pods behind them, and what traffic finds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Key = tuple[str, str]  # kind and name; everything of one (app, env) is in one namespace
COLOR = "bggen.dev/color"
_URL = re.compile(r"http://([a-z][-a-z0-9]*)(?::(\d+))?")


class Health(StrEnum):
    """What Argo CD says of an object; NONE where it has no check for the kind."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Resource:
    """A Kubernetes object with what the model needs of it worked out once."""

    key: Key
    body: Mapping[str, Any]
    wave: int = 0
    options: frozenset[str] = frozenset()
    hook: str | None = None
    color: str | None = None
    replicas: int = 0
    template: str = ""
    rolls_gently: bool = True
    pod_labels: frozenset[tuple[str, str]] = frozenset()
    account: str | None = None
    calls: frozenset[tuple[str, str]] = frozenset()  # (host, port) that the pods were told
    listens: frozenset[str] = frozenset()  # names and numbers of the pods' ports
    selector: frozenset[tuple[str, str]] = frozenset()
    targets: frozenset[str] = frozenset()  # target ports of a Service, by name or number
    ports: frozenset[str] = frozenset()  # names and numbers
    backends: frozenset[tuple[str, str]] = frozenset()  # (Service, port) of an Ingress

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Resource:
        """Read a plain object."""
        metadata = body["metadata"]
        notes = metadata.get("annotations") or {}
        options = notes.get("argocd.argoproj.io/sync-options", "")
        spec = body.get("spec") or {}
        made = cls(
            key=(body["kind"], metadata["name"]),
            body=body,
            wave=int(notes.get("argocd.argoproj.io/sync-wave", "0")),
            options=frozenset(option.strip() for option in options.split(",")),
            hook=notes.get("argocd.argoproj.io/hook"),
            color=(metadata.get("labels") or {}).get(COLOR),
        )
        match body["kind"]:
            case "Deployment":
                return replace(made, **_deployment(spec))
            case "Service":
                ports = {str(port[field]) for port in spec.get("ports", []) for field in ("name", "port")}
                selector = frozenset((spec.get("selector") or {}).items())
                targets = frozenset(str(port["targetPort"]) for port in spec.get("ports", []) if "targetPort" in port)
                return replace(made, selector=selector, ports=frozenset(ports), targets=targets)
            case "Ingress":
                return replace(made, backends=frozenset(_backends(spec)))
        return made

    def leads_to(self, deployment: Resource) -> bool:
        """Whether a Service selects these pods and they have the port that it names; else they are no endpoints."""
        return self.selector <= deployment.pod_labels and self.targets <= deployment.listens

    @property
    def color_selected(self) -> str | None:
        """The colour whose pods a Service selects."""
        return dict(self.selector).get(COLOR)

    @property
    def active(self) -> bool:
        """Whether it is an active Service: the one of a component that no colour owns."""
        return self.key[0] == "Service" and self.color is None and not self.key[1].endswith("-preview")


def _deployment(spec: Mapping[str, Any]) -> dict[str, Any]:
    pod = spec["template"].get("spec") or {}
    ports = [port for container in pod.get("containers", []) for port in container.get("ports", [])]
    told = [str(pod.get("containers", ""))]
    strategy = spec.get("strategy") or {}
    unavailable = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", "25%")
    return {
        "replicas": spec.get("replicas", 1),
        "template": json.dumps(spec["template"], sort_keys=True),
        "rolls_gently": strategy.get("type", "RollingUpdate") == "RollingUpdate" and unavailable in {0, "0", "0%"},
        "pod_labels": frozenset(spec["template"]["metadata"]["labels"].items()),
        "listens": frozenset(str(port[key]) for port in ports for key in ("name", "containerPort") if key in port),
        "account": pod.get("serviceAccountName"),
        "calls": frozenset((host, port or "80") for text in told for host, port in _URL.findall(text)),
    }


def _backends(spec: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for rule in spec.get("rules", []):
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            port = service["port"]
            yield service["name"], str(port.get("name", port.get("number")))


@dataclass(frozen=True, slots=True)
class Tree:
    """What one commit says: its objects, and the colour that is active in it."""

    resources: Mapping[Key, Resource]
    active: str | None = None

    @classmethod
    def of(cls, bodies: Iterable[Mapping[str, Any]], active: str | None = None) -> Tree:
        """Read plain objects."""
        resources = [Resource.of(body) for body in bodies]
        return cls({resource.key: resource for resource in resources}, active)


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
        switched: whether the sync that runs has moved the switch.
        hits: what was done that may hurt: Deployments `pruned`, `stopped` or `rolled`; an Ingress that is `gone` before
            the switch has moved.
    """

    live: dict[Key, Resource] = field(default_factory=dict)
    pods: dict[Key, Pods] = field(default_factory=dict)
    serving: set[Key] = field(default_factory=set)
    routed: bool = True
    hanging: frozenset[Key] = frozenset()
    terminating: bool = False
    switched: bool = False
    hits: list[tuple[str, Key]] = field(default_factory=list)

    @classmethod
    def settled(cls, tree: Tree) -> Cluster:
        """Return the cluster where everything of the tree is applied and ready."""
        cluster = cls()
        for resource in tree.resources.values():
            cluster.apply(resource, tree)
        cluster.settle()
        cluster.hits.clear()
        return cluster

    def copy(self) -> Cluster:
        """Return an independent copy without the record of hits."""
        return Cluster(dict(self.live), dict(self.pods), set(self.serving), self.routed, self.hanging)

    def moved(self, tree: Tree) -> None:
        """Note that a sync has moved the switch to what the tree says.

        What only the release before it has brings no traffic of users from here on.
        """
        self.switched = True
        self.serving &= {key for key, resource in tree.resources.items() if resource.color_selected == tree.active}
        routes = {key for key in self.live.keys() | tree.resources.keys() if key[0] == "Ingress"}
        self.routed = all(_same(self.live.get(key), tree.resources.get(key)) for key in routes)

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
        self.pods[key] = Pods(frozenset([resource.template] if resource.replicas else []), settled=True)

    def look(self, key: Key, choose: Callable[[Key], Health]) -> Health:
        """Return the health that a gate sees; `choose` decides where more than one is possible, once and for good."""
        kind = key[0]
        resource = self.live.get(key)
        if resource is None:
            return Health.PROGRESSING
        if kind == "Deployment":
            return self._look_deployment(key, choose)
        if kind == "Service" and (resource.body.get("spec") or {}).get("type") != "LoadBalancer":
            return Health.HEALTHY
        checked = {
            "Service",
            "Ingress",
            "PodDisruptionBudget",
            "HorizontalPodAutoscaler",
            "Job",
            "CronJob",
            "HTTPRoute",
        }
        return choose(key) if kind in checked else Health.NONE

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
            if key in self.hanging:
                self.terminating = True
            else:
                del self.live[key]
            self.serving.discard(key)
            if key[0] == "Ingress":
                self.routed = True
                self.hits += [] if self.switched else [("gone", key)]
            if self.pods.pop(key, None):
                self.hits.append(("pruned", key))

    def apply(self, resource: Resource, tree: Tree) -> bool:
        """Create or update an object; return whether that changed it."""
        key = resource.key
        old = self.live.get(key)
        if resource.active:
            (self.serving.add if resource.color_selected == tree.active else self.serving.discard)(key)
        self.routed |= key[0] == "Ingress"
        if _same(old, resource):
            return False
        self.live[key] = resource
        if key[0] == "Deployment":
            self._roll(old, resource)
        return True

    def _roll(self, old: Resource | None, new: Resource) -> None:
        pods = self.pods.get(new.key, Pods())
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


def _same(one: Resource | None, other: Resource | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or (one.body, one.wave, one.options) == (other.body, other.wave, other.options)
