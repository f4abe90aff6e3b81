"""Take out of a draft what the spec's own rules refuse, and say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bggen.adopting.changes import shown
from bggen.adopting.parts import Note
from bggen.adopting.routing import Routing
from bggen.errors import InvalidError
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bggen.adopting.drafting import Draft
    from bggen.model import Problem
    from bggen.yamlio import Path

_MOST_ROUNDS = 30
# Without these a component is none.
_NEEDED = frozenset((("image",), ("kind",), ("schedule",), ("port",)))


def fitting(made: Draft, resolve: Callable[[Draft], object]) -> tuple[Draft, tuple[Note, ...]]:
    """Return the draft with nothing that the spec refuses, and what was taken out.

    Args:
        made: the draft.
        resolve: resolves it as app.yaml would be.

    Raises:
        InvalidError: what is refused cannot be left out, or is not of the draft's making.
    """
    notes: list[Note] = []
    for _ in range(_MOST_ROUNDS):
        try:
            resolve(made)
        except InvalidError as error:
            found = _offender(made, error)
            if found is None and made.routing.route and error.problems and error.problems[0].where.startswith("route"):
                notes.append(Note(_title(made), f"becomes no route: {error.problems[0]}"))
                # Nothing of ours leads users then: no Ingress of theirs may be taken for replaced.
                left = (made.routing.main, made.routing.preview, *made.routing.others)
                made = replace(made, routing=Routing({}, others=tuple(each for each in left if each)))
                continue
            if found is None:
                raise
            component, path, problem = found
            value, components = _without(made.components, (component, *path))
            made = replace(made, components=components)
            message = f"{dotted(path)}, {shown(value)}, is left out: it {problem.message}"
            notes.append(Note(f"component {component}", message))
        else:
            break
    return made, tuple(notes)


def _title(made: Draft) -> str:
    return made.routing.main.title if made.routing.main else "the Ingress"


def _offender(made: Draft, error: InvalidError) -> tuple[str, Path, Problem] | None:
    """Return the component and the field that the first problem with something of the draft is about."""
    for problem in error.problems:
        for component, fields in made.components.items():
            places = {dotted(path): path for path in _paths(fields, ())}
            for prefix in (f"components.{dotted((component,))}.", ""):
                where = problem.where.removeprefix(prefix) if problem.where.startswith(prefix) else None
                path = places.get(where) if where else None
                if path is not None and path not in _NEEDED:
                    return component, path, problem
    return None


def _paths(value: Any, where: Path) -> Iterator[Path]:
    if where:
        yield where
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _paths(item, (*where, key))


def _without(components: Mapping[str, Mapping[str, Any]], path: Path) -> tuple[Any, dict[str, Any]]:
    """Return what stands at the path, and the components without it."""

    def cut(value: Any, way: Path) -> tuple[Any, Any]:
        key, rest = way[0], way[1:]
        if not rest:
            if isinstance(value, list):
                return value[int(key)], [item for index, item in enumerate(value) if index != key]
            return value[key], {name: item for name, item in value.items() if name != key}
        gone, inner = cut(value[key], rest)
        if isinstance(value, list):
            return gone, [inner if index == key else item for index, item in enumerate(value)]
        return gone, {name: inner if name == key else item for name, item in value.items()}

    gone, left = cut({name: dict(fields) for name, fields in components.items()}, path)
    return gone, left
