"""Fields that differ between an object as it is and as bggen renders it, and the operations that keep them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONGEST_SHOWN = 60
# Whatever bggen renders there is as good: it does so in every app.
OURS = "bggen"


@dataclass(frozen=True, slots=True)
class Change:
    """One field.

    Attributes:
        field: where it stands, for people.
        before: what stands there now; None for nothing.
        after: what bggen renders.
        operations: those of a JSON patch that make it what it was; none where that is not wanted, or not possible.
        why: OURS, or why it is not possible.
    """

    field: str
    before: Any
    after: Any
    operations: tuple[Mapping[str, Any], ...] = ()
    why: str = ""


def compared(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    field: str,
    pointer: str,
    *,
    ours: Iterable[str] = (),
    inside: Iterable[str] = (),
) -> Iterator[Change]:
    """Yield the keys that two mappings differ in.

    Args:
        before: as it is.
        after: as it is rendered.
        field: what they are, for people.
        pointer: the same as a JSON pointer.
        ours: the keys that bggen decides.
        inside: the keys whose values are compared key by key.
    """
    chosen, deeper = set(ours), set(inside)
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new and type(old) is type(new):
            continue
        where, place = f"{field}.{key}", f"{pointer}/{escaped(key)}"
        if key in deeper and isinstance(old, dict) and isinstance(new, dict):
            yield from compared(old, new, where, place)
        elif key in chosen:
            yield Change(where, old, new, why=OURS)
        elif old is None:
            yield Change(where, None, new, ({"op": "remove", "path": place},))
        else:
            yield Change(where, old, new, ({"op": "add", "path": place, "value": old},))


def escaped(key: str) -> str:
    """Return a key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def shown(value: Any) -> str:
    """Return a value as a report shows it, on one short line; nothing for what is absent."""
    import json  # noqa: PLC0415 - only reports of adoption show data

    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def leaves(before: Any, after: Any, field: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield where two values differ, as far inside as both are mappings."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield from leaves(before.get(key), after.get(key), f"{field}.{key}")
    else:
        yield field, before, after
