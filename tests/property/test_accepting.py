"""The quick look at a schema: it says yes only where jsonschema does, and says so of what people write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bggen.resources import resource_dir
from bggen.spec.accepting import Acceptor
from bggen.spec.schema import read

if TYPE_CHECKING:
    from collections.abc import Iterator

VALID = Path(__file__).parents[1] / "examples" / "valid"
NAMES = ("app", "overlay", "repo")
SCHEMAS: dict[str, dict[str, Any]] = {
    name: json.loads((resource_dir("schemas") / f"{name}.schema.json").read_bytes()) for name in NAMES
}
ACCEPTORS = {name: Acceptor(schema) for name, schema in SCHEMAS.items()}
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
FILES = sorted((path.name.split(".")[1], path) for path in VALID.glob("*.*.yaml") if path.name.split(".")[1] in NAMES)
TREES = [(name, read(path.read_bytes(), path.name).data) for name, path in FILES]
PARTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70_000),
    st.floats(),
    st.sampled_from(["", "web", "Web", "100m", "/", "//", "a\n", "1.34", "restricted", "bggen.dev/v1", "x" * 300]),
    st.just([]),
    st.just(["a", "a"]),
    st.just({}),
    st.just({"unknown": 1}),
)


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield where
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*where, key))


def replaced(value: Any, where: tuple[Any, ...], part: Any) -> Any:
    if not where:
        return part
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[where[0]] = replaced(value[where[0]], where[1:], part)
    return copy


@st.composite
def nearly_valid(draw: st.DrawFn) -> tuple[str, Any]:
    name, tree = draw(st.sampled_from(TREES))
    for _ in range(draw(st.integers(0, 2))):
        where = draw(st.sampled_from(list(places(tree))))
        if where and draw(st.booleans()):
            where, key = where[:-1], draw(st.sampled_from(["", "unknown", "port", "env", "A=B", "a b"]))
            holder = tree
            for part in where:
                holder = holder[part]
            if isinstance(holder, dict):
                tree = replaced(tree, where, {**holder, key: draw(PARTS)})
                continue
        tree = replaced(tree, where, draw(PARTS))
    return name, tree


@given(nearly_valid())
def test_what_is_accepted_fits_the_schema(case: tuple[str, Any]) -> None:
    name, tree = case
    assert not ACCEPTORS[name].accepts(tree) or VALIDATORS[name].is_valid(tree)


@pytest.mark.parametrize(("name", "path"), FILES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_a_valid_file_is_accepted(name: str, path: Path) -> None:
    data = read(path.read_bytes(), path.name).data
    # Numbers that are whole but floats are left to jsonschema, which takes them.
    assert ACCEPTORS[name].accepts(data) != any(isinstance(_at(data, where), float) for where in places(data))
    assert VALIDATORS[name].is_valid(data)


def _at(value: Any, where: tuple[Any, ...]) -> Any:
    for key in where:
        value = value[key]
    return value


@pytest.mark.parametrize(
    ("schema", "data", "accepted"),
    [
        ({"enum": [1, None]}, True, False),
        ({"enum": [1, None]}, None, True),
        ({"const": "a"}, "a", True),
        ({"type": "integer"}, 3.0, False),
        ({"type": "integer"}, True, False),
        ({"if": {"type": "object"}, "then": {"required": ["a"]}}, {}, False),
        ({"if": {"type": "object"}, "then": {"required": ["a"]}}, "x", True),
        ({"if": {"required": ["a"]}, "then": {}}, {}, False),
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}, False),
        ({"properties": {"a": False}}, {"b": 1}, True),
        ({"additionalProperties": False}, {"a": 1}, False),
        ({"oneOf": [{}]}, {}, False),
        ({"uniqueItems": True}, [1, True], False),
        ({"maximum": 2}, float("nan"), False),
    ],
)
def test_it_says_no_where_it_is_not_sure(schema: dict[str, Any], data: object, accepted: bool) -> None:  # noqa: FBT001 - a case
    assert Acceptor(schema).accepts(data) is accepted
