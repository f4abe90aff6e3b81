"""What the fields of a component mean for its kind: ports, scaling, schedules, checks of its health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.spec.cron import mistake
from bggen.spec.decoding import shown
from bggen.spec.layers import mapping, only_one
from bggen.spec.messages import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.spec.layers import Layers

CRON_FIELDS = (
    *("schedule", "timeZone", "startingDeadlineSeconds", "concurrencyPolicy"),
    *("activeDeadlineSeconds", "backoffLimit"),
)
_NOT_OF = {
    "service": frozenset(CRON_FIELDS),
    "worker": frozenset((*CRON_FIELDS, "port", "service", "autoscale")),
    "cron": frozenset(
        ("port", "ports", "service", "replicas", "autoscale", "health", "drain", "colorAntiAffinity"),
    ),
}
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
    unfit = _NOT_OF.get(kind, frozenset()) if isinstance(kind, str) else frozenset()
    if "autoscale" in fields and "autoscale" not in unfit:
        if "replicas" in fields and layers.own(("replicas",)):
            layers.report(("replicas",), "stands beside `autoscale`, which decides how many pods there are")
        unfit = unfit | {"replicas"}
    for key in sorted(unfit & fields.keys()):
        if layers.own((key,)) and (key != "replicas" or kind == "cron"):
            layers.report((key,), f"is nothing that a {kind} has")
    return {key: value for key, value in fields.items() if key not in unfit}


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
    if "name" in account and account.get("annotations"):
        layers.report(("serviceAccount", "annotations"), "are of an account that bggen renders: leave `name` out")


def _check_schedule(layers: Layers, fields: Mapping[str, Any]) -> None:
    schedule = fields.get("schedule")
    if schedule is None:
        layers.report(("schedule",), "is missing: a cron needs one")
    elif isinstance(schedule, str) and (wrong := mistake(schedule)):
        layers.report(("schedule",), wrong)
    if fields.get("timeZone") == "Local":
        layers.report(("timeZone",), "must be a time zone such as Europe/Berlin")


def _check_ports(layers: Layers, fields: Mapping[str, Any]) -> None:
    numbers = {fields["port"]: "`port`"} if isinstance(fields.get("port"), int) else {}
    for name, number in mapping(fields.get("ports")).items():
        if name == "http":
            layers.report(("ports", name), "is the name of `port`: choose another")
        if number in numbers:
            layers.report(("ports", name), f"is {number}, as {numbers[number]} is")
        if number == _SERVICE_PORT and "port" in fields:
            layers.report(("ports", name), f"is {_SERVICE_PORT}, where the Services take what is for `port`")
        numbers.setdefault(number, f"`{name}`")


def _check_health(layers: Layers, fields: Mapping[str, Any]) -> None:
    health = mapping(fields.get("health"))
    if not health:
        return
    ports = mapping(fields.get("ports"))
    port = health.get("port")
    if port is None:
        if "port" not in fields and not layers.refused(("port",)):
            layers.report(("health",), "needs a `port` to ask" + (", or `health.port`" if ports else ""))
    elif isinstance(port, str) and port != "http" and port not in ports and not layers.refused(("ports",)):
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
            message = f"aims at a percentage of the requested {target}: say `resources.{target}`"
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
        if exists and toleration.get("value") is not None:
            layers.report((*where, "value"), "stands beside `operator: Exists`, which takes any")
        if not exists and toleration.get("key") is None:
            layers.report(where, "needs a `key`, or `operator: Exists`")
        if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
            layers.report((*where, "tolerationSeconds"), "needs `effect: NoExecute`")
