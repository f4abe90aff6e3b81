"""Look into data that others wrote: what is not of the kind that is asked for counts as absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dig(data: Any, *way: str) -> Any:
    """Return what stands at the end of the way; None where it leads nowhere."""
    for key in way:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def mapping(data: Any, *way: str) -> dict[str, Any]:
    """Return the mapping there, or an empty one."""
    found = dig(data, *way)
    return found if isinstance(found, dict) else {}


def items(data: Any, *way: str) -> list[dict[str, Any]]:
    """Return the mappings of the list there."""
    found = dig(data, *way)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(data: Any, *way: str) -> str | None:
    """Return the text there."""
    found = dig(data, *way)
    return found if isinstance(found, str) else None


def number(data: Any, *way: str) -> int | None:
    """Return the whole number there."""
    found = dig(data, *way)
    return found if type(found) is int else None


def texts(data: Any, *way: str) -> dict[str, str]:
    """Return the mapping there, as far as its values are text."""
    return {str(key): value for key, value in mapping(data, *way).items() if isinstance(value, str)}


def words(data: Any, *way: str) -> list[str]:
    """Return the texts of the list there."""
    found = dig(data, *way)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a selector of labels finds what has these; an empty one finds nothing, as a Service's does."""
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def pod_of(data: Any) -> dict[str, Any]:
    """Return the pod template of a Deployment, or of a CronJob."""
    return mapping(data, "spec", "jobTemplate", "spec", "template") or mapping(data, "spec", "template")
