"""Patches of JSON data: the merge patch of RFC 7386, and the operations of RFC 6902."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Copies of copies grow without end. More than any object needs, as for aliases in files (`bggen.yamlio`).
MOST_VALUES = 20_000
DEEPEST = 64

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class OperationError(ValueError):
    """An operation of a JSON patch does not fit the document; `index` says which."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with the patch applied, as RFC 7386 says; neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def apply_operations(document: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """Return the document with the operations applied, as RFC 6902 says; neither is changed.

    Args:
        document: mappings, lists and scalars.
        operations: each with `op`, `path`, and what that needs besides (`value` or `from`).

    Raises:
        OperationError: one of them does not fit; then none is applied. Also where the document becomes too large.
    """
    # The pointer "" is the document and "/a" a part of it: with the document below "", every pointer is a way of keys.
    holder = {"": _copy(document)}
    size = _measured(document)
    for index, operation in enumerate(operations):
        try:
            size += _apply(holder, operation, MOST_VALUES - size)
        except ValueError as error:
            raise OperationError(str(error), index) from error
    return holder[""]


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal as RFC 6902 §4.6 says: 1 is 1.0, but not true."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _apply(holder: dict[str, Any], operation: Mapping[str, Any], room: int) -> int:
    """Apply one operation that may add so many values, and return how many it has."""
    kind, path = operation["op"], operation["path"]
    if kind == "test":
        if not same(_get(holder, path), operation["value"]):
            raise ValueError(f"{shown(path)} has another value")
        return 0
    if kind == "remove":
        _remove(holder, path)
        return 0
    if kind == "move":
        _move(holder, operation["from"], path)
        return 0
    value = _get(holder, operation["from"]) if kind == "copy" else operation["value"]
    count = _measured(value, path.count("/"), room)
    # What is put in may be changed by a later operation, and must not be changed elsewhere with it.
    _put(holder, path, _copy(value), replace=kind == "replace")
    return count


def _move(holder: dict[str, Any], source: str, path: str) -> None:
    if path.startswith(f"{source}/"):
        raise ValueError(f"{shown(source)} cannot move into itself")
    value = _get(holder, source)
    _measured(value, path.count("/"))
    if path != source:
        _remove(holder, source)
        _put(holder, path, value, replace=False)


def _get(holder: dict[str, Any], pointer: str) -> Any:
    found: Any = holder
    for key in _keys(pointer):
        found = found[_existing(found, key, pointer)]
    return found


def _remove(holder: dict[str, Any], pointer: str) -> None:
    parent, key = _parent(holder, pointer)
    if parent is holder:
        raise ValueError("the whole object cannot be taken away")
    del parent[_existing(parent, key, pointer)]


def _put(holder: dict[str, Any], pointer: str, value: Any, *, replace: bool) -> None:
    parent, key = _parent(holder, pointer)
    if replace:
        parent[_existing(parent, key, pointer)] = value
    elif isinstance(parent, dict):
        parent[key] = value
    elif isinstance(parent, list):
        index = len(parent) if key == "-" else _index(key)
        if index is None or index > len(parent):
            raise ValueError(f"{shown(pointer)} is no place in a list of {len(parent)}")
        parent.insert(index, value)
    else:
        raise _nothing(pointer)


def _parent(holder: dict[str, Any], pointer: str) -> tuple[Any, str]:
    *way, last = _keys(pointer)
    found: Any = holder
    for key in way:
        found = found[_existing(found, key, pointer)]
    return found, last


def _existing(parent: Any, key: str, pointer: str) -> Any:
    """Return the key or the index of something that is there."""
    if isinstance(parent, dict) and key in parent:
        return key
    index = _index(key) if isinstance(parent, list) else None
    if index is None or index >= len(parent):
        raise _nothing(pointer)
    return index


def _nothing(pointer: str) -> ValueError:
    return ValueError(f"there is nothing at {shown(pointer)}")


def _keys(pointer: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")]


def _index(key: str) -> int | None:
    return int(key) if _INDEX.fullmatch(key) else None


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _measured(value: Any, depth: int = 0, room: int = MOST_VALUES) -> int:
    """Return how many values there are in a value that is to stand that deep; there is room for so many."""
    todo: list[tuple[Any, int]] = [(value, depth)]
    count = 0
    while todo:
        item, level = todo.pop()
        count += 1
        if count > room or level > DEEPEST:
            raise ValueError(f"the object gets larger than {MOST_VALUES:,} values, or deeper than {DEEPEST} levels")
        todo += [(inner, level + 1) for inner in _inside(item)]
    return count


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def shown(pointer: str) -> str:
    """Return a pointer for an error, on one line; that of the whole object is empty."""
    text = pointer or "the object"
    return text if text.isprintable() else ascii(text)
