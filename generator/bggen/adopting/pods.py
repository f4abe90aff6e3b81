"""A Deployment or CronJob → the fields of a component, as far as a spec can say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting.health import health
from bggen.adopting.looking import dig, items, mapping, number, pod_of, selects, text, texts, words
from bggen.adopting.volumes import volumes
from bggen.images import parse_image
from bggen.model import Color
from bggen.spec.references import REFERENCE, mistakes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.adopting.parts import Found, Group
    from bggen.adopting.ports import Ports

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
# Labels and annotations that say how an object came to be, and would say it wrongly of bggen's.
_ORIGINS = (
    *("app.kubernetes.io/", "helm.sh/", "meta.helm.sh/", "argocd.argoproj.io/", "bggen.dev/", "kubectl.kubernetes"),
    *("deployment.kubernetes.io/", "pod-template-hash", "heritage", "chart", "kustomize.toolkit.fluxcd.io/"),
)
_RESERVED = ("kubernetes.io/config.", "scheduler.alpha.kubernetes.io/")


def main_container(found: Found, group: Group) -> dict[str, Any]:
    """Return the container that is the component: the one that is meant by default, or that the Service leads to."""
    containers = items(pod_of(found.data), "spec", "containers")
    default = texts(pod_of(found.data), "metadata", "annotations").get(_DEFAULT_CONTAINER)
    wanted = {
        port.get("targetPort", port.get("port"))
        for port in (items(group.main.data, "spec", "ports") if group.main else [])
    }
    for each in containers:
        if each["name"] == default:
            return each
    for each in containers:
        ports = items(each, "ports")
        if any(port.get("name") in wanted or port.get("containerPort") in wanted for port in ports):
            return each
    names = (group.name, group.base, found.name)
    return next((each for each in containers if each["name"] in names), containers[0])


def component(
    found: Found, group: Group, ports: Ports | None, every: Sequence[Found], listening: Mapping[str, bool]
) -> dict[str, Any]:
    """Return the fields that app.yaml has of a component.

    Args:
        found: its Deployment or CronJob.
        group: the component.
        ports: those that its pods are reached at; None of a CronJob.
        every: all objects that were read.
        listening: for every component of the app whether it has a port, by which `${…}` in values is known.
    """
    pod = pod_of(found.data)
    container = main_container(found, group)
    data: dict[str, Any] = {"image": repository(container["image"])}
    if found.kind == "CronJob":
        data |= {"kind": "cron", **_schedule(found)}
    elif is_worker(found, group, every):
        data["kind"] = "worker"
    if ports is not None:
        data |= ports.fields
    if found.kind != "CronJob":
        data |= _size(found, every)
    for key in ("command", "args"):
        if words(container, key):
            data[key] = [_kept(word, listening) for word in words(container, key)]
    data |= {"env": _env(container, listening), "envFrom": _env_from(container)}
    data |= volumes(pod, container, every, found.namespace)
    if found.kind != "CronJob":
        data |= health(container, ports, worker=is_worker(found, group, every))
    data |= {"resources": _resources(container), **_security(pod, container), **_account(pod, every, found)}
    data |= _placement(pod)
    data |= {"labels": _labels(found, every), "annotations": _annotations(found)}
    return {key: value for key, value in data.items() if value not in ({}, [], None) or key == "writable"}


def is_worker(found: Found, group: Group, every: Sequence[Found]) -> bool:
    """Whether a Deployment works by itself: nothing leads to it. One that is autoscaled is a service all the same."""
    return group.main is None and found.kind == "Deployment" and autoscaler(found, every) is None


def repository(image: str) -> str:
    """Return the repository of an image; the image itself if it is no reference, which is then told of app.yaml."""
    try:
        return parse_image(image).repository
    except ValueError:
        return image


def _kept(value: str, listening: Mapping[str, bool]) -> str:
    """Return a value so that it stays what it is: what would stand for a component is escaped."""
    if not REFERENCE.search(value) and not any(mistakes(value, listening)):
        return value
    return value.replace("${", "$${")


def _size(found: Found, every: Sequence[Found]) -> dict[str, Any]:
    scaler = autoscaler(found, every)
    if scaler is not None:
        targets = {}
        for metric in items(scaler.data, "spec", "metrics"):
            name, target = dig(metric, "resource", "name"), number(metric, "resource", "target", "averageUtilization")
            if name in ("cpu", "memory") and target is not None:
                targets[name] = target
        old = number(scaler.data, "spec", "targetCPUUtilizationPercentage")
        if old is not None:
            targets.setdefault("cpu", old)
        requested = mapping(_first(found), "resources", "requests")
        targets = {name: percent for name, percent in targets.items() if name in requested}
        if targets:
            least = number(scaler.data, "spec", "minReplicas") or 1
            return {"autoscale": {"min": least, "max": number(scaler.data, "spec", "maxReplicas") or least, **targets}}
    replicas = number(found.data, "spec", "replicas")
    return {"replicas": 1 if replicas is None else max(replicas, 1)}


def _first(found: Found) -> Any:
    return items(pod_of(found.data), "spec", "containers")[0]


def autoscaler(found: Found, every: Sequence[Found]) -> Found | None:
    """Return the HorizontalPodAutoscaler of a Deployment."""
    for each in every:
        target = mapping(each.data, "spec", "scaleTargetRef")
        if each.kind == "HorizontalPodAutoscaler" and (target.get("kind"), target.get("name")) == (
            found.kind,
            found.name,
        ):
            return each
    return None


def _env(container: Mapping[str, Any], listening: Mapping[str, bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable in items(container, "env"):
        name = variable["name"]
        # The last one of a name is the one that counts.
        found.pop(name, None)
        source = mapping(variable, "valueFrom")
        if not source:
            found[name] = _kept(variable.get("value") or "", listening)
            continue
        field = text(source, "fieldRef", "fieldPath")
        if field is not None and "'" not in field.replace("['", "").replace("']", ""):
            found[name] = {"field": field}
        for kind, key in (("secretKeyRef", "secret"), ("configMapKeyRef", "configMap")):
            reference = mapping(source, kind)
            if reference and not reference.get("optional"):
                found[name] = {key: reference.get("name"), "key": reference.get("key")}
    return found


def _env_from(container: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sources; none where one of them may be absent, since their order counts."""
    found = []
    for source in items(container, "envFrom"):
        for kind, key in (("secretRef", "secret"), ("configMapRef", "configMap")):
            reference = mapping(source, kind)
            if reference:
                if reference.get("optional"):
                    return []
                prefix = {"prefix": source["prefix"]} if source.get("prefix") else {}
                found.append({key: reference.get("name"), **prefix})
    return found


def _resources(container: Mapping[str, Any]) -> dict[str, str]:
    requests, limits = mapping(container, "resources", "requests"), mapping(container, "resources", "limits")
    found: dict[str, str] = {}
    for name in ("cpu", "memory"):
        # A request that is left out is what the limit is.
        request = requests.get(name, limits.get(name))
        if request is not None:
            found[name] = str(request)
        if name in limits and (name == "cpu" or str(limits[name]) != str(request)):
            found[f"{name}Limit"] = str(limits[name])
    return found


def _security(pod: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    whole, own = mapping(pod, "spec", "securityContext"), mapping(container, "securityContext")
    user = own.get("runAsUser", whole.get("runAsUser"))
    not_root = own.get("runAsNonRoot", whole.get("runAsNonRoot")) is True
    narrow = own.get("allowPrivilegeEscalation") is False and "ALL" in words(own, "capabilities", "drop")
    found: dict[str, Any] = {"user": user, "group": whole.get("fsGroup")}
    if not (not_root and narrow):
        found["security"] = "baseline"
    return found


def _account(pod: Mapping[str, Any], every: Sequence[Found], found: Found) -> dict[str, Any]:
    name = text(pod, "spec", "serviceAccountName") or text(pod, "spec", "serviceAccount")
    if name in (None, "default"):
        return {}
    token = dig(pod, "spec", "automountServiceAccountToken")
    if name == found.name and any(color in found.name.split("-") for color in Color):
        # Each colour has one of its own already.
        own = next((each for each in every if (each.kind, each.name) == ("ServiceAccount", name)), None)
        annotations = {key: value for key, value in own.annotations.items() if is_own(key)} if own else {}
        settings = {"token": token is not False, "annotations": annotations}
        return {"serviceAccount": {key: value for key, value in settings.items() if value}}
    if token is None:
        accounts = [each for each in every if (each.kind, each.name) == ("ServiceAccount", name)]
        token = not any(
            dig(each.data, "automountServiceAccountToken") is False
            for each in accounts
            if each.namespace == found.namespace
        )
    return {"serviceAccount": {"name": name, **({"token": True} if token is not False else {})}}


def _placement(pod: Mapping[str, Any]) -> dict[str, Any]:
    tolerations = [
        {key: value for key, value in each.items() if value is not None} for each in items(pod, "spec", "tolerations")
    ]
    return {
        "imagePullSecrets": [each["name"] for each in items(pod, "spec", "imagePullSecrets") if text(each, "name")],
        "nodeSelector": texts(pod, "spec", "nodeSelector"),
        "tolerations": tolerations,
        "priorityClass": text(pod, "spec", "priorityClassName"),
    }


def selecting_keys(found: Found, every: Sequence[Found]) -> set[str]:
    """Return the labels of a Deployment's pods that others find them by: new pods must not be found by them."""
    labels = found.pod_labels
    keys = set(found.selector)
    for each in every:
        selector = each.selector or texts(each.data, "spec", "podSelector", "matchLabels")
        if each.kind in ("Service", "PodDisruptionBudget", "NetworkPolicy") and selects(selector, labels):
            keys |= set(selector)
    return keys


def is_own(key: str) -> bool:
    """Whether a label or an annotation says something of the app, rather than of how the object came to be."""
    return not key.startswith((*_ORIGINS, *_RESERVED))


def _labels(found: Found, every: Sequence[Found]) -> dict[str, str]:
    """Return the labels of the pods, but for those that something finds them by.

    Had the new pods those of the old ones, every Service, budget and policy that is left over would find them as well,
    and in both colours.
    """
    taken = selecting_keys(found, every)
    labels = texts(pod_of(found.data), "metadata", "labels")
    return {key: value for key, value in labels.items() if key not in taken and is_own(key)}


def _annotations(found: Found) -> dict[str, str]:
    return {key: value for key, value in texts(pod_of(found.data), "metadata", "annotations").items() if is_own(key)}


def _schedule(found: Found) -> dict[str, Any]:
    spec = mapping(found.data, "spec")
    job = mapping(spec, "jobTemplate", "spec")
    return {
        "schedule": text(spec, "schedule"),
        "timeZone": text(spec, "timeZone"),
        "startingDeadlineSeconds": number(spec, "startingDeadlineSeconds"),
        "concurrencyPolicy": text(spec, "concurrencyPolicy") or "Allow",
        "activeDeadlineSeconds": number(job, "activeDeadlineSeconds"),
        "backoffLimit": 6 if number(job, "backoffLimit") is None else number(job, "backoffLimit"),
    }
