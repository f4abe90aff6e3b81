"""A component's merged fields → canonical data: defaults in, and every value in its one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.spec.layers import as_text, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_ALL = {"kind": "service", "security": "restricted"}
_OF_KIND: Mapping[str, Mapping[str, Any]] = {
    "service": {"replicas": 1, "drain": 10},
    # It takes no requests that could be lost.
    "worker": {"replicas": 1, "drain": 0},
    "cron": {"startingDeadlineSeconds": 60, "concurrencyPolicy": "Forbid", "backoffLimit": 0},
}
_TEXT_LISTS = ("command", "args")
_TEXT_MAPPINGS = ("env", "labels", "annotations", "resources", "files", "nodeSelector")
_DEFAULT_CPU = 80


def canonical(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's fields as canonical data; of use only if no problem was reported.

    Args:
        fields: the merged fields, without those that do not fit the component's kind.
    """
    data: dict[str, Any] = plain(fields)
    kind = data.get("kind", "service")
    data = {**_OF_ALL, **_OF_KIND.get(str(kind), {}), **data}
    _as_texts(data)
    if "autoscale" in data:
        data["autoscale"] = _autoscale(mapping(data["autoscale"]))
        data["replicas"] = data["autoscale"].get("min")
    if isinstance(data.get("tolerations"), list):
        data["tolerations"] = [{"operator": "Equal", **mapping(item)} for item in data["tolerations"]]
    if isinstance(data.get("mounts"), dict):
        data["mounts"] = {path: _mount(mapping(mount)) for path, mount in data["mounts"].items()}
    for key, default in (("service", {"type": "ClusterIP"}), ("serviceAccount", {})):
        if isinstance(data.get(key), dict):
            data[key] = _settings(data[key], default)
            if data[key] == default:
                del data[key]
    return data


def _as_texts(data: dict[str, Any]) -> None:
    for key in _TEXT_LISTS:
        if isinstance(data.get(key), list):
            data[key] = [as_text(item) for item in data[key]]
    for key in _TEXT_MAPPINGS:
        if isinstance(data.get(key), dict):
            data[key] = {name: as_text(value) for name, value in data[key].items()}


def _settings(value: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without what says nothing: false, and annotations that there are none of."""
    data = {key: item for key, item in {**default, **value}.items() if item is not False and item != {}}
    if "annotations" in data:
        data["annotations"] = {name: as_text(item) for name, item in mapping(data["annotations"]).items()}
    return data


def _autoscale(value: Mapping[str, Any]) -> dict[str, Any]:
    return dict(value) if "memory" in value else {"cpu": _DEFAULT_CPU, **value}


def _mount(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item is not False}


def plain(value: Any) -> Any:
    """Return the value with 3.0 as 3, which a schema takes for a whole number."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
