"""What the first sync does with each object, and what it must not come upon unprepared."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import dig, items, mapping, texts
from bggen.adopting.parts import LAST_APPLIED, Fate, Note
from bggen.adopting.pods import autoscaler
from bggen.adopting.volumes import configs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.adopting.parts import Found, Layout
    from bggen.adopting.routing import Routing

Rendered = tuple[str, str, dict[str, object]]
# What the first sync has no business with: others go by it, and it stays.
_SHARED = frozenset(("Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim", "Namespace", "Role"))
_SHARED |= frozenset(("RoleBinding", "ClusterRole", "ClusterRoleBinding", "IngressClass"))
_OTHER_WORKLOADS: Mapping[str, str] = {
    "StatefulSet": "bggen has no room for it: both colours would share its data, so it stays as it is, and whoever"
    " rendered it goes on doing so",
    "DaemonSet": "bggen has no room for it: it runs once on every node, whatever the colour, and stays as it is",
    "Rollout": "Argo Rollouts runs it, which switches by itself: bggen reads Deployments",
    "ReplicaSet": "make a Deployment of it first",
    "Pod": "a pod of its own belongs to no colour; it stays as it is",
    "Job": "a Job that ran is over; what has to run before a release is not told by it",
}


def fates(found: Sequence[Found], rendered: Sequence[Rendered]) -> Iterator[Fate]:
    """Yield what becomes of every object that is rendered, and then of those that are only there.

    Args:
        found: what there is.
        rendered: kind, name and data of what bggen renders.
    """
    there = {(each.kind, each.name): each for each in found}
    for kind, name, data in rendered:
        old = there.get((kind, name))
        if old is None:
            yield Fate("creates", f"{kind} {name}", "")
        elif kind == "Deployment" and is_refused(old, data):
            message = "spec.selector can't be changed: Kubernetes refuses the sync until this one is out of the way"
            yield Fate("refused", f"{kind} {name}", message)
        else:
            yield Fate("changes", f"{kind} {name}", _changed(old, data))
    names = {(kind, name) for kind, name, _ in rendered}
    for each in found:
        if (each.kind, each.name) not in names:
            yield Fate("leaves", each.title, _left(each))


def is_refused(old: Found, new: Mapping[str, object]) -> bool:
    """Whether the Deployment's selector would change, which none can.

    See https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates.
    """
    return mapping(old.data, "spec", "selector") != mapping(new, "spec", "selector")


def _changed(old: Found, new: Mapping[str, object]) -> str:
    parts = []
    if old.kind == "Service":
        before, after = old.selector, texts(new, "spec", "selector")
        if before != after:
            parts.append(f"selector {labels(before) or 'none'} → {labels(after)}")
        ports = [[each.get("port") for each in items(data, "spec", "ports")] for data in (old.data, new)]
        if sorted(map(str, ports[0])) != sorted(map(str, ports[1])):
            parts.append(f"ports {_listed(ports[0])} → {_listed(ports[1])}")
    elif old.kind == "Ingress":
        parts.append("its backends go by the port's name")
    return "; ".join(parts)


def _left(each: Found) -> str:
    if each.kind in _SHARED:
        return "bggen does not render it; it stays, and has to"
    if each.kind in ("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob"):
        return "still runs beside the new ones: remove it when they serve"
    if each.kind in ("Service", "Ingress", "NetworkPolicy"):
        return "still leads to the old pods alone, and to none once they are gone"
    return "stays as it is"


def labels(found: Mapping[str, str]) -> str:
    """Return labels as `kubectl -l` takes them."""
    return ",".join(f"{key}={value}" for key, value in sorted(found.items()))


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values)) or "none"


def kubectl(namespace: str | None, words: str) -> str:
    """Return a command line of kubectl."""
    return f"kubectl {f'-n {shlex.quote(namespace)} ' if namespace else ''}{words}"


def warnings(found: Sequence[Found], drawn: Layout, routing: Routing, rendered: Sequence[Rendered]) -> Iterator[Note]:
    """Yield what goes wrong in the first sync if nobody prepares it."""
    there = {(each.kind, each.name): each for each in found}
    for kind, name, data in rendered:
        old = there.get((kind, name))
        if old is not None and kind == "Service":
            yield from _union(old, data)
        if old is not None and kind == "Deployment" and is_refused(old, data):
            yield from _selector(old)
        if old is not None and kind == "CronJob" and dig(old.data, "spec", "suspend") is True:
            yield Note(old.title, "is suspended now, and runs after the first sync if its colour is active")
    for each in found:
        if each.kind == "CronJob" and dig(each.data, "spec", "suspend") is True and (each.kind, each.name) in there:
            message = "is suspended now; the CronJob that bggen renders for the active colour runs: leave it out of"
            yield Note(each.title, f"{message} app.yaml if it is not to")
    yield from _ingresses(routing, rendered)
    yield from _workloads(found, drawn)
    yield from _owners(found)


def _union(old: Found, new: Mapping[str, object]) -> Iterator[Note]:
    """Tell of a Service that keeps its old selector beside the new one, and then finds no pod.

    A client-side apply, which is Argo CD's own way, takes keys away by the annotation alone:
    https://github.com/kubernetes/kubernetes/issues/36509. kubectl create and helm write none.
    """
    before, after = old.selector, texts(new, "spec", "selector")
    if not set(before) - set(after) or LAST_APPLIED in old.annotations:
        return
    spec = {"ports": items(old.data, "spec", "ports"), "selector": before}
    last = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": old.name}, "spec": spec}
    if old.namespace:
        last["metadata"] = {"name": old.name, "namespace": old.namespace}
    text = json.dumps(last, separators=(",", ":"))
    command = kubectl(old.namespace, f"annotate service {old.name} {shlex.quote(f'{LAST_APPLIED}={text}')}")
    union = labels({**before, **after})
    if old.live:
        yield Note(
            old.title,
            f"was not made by kubectl apply: the sync would keep its old selector beside the new one ({union}), which"
            " no pod fits, and users would get no answer. Say before the first sync what was applied last",
            (command,),
        )
    elif old.helm:
        message = "is helm's, which leaves no trace that an apply could see: its old selector would stay beside the new"
        yield Note(old.title, f"{message} one ({union}), which no pod fits. Before the first sync", (command,))
    else:
        look = f"get service {old.name} -o jsonpath='{{.metadata.annotations}}'"
        yield Note(
            old.title,
            f"was read from a file: if the cluster's has no annotation {LAST_APPLIED} (kubectl create and helm write"
            f" none), the sync keeps its old selector beside the new one ({union}), which no pod fits. Look, and where"
            " it is missing, write it before the first sync",
            (kubectl(old.namespace, look), command),
        )


def _selector(old: Found) -> Iterator[Note]:
    """Tell of a Deployment of one of our names with another selector, and how to let go of it while its pods serve."""
    wanted = labels(old.selector)
    yield Note(
        old.title,
        "has a name of bggen's and another selector, which can't be changed. Delete it and leave its pods: they serve"
        " until the switch; when the new ones do, delete the ReplicaSets that are left over",
        (
            kubectl(old.namespace, f"delete deployment {old.name} --cascade=orphan"),
            f"# sync, see that the new pods serve, then: {kubectl(old.namespace, f'delete replicaset -l {wanted}')}",
        ),
    )


def _ingresses(routing: Routing, rendered: Sequence[Rendered]) -> Iterator[Note]:
    names = {name for kind, name, _ in rendered if kind == "Ingress"}
    for old in (routing.main, routing.preview):
        if old is not None and old.name not in names:
            message = (
                "has another name than bggen's for the same hosts: ingress-nginx refuses a second Ingress with a host"
                " and path that it has, others take the older one. The old one goes on leading to the Service; delete"
                " it when everything else of the first sync is healthy, and sync again"
            )
            yield Note(old.title, message, (kubectl(old.namespace, f"delete ingress {old.name}"),))
    for old in routing.others:
        canary = old.annotations.get("nginx.ingress.kubernetes.io/canary") == "true"
        if canary:
            message = "sends a part of the traffic elsewhere (canary), which bggen does not: end that before the sync"
        else:
            message = "leads to this app as well, and an app has one route: it stays yours, outside of bggen"
        yield Note(old.title, message)


def _workloads(found: Sequence[Found], drawn: Layout) -> Iterator[Note]:
    for group in drawn.groups:
        for color, old in group.workloads.items():
            if mapping(old.data, "spec", "strategy").get("type") == "Recreate":
                message = "has `strategy: Recreate`: if its pods must never run at once, two colours can't either"
                yield Note(old.title, message)
            claims = items(old.data, "spec", "template", "spec", "volumes")
            if any("persistentVolumeClaim" in each for each in claims):
                yield Note(old.title, "mounts a claim, which both colours then do at once: it has to allow that")
            scaler, now = autoscaler(old, found), dig(old.data, "spec", "replicas")
            least = dig(scaler.data, "spec", "minReplicas") or 1 if scaler else None
            if scaler and isinstance(now, int) and isinstance(least, int) and now > least and color is drawn.active:
                message = f"has {now} pods now, and the new one starts with {least}, the least of its autoscaler: raise"
                yield Note(old.title, f"{message} `autoscale.min` in app.yaml to {now} first, and lower it again later")
        shared = len(drawn.colors()) > 1 and len(group.workloads) == 1
        if shared and all(old.kind == "Deployment" for old in group.workloads.values()):
            (old,) = group.workloads.values()
            message = "is the same for both colours now, and becomes one of each with the next bump: if they have to"
            yield Note(old.title, f"{message} share it (a cache, a database), take it out of app.yaml")
    for each in found:
        if each.kind == "NetworkPolicy":
            message = "finds pods by their old labels: it no longer protects the new ones. Say `network` in app.yaml"
            yield Note(each.title, message)


def _owners(found: Sequence[Found]) -> Iterator[Note]:
    applications = sorted({each.application for each in found if each.application})
    for name in applications:
        yield Note(
            f"Application {name}",
            "Argo CD tracks these objects for it. Two Applications would take them from each other, and this one would"
            " prune what serves: stop it before the first sync, and never give it bggen's folder. When the new pods"
            " serve, delete it without what it made",
            (
                f"argocd app set {shlex.quote(name)} --sync-policy none",
                f"# at the end: argocd app delete {shlex.quote(name)} --cascade=false",
            ),
        )
    namespaces = {each.helm: each.namespace for each in found if each.helm}
    for release, namespace in sorted(namespaces.items(), key=str):
        yield Note(
            f"helm release {release}",
            "these objects are helm's: from the first sync on, neither upgrade nor uninstall it, which would take back"
            " or delete the Service. Let helm forget it instead, which changes no object",
            (kubectl(namespace, f"delete secret -l owner=helm,name={release}"),),
        )


def left(found: Sequence[Found], drawn: Layout) -> Iterator[Note]:
    """Yield the objects that a spec has no room for."""
    used = {name for group in drawn.groups for each in group.workloads.values() for name in configs_of(each)}
    for each in found:
        if each.kind in _OTHER_WORKLOADS:
            yield Note(each.title, _OTHER_WORKLOADS[each.kind])
        elif each.kind == "ConfigMap" and each.name in used:
            message = (
                "where variables or a mount go by its name, it stays outside of the release and has to stay there;"
            )
            yield Note(each.title, f"{message} what was mounted as files is frozen into `files`")
        elif each.kind == "Service" and dig(each.data, "spec", "type") == "ExternalName":
            yield Note(each.title, "leads outside of the cluster (ExternalName): it has no colour, and stays as it is")
        elif each.kind not in _KNOWN:
            yield Note(each.title, "is of a kind that bggen does not render: it stays as it is")


_KNOWN = _SHARED | {"Deployment", "Service", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob"}
_KNOWN |= {"NetworkPolicy", *_OTHER_WORKLOADS}


def cleaning(found: Sequence[Found], drawn: Layout, kept: set[tuple[str, str]]) -> tuple[str, ...]:
    """Return the commands that remove what the new objects take the place of, once they serve.

    Args:
        found: what there is.
        drawn: the app.
        kept: kind and name of what bggen renders.
    """
    mine: list[Any] = []
    for group in drawn.groups:
        mine += [*group.workloads.values(), *group.others, *([group.main] if group.main else [])]
        mine += [scaler for each in group.workloads.values() if (scaler := autoscaler(each, found))]
    budgets = [each for each in found if each.kind == "PodDisruptionBudget" and _finds(each, drawn)]
    order = ("HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob", "Deployment", "Service")
    gone = [each for each in (*mine, *budgets) if (each.kind, each.name) not in kept]
    gone.sort(key=lambda each: (order.index(each.kind), each.name))
    return tuple(dict.fromkeys(kubectl(each.namespace, f"delete {each.kind.lower()} {each.name}") for each in gone))


def _finds(budget: Found, drawn: Layout) -> bool:
    wanted = budget.selector
    pods = [each.pod_labels for group in drawn.groups for each in group.workloads.values()]
    return bool(wanted) and any(all(labels.get(key) == value for key, value in wanted.items()) for labels in pods)
