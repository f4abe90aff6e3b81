"""AppSpec ↔ the canonical data of a colour file, strictly: state files may have been written by anybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bggen.images import parse_image
from bggen.model import AppSpec, Component, EnvValue, Health, Resources, Route, SecretRef

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_MINOR = re.compile(r"1\.[0-9]{2}")
_LONGEST_SHOWN = 40


def spec_to_data(spec: AppSpec) -> dict[str, Any]:
    """Return the spec as canonical data: fixed order of fields, sorted names, what is not set left out."""
    data: dict[str, Any] = {"name": spec.name, "kubernetes": spec.kubernetes}
    if spec.namespace is not None:
        data["namespace"] = spec.namespace
    data["components"] = {name: _component_data(spec.components[name]) for name in sorted(spec.components)}
    if spec.route is not None:
        data["route"] = _route_data(spec.route)
    return data


def spec_from_data(data: Any) -> AppSpec:
    """Return the spec that `spec_to_data` made the data from.

    Raises:
        ValueError: on anything else: an unknown or a missing key, a wrong type. The message names the place.
    """
    fields = _fields(data, "spec", {"name", "kubernetes", "components"}, {"namespace", "route"})
    name = _name(fields["name"], "spec.name")
    components = _mapping(fields["components"], "spec.components")
    if not components:
        raise ValueError("spec.components is empty")
    spec = AppSpec(
        name=name,
        kubernetes=_minor(fields["kubernetes"], "spec.kubernetes"),
        components={key: component_from_data(key, components[key]) for key in sorted(components)},
        namespace=_optional_text(fields, "namespace", "spec"),
        route=_route_from_data(fields["route"]) if "route" in fields else None,
    )
    for path, component in spec.route.paths.items() if spec.route else ():
        if component not in spec.components or spec.components[component].port is None:
            raise ValueError(f"spec.route.paths.{shown(path)} is {shown(component)}, no component with a port")
    return spec


def component_from_data(name: str, data: Any) -> Component:
    """Return one component of `spec.components`.

    Raises:
        ValueError: when the data is not exactly a component's.
    """
    where = f"spec.components.{_name(name, 'a key of spec.components')}"
    fields = _fields(data, where, _REQUIRED, _OPTIONAL)
    if fields["kind"] != "service":
        raise ValueError(f"{where}.kind is {shown(fields['kind'])}, which this bggen does not know")
    security = fields["security"]
    if security not in ("restricted", "baseline"):
        raise ValueError(f"{where}.security must be restricted or baseline")
    try:
        image = parse_image(_text(fields["image"], f"{where}.image"))
    except ValueError as error:
        raise ValueError(f"{where}.image: {error}") from error
    health = _fields(fields.get("health", {}), f"{where}.health", set(), {"ready", "live"})
    resources = _fields(fields.get("resources", {}), f"{where}.resources", set(), _RESOURCES)
    return Component(
        name=name,
        image=image,
        port=_optional_number(fields, "port", where),
        replicas=_number(fields["replicas"], f"{where}.replicas"),
        command=_texts(fields.get("command", []), f"{where}.command"),
        args=_texts(fields.get("args", []), f"{where}.args"),
        env=_env(fields.get("env", {}), f"{where}.env"),
        health=Health(*(_optional_text(health, key, f"{where}.health") for key in ("ready", "live"))),
        resources=Resources(*(_optional_text(resources, key, f"{where}.resources") for key in _RESOURCE_KEYS)),
        user=_optional_number(fields, "user", where),
        security=security,
        drain=_number(fields["drain"], f"{where}.drain"),
        labels=_text_mapping(fields.get("labels", {}), f"{where}.labels"),
        annotations=_text_mapping(fields.get("annotations", {}), f"{where}.annotations"),
    )


def shown(value: object) -> str:
    """Return a value of a file for an error: short and printable, text in quotes."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    if not isinstance(value, str):
        return text if text.isprintable() else ascii(text)
    return f"'{text}'" if text.isprintable() else ascii(text)


_REQUIRED = {"image", "kind", "replicas", "security", "drain"}
_OPTIONAL = {"port", "command", "args", "env", "health", "resources", "user", "labels", "annotations"}
_RESOURCE_KEYS = ("cpu", "memory", "cpuLimit", "memoryLimit")
_RESOURCES = set(_RESOURCE_KEYS)


def _component_data(component: Component) -> dict[str, Any]:
    limits = component.resources
    values = (limits.cpu, limits.memory, limits.cpu_limit, limits.memory_limit)
    parts: tuple[tuple[str, Any], ...] = (
        ("image", str(component.image)),
        ("kind", component.kind),
        ("port", component.port),
        ("replicas", component.replicas),
        ("command", list(component.command) or None),
        ("args", list(component.args) or None),
        ("env", {name: _env_data(component.env[name]) for name in sorted(component.env)} or None),
        ("health", _set({"ready": component.health.ready, "live": component.health.live})),
        ("resources", _set(dict(zip(_RESOURCE_KEYS, values, strict=True)))),
        ("user", component.user),
        ("security", component.security),
        ("drain", component.drain),
        ("labels", dict(sorted(component.labels.items())) or None),
        ("annotations", dict(sorted(component.annotations.items())) or None),
    )
    return {key: value for key, value in parts if value is not None}


def _env_data(value: EnvValue) -> str | dict[str, str]:
    return value if isinstance(value, str) else {"secret": value.secret, "key": value.key}


def _route_data(route: Route) -> dict[str, Any]:
    parts: tuple[tuple[str, Any], ...] = (
        ("host", route.host),
        ("paths", dict(sorted(route.paths.items()))),
        ("switch", route.switch),
        ("tls", route.tls),
        ("class", route.ingress_class),
        ("annotations", dict(sorted(route.annotations.items())) or None),
    )
    return {key: value for key, value in parts if value is not None}


def _set(parts: Mapping[str, str | None]) -> dict[str, str] | None:
    return {key: value for key, value in parts.items() if value is not None} or None


def _route_from_data(data: Any) -> Route:
    where = "spec.route"
    fields = _fields(data, where, {"host", "paths", "switch"}, {"tls", "class", "annotations"})
    if fields["switch"] != "service":
        raise ValueError(f"{where}.switch is {shown(fields['switch'])}, which this bggen does not know")
    return Route(
        host=_text(fields["host"], f"{where}.host"),
        paths=_text_mapping(fields["paths"], f"{where}.paths"),
        tls=_optional_text(fields, "tls", where),
        ingress_class=_optional_text(fields, "class", where),
        annotations=_text_mapping(fields.get("annotations", {}), f"{where}.annotations"),
    )


def _env(data: Any, where: str) -> dict[str, EnvValue]:
    env: dict[str, EnvValue] = {}
    for key, value in sorted(_mapping(data, where).items()):
        place = f"{where}.{shown(key)}"
        if isinstance(value, str):
            env[key] = value
        else:
            fields = _fields(value, place, {"secret", "key"}, set())
            env[key] = SecretRef(_text(fields["secret"], f"{place}.secret"), _text(fields["key"], f"{place}.key"))
    return env


def _fields(data: Any, where: str, required: set[str], optional: set[str]) -> dict[str, Any]:
    fields = _mapping(data, where)
    if missing := sorted(required - fields.keys()):
        raise ValueError(f"{where} has no {missing[0]}")
    if unknown := [key for key in fields if key not in required and key not in optional]:
        raise ValueError(f"{where} has the unknown key {shown(unknown[0])}")
    return fields


def _mapping(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ValueError(f"{where} must be a mapping")
    return data


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} must be text")  # noqa: TRY004 - decoding raises one kind of error
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{where} must be a list")  # noqa: TRY004 - decoding raises one kind of error
    return tuple(_text(item, f"{where}[{index}]") for index, item in enumerate(value))


def _text_mapping(value: Any, where: str) -> dict[str, str]:
    return {key: _text(item, f"{where}.{shown(key)}") for key, item in sorted(_mapping(value, where).items())}


def _optional_text(fields: Mapping[str, Any], key: str, where: str) -> str | None:
    return _text(fields[key], f"{where}.{key}") if key in fields else None


def _number(value: Any, where: str) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{where} must be a whole number")
    return value


def _optional_number(fields: Mapping[str, Any], key: str, where: str) -> int | None:
    return _number(fields[key], f"{where}.{key}") if key in fields else None


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{where} is {shown(value)}, which is not a name")
    return value


def _minor(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _MINOR.fullmatch(value):
        raise ValueError(f"{where} must be a minor version such as '1.34'")
    return value
