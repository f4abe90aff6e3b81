"""The parts of a spec that most apps do without ↔ canonical data; imported late, as `bggen.model.parts` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from bggen.model import Color
from bggen.model.parts import (
    Autoscale,
    CommandSmoke,
    EnvFrom,
    HttpSmoke,
    Mount,
    Patch,
    Peer,
    Placement,
    Schedule,
    ServiceAccountSettings,
    ServiceSettings,
    Smoke,
    Toleration,
)
from bggen.spec.codec import env_data, env_from_data, image_from_data
from bggen.spec.decoding import Fields, mapping, present, shown, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Component, Kind

_NONE: frozenset[str] = frozenset()
_MOUNTED = ("secret", "configMap", "claim", "empty")


def component_parts(component: Component) -> dict[str, Any]:
    """Return the rare fields of a component as data."""
    service, scale, account = component.service, component.autoscale, component.service_account
    schedule, placement = component.schedule, component.placement
    data: dict[str, Any] = {}
    if schedule is not None:
        data |= {
            "schedule": schedule.cron,
            "timeZone": schedule.time_zone,
            "startingDeadlineSeconds": schedule.starting_deadline_seconds,
            "concurrencyPolicy": schedule.concurrency_policy,
            "activeDeadlineSeconds": schedule.active_deadline_seconds,
            "backoffLimit": schedule.backoff_limit,
        }
    if service is not None:
        data["service"] = present(
            {
                "type": service.type,
                "nodePort": service.node_port,
                "publishesStatus": service.publishes_status or None,
                "annotations": dict(sorted(service.annotations.items())),
            }
        )
    if scale is not None:
        data["autoscale"] = present({"min": scale.min, "max": scale.max, "cpu": scale.cpu, "memory": scale.memory})
    data["envFrom"] = [present({each.kind: each.name, "prefix": each.prefix}) for each in component.env_from]
    data["mounts"] = {path: _mount_data(component.mounts[path]) for path in sorted(component.mounts)}
    if account is not None:
        annotations = dict(sorted(account.annotations.items()))
        data["serviceAccount"] = present(
            {"name": account.name, "token": account.token or None, "annotations": annotations}
        )
    if placement is not None:
        data |= {
            "nodeSelector": dict(sorted(placement.node_selector.items())),
            "tolerations": [_toleration_data(each) for each in placement.tolerations],
            "priorityClass": placement.priority_class,
            "colorAntiAffinity": placement.color_anti_affinity,
        }
    return data


def component_parts_from_data(fields: Fields, kind: Kind) -> dict[str, Any]:
    """Return the arguments of Component for its rare fields.

    Raises:
        ValueError: one is wrong, or a cron has no schedule.
    """
    return {
        "service": _service(fields) if "service" in fields else None,
        "autoscale": _autoscale(fields) if "autoscale" in fields else None,
        "schedule": _schedule(fields) if kind == "cron" else None,
        "env_from": fields.items("envFrom", _env_from),
        "mounts": fields.pairs("mounts", _mount),
        "service_account": _account(fields) if "serviceAccount" in fields else None,
        "placement": _placement(fields),
    }


def spec_parts(spec: AppSpec) -> dict[str, Any]:
    """Return the rare fields of a spec as data."""
    data: dict[str, Any] = {}
    if spec.smoke is not None:
        data["smoke"] = _smoke_data(spec.smoke)
    if spec.network is not None:
        data["network"] = {"from": [_peer_data(peer) for peer in spec.network]}
    if spec.patches:
        data["patches"] = [_patch_data(patch) for patch in spec.patches]
    return data


def spec_parts_from_data(fields: Fields, components: Mapping[str, Component]) -> dict[str, Any]:
    """Return the arguments of AppSpec for its rare fields.

    Raises:
        ValueError: one is wrong, or names a component that it cannot name.
    """
    parts: dict[str, Any] = {"patches": fields.items("patches", _patch)}
    if "smoke" in fields:
        smoke = _smoke(fields.raw("smoke"))
        named = components.get(smoke.component) if isinstance(smoke, HttpSmoke) else None
        if isinstance(smoke, HttpSmoke) and (named is None or named.port is None):
            raise ValueError(f"spec.smoke.component is {shown(smoke.component)}, no component with a port")
        parts["smoke"] = smoke
    if "network" in fields:
        parts["network"] = Fields(fields.raw("network"), "spec.network", frozenset({"from"})).items("from", _peer)
    return parts


def _mount_data(mount: Mount) -> dict[str, Any]:
    if mount.kind == "empty":
        return {"empty": True if mount.size is None else mount.size}
    return present({mount.kind: mount.name, "key": mount.key, "readOnly": mount.read_only or None})


def _mount(value: Any, where: str) -> Mount:
    kind = next((each for each in _MOUNTED if each in mapping(value, where)), None)
    if kind == "empty":
        size = Fields(value, where, frozenset({"empty"})).raw("empty")
        return Mount("empty", size=None if size is True else text(size, f"{where}.empty"))
    if kind == "claim":
        fields = Fields(value, where, frozenset({"claim"}), frozenset({"readOnly"}))
        return Mount("claim", fields.text("claim"), read_only=fields.flag("readOnly"))
    source: Literal["secret", "configMap"] = "configMap" if kind == "configMap" else "secret"
    fields = Fields(value, where, frozenset({source}), frozenset({"key"}))
    return Mount(source, fields.text(source), key=fields.optional_text("key"))


def _service(fields: Fields) -> ServiceSettings:
    known = frozenset({"nodePort", "publishesStatus", "annotations"})
    service = Fields(fields.raw("service"), fields.place("service"), frozenset({"type"}), known)
    return ServiceSettings(
        type=cast("Any", service.one_of("type", "ClusterIP", "NodePort", "LoadBalancer")),
        node_port=service.optional_number("nodePort"),
        publishes_status=service.flag("publishesStatus"),
        annotations=service.pairs("annotations", text),
    )


def _autoscale(fields: Fields) -> Autoscale:
    bounds = Fields(
        fields.raw("autoscale"), fields.place("autoscale"), frozenset({"min", "max"}), frozenset({"cpu", "memory"})
    )
    scale = Autoscale(
        bounds.number("min"), bounds.number("max"), bounds.optional_number("cpu"), bounds.optional_number("memory")
    )
    if not 1 <= scale.min <= scale.max or (scale.cpu is None and scale.memory is None):
        raise ValueError(f"{bounds.where} needs bounds of 1 and more, and a target")
    if fields.number("replicas") != scale.min:
        raise ValueError(f"{fields.place('replicas')} must be {scale.min}, as {bounds.place('min')} is")
    return scale


def _schedule(fields: Fields) -> Schedule:
    return Schedule(
        cron=fields.text("schedule"),
        time_zone=fields.optional_text("timeZone"),
        starting_deadline_seconds=fields.number("startingDeadlineSeconds"),
        concurrency_policy=cast("Any", fields.one_of("concurrencyPolicy", "Forbid", "Allow", "Replace")),
        active_deadline_seconds=fields.optional_number("activeDeadlineSeconds"),
        backoff_limit=fields.number("backoffLimit"),
    )


def _env_from(value: Any, where: str) -> EnvFrom:
    kind: Literal["secret", "configMap"] = "configMap" if "configMap" in mapping(value, where) else "secret"
    fields = Fields(value, where, frozenset({kind}), frozenset({"prefix"}))
    return EnvFrom(kind, fields.text(kind), fields.optional_text("prefix"))


def _account(fields: Fields) -> ServiceAccountSettings:
    known = frozenset({"name", "token", "annotations"})
    account = Fields(fields.raw("serviceAccount"), fields.place("serviceAccount"), _NONE, known)
    return ServiceAccountSettings(
        account.optional_text("name"), account.flag("token"), account.pairs("annotations", text)
    )


def _placement(fields: Fields) -> Placement | None:
    placement = Placement(
        node_selector=fields.pairs("nodeSelector", text),
        tolerations=fields.items("tolerations", _toleration),
        priority_class=fields.optional_text("priorityClass"),
        color_anti_affinity=cast("Any", fields.one_of("colorAntiAffinity", "preferred", "required"))
        if "colorAntiAffinity" in fields
        else None,
    )
    return None if placement == Placement() else placement


def _toleration_data(toleration: Toleration) -> dict[str, Any]:
    return present(
        {
            "key": toleration.key,
            "operator": toleration.operator,
            "value": toleration.value,
            "effect": toleration.effect,
            "tolerationSeconds": toleration.seconds,
        }
    )


def _toleration(value: Any, where: str) -> Toleration:
    known = frozenset({"key", "value", "effect", "tolerationSeconds"})
    fields = Fields(value, where, frozenset({"operator"}), known)
    effects = ("NoSchedule", "PreferNoSchedule", "NoExecute")
    return Toleration(
        key=fields.optional_text("key"),
        operator=cast("Any", fields.one_of("operator", "Equal", "Exists")),
        value=fields.optional_text("value"),
        effect=cast("Any", fields.one_of("effect", *effects)) if "effect" in fields else None,
        seconds=fields.optional_number("tolerationSeconds"),
    )


def _smoke_data(smoke: Smoke) -> dict[str, Any]:
    if isinstance(smoke, HttpSmoke):
        return {
            "component": smoke.component,
            "path": smoke.path,
            "expect": smoke.expect,
            "image": str(smoke.image),
            "timeout": smoke.timeout,
        }
    return present(
        {
            "image": str(smoke.image),
            "command": list(smoke.command),
            "env": env_data(smoke.env),
            "user": smoke.user,
            "timeout": smoke.timeout,
        }
    )


def _smoke(data: Any) -> Smoke:
    where = "spec.smoke"
    if "path" in mapping(data, where):
        fields = Fields(data, where, frozenset({"component", "path", "expect", "image", "timeout"}))
        return HttpSmoke(
            component=fields.text("component"),
            path=fields.text("path"),
            image=image_from_data(fields),
            expect=fields.number("expect"),
            timeout=fields.number("timeout"),
        )
    fields = Fields(data, where, frozenset({"image", "command", "timeout"}), frozenset({"env", "user"}))
    if not fields.texts("command"):
        raise ValueError(f"{fields.place('command')} is empty")
    return CommandSmoke(
        image=image_from_data(fields),
        command=fields.texts("command"),
        env=fields.pairs("env", env_from_data),
        user=fields.optional_number("user"),
        timeout=fields.number("timeout"),
    )


def _peer_data(peer: Peer) -> dict[str, Any]:
    return present({"namespace": peer.namespace, "pods": dict(sorted(peer.pods.items())), "cidr": peer.cidr})


def _peer(value: Any, where: str) -> Peer:
    fields = Fields(value, where, _NONE, frozenset({"namespace", "pods", "cidr"}))
    peer = Peer(fields.optional_text("namespace"), fields.pairs("pods", text), fields.optional_text("cidr"))
    if (peer.cidr is None) == (peer.namespace is None and not peer.pods):
        raise ValueError(f"{where} needs pods of a namespace, or a cidr")
    return peer


def _patch_data(patch: Patch) -> dict[str, Any]:
    target = present({"kind": patch.kind, "component": patch.component, "color": patch.color, "name": patch.name})
    if patch.color is not None:
        target["color"] = str(patch.color)
    change = {"json": patch.operations} if patch.merge is None else {"merge": patch.merge}
    return {"target": target, **_sorted(change)}


def _sorted(value: Any) -> Any:
    """Return JSON with the keys of all its mappings in order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, (list, tuple)) else value


def _patch(value: Any, where: str) -> Patch:
    how = "merge" if "merge" in mapping(value, where) else "json"
    fields = Fields(value, where, frozenset({"target", how}))
    target = Fields(
        fields.raw("target"), f"{where}.target", frozenset({"kind"}), frozenset({"component", "color", "name"})
    )
    return Patch(
        kind=target.text("kind"),
        component=target.optional_text("component"),
        color=Color(target.one_of("color", *Color)) if "color" in target else None,
        name=target.optional_text("name"),
        merge=mapping(fields.raw("merge"), f"{where}.merge") if how == "merge" else None,
        operations=fields.items("json", _operation),
    )


def _operation(value: Any, where: str) -> Mapping[str, Any]:
    needed = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": "path"}
    optional = frozenset({"value", "from"})
    fields = Fields(value, where, frozenset({"op", "path"}), optional)
    if (key := needed[fields.one_of("op", *needed)]) not in fields:
        raise ValueError(f"{where} has no {key}")
    for key in ("path", "from"):
        pointer = fields.optional_text(key)
        if pointer and not pointer.startswith("/"):
            raise ValueError(f"{where}.{key} is {shown(pointer)}, which is no JSON pointer")
    return mapping(value, where)
