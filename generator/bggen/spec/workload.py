"""What the fields of a component mean for its kind: ports, scaling, schedules, checks of its health."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bggen.spec.cron import mistake
from bggen.spec.decoding import shown
from bggen.spec.kinds import NOT_OF
from bggen.spec.layers import mapping, only_one
from bggen.spec.limits import check_annotations
from bggen.spec.messages import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.spec.layers import Layers

# What to write instead of a field that a kind does not have.
_INSTEAD = {
    ("worker", "port"): ": name it in `ports`",
    ("worker", "autoscale"): ": give it `replicas`",
    ("cron", "replicas"): ": a run of it is one pod",
    ("service", "schedule"): ": say `kind: cron`",
}
_ZONE_PART = re.compile(r"(?!-)[-+.A-Za-z0-9_]{1,14}")
_SERVICE_PORT = 80
_MOST_PREFIX = 128


def fitting(layers: Layers, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's fields without those that its kind does not have.

    Defaults of bggen.yaml are for every kind, so that one that does not fit is left out; in a spec it is a mistake.

    Args:
        layers: where the fields came from.
        fields: the merged fields.
    """
    kind = fields.get("kind", "service")
    unfit = NOT_OF.get(kind, frozenset()) if isinstance(kind, str) else frozenset()
    for key in sorted(unfit & fields.keys()):
        if layers.own((key,)):
            layers.report((key,), f"is nothing that a {kind} has{_INSTEAD.get((kind, key), '')}")
    beside = _displaced(layers, {key: value for key, value in fields.items() if key not in unfit})
    return {key: value for key, value in fields.items() if key not in unfit | beside}


def _displaced(layers: Layers, fields: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that others of the component leave no room for; of those, defaults give way silently."""
    displaced = set()
    if "autoscale" in fields and "replicas" in fields:
        own = layers.own(("replicas",))
        if own and layers.own(("autoscale",)):
            message = "stands beside `autoscale`, which decides how many pods there are: leave it out, or make it null"
            layers.report(("replicas",), message)
        displaced.add("autoscale" if own and not layers.own(("autoscale",)) else "replicas")
    if "port" not in fields and not layers.refused(("port",)):
        health = mapping(fields.get("health"))
        displaced |= {
            key
            for key in ("service", "health")
            if not layers.own((key,)) and not (key == "health" and "port" in health)
        }
    return frozenset(displaced)


def check_workload(layers: Layers, fields: Mapping[str, Any]) -> None:
    """Report what is wrong with a component for its kind.

    Args:
        layers: where its fields came from.
        fields: the merged fields, without those that do not fit its kind.
    """
    if fields.get("kind") == "cron":
        _check_schedule(layers, fields)
    _check_ports(layers, fields)
    _check_health(layers, fields)
    _check_service(layers, fields)
    _check_autoscale(layers, fields)
    _check_sources(layers, fields)
    _check_placement(layers, fields)
    account = mapping(fields.get("serviceAccount"))
    for section in ("service", "serviceAccount"):
        check_annotations(layers, (section, "annotations"), mapping(fields.get(section)).get("annotations"))
    if "name" in account and account.get("annotations"):
        layers.report(("serviceAccount", "annotations"), "are of an account that bggen renders: leave `name` out")


def _check_schedule(layers: Layers, fields: Mapping[str, Any]) -> None:
    schedule = fields.get("schedule")
    if schedule is None:
        layers.report(("schedule",), "is missing: a cron needs one")
    elif isinstance(schedule, str) and (wrong := mistake(schedule)):
        layers.report(("schedule",), wrong)
    zone = fields.get("timeZone")
    # A part of a name is at most that long and begins with no dash, and `Local` is nobody's.
    if isinstance(zone, str) and (zone.lower() == "local" or not all(map(_ZONE_PART.fullmatch, zone.split("/")))):
        layers.report(("timeZone",), f"must be a time zone such as Europe/Berlin; it is {shown(zone)}")


def _check_ports(layers: Layers, fields: Mapping[str, Any]) -> None:
    numbers = {fields["port"]: "`port`"} if isinstance(fields.get("port"), int) else {}
    for name, number in mapping(fields.get("ports")).items():
        if name == "http":
            layers.report(("ports", name), "is the name of `port`: choose another")
        elif number in numbers:
            layers.report(("ports", name), f"is {number}, as {numbers[number]} is: a number is for one port")
        elif number == _SERVICE_PORT and "port" in fields:
            message = f"cannot be {_SERVICE_PORT}: under that number the Services lead to `port`"
            layers.report(("ports", name), message)
        numbers.setdefault(number, f"`{name}`")


def _check_health(layers: Layers, fields: Mapping[str, Any]) -> None:
    health = mapping(fields.get("health"))
    if not health:
        return
    ports = mapping(fields.get("ports"))
    port = health.get("port")
    if port is None or port == "http":
        if "port" not in fields and not layers.refused(("port",)):
            layers.report(
                ("health",), "needs a `port` to ask" + (", or one of `ports` in `health.port`" if ports else "")
            )
    elif isinstance(port, str) and port not in ports and not layers.refused(("ports",)):
        near = nearest(port, ports)
        hint = f", did you mean `{near}`?" if near else ""
        layers.report(("health", "port"), f"there is no port {shown(port)} in `ports`{hint}")


def _check_service(layers: Layers, fields: Mapping[str, Any]) -> None:
    service = mapping(fields.get("service"))
    if not service:
        return
    kind = service.get("type", "ClusterIP")
    if "port" not in fields and not layers.refused(("port",)):
        layers.report(("service",), "needs a `port` to lead to")
    if "nodePort" in service and kind == "ClusterIP":
        layers.report(("service", "nodePort"), "needs `type: NodePort` or `type: LoadBalancer`")
    if kind != "LoadBalancer" and service.get("publishesStatus"):
        layers.report(("service", "publishesStatus"), "is only for `type: LoadBalancer`")
    if kind == "LoadBalancer" and not service.get("publishesStatus"):
        message = (
            "a LoadBalancer that gets no address would hold up every flip: say `publishesStatus: true` if it gets one"
        )
        layers.report(("service", "type"), message)


def _check_autoscale(layers: Layers, fields: Mapping[str, Any]) -> None:
    scale = mapping(fields.get("autoscale"))
    if not scale:
        return
    for bound in ("min", "max"):
        if bound not in scale:
            layers.report(("autoscale", bound), "is missing")
    least, most = scale.get("min"), scale.get("max")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        layers.report(("autoscale", "max"), f"is less than `min`, {least}")
    for target in ("cpu", "memory"):
        aimed = target in scale or (target == "cpu" and "memory" not in scale)
        if aimed and target not in mapping(fields.get("resources")) and not layers.refused(("resources", target)):
            message = f"aims at a percentage of the requested {target}: say how much that is in `resources.{target}`"
            layers.report(("autoscale", target) if target in scale else ("autoscale",), message)


def _check_sources(layers: Layers, fields: Mapping[str, Any]) -> None:
    sources = fields.get("envFrom")
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        only_one(layers, ("envFrom", index), mapping(source), ("secret", "configMap"))
        if len(str(mapping(source).get("prefix", ""))) > _MOST_PREFIX:
            layers.report(("envFrom", index, "prefix"), f"has more than {_MOST_PREFIX} characters")
    for path, value in mapping(fields.get("mounts")).items():
        mount = mapping(value)
        if not only_one(layers, ("mounts", path), mount, ("secret", "configMap", "claim", "empty")):
            continue
        if "key" in mount and not {"secret", "configMap"} & mount.keys():
            layers.report(("mounts", path, "key"), "is only for a `secret` or a `configMap`")
        if mount.get("readOnly") and "claim" not in mount:
            layers.report(("mounts", path, "readOnly"), "is only for a `claim`; a Secret or ConfigMap is never written")
        if mount.get("empty") is False:
            layers.report(("mounts", path, "empty"), "must be true, or a size such as 1Gi")


def _check_placement(layers: Layers, fields: Mapping[str, Any]) -> None:
    tolerations = fields.get("tolerations")
    for index, value in enumerate(tolerations if isinstance(tolerations, list) else ()):
        toleration, where = mapping(value), ("tolerations", index)
        exists = toleration.get("operator", "Equal") == "Exists"
        if exists and "value" in toleration:
            layers.report((*where, "value"), "stands beside `operator: Exists`, which takes any value: leave it out")
        if not exists and "key" not in toleration:
            layers.report(where, "needs a `key`, or `operator: Exists`")
        if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
            layers.report((*where, "tolerationSeconds"), "needs `effect: NoExecute`")
