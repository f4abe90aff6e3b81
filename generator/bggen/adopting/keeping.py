"""Changes → the patches of app.yaml that undo them, as far as they fit and bggen's checks hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bggen.adopting.changes import OURS, Change
from bggen.errors import InvalidError, PatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# One that fails leaves the others to be tried one by one.
_MOST_TRIED = 200


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs between one object and what is rendered for it.

    Attributes:
        old: the object, in words.
        new: the rendered one, in words.
        target: what a patch names it by.
        changes: the fields.
        data: the rendered object: an operation that adds to a list of it which is not there begins one.
    """

    old: str
    new: str
    target: Mapping[str, str]
    changes: tuple[Change, ...]
    data: Mapping[str, Any]


def chosen(
    compared: Sequence[Compared], fits: Callable[[Sequence[Mapping[str, Any]]], str | None]
) -> tuple[list[Mapping[str, Any]], list[Compared]]:
    """Return the patches that keep what differs, and what they cannot keep.

    Args:
        compared: what differs without patches.
        fits: returns why patches do not do; None where they do.
    """
    wanted = [(each, change) for each in compared for change in each.changes if change.operations]
    refused: dict[int, str] = {}
    if fits(_patches(wanted)) is not None:
        kept: list[tuple[Compared, Change]] = []
        for index, (each, change) in enumerate(wanted):
            why = fits(_patches([*kept, (each, change)])) if index < _MOST_TRIED else "there are too many of them"
            if why is None:
                kept.append((each, change))
            else:
                refused[id(change)] = why
        wanted = kept
    kept_changes = {id(change) for _, change in wanted}
    rest = []
    for each in compared:
        left = [
            replace(change, why=refused.get(id(change), change.why))
            for change in each.changes
            if id(change) not in kept_changes
        ]
        rest.append(replace(each, changes=tuple(left)))
    return _patches(wanted), rest


def trial(make: Callable[[Sequence[Mapping[str, Any]]], Sequence[object]]) -> Callable[[Sequence[Any]], str | None]:
    """Return what tells why patches do not fit.

    Args:
        make: renders with patches, and returns what checks find.
    """

    def fits(patches: Sequence[Mapping[str, Any]]) -> str | None:
        try:
            problems = make(patches)
        except PatchError as error:
            return error.message
        except InvalidError as error:
            return error.problems[0].message if error.problems else error.message
        return str(getattr(problems[0], "message", problems[0])) if problems else None

    return fits


def is_ours(change: Change) -> bool:
    """Whether a change is what bggen does in every app."""
    return change.why == OURS


def _patches(wanted: Sequence[tuple[Compared, Change]]) -> list[Mapping[str, Any]]:
    """Return one merge patch for each object, and one of operations for what is in a list."""
    found: list[Mapping[str, Any]] = []
    targets: dict[tuple[tuple[str, str], ...], list[tuple[Compared, Change]]] = {}
    for each, change in wanted:
        targets.setdefault(tuple(each.target.items()), []).append((each, change))
    for target, changes in targets.items():
        merge: dict[str, Any] = {}
        operations: list[Mapping[str, Any]] = []
        for each, change in changes:
            if not _merged(merge, change):
                # Two fields may need one volume.
                for operation in change.operations:
                    if operation not in operations or operation["op"] == "remove":
                        operations += [*_begun(each.data, operation, operations), operation]
        if merge:
            found.append({"target": dict(target), "merge": merge})
        if operations:
            found.append({"target": dict(target), "json": operations})
    return found


def _begun(
    data: Mapping[str, Any], operation: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return what makes the mappings and the list that an operation adds to, where they are not there yet."""
    way = operation["path"].split("/")[1:]
    made: list[Mapping[str, Any]] = []
    value: Any = data
    for depth, part in enumerate(way[:-1], 1):
        key = part.replace("~1", "/").replace("~0", "~")
        place = "/" + "/".join(way[:depth])
        value = value.get(key) if isinstance(value, dict) else value[int(key)] if isinstance(value, list) else None
        if value is None:
            new: Any = [] if way[depth] == "-" else {}
            begin = {"op": "add", "path": place, "value": new}
            if not any(each["path"] == place for each in before):
                made.append(begin)
            value = new
    return made


def _merged(merge: dict[str, Any], change: Change) -> bool:
    """Put a change into a merge patch, if it is one that a merge patch can say."""
    if len(change.operations) != 1:
        return False
    operation = change.operations[0]
    way = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    value = operation.get("value")
    if any(part.isdecimal() or part == "-" for part in way) or _has_null(value):
        return False
    if operation["op"] == "remove":
        value = None
    elif isinstance(value, dict) and change.after is not None:
        return False
    inner = merge
    for part in way[:-1]:
        inner = inner.setdefault(part, {})
    inner[way[-1]] = value
    return True


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(item is None or _has_null(item) for item in value.values())
    return isinstance(value, list) and any(map(_has_null, value))
