"""The files that a value is merged from, and which of them it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.patch import merge_patch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.spec.schema import Checked
    from bggen.yamlio import Path


class Layers:
    """The places that one component, or the route, is merged from, the least general first.

    Args:
        places: (file, path of the fields in it); the last one is what the first ones are patches over.
        owner: the index of the place that a problem with something absent is reported at.
        only: the fields to take, where other things stand beside them; all of them by default.
    """

    def __init__(self, places: Sequence[tuple[Checked, Path]], owner: int, only: Sequence[str] | None = None) -> None:
        self._places = places
        self._owner = owner
        self._only = only

    def merged(self) -> Mapping[str, Any]:
        """Return the fields of all layers."""
        fields: Any = {}
        for file, where in reversed(self._places):
            value: Any = file.data
            for part in where:
                value = value.get(part) if isinstance(value, dict) else None
            if isinstance(value, dict):
                wanted = value if self._only is None else {key: value[key] for key in self._only if key in value}
                fields = merge_patch(fields, {key: _items_without_nulls(item) for key, item in wanted.items()})
        return mapping(fields)

    def refused(self, field: Path) -> bool:
        """Whether a layer's schema took out what stood there, so that nothing is known of it."""
        return any(file.is_refused((*where, *field)) for file, where in self._places)

    def own(self, field: Path) -> bool:
        """Whether the app or its overlay says something there, rather than a default of bggen.yaml."""
        return any(file.has((*where, *field)) for file, where in self._places[: self._owner + 1])

    def within(self, where: Path) -> Layers:
        """Return the places of what stands within a field."""
        return Layers([(file, (*place, *where)) for file, place in self._places], self._owner)

    def report(self, field: Path, message: str) -> None:
        """Report a problem where the value came from: overlay before app before defaults.

        What is absent is reported where the nearest thing around it came from.
        """
        if self.refused(field):
            return
        for length in range(len(field), 0, -1):
            for file, where in self._places:
                if file.has((*where, *field[:length])):
                    file.report((*where, *field), message)
                    return
        file, where = self._places[self._owner]
        file.report((*where, *field), message)


def _items_without_nulls(value: Any) -> Any:
    """Return a list without the nulls in its items, which a merge does not reach; anything else as it is."""
    if not isinstance(value, list):
        return value
    return [merge_patch({}, item) if isinstance(item, dict) else item for item in value]


def mapping(value: Any) -> dict[str, Any]:
    """Return the value if it is a mapping; a file whose schema was not asked may hold anything."""
    return value if isinstance(value, dict) else {}


def only_one(layers: Layers, where: Path, value: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Whether exactly one of the keys is there; report it where not."""
    if any(layers.refused((*where, key)) for key in keys):
        return False
    found = [key for key in keys if key in value]
    if len(found) == 1:
        return True
    names = f"{', '.join(f'`{key}`' for key in keys[:-1])} and `{keys[-1]}`"
    if found:
        layers.report((*where, found[1]), f"stands beside `{found[0]}`: give one of {names}")
    else:
        layers.report(where, f"needs one of {names}")
    return False


def as_text(value: Any) -> Any:
    """Return a number or a boolean as the text that it is taken for; anything else as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value
