"""AppSpec ↔ the canonical data of a colour file, strictly: state files may have been written by anybody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from bggen.images import parse_image
from bggen.model import AppSpec, Component, EnvRef, EnvValue, Health, Image, Resources, Route
from bggen.spec.decoding import Fields, mapping, minor, name, number, present, shown, text
from bggen.spec.kinds import CRON_FIELDS, NOT_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Kind, Security, Switch

_HEALTH = ("ready", "live", "start", "startSeconds", "port")
_RESOURCES = ("cpu", "memory", "cpuLimit", "memoryLimit")
_PLACEMENT = ("nodeSelector", "tolerations", "priorityClass", "colorAntiAffinity")
_MOST_DECODED = 256
# What `bggen.spec.codec_parts` reads and writes: most components have none of it.
_PARTS = frozenset((*CRON_FIELDS, *_PLACEMENT, "service", "autoscale", "envFrom", "mounts", "serviceAccount"))
_REQUIRED = frozenset(("image", "kind", "security"))
# What `bggen.spec.codec_route` reads and writes.
_ROUTE_PARTS = frozenset(("preview", "controller", "parentRefs", "timeouts", "namespace"))
_OPTIONAL = _PARTS | {
    *("port", "ports", "replicas", "command", "args", "env", "files", "writable", "health", "resources"),
    *("user", "group", "drain", "imagePullSecrets", "labels", "annotations"),
}


def spec_to_data(spec: AppSpec) -> dict[str, Any]:
    """Return the spec as canonical data: fixed order of fields, sorted names, what is not set left out."""
    data: dict[str, Any] = {"name": spec.name, "kubernetes": spec.kubernetes}
    if spec.namespace is not None:
        data["namespace"] = spec.namespace
    data["components"] = {key: _component_data(spec.components[key]) for key in sorted(spec.components)}
    if spec.route is not None:
        data["route"] = _route_data(spec.route)
    if spec.smoke is not None or spec.network is not None or spec.patches:
        from bggen.spec.codec_parts import spec_parts  # noqa: PLC0415 - rare, see there

        data |= spec_parts(spec)
    if spec.migrate is not None or spec.compatible is not None:
        from bggen.spec.codec_migrate import migrate_parts  # noqa: PLC0415 - rare, see there

        data |= migrate_parts(spec)
    if spec.rollout is not None:
        from bggen.spec.codec_rollouts import rollout_data  # noqa: PLC0415 - rare, see there

        data["rollout"] = rollout_data(spec.rollout)
    return data


def spec_from_data(data: Any) -> AppSpec:
    """Return the spec that `spec_to_data` made the data from.

    Raises:
        ValueError: on anything else: an unknown or a missing key, a wrong type, parts that contradict each other. The
            message names the place.
    """
    optional = frozenset({"namespace", "route", "smoke", "network", "patches", "migrate", "compatible", "rollout"})
    fields = Fields(data, "spec", frozenset({"name", "kubernetes", "components"}), optional)
    components = mapping(fields.raw("components"), "spec.components")
    if not components:
        raise ValueError("spec.components is empty")
    decoded = {key: component_from_data(key, components[key]) for key in sorted(components)}
    route = _route_from_data(fields.raw("route")) if "route" in fields else None
    for path, component in route.paths.items() if route else ():
        if component not in decoded or decoded[component].port is None:
            raise ValueError(f"spec.route.paths.{shown(path)} is {shown(component)}, no component with a port")
    rest: dict[str, Any] = {}
    if "smoke" in fields or "network" in fields or "patches" in fields:
        from bggen.spec.codec_parts import spec_parts_from_data  # noqa: PLC0415 - rare, see there

        rest = spec_parts_from_data(fields, decoded)
    if "migrate" in fields or "compatible" in fields:
        from bggen.spec.codec_migrate import migrate_parts_from_data  # noqa: PLC0415 - rare, see there

        rest |= migrate_parts_from_data(fields, decoded)
    if "rollout" in fields:
        if "migrate" in rest or "compatible" in rest:
            raise ValueError("spec.rollout stands beside a migration")
        from bggen.spec.codec_rollouts import rollout_from_data  # noqa: PLC0415 - rare, see there

        rest["rollout"] = rollout_from_data(fields.raw("rollout"), decoded, route)
    elif route is not None and route.switch == "rollouts":
        raise ValueError("spec.rollout is missing")
    return AppSpec(
        name=name(fields.raw("name"), "spec.name"),
        kubernetes=minor(fields.raw("kubernetes"), "spec.kubernetes"),
        components=decoded,
        namespace=fields.optional_text("namespace"),
        route=route,
        **rest,
    )


def component_from_data(key: str, data: Any) -> Component:
    """Return one component of `spec.components`.

    Raises:
        ValueError: when the data is not exactly a component's.
    """
    where = f"spec.components.{name(key, 'a key of spec.components')}"
    known, frozen = None, None
    if isinstance(data, dict) and "image" in data:
        # Both colours, the spec and most apps are alike but for the image, and decoding takes longer than telling so.
        frozen = _frozen({part: value for part, value in data.items() if part != "image"})
        known = _decoded.get(frozen)
    if known is not None:
        return replace(known, name=key, image=_image(data["image"], f"{where}.image"))
    component = _component(key, where, data)
    if frozen is not None:
        if len(_decoded) >= _MOST_DECODED:
            _decoded.clear()
        _decoded[frozen] = component
    return component


_decoded: dict[Any, Component] = {}


def _frozen(value: Any) -> Any:
    """Return data as what can be a key: equal where it is equal and of the same types, in the same order."""
    if type(value) is dict:
        return (dict, *((key, _frozen(item)) for key, item in value.items()))
    if type(value) is list:
        return (list, *map(_frozen, value))
    return type(value), value


def _component(key: str, where: str, data: Any) -> Component:
    fields = Fields(data, where, _REQUIRED, _OPTIONAL)
    kind = cast("Kind", fields.one_of("kind", "service", "worker", "cron"))
    for other in sorted(NOT_OF[kind]):
        if other in fields:
            raise ValueError(f"{fields.place(other)} is nothing that a {kind} has")
    parts: dict[str, Any] = {}
    if kind == "cron" or any(part in fields for part in _PARTS):
        from bggen.spec.codec_parts import component_parts_from_data  # noqa: PLC0415 - rare, see there

        parts = component_parts_from_data(fields, kind)
    health = Fields(fields.raw("health", {}), f"{where}.health", frozenset(), frozenset(_HEALTH))
    resources = Fields(fields.raw("resources", {}), f"{where}.resources", frozenset(), frozenset(_RESOURCES))
    return Component(
        name=key,
        image=image_from_data(fields),
        kind=kind,
        port=fields.optional_number("port"),
        ports=fields.pairs("ports", number),
        replicas=1 if kind == "cron" else fields.number("replicas"),
        command=fields.texts("command"),
        args=fields.texts("args"),
        env=fields.pairs("env", env_from_data),
        files=fields.pairs("files", text),
        writable=fields.texts("writable") if "writable" in fields else None,
        health=Health(
            ready=health.optional_text("ready"),
            live=health.optional_text("live"),
            start=health.optional_text("start"),
            start_seconds=health.optional_number("startSeconds"),
            port=health.optional_text("port"),
        ),
        resources=Resources(*(resources.optional_text(quantity) for quantity in _RESOURCES)),
        user=fields.optional_number("user"),
        group=fields.optional_number("group"),
        security=cast("Security", fields.one_of("security", "restricted", "baseline")),
        drain=0 if kind == "cron" else fields.number("drain"),
        image_pull_secrets=fields.texts("imagePullSecrets"),
        labels=fields.pairs("labels", text),
        annotations=fields.pairs("annotations", text),
        **parts,
    )


def image_from_data(fields: Fields) -> Image:
    """Return the image of a component or of a smoke test."""
    return _image(fields.text("image"), fields.place("image"))


def _image(value: Any, where: str) -> Image:
    try:
        return parse_image(text(value, where))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def env_data(env: Mapping[str, EnvValue]) -> dict[str, Any]:
    """Return environment variables as data, in the order of their names."""
    return {key: _value_data(env[key]) for key in sorted(env)}


def env_from_data(value: Any, where: str) -> EnvValue:
    """Return the value of one environment variable."""
    if isinstance(value, str):
        return value
    source = next((each for each in ("secret", "configMap") if isinstance(value, dict) and each in value), None)
    if source is None:
        return EnvRef("field", Fields(value, where, frozenset({"field"})).text("field"))
    fields = Fields(value, where, frozenset({source, "key"}))
    return EnvRef("secret" if source == "secret" else "configMap", fields.text(source), fields.text("key"))


def _value_data(value: EnvValue) -> Any:
    if isinstance(value, str):
        return value
    return present({value.source: value.name, "key": value.key})


def _component_data(component: Component) -> dict[str, Any]:
    health, limits = component.health, component.resources
    checks = (health.ready, health.live, health.start, health.start_seconds, health.port)
    quantities = (limits.cpu, limits.memory, limits.cpu_limit, limits.memory_limit)
    data = {
        "image": str(component.image),
        "kind": component.kind,
        **(_component_parts(component) if component.kind == "cron" else {}),
        "port": component.port,
        "ports": dict(sorted(component.ports.items())),
        "replicas": None if component.kind == "cron" else component.replicas,
        **(_component_parts(component) if component.kind != "cron" else {}),
        "command": list(component.command),
        "args": list(component.args),
        "env": env_data(component.env),
        "files": dict(sorted(component.files.items())),
        "health": present(dict(zip(_HEALTH, checks, strict=True))),
        "resources": present(dict(zip(_RESOURCES, quantities, strict=True))),
        "user": component.user,
        "group": component.group,
        "security": component.security,
        "drain": None if component.kind == "cron" else component.drain,
        "imagePullSecrets": list(component.image_pull_secrets),
        "labels": dict(sorted(component.labels.items())),
        "annotations": dict(sorted(component.annotations.items())),
    }
    # A list without a path means that nothing may be written, which is not the same as no list.
    writable = {} if component.writable is None else {"writable": list(component.writable)}
    return {**present(data), **writable}


def _component_parts(component: Component) -> dict[str, Any]:
    rare = (component.service, component.autoscale, component.schedule, component.service_account, component.placement)
    if not any(part is not None for part in rare) and not component.env_from and not component.mounts:
        return {}
    from bggen.spec.codec_parts import component_parts  # noqa: PLC0415 - rare, see there

    return component_parts(component)


def _route_data(route: Route) -> dict[str, Any]:
    rest = (route.preview, route.parent_refs, route.timeouts, route.namespace)
    parts: dict[str, Any] = {}
    if any(rest) or route.controller != "generic":
        from bggen.spec.codec_route import route_parts  # noqa: PLC0415 - rare, see there

        parts = route_parts(route)
    return present(
        {
            "hosts": list(route.hosts),
            "paths": dict(sorted(route.paths.items())),
            "switch": route.switch,
            "tls": route.tls,
            "class": route.ingress_class,
            "annotations": dict(sorted(route.annotations.items())),
            "publishesStatus": route.publishes_status or None,
            **parts,
        }
    )


def _route_from_data(data: Any) -> Route:
    optional = frozenset({"tls", "class", "annotations", "publishesStatus"}) | _ROUTE_PARTS
    fields = Fields(data, "spec.route", frozenset({"paths", "switch"}), optional | {"hosts"})
    hosts = fields.texts("hosts")
    paths = fields.pairs("paths", text)
    # A Rollout switches inside the cluster, so that it may serve nobody outside.
    if (not hosts and fields.raw("switch") != "rollouts") or not paths:
        raise ValueError(f"spec.route.{'paths' if hosts else 'hosts'} is empty")
    parts: dict[str, Any] = {}
    if any(part in fields for part in _ROUTE_PARTS):
        from bggen.spec.codec_route import route_parts_from_data  # noqa: PLC0415 - rare, see there

        parts = route_parts_from_data(fields)
    return Route(
        hosts=hosts,
        paths=paths,
        switch=cast("Switch", fields.one_of("switch", "service", "ingress", "gateway", "rollouts")),
        tls=fields.optional_text("tls"),
        ingress_class=fields.optional_text("class"),
        annotations=fields.pairs("annotations", text),
        publishes_status=fields.flag("publishesStatus"),
        **parts,
    )
