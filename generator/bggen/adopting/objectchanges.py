"""What differs between the objects around the pods, as they are and as bggen renders them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting import defaults
from bggen.adopting.changes import OURS, Change, compared
from bggen.adopting.looking import dig, items, mapping, texts
from bggen.adopting.pods import is_own
from bggen.adopting.ports import target_of
from bggen.adopting.routing import CLASS, certified, rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.adopting.parts import Found, Layout
    from bggen.adopting.ports import Ports

_OURS_OF_DEPLOYMENT = ("replicas", "strategy", "paused")
_OURS_OF_CRON = ("suspend", "startingDeadlineSeconds", "concurrencyPolicy", "schedule", "timeZone")
_SERVICE_PORT = 80


def deployment(old: Found, new: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs beside the pods of a Deployment."""
    before, after = defaults.deployment(mapping(old.data, "spec")), defaults.deployment(mapping(new, "spec"))
    plain = defaults.deployment({})
    ours = [*_OURS_OF_DEPLOYMENT, *(key for key in before if before[key] == plain.get(key))]
    yield from compared(before, after, "spec", "/spec", ours=ours)
    yield from _metadata(old, new)


def cron(old: Found, new: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs beside the pods of a CronJob."""
    before, after = defaults.cron(mapping(old.data, "spec")), defaults.cron(mapping(new, "spec"))
    plain = defaults.cron({})
    job, other = before.pop("job"), after.pop("job")
    ours = [*_OURS_OF_CRON, *(key for key in before if before[key] == plain.get(key))]
    yield from compared(before, after, "spec", "/spec", ours=ours)
    yield from compared(job, other, "spec.jobTemplate.spec", "/spec/jobTemplate/spec", ours=("selector",))
    yield from _metadata(old, new)


def _metadata(old: Found, new: Mapping[str, Any]) -> Iterator[Change]:
    """Yield the labels and annotations of the object itself that it would lose."""
    for what, there in (("labels", old.labels), ("annotations", old.annotations)):
        after = texts(new, "metadata", what)
        pods = texts(old.data, "spec", "template", "metadata", "labels") if what == "labels" else {}
        kept = {key: value for key, value in there.items() if is_own(key) and key not in pods}
        known = {key: value for key, value in after.items() if key in kept}
        yield from compared(kept, known, f"metadata.{what}", f"/metadata/{what}")


def autoscaler(old: Found, new: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs of a HorizontalPodAutoscaler; of the metrics, the order says nothing."""
    before, after = dict(mapping(old.data, "spec")), dict(mapping(new, "spec"))
    percent = before.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        before["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    for data in (before, after):
        data["metrics"] = sorted(items(data, "metrics"), key=repr)
        data.setdefault("minReplicas", 1)
    yield from compared(before, after, "spec", "/spec", ours=("scaleTargetRef", "minReplicas", "maxReplicas"))


def budget(old: Found, new: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs of a PodDisruptionBudget."""
    before = {key: value for key, value in mapping(old.data, "spec").items() if key != "selector"}
    after = {key: value for key, value in mapping(new, "spec").items() if key != "selector"}
    yield from compared(before, after, "spec", "/spec", ours=("unhealthyPodEvictionPolicy",))


def service(old: Found, new: Mapping[str, Any], container: Mapping[str, Any], ports: Ports) -> Iterator[Change]:
    """Yield what differs of the Service that a component's users go by.

    Args:
        old: the Service.
        new: what is rendered.
        container: the component's container, whose ports it leads to by name.
        ports: what they are called afterwards.
    """
    before, after = defaults.service(mapping(old.data, "spec")), defaults.service(mapping(new, "spec"))
    yield from compared(before, after, "spec", "/spec", ours=("type",))
    if dig(old.data, "spec", "clusterIP") == "None":
        why = "a Service of bggen has an address of its own, as a switch needs it"
        yield Change("spec.clusterIP", "None", None, why=why)
    named = {port["name"]: port.get("containerPort") for port in items(container, "ports") if "name" in port}
    there = {port["port"]: port for port in items(new, "spec", "ports")}
    names = {port["name"] for port in there.values()}
    for port in defaults.service_ports(mapping(old.data, "spec")):
        value, target = port.get("port"), target_of(port, named)
        known = there.get(value) if port["protocol"] == "TCP" else None
        leads = ports.names.get(target, target) if target is not None else port["targetPort"]
        if known is not None:
            if known.get("targetPort") != leads:
                message = f"under {_SERVICE_PORT} it leads to `port` of the spec, under the others to its `ports`"
                yield Change(f"spec.ports.{value}", port["targetPort"], known["targetPort"], why=message)
            continue
        name = str(port.get("name") or f"port-{value}")
        name = name if name not in names else f"{name[:9].rstrip('-')}-{value}"
        names.add(name)
        wanted = {"name": name, "port": value, "targetPort": leads, "protocol": port["protocol"]}
        wanted |= {"appProtocol": port["appProtocol"]} if "appProtocol" in port else {}
        yield Change(f"spec.ports.{value}", port, None, ({"op": "add", "path": "/spec/ports/-", "value": wanted},))


def ingress(old: Found, new: Mapping[str, Any], drawn: Layout, names: Mapping[str, str]) -> Iterator[Change]:
    """Yield what differs of the Ingress.

    Args:
        old: the Ingress.
        new: what is rendered.
        drawn: the app.
        names: for each component the Service that the rendered Ingress leads to.
    """
    listed = items(new, "spec", "rules")
    there = {
        (str(rule.get("host")), path["path"]): (index, number, path)
        for index, rule in enumerate(listed)
        for number, path in enumerate(items(rule, "http", "paths"))
    }
    hosts = {str(rule.get("host")): index for index, rule in enumerate(listed)}
    for rule in rules(old, drawn):
        if rule.component is None or rule.host is None:
            why = "its host is missing" if rule.component else f"Service {rule.service} is not of this app"
            yield Change(f"spec.rules.{rule.host or '*'}{rule.path}", rule.service, None, why=why)
            continue
        plain = rule.path.rstrip("/") or "/"
        found = there.get((rule.host, rule.path)) or there.get((rule.host, plain))
        field = f"spec.rules.{rule.host}{rule.path}"
        if found is not None:
            index, number, path = found
            service = dig(path, "backend", "service", "name")
            if service != rule.service:
                yield Change(f"{field}.backend", rule.service, service, why=OURS)
            if path["pathType"] != rule.kind:
                place = f"/spec/rules/{index}/http/paths/{number}/pathType"
                kept = {"op": "replace", "path": place, "value": rule.kind}
                yield Change(f"{field}.pathType", rule.kind, path["pathType"], (kept,))
            continue
        backend = {"service": {"name": names[rule.component], "port": {"name": "http"}}}
        value: dict[str, Any] = {"path": rule.path, "pathType": rule.kind, "backend": backend}
        if rule.host in hosts:
            operation: dict[str, Any] = {
                "op": "add",
                "path": f"/spec/rules/{hosts[rule.host]}/http/paths/-",
                "value": value,
            }
        else:
            hosts[rule.host] = len(hosts)
            whole = {"host": rule.host, "http": {"paths": [value]}}
            operation = {"op": "add", "path": "/spec/rules/-", "value": whole}
        yield Change(field, rule.service, None, (operation,))
    yield from _rest_of_ingress(old, new)


def _rest_of_ingress(old: Found, new: Mapping[str, Any]) -> Iterator[Change]:
    wanted = [(secret, set(hosts)) for secret, hosts in certified(old)]
    rendered = [(each.get("secretName"), set(each["hosts"])) for each in items(new, "spec", "tls")]
    if wanted != rendered:
        operation = {"op": "add", "path": "/spec/tls", "value": items(old.data, "spec", "tls")}
        yield Change("spec.tls", items(old.data, "spec", "tls"), items(new, "spec", "tls") or None, (operation,))
    if dig(old.data, "spec", "defaultBackend") is not None:
        yield Change("spec.defaultBackend", dig(old.data, "spec", "defaultBackend"), None, why="`route.paths` instead")
    if CLASS in old.annotations and dig(new, "spec", "ingressClassName") is not None:
        before, after = (
            f"{CLASS}: {old.annotations[CLASS]}",
            f"ingressClassName: {dig(new, 'spec', 'ingressClassName')}",
        )
        yield Change(f"metadata.annotations.{CLASS}", before, after, why=OURS)
