"""Kubernetes objects for the model of Argo CD's sync, with what the model needs of each worked out once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tests.support.ingresses import alb_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Key = tuple[str, str]  # kind and name; everything of one (app, env) is in one namespace
COLOR = "bggen.dev/color"
COMPONENT = "app.kubernetes.io/component"
AUTOSCALED = "bggen.dev/autoscaled"
EVERYBODY = None
# What users come by from outside.
ROUTES = {"Ingress", "HTTPRoute"}
_ACTIONS = "alb.ingress.kubernetes.io/actions."
_URL = re.compile(r"http://([a-z][-a-z0-9]*)(?::(\d+))?")
# ConfigMaps that bggen makes: what people make themselves is in no tree.
_CONFIG = re.compile(r".+-(blue|green)-[0-9a-f]{10}")


@dataclass(frozen=True, slots=True)
class Resource:
    """A Kubernetes object with what the model needs of it worked out once.

    Attributes:
        fixed: what the API server lets nobody change, as text.
        once: whether it is a worker, of which only one colour's may run.
        wanted: the replicas that Git says; `replicas` are those that the live Deployment is told to have.
        allows: who may call a Deployment's pods, as its own tree says; None for everybody.
        callers: who is let in by a NetworkPolicy.
        makes: the schema that the database has once a Job has ended well.
    """

    key: Key
    body: Mapping[str, Any]
    wave: int = 0
    options: frozenset[str] = frozenset()
    hook: str | None = None
    color: str | None = None
    component: str | None = None
    fixed: str = ""
    once: bool = False
    replicas: int = 0
    wanted: int = 0
    autoscaled: bool = False
    allows: frozenset[str] | None = EVERYBODY
    callers: frozenset[str] = frozenset()
    makes: int = 0
    template: str = ""
    rolls_gently: bool = True
    pod_labels: frozenset[tuple[str, str]] = frozenset()
    account: str | None = None
    calls: frozenset[tuple[str, str]] = frozenset()  # (host, port) that the pods were told
    listens: frozenset[str] = frozenset()  # names and numbers of the pods' ports
    selector: frozenset[tuple[str, str]] = frozenset()
    targets: frozenset[str] = frozenset()  # target ports of a Service, by name
    ports: frozenset[str] = frozenset()  # names and numbers
    backends: frozenset[tuple[str, str]] = frozenset()  # (Service, port) of an Ingress or HTTPRoute
    leads: frozenset[str] = frozenset()  # the Services among them that requests are sent to

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Resource:
        """Read a plain object."""
        metadata = body["metadata"]
        notes = metadata.get("annotations") or {}
        labels = metadata.get("labels") or {}
        options = notes.get("argocd.argoproj.io/sync-options", "")
        spec = body.get("spec") or {}
        made = cls(
            key=(body["kind"], metadata["name"]),
            body=body,
            wave=int(notes.get("argocd.argoproj.io/sync-wave", "0")),
            options=frozenset(option.strip() for option in options.split(",")),
            hook=notes.get("argocd.argoproj.io/hook"),
            color=labels.get(COLOR),
            component=labels.get(COMPONENT),
        )
        more: dict[str, Any] = {}
        match body["kind"]:
            case "Deployment":
                more = {"autoscaled": labels.get(AUTOSCALED) == "true", **_deployment(spec)}
            case "Service":
                ports = {str(port[field]) for port in spec.get("ports", []) for field in ("name", "port")}
                targets = frozenset(str(port["targetPort"]) for port in spec.get("ports", []) if "targetPort" in port)
                more = {"selector": _pairs(spec.get("selector")), "ports": frozenset(ports), "targets": targets}
            case "Ingress":
                more = _ingress(spec, notes)
            case "HTTPRoute":
                found = [backend for rule in spec["rules"] for backend in rule["backendRefs"]]
                more = {
                    "backends": frozenset((each["name"], str(each["port"])) for each in found),
                    "leads": frozenset(each["name"] for each in found if each["weight"]),
                }
            case "NetworkPolicy":
                selector = _pairs((spec.get("podSelector") or {}).get("matchLabels"))
                more = {"selector": selector, "callers": frozenset(_callers(spec))}
            case "HorizontalPodAutoscaler":
                more = {"wanted": spec.get("minReplicas", 1)}
            case "Job":
                more = {"fixed": _text(spec), "makes": _schema(spec)}
            case "ConfigMap" if body.get("immutable"):
                more = {"fixed": _text(body.get("data"))}
        return replace(made, **more)

    def leads_to(self, deployment: Resource) -> bool:
        """Whether a Service selects these pods and they have the port that it names; else they are no endpoints."""
        return self.selector <= deployment.pod_labels and self.targets <= deployment.listens

    def same_work(self, other: Resource) -> bool:
        """Whether the other one is the same worker in the other colour, and works."""
        return other.once and other.component == self.component and other.color != self.color and other.replicas > 0

    @property
    def color_selected(self) -> str | None:
        """The colour whose pods a Service selects."""
        return dict(self.selector).get(COLOR)

    @property
    def active(self) -> bool:
        """Whether it is an active Service: the one of a component that no colour owns."""
        return self.key[0] == "Service" and self.color is None and not self.key[1].endswith("-preview")

    @property
    def route(self) -> bool:
        """Whether users come by it from outside. By a preview come only people who look at a colour."""
        shows = self.color is not None or self.key[1].endswith(("-preview", "-blue-green"))
        return self.key[0] in ROUTES and not shows

    @property
    def switches(self) -> bool:
        """Whether it is a route that itself leads to one colour, past the active Services."""
        return self.route and all(name.endswith(("-blue", "-green")) for name in self.leads)

    @property
    def colors(self) -> frozenset[str | None]:
        """The colours that a route which is itself the switch sends requests to."""
        return frozenset(name.rpartition("-")[2] for name in self.leads)

    @property
    def release(self) -> str | None:
        """The release that a Deployment was made from."""
        return (self.body["metadata"].get("labels") or {}).get("bggen.dev/release")

    @property
    def healthy(self) -> bool:
        """Whether it is a Service whose health is certain: only a load balancer waits for an address."""
        return self.key[0] == "Service" and (self.body.get("spec") or {}).get("type") != "LoadBalancer"

    @property
    def gate(self) -> bool:
        """Whether it is the smoke test that stands before the switch."""
        return self.key[0] == "Job" and "-gate-" in self.key[1]

    @property
    def suspended(self) -> bool:
        """Whether it is a CronJob that starts nothing."""
        return self.key[0] == "CronJob" and bool(self.body["spec"].get("suspend"))


def _schema(spec: Mapping[str, Any]) -> int:
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers", [])
    env = [each for container in containers for each in container.get("env", [])]
    return next((int(each["value"]) for each in env if each["name"] == "BGGEN_SCHEMA"), 0)


def _deployment(spec: Mapping[str, Any]) -> dict[str, Any]:
    pod = spec["template"].get("spec") or {}
    ports = [port for container in pod.get("containers", []) for port in container.get("ports", [])]
    told = [str(pod.get("containers", ""))]
    strategy = spec.get("strategy") or {}
    unavailable = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", "25%")
    return {
        "fixed": _text(spec.get("selector")),
        "replicas": spec.get("replicas", 1),
        "wanted": spec.get("replicas", 1),
        "template": _text(spec["template"]),
        "rolls_gently": strategy.get("type", "RollingUpdate") == "RollingUpdate" and unavailable in {0, "0", "0%"},
        "pod_labels": _pairs(spec["template"]["metadata"]["labels"]),
        "listens": frozenset(str(port[key]) for port in ports for key in ("name", "containerPort") if key in port),
        "account": pod.get("serviceAccountName"),
        "calls": frozenset((host, port or "80") for text in told for host, port in _URL.findall(text)),
    }


@lru_cache(maxsize=4096)
def mounted(template: str) -> frozenset[str]:
    """Return the ConfigMaps of bggen that pods of a template mount."""
    volumes = json.loads(template)["spec"].get("volumes", [])
    names = ((volume.get("configMap") or {}).get("name", "") for volume in volumes)
    return frozenset(name for name in names if _CONFIG.fullmatch(name))


def _ingress(spec: Mapping[str, Any], notes: Mapping[str, str]) -> dict[str, Any]:
    """Return what an Ingress names; an ALB's names more than users are led to, who send no header."""
    if not any(key.startswith(_ACTIONS) for key in notes):
        backends = frozenset(_backends(spec))
        return {"backends": backends, "leads": frozenset(name for name, _ in backends)}
    rules = list(alb_rules([{"metadata": {"annotations": notes}, "spec": spec}]))
    return {
        "backends": frozenset((name, "http") for _, _, _, weights in rules for name in weights),
        "leads": frozenset(
            name for _, _, conditions, weights in rules for name, weight in weights.items() if weight and not conditions
        ),
    }


def _backends(spec: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for rule in spec.get("rules", []):
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            port = service["port"]
            yield service["name"], str(port.get("name", port.get("number")))


def _callers(spec: Mapping[str, Any]) -> Iterator[str]:
    for rule in spec.get("ingress") or []:
        yield from (_text(caller) for caller in rule["from"])


def _pairs(labels: Mapping[str, str] | None) -> frozenset[tuple[str, str]]:
    return frozenset((labels or {}).items())


def _text(data: object) -> str:
    return json.dumps(data, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Tree:
    """What one commit says: its objects, the colour that is active in it, and all releases that its state holds.

    `needs` is the least schema that the active release can run on, where the commit has a Job that makes one.
    """

    resources: Mapping[Key, Resource]
    active: str | None = None
    known: frozenset[str] | None = None
    needs: int = 0

    @classmethod
    def of(cls, bodies: Iterable[Mapping[str, Any]], active: str | None = None) -> Tree:
        """Read plain objects."""
        return cls.made([Resource.of(body) for body in bodies], active)

    @classmethod
    def made(cls, resources: Iterable[Resource], active: str | None = None) -> Tree:
        """Put resources together, and tell the Deployments who may call their pods."""
        found = {resource.key: resource for resource in resources}
        policies = [resource for resource in found.values() if resource.key[0] == "NetworkPolicy"]
        for key, resource in found.items() if policies else ():
            if key[0] == "Deployment":
                found[key] = replace(resource, allows=admitted(resource, policies))
        return cls(found, active)

    @property
    def serving(self) -> frozenset[str | None]:
        """The colours that take traffic: the active one, and where two are joined, both."""
        routed = [each.colors for each in self.resources.values() if each.switches]
        return frozenset([self.active]).union(*routed)

    @property
    def gates(self) -> list[Key]:
        """The smoke tests that stand before the switch."""
        return [key for key, resource in self.resources.items() if resource.gate]


def admitted(deployment: Resource, policies: Iterable[Resource]) -> frozenset[str] | None:
    """Return who may call a Deployment's pods: everybody, unless a policy selects them."""
    ours = [policy.callers for policy in policies if policy.selector <= deployment.pod_labels]
    return frozenset().union(*ours) if ours else EVERYBODY
