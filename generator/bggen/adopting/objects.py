"""Documents → the objects in them, without what a cluster wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import dig, mapping, text
from bggen.adopting.parts import Found, is_live
from bggen.adopting.shapes import mistakes
from bggen.errors import InvalidError
from bggen.model import Problem
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.yamlio import Document, Path

_MOST_OBJECTS = 500
_LONGEST_NAME = 253
_OF_THE_CLUSTER = (
    *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "finalizers"),
)
# What clusters make of others: who reads a whole namespace gets them, too.
_MADE = frozenset(("ReplicaSet", "Pod", "Endpoints", "EndpointSlice", "Event", "ControllerRevision", "Lease"))


def objects(documents: Sequence[Document]) -> tuple[Found, ...]:
    """Return every object of the documents, those of a `kind: List` one by one.

    Raises:
        InvalidError: with everything that is no object, or is one twice.
    """
    found: list[Found] = []
    problems: list[Problem] = []
    count: dict[str, int] = {}
    for document in documents:
        count[document.path] = count.get(document.path, 0) + 1
        for where, data in _listed(document.data, ()):
            wrong = list(_mistakes(data))
            for way, message in wrong:
                place = document.position((*where, *way))
                shown = f"document {count[document.path]}"
                field = dotted((*where, *way))
                told = f"{shown}: {field}" if field else shown
                problems.append(Problem(document.path, place.line, place.column, told, message))
            if wrong:
                continue
            if data["kind"] in _MADE or dig(data, "metadata", "ownerReferences"):
                continue
            found.append(_found(document, where, data))
    problems += _twice(found)
    if len(found) > _MOST_OBJECTS:
        last = found[_MOST_OBJECTS]
        message = f"more than {_MOST_OBJECTS} objects: select those of one app, as with kubectl get -l app=NAME"
        problems.append(Problem(last.file, last.position.line, last.position.column, "", message))
    if problems:
        raise InvalidError(str(min(problems)), problems=sorted(problems))
    return tuple(found)


def _listed(data: Any, where: Path) -> Iterator[tuple[Path, Any]]:
    kind = dig(data, "kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(dig(data, "items"), list):
        for index, item in enumerate(data["items"]):
            yield from _listed(item, (*where, "items", index))
    else:
        yield where, data


def _mistakes(data: Any) -> Iterator[tuple[Path, str]]:
    """Yield where something is no object of Kubernetes, and why."""
    if not isinstance(data, dict):
        yield (), "is no object of Kubernetes: a mapping with `apiVersion`, `kind` and `metadata` is expected"
        return
    sound = True
    for way in (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")):
        value = dig(data, *way)
        if value is None and way[-1] != "namespace":
            yield (), f"{dotted(way)} is missing: every object of Kubernetes has one"
            sound = False
        elif value is not None and not _is_name(value):
            yield way, "must be a name on one line"
            sound = False
    if sound:
        yield from mistakes(data)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME


def _found(document: Document, where: Path, data: dict[str, Any]) -> Found:
    metadata = {key: value for key, value in mapping(data, "metadata").items() if key not in _OF_THE_CLUSTER}
    clean = {key: value for key, value in data.items() if key not in ("status", "metadata")}
    status = mapping(data, "status")
    # Whether a load balancer has an address tells whether one may wait for it.
    kept = {"status": {"loadBalancer": status["loadBalancer"]}} if mapping(status, "loadBalancer") else {}
    return Found(
        file=document.path,
        position=document.position(where),
        kind=data["kind"],
        name=data["metadata"]["name"],
        namespace=text(metadata, "namespace"),
        data={**clean, "metadata": metadata, **kept},
        live=is_live(data),
    )


def _twice(found: Sequence[Found]) -> Iterator[Problem]:
    seen: dict[tuple[str, str | None, str], Found] = {}
    for each in found:
        first = seen.setdefault((each.kind, each.namespace, each.name), each)
        if first is not each:
            message = f"{each.title} is there twice: first in {first.file}, line {first.position.line}"
            yield Problem(each.file, each.position.line, each.position.column, "", message)
