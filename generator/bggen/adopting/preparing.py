"""What goes wrong in the first sync of an adopted app if nobody prepares it, and the commands that do."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from bggen.adopting.fates import is_refused, kubectl, labels
from bggen.adopting.looking import dig, items, mapping, texts
from bggen.adopting.parts import LAST_APPLIED, Note
from bggen.adopting.pods import autoscaler, is_worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.adopting.fates import Rendered
    from bggen.adopting.parts import Found, Layout
    from bggen.adopting.routing import Routing


def warnings(found: Sequence[Found], drawn: Layout, routing: Routing, rendered: Sequence[Rendered]) -> Iterator[Note]:
    """Yield what goes wrong in the first sync if nobody prepares it, in the order of doing so."""
    yield from _owners(found)
    there = {(each.kind, each.name): each for each in found}
    for kind, name, data in rendered:
        old = there.get((kind, name))
        if old is not None and kind == "Service":
            yield from _early(old, drawn, data)
            yield from _union(old, data)
    for kind, name, data in rendered:
        old = there.get((kind, name))
        if old is not None and kind == "Deployment" and is_refused(old, data):
            yield from _selector(old)
    yield from _twice_at_work(found, drawn)
    yield from _ingresses(routing, rendered)
    yield from _workloads(found, drawn)


def _early(old: Found, drawn: Layout, new: Mapping[str, object]) -> Iterator[Note]:
    """Tell of a Service of one colour, which a sync changes before the new pods are there: theirs comes first."""
    color = mapping(new, "metadata", "labels").get("bggen.dev/color")
    if color is None or old.selector == texts(new, "spec", "selector"):
        return
    group = next((each for each in drawn.groups if each.main == old), None)
    if group is None:
        yield Note(old.title, "changes before the new pods are there: who calls it gets no answer for that while")
        return
    name = f"{old.name}-before"
    ports = [port for port in items(old.data, "spec", "ports") if "port" in port]
    target = ports[0].get("targetPort", ports[0]["port"]) if ports else 80
    port = ports[0]["port"] if ports else 80
    workload = group.workloads[drawn.active]
    options = f"--name {name} --port {port} --target-port {target}"
    yield Note(
        old.title,
        "serves users now, and changes before the new pods are there, as every Service of one colour does. Give the old"
        f" pods another Service, and let the Ingress lead to {name} until the sync sets it right",
        (
            kubectl(old.namespace, f"expose deployment {workload.name} {options}"),
            kubectl(old.namespace, f"edit ingress  # the backend {old.name} becomes {name}"),
            f"# when the new pods serve: {kubectl(old.namespace, f'delete service {name}')}",
        ),
    )


def _twice_at_work(found: Sequence[Found], drawn: Layout) -> Iterator[Note]:
    """Tell of what does its work on its own, and would do it twice while the old and the new one run."""
    for group in drawn.groups:
        for color, old in group.workloads.items():
            if color is not drawn.active:
                continue
            if old.kind == "CronJob" and dig(old.data, "spec", "suspend") is True:
                message = "is suspended now, and what bggen renders for the active colour runs: take it out of app.yaml"
                yield Note(old.title, f"{message} if it is not to")
            elif old.kind == "CronJob":
                patch = shlex.quote(json.dumps({"spec": {"suspend": True}}))
                command = kubectl(old.namespace, f"patch cronjob {old.name} -p {patch}")
                yield Note(
                    old.title, "would run twice, beside the new one: suspend it right before the sync", (command,)
                )
            elif is_worker(old, group, found):
                command = kubectl(old.namespace, f"scale deployment {old.name} --replicas=0")
                message = (
                    "takes no traffic, and so works by itself: beside the new one it would do its work twice. Stop"
                )
                yield Note(old.title, f"{message} it right before the sync", (command,))


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
        elif routing.main is None:
            message = "leads to this app, and stays yours, outside of bggen: it leads to the Services that it names"
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


def ways_back(found: Sequence[Found], rendered: Sequence[Rendered]) -> tuple[str, ...]:
    """Return the commands that lead users back to the old pods, which may not know the ports by name."""
    there = {each.name: each for each in found if each.kind == "Service"}
    commands = []
    for kind, name, data in rendered:
        old = there.get(name) if kind == "Service" else None
        if old is not None and old.selector != texts(data, "spec", "selector"):
            operations = [
                {"op": "replace", "path": f"/spec/{key}", "value": value}
                for key, value in (("selector", old.selector), ("ports", items(old.data, "spec", "ports")))
            ]
            patch = shlex.quote(json.dumps(operations, separators=(",", ":")))
            commands.append(kubectl(old.namespace, f"patch service {name} --type json -p {patch}"))
    return tuple(commands)
