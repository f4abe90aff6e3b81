"""Renderer 1: what of an object no patch may change, because bggen or Argo CD goes by it, or the spec has it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.yamlio import Path

_IDENTITY: Final = "bggen and Argo CD find the object by it"
_SELECTOR: Final = "traffic finds the pods of a colour by it"
_GUARD: Final = "use `replicas` or `autoscale` of the spec, or bggen scale, which the guards of a flip know"
_SWITCH: Final = "it is how traffic is switched"
_ALB: Final = "alb.ingress.kubernetes.io/"
_CANARY: Final = "nginx.ingress.kubernetes.io/canary"
_HASH: Final = "use `files` of the spec: the name holds a hash of the content"
_OF_ROLLOUT: Final = "use `rollout` of the spec: what it means depends on whether a release waits"

_EVERYWHERE: Final[Mapping[Path, str]] = {
    ("apiVersion",): _IDENTITY,
    ("kind",): _IDENTITY,
    ("metadata", "name"): _IDENTITY,
    ("metadata", "namespace"): "use `namespace` in bggen.yaml",
    ("metadata", "finalizers"): "Argo CD would wait for ever to delete the object",
    ("metadata", "ownerReferences"): "the cluster would delete the object with another one",
}
_OF_KIND: Final[Mapping[str, Mapping[Path, str]]] = {
    "Deployment": {("spec", "selector"): _SELECTOR, ("spec", "replicas"): _GUARD},
    "Rollout": {
        ("spec", "selector"): _SELECTOR,
        ("spec", "replicas"): _GUARD,
        ("spec", "paused"): "it stops every promotion, a rollback's as well",
        ("spec", "workloadRef"): "the pods are a release's own",
        ("spec", "restartAt"): "it would restart the pods that serve, by a release that waits",
        ("spec", "strategy", "canary"): _SWITCH,
        ("spec", "strategy", "blueGreen", "activeService"): _SWITCH,
        ("spec", "strategy", "blueGreen", "previewService"): _SWITCH,
        ("spec", "strategy", "blueGreen", "autoPromotionEnabled"): "a flip decides that: it follows from the state",
        ("spec", "strategy", "blueGreen", "autoPromotionSeconds"): _OF_ROLLOUT,
        ("spec", "strategy", "blueGreen", "activeMetadata"): _OF_ROLLOUT,
        ("spec", "strategy", "blueGreen", "prePromotionAnalysis", "templates"): _OF_ROLLOUT,
        ("spec", "strategy", "blueGreen", "postPromotionAnalysis", "templates"): _OF_ROLLOUT,
    },
    "PodDisruptionBudget": {("spec", "selector"): _SELECTOR},
    "NetworkPolicy": {("spec", "podSelector"): "it is how the policy finds the pods of a colour"},
    "HorizontalPodAutoscaler": {
        ("spec", "scaleTargetRef"): "it is how the autoscaler finds its Deployment",
        ("spec", "minReplicas"): _GUARD,
        ("spec", "maxReplicas"): _GUARD,
    },
    "Service": {
        ("spec", "selector"): _SELECTOR,
        ("spec", "type"): "use `service.type` of the spec",
        ("spec", "externalName"): _SWITCH,
        ("spec", "clusterIP"): "clients would keep the addresses of pods, whatever the switch says",
        ("spec", "clusterIPs"): "clients would keep the addresses of pods, whatever the switch says",
        ("spec", "publishNotReadyAddresses"): "traffic would reach pods that are not ready",
    },
    "Ingress": {("spec", "defaultBackend"): "use `route.paths` of the spec"},
    "HTTPRoute": {
        ("spec", "parentRefs"): "use `route.parentRefs` of the spec",
        ("spec", "hostnames"): "use `route.hosts` and `route.preview.host` of the spec",
    },
    "ReferenceGrant": {("spec",): "it is how the HTTPRoutes reach the Services"},
    "CronJob": {("spec", "suspend"): "it decides which colour runs the cron"},
    "Job": {
        ("spec", "suspend"): "Argo CD waits for the Job before it switches",
        ("spec", "selector"): _IDENTITY,
        ("spec", "manualSelector"): _IDENTITY,
        ("spec", "ttlSecondsAfterFinished"): "Argo CD would run a Job again that is gone",
    },
    "ConfigMap": {("data",): _HASH, ("binaryData",): _HASH, ("immutable",): _HASH},
}
_POD: Final[Mapping[str, Path]] = {
    "Deployment": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}

# The keys that a spec may not set either: see `labels` and `annotations` in the schema of app.yaml.
_OURS = re.compile(
    r"bggen\.dev/|argocd\.argoproj\.io/|app\.kubernetes\.io/(?:name|component|managed-by|instance|part-of|version)\Z"
    r"|(?:rollouts-)?pod-template-hash\Z|deployment\.kubernetes\.io/|kubernetes\.io/config\."
    r"|scheduler\.alpha\.kubernetes\.io/"
    r"|(?:[a-z]+\.)*(?:apparmor|seccomp)\.security\.(?:alpha|beta)\.kubernetes\.io/"
)


# What depends on the role that an object has at the moment, and what holds that.
_ROLE_KEY = r"/metadata/(?:annotations|labels)/(?:argocd\.argoproj\.io|bggen\.dev)~1.*"
_OF_ROLE: Final[Mapping[str, re.Pattern[str]]] = {
    "test": re.compile(rf"(?:/metadata(?:/(?:annotations|labels))?)?|{_ROLE_KEY}", re.DOTALL),
    "copy": re.compile(_ROLE_KEY, re.DOTALL),
}


class _Fact(NamedTuple):
    """A field, what stands there, and why it must stay or what to use instead."""

    field: Path
    value: Any
    advice: str


def forbidden(before: Any, after: Any) -> tuple[Path, str] | None:
    """Return the first field that a patch must not change and has changed, and what to do instead.

    Args:
        before: the object, as it was rendered.
        after: what a patch made of it.
    """
    kind = str(_dig(before, "kind"))
    old, new = dict(_fixed(before, kind)), dict(_fixed(after, kind))
    if kind == "Ingress":
        rules = _rules(before)
        old, new = {**old, **dict(_switching(before, rules))}, {**new, **dict(_switching(after, rules))}
    for key in [*old, *(key for key in new if key not in old)]:
        found = old.get(key) or new[key]
        if key not in old or key not in new or _differ(old[key].value, new[key].value):
            return found.field, found.advice
    kept = _values(_listed(after, kind))
    wanted = _values(_listed(before, kind))
    for key, fact in _listed(before, kind):
        if _differ(wanted[key], kept.get(key)):
            return fact.field, fact.advice
    return None


def depends_on_role(operation: Mapping[str, Any]) -> bool:
    """Whether an operation may fit today, and fail when a flip, a rollback or another release gives another role."""
    kind = operation["op"]
    return kind in _OF_ROLE and bool(_OF_ROLE[kind].fullmatch(operation["path" if kind == "test" else "from"]))


def _fixed(data: Any, kind: str) -> Iterator[tuple[Path, _Fact]]:
    """Yield what must be exactly as it was: nothing changed, taken away or added."""
    for field, advice in {**_EVERYWHERE, **_OF_KIND.get(kind, {})}.items():
        yield field, _Fact(field, _dig(data, *field), advice)
    if kind == "Deployment":
        field = ("spec", "paused")
        # Left out, it is false.
        yield field, _Fact(field, _dig(data, *field) or False, "Argo CD would wait for it before it switches")
    tops: list[Path] = [("metadata",)]
    if kind in _POD:
        tops.append((*_POD[kind], "metadata"))
    if kind == "CronJob":
        tops.append(("spec", "jobTemplate", "metadata"))
    for top in tops:
        for name in ("labels", "annotations"):
            for key, value in _mapping(_dig(data, *top, name)).items():
                if _OURS.match(str(key)):
                    field = (*top, name, key)
                    yield field, _Fact(field, value, "the key is reserved, as it is in the spec: others go by it")


def _rules(data: Any) -> frozenset[str]:
    """Return the annotations of an ALB that say what the backends of the Ingress are."""
    return frozenset(
        f"{_ALB}{what}.{_dig(path, 'backend', 'service', 'name')}"
        for _, rule in _items(_dig(data, "spec", "rules"))
        for _, path in _items(_dig(rule, "http", "paths"))
        if _dig(path, "backend", "service", "port", "name") == "use-annotation"
        for what in ("actions", "conditions")
    )


def _switching(data: Any, rules: frozenset[str]) -> Iterator[tuple[Path, _Fact]]:
    """Yield the annotations that say which colour requests are led to, by an ALB or by a canary of nginx."""
    for key, value in _mapping(_dig(data, "metadata", "annotations")).items():
        if key in rules or str(key).startswith(_CANARY):
            field = ("metadata", "annotations", key)
            yield field, _Fact(field, value, _SWITCH)


def _values(facts: Iterable[tuple[Path, _Fact]]) -> dict[Path, list[Any]]:
    """Return all that stands under each name: a second item of one name could win over the first."""
    found: dict[Path, list[Any]] = {}
    for key, fact in facts:
        found.setdefault(key, []).append(fact.value)
    return found


def _listed(data: Any, kind: str) -> Iterator[tuple[Path, _Fact]]:
    """Yield what must be kept of lists, by the names of their items."""
    if kind in _POD:
        yield from _containers(data, (*_POD[kind], "spec"))
    if kind == "Service":
        for index, port in _items(_dig(data, "spec", "ports")):
            field: Path = ("spec", "ports", index)
            numbers = [port.get(key) for key in ("port", "targetPort", "nodePort")]
            advice = "use `port`, `ports` and `service.nodePort` of the spec; other ports may be added beside it"
            yield (port.get("name", ""),), _Fact(field, numbers, advice)
    if kind == "HTTPRoute":
        yield from _matches(data)
    if kind == "Ingress":
        for index, rule in _items(_dig(data, "spec", "rules")):
            for number, path in _items(_dig(rule, "http", "paths")):
                field = ("spec", "rules", index, "http", "paths", number)
                advice = f"use `route.hosts` and `route.paths` of the spec: {_SWITCH}; others may be added beside it"
                key = (str(rule.get("host")), str(path.get("path")))
                yield key, _Fact(field, path.get("backend"), advice)


def _matches(data: Any) -> Iterator[tuple[Path, _Fact]]:
    """Yield every match of an HTTPRoute with the backends of its rule."""
    for index, rule in _items(_dig(data, "spec", "rules")):
        for number, match in _items(rule.get("matches")):
            field: Path = ("spec", "rules", index, "matches", number)
            advice = f"use `route.paths` and `route.preview` of the spec: {_SWITCH}; others may be added beside it"
            key = json.dumps([match.get("path"), match.get("headers")], sort_keys=True)
            yield (key,), _Fact(field, [match, rule.get("backendRefs")], advice)


def _containers(data: Any, pod: Path) -> Iterator[tuple[Path, _Fact]]:
    for name in ("initContainers", "containers"):
        for index, container in _items(_dig(data, *pod, name)):
            field: Path = (*pod, name, index)
            own = str(container.get("name"))
            lost = f"the container {own} must stay; a merge patch replaces a list whole, `json` can add to it"
            yield (name, own), _Fact(field, own, lost)
            yield (
                (name, own, "image"),
                _Fact((*field, "image"), container.get("image"), "a release's images come from `bggen bump --image`"),
            )
            for number, port in _items(container.get("ports")):
                place: Path = (*field, "ports", number)
                advice = "use `port` and `ports` of the spec; other ports may be added beside it"
                yield (name, own, "ports", str(port.get("name"))), _Fact(place, port.get("containerPort"), advice)


def _differ(old: Any, new: Any) -> bool:
    """Whether two values are not the same to the letter: 80 is not 80.0, and 1 is not true."""
    return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)


def _dig(data: Any, *way: str | int) -> Any:
    for key in way:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield index, item
