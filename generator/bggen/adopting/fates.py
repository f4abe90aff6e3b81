"""What the first sync does with each object, and what is left when it is over."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import dig, items, mapping, text, texts
from bggen.adopting.parts import Fate, Note
from bggen.adopting.pods import autoscaler, main_container
from bggen.adopting.routing import rules
from bggen.adopting.volumes import configs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.adopting.parts import Found, Group, Layout

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


def fates(found: Sequence[Found], drawn: Layout, rendered: Sequence[Rendered]) -> Iterator[Fate]:
    """Yield what becomes of every object that is rendered, and then of those that are only there.

    Args:
        found: what there is.
        drawn: the app.
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
    leading = {service.name for group in drawn.groups for service in (group.main, *group.others) if service}
    for each in found:
        if (each.kind, each.name) not in names:
            yield Fate("leaves", each.title, _left(each, leading))


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


def _left(each: Found, leading: set[str]) -> str:
    if each.kind in _SHARED:
        return "bggen does not render it; it stays, and has to"
    if each.kind in ("Deployment", "CronJob"):
        return "goes on running beside the new one: remove it when that serves"
    if each.kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
        return "goes on with the old pods: remove it with them"
    if each.kind == "NetworkPolicy" or (each.kind == "Service" and each.name in leading):
        return "still finds the old pods alone, and none once they are gone"
    return "leads to the Services that it names" if each.kind == "Ingress" else "stays as it is"


def labels(found: Mapping[str, str]) -> str:
    """Return labels as `kubectl -l` takes them."""
    return ",".join(f"{key}={value}" for key, value in sorted(found.items()))


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values)) or "none"


def kubectl(namespace: str | None, words: str) -> str:
    """Return a command line of kubectl."""
    return f"kubectl {f'-n {shlex.quote(namespace)} ' if namespace else ''}{words}"


def left(found: Sequence[Found], drawn: Layout) -> Iterator[Note]:
    """Yield what a spec has no room for, and what it says for want of more knowledge."""
    for group in drawn.groups:
        for color, old in group.workloads.items():
            yield from _guessed(old, group)
            if color is drawn.active:
                yield from _named(old, group, drawn)
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
        elif each.kind == "Ingress" and not any(rule.component for rule in rules(each, drawn)):
            yield Note(each.title, "leads to no pods that were read: it stays as it is")
        elif each.kind not in _KNOWN:
            yield Note(each.title, "is of a kind that bggen does not render: it stays as it is")


def _guessed(old: Found, group: Group) -> Iterator[Note]:
    container = main_container(old, group)
    image = container["image"]
    if "@" not in image and ":" not in image.rpartition("/")[2]:
        yield Note(old.title, f"its image {image} has no tag, which is `latest`: name a tag with the next bump")
    if (
        group.main is not None
        and dig(group.main.data, "spec", "type") == "LoadBalancer"
        and not dig(group.main.data, "status", "loadBalancer")
    ):
        message = "is said to get an address (`publishesStatus`), which no file tells: without one, no flip would end"
        yield Note(group.main.title, message)


def _named(old: Found, group: Group, drawn: Layout) -> Iterator[Note]:
    """Tell of what the active colour's pods say today, and would say of another colour or without a colour tomorrow."""
    container = main_container(old, group)
    if group.main is not None and not mapping(container, "lifecycle", "preStop"):
        message = "does not wait before it stops, which `drain: 0` keeps: the default of 10 seconds loses no request"
        yield Note(old.title, f"{message} when a pod goes")
    services = {
        each.name: other
        for other in drawn.groups
        for each in (other.main, *other.others)
        if each and other is not group
    }
    for variable in items(container, "env"):
        hosts = set(re.findall(r"[-a-z0-9]+", text(variable, "value") or ""))
        for name in sorted(hosts & services.keys()):
            own = set(name.split("-")) & set(drawn.values.values())
            which = "which both colours would call from the next bump on" if own else "whichever colour that selects"
            message = f"leads its {variable['name']} to Service {name}, {which}:"
            better = f"${{{services[name].name}.url}}"
            yield Note(old.title, f"{message} {better} leads to the {services[name].name} of its own colour")


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
