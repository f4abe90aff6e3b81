"""Two releases → every value in which their specs differ, by its place in the canonical data.

The comparison knows nothing of the single fields but their topic, so a field that is added to the spec is never missed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bggen.spec.codec import spec_to_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import Release

Path = tuple[str, ...]

# A component's field → what people look for it under; every other field is its own topic.
_TOPICS = {
    "args": "command",
    "envFrom": "env",
    "writable": "mounts",
    "autoscale": "replicas",
    "port": "ports",
    "service": "ports",
    **dict.fromkeys(
        ("timeZone", "startingDeadlineSeconds", "concurrencyPolicy", "activeDeadlineSeconds", "backoffLimit"),
        "schedule",
    ),
    **dict.fromkeys(("nodeSelector", "tolerations", "priorityClass", "colorAntiAffinity"), "placement"),
}
_ORDER = (
    *("kind", "image", "command", "env", "files", "mounts", "resources", "replicas", "ports", "health", "schedule"),
    "placement",
)
_PARTS = ("route", "rollout", "smoke", "network", "migrate", "compatible", "patches")
# Each value of these is one thing, though it may be a mapping.
_WHOLE = {("env",), ("mounts",)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs.

    Attributes:
        component: whose it is; None for what the app has as a whole.
        topic: under what people look for it, such as `env`.
        path: its place in the canonical data of a spec.
        before: None where there is no such value.
        after: likewise.
    """

    component: str | None
    topic: str
    path: Path
    before: Any
    after: Any

    @property
    def change(self) -> Literal["added", "removed", "changed"]:
        """What became of the value."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One release against another one.

    Attributes:
        added: the components that only the second one has, with their kinds.
        removed: those that only the first one has.
        differences: in the order in which people read them; components that were added or removed are among them,
            value by value.
        renderers: the versions of the rendering, where they differ.
    """

    added: Mapping[str, str]
    removed: Mapping[str, str]
    differences: tuple[Difference, ...]
    renderers: tuple[int, int] | None = None

    @property
    def same(self) -> bool:
        """Whether both would run the same."""
        return not self.differences and self.renderers is None


def compare(before: Release, after: Release) -> Comparison:
    """Return every difference between two releases; their numbers and the origins of images do not count."""
    old, new = spec_to_data(before.spec), spec_to_data(after.spec)
    kinds = [{name: component["kind"] for name, component in data["components"].items()} for data in (old, new)]
    return Comparison(
        added={name: kind for name, kind in kinds[1].items() if name not in kinds[0]},
        removed={name: kind for name, kind in kinds[0].items() if name not in kinds[1]},
        differences=tuple(sorted((_placed(*found) for found in _walk((), old, new)), key=_reading_order)),
        renderers=None if before.renderer == after.renderer else (before.renderer, after.renderer),
    )


def _walk(path: Path, before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:
    # As text, in which 1 is neither true nor 1.0.
    if json.dumps(before) == json.dumps(after):
        return
    if _whole(path) or not all(_mapping(each) for each in (before, after) if each is not None):
        yield path, before, after
        return
    old, new = before or {}, after or {}
    for key in sorted(old.keys() | new.keys()):
        yield from _walk((*path, key), old.get(key), new.get(key))


def _whole(path: Path) -> bool:
    if path[:1] == ("components",):
        return path[2:] == ("autoscale",) or (path[2:3] in _WHOLE and path[3:] != ())
    return path[:2] in {("smoke", "env"), ("migrate", "env")} and path[2:] != ()


def _mapping(value: Any) -> bool:
    """Whether the value can be told by its keys; an empty mapping has none."""
    return isinstance(value, dict) and bool(value)


def _placed(path: Path, before: Any, after: Any) -> Difference:
    if path[0] == "components":
        return Difference(path[1], _TOPICS.get(path[2], path[2]), path, before, after)
    return Difference(None, path[0] if path[0] in _PARTS else "app", path, before, after)


def _reading_order(difference: Difference) -> tuple[Any, ...]:
    name, topic = difference.component, difference.topic
    known = _ORDER if name is not None else ("app", *_PARTS)
    place = known.index(topic) if topic in known else len(known)
    # Components come first, but for what the app is.
    # The field that a topic is named after leads.
    return (topic != "app", name is None, name or "", place, topic, difference.path[2:3] != (topic,), difference.path)
