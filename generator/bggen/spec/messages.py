"""What a schema finds, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bggen.spec.decoding import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.yamlio import Path

# Beyond this the list of known keys is longer than what it explains.
_MOST_KEYS_SHOWN = 8
_LONGEST_WORD = 100

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping of `key: value` lines",
    "array": "a list",
}
_PLAINLY = {
    "minLength": "must not be empty",
    "minItems": "must not be empty",
    "minProperties": "must not be empty",
    "uniqueItems": "holds the same value twice",
}


class Finding(NamedTuple):
    """One thing that a schema refuses: a value, a key (`about_key`), or only a key's name, which leaves its value."""

    where: Path
    message: str
    about_key: bool = False
    only_name: bool = False


def findings(error: Any) -> Iterator[Finding]:
    """Yield each thing that one of jsonschema's errors stands for."""
    where: Path = tuple(error.absolute_path)
    value = error.instance
    rule = str(error.validator)
    if "propertyNames" in error.absolute_schema_path:
        yield Finding((*where, value), _message(rule, error, value), about_key=True, only_name=True)
    elif rule == "additionalProperties":
        known = list(error.schema.get("properties", ()))
        for key in value:
            if key not in known:
                yield Finding((*where, key), unknown_key(key, known), about_key=True)
    elif rule == "required":
        for key in error.validator_value:
            if key not in value:
                yield Finding((*where, key), "is missing", about_key=True)
    else:
        yield Finding(where, _message(rule, error, value))


def unknown_key(key: str, known: list[str]) -> str:
    """Return what to say about a key that is not known here."""
    if near := nearest(key, known):
        return f"unknown key, did you mean `{near}`?"
    if len(known) <= _MOST_KEYS_SHOWN:
        return f"unknown key; known here: {', '.join(sorted(known))}"
    return "unknown key"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that somebody may have meant."""
    if len(word) > _LONGEST_WORD:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it

    words = {name.lower(): name for name in known if name.isprintable()}
    near = get_close_matches(word.lower(), words, 1)
    return words[near[0]] if near else None


def _message(rule: str, error: Any, value: Any) -> str:
    limit = error.validator_value
    schema = error.schema
    if rule == "type":
        return _type(limit, value)
    if rule in ("enum", "const"):
        return f"must be {_choice(limit if rule == 'enum' else [limit])}, not {shown(value)}"
    if rule in ("minimum", "maximum"):
        return f"must be {_range(schema)}, not {shown(value)}"
    if rule == "maxLength":
        return f"must have at most {limit} characters, not {len(value)}"
    if rule == "pattern" and "patternErrorMessage" in schema:
        # The name of a key stands in the problem's `where`.
        name = "propertyNames" in error.absolute_schema_path
        return str(schema["patternErrorMessage"]) + ("" if name else f"; it is {shown(value)}")
    # A rule without words of its own still gives one line.
    return _PLAINLY.get(rule) or " ".join(error.message.split())[:200]


def _type(expected: str | list[str], value: Any) -> str:
    names = [expected] if isinstance(expected, str) else expected
    # Where text is right, a number or a boolean is text as it stands in the file.
    names = [name for name in names if name != "null" and not ("string" in names and name in ("number", "boolean"))]
    wanted = " or ".join(_TYPES[name] for name in names)
    if value is None:
        return f"must be {wanted}, not empty"
    if isinstance(value, bool):
        actual = "true or false"
    elif isinstance(value, (int, float)):
        actual = f"the number {shown(value)}"
    elif isinstance(value, str):
        actual = f"the text {shown(value)}"
    else:
        actual = "a list" if isinstance(value, list) else "a mapping"
    hint = ": put quotes around it" if "string" in names and isinstance(value, (bool, int, float)) else ""
    return f"must be {wanted}, not {actual}{hint}"


def _choice(values: list[Any]) -> str:
    names = [f"`{value}`" for value in values if value is not None]
    return names[0] if len(names) == 1 else f"one of {', '.join(names)}"


def _range(schema: Mapping[str, Any]) -> str:
    if "maximum" in schema:
        return f"from {schema['minimum']} to {schema['maximum']}"
    return f"{schema['minimum']} or more"
