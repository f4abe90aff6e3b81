"""Whether data surely fits a schema: what bggen's own schemas use of JSON Schema, and quickly.

It only ever says yes. Whatever it cannot tell (a rule that it does not know, numbers that are whole but floats) is
jsonschema's to judge, whose import alone takes longer than a bump, and whose errors become messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Check = Callable[[Any], bool]

_SAYS_NOTHING = frozenset(
    (
        *("$schema", "$id", "$defs", "title", "description", "examples", "default"),
        *("enumDescriptions", "patternErrorMessage"),
    )
)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minLength": lambda value, limit: type(value) is not str or len(value) >= limit,
    "maxLength": lambda value, limit: type(value) is not str or len(value) <= limit,
    "minimum": lambda value, limit: type(value) not in (int, float) or value >= limit,
    "maximum": lambda value, limit: type(value) not in (int, float) or value <= limit,
    "minItems": lambda value, limit: type(value) is not list or len(value) >= limit,
    "minProperties": lambda value, limit: type(value) is not dict or len(value) >= limit,
    "required": lambda value, keys: type(value) is not dict or all(key in value for key in keys),
}


class Acceptor:
    """One schema, whose rules are made ready when something is first held to them.

    Args:
        schema: the whole schema, which its references are into.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._whole = schema
        # By the identity of a part of `schema`, which lives as long as this.
        self._checks: dict[int, Sequence[Check]] = {}

    def accepts(self, data: Any) -> bool:
        """Whether the data surely fits; False where that cannot be told here."""
        return self._fits(self._whole, data)

    def _fits(self, schema: Any, data: Any) -> bool:
        checks = self._checks.get(id(schema))
        if checks is None:
            checks = self._checks[id(schema)] = self._made(schema)
        return all(check(data) for check in checks)

    def _made(self, schema: Any) -> Sequence[Check]:
        if isinstance(schema, bool):
            return () if schema else (_never,)
        return [
            self._check(schema, rule, wanted)
            for rule, wanted in schema.items()
            # These two say what their neighbours mean.
            if rule not in _SAYS_NOTHING and rule not in ("properties", "then")
        ] + ([self._fields(schema)] if "properties" in schema and "additionalProperties" not in schema else [])

    def _check(self, schema: Mapping[str, Any], rule: str, wanted: Any) -> Check:
        if rule in _BOUNDS:
            holds = _BOUNDS[rule]
            return lambda value: holds(value, wanted)
        if rule in _SIMPLE:
            return _SIMPLE[rule](wanted)
        if rule == "if" and wanted.keys() == {"type"}:
            # The one kind of condition whose opposite is known where it does not hold.
            among, then = _type(wanted["type"]), schema.get("then", True)
            return lambda value: not among(value) or self._fits(then, value)
        return self._check_of_parts(schema, rule, wanted)

    def _check_of_parts(self, schema: Mapping[str, Any], rule: str, wanted: Any) -> Check:
        match rule:
            case "items":
                return lambda value: type(value) is not list or all(self._fits(wanted, item) for item in value)
            case "propertyNames":
                return lambda value: type(value) is not dict or all(self._fits(wanted, key) for key in value)
            case "additionalProperties":
                return self._fields(schema)
            case "allOf":
                return lambda value: all(self._fits(part, value) for part in wanted)
            case "$ref":
                target = self._target(wanted)
                return lambda value: self._fits(target, value)
        return _never

    def _fields(self, schema: Mapping[str, Any]) -> Check:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        return lambda value: (
            type(value) is not dict or all(self._fits(known.get(key, others), value[key]) for key in value)
        )

    def _target(self, reference: str) -> Any:
        target: Any = self._whole
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        return target


def _never(_: Any) -> bool:
    return False


def _type(wanted: str | Sequence[str]) -> Check:
    names = [wanted] if isinstance(wanted, str) else wanted
    types = frozenset(kind for name in names for kind in _TYPES[name])
    return lambda value: type(value) in types


def _pattern(wanted: str) -> Check:
    found = re.compile(wanted).search
    return lambda value: type(value) is not str or found(value) is not None


def _one_of(wanted: Sequence[Any]) -> Check:
    # True is 1 for Python, and not in JSON.
    known = frozenset((type(value), value) for value in wanted)
    return lambda value: type(value) in (str, int, bool, type(None)) and (type(value), value) in known


def _unique(wanted: bool) -> Check:  # noqa: FBT001 - the value of a rule
    def check(value: Any) -> bool:
        if not wanted or type(value) is not list:
            return True
        return all(type(item) is str for item in value) and len(set(value)) == len(value)

    return check


_SIMPLE: Mapping[str, Callable[[Any], Check]] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _one_of,
    "const": lambda wanted: _one_of([wanted]),
    "uniqueItems": _unique,
}
