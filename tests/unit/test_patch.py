"""RFC 7386 and RFC 6902, by their own examples and by what implementations get wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bggen.patch import MOST_VALUES, OperationError, apply_operations, merge_patch, same


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7386(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((target, patch))
    assert merge_patch(target, patch) == result
    assert (target, patch) == before


def op(kind: str, path: str, value: Any = ..., source: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"op": kind, "path": path}
    if value is not ...:
        made["value"] = value
    return made if source is None else {**made, "from": source}


@pytest.mark.parametrize(
    ("document", "operations", "result"),
    [
        # Appendix A of RFC 6902
        ({"foo": "bar"}, [op("add", "/baz", "qux")], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["bar", "baz"]}, [op("add", "/foo/1", "qux")], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [op("replace", "/baz", "boo")], {"baz": "boo", "foo": "bar"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [op("move", "/qux/thud", source="/foo/waldo")],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [op("move", "/foo/3", source="/foo/1")],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        (
            {"baz": "qux", "foo": ["a", 2, "c"]},
            [op("test", "/baz", "qux"), op("test", "/foo/1", 2)],
            {"baz": "qux", "foo": ["a", 2, "c"]},
        ),
        ({"foo": "bar"}, [op("add", "/child", {"grandchild": {}})], {"foo": "bar", "child": {"grandchild": {}}}),
        ({"/": 9, "~1": 10}, [op("test", "/~01", 10), op("replace", "/~1", 8)], {"/": 8, "~1": 10}),
        ({"foo": ["bar"]}, [op("add", "/foo/-", ["abc", "def"])], {"foo": ["bar", ["abc", "def"]]}),
        # the whole document, empty keys, ends of lists
        ({"foo": "bar"}, [op("add", "", {"a": 1})], {"a": 1}),
        ({"foo": "bar"}, [op("replace", "", ["a"])], ["a"]),
        ({"foo": 1}, [op("move", "", source="/foo")], 1),
        ({"": 1, "a": {"": 2}}, [op("replace", "/", 3), op("remove", "/a/")], {"": 3, "a": {}}),
        ({"a": []}, [op("add", "/a/0", 1), op("add", "/a/1", 2), op("add", "/a/2", 3)], {"a": [1, 2, 3]}),
        ({"a": [1]}, [op("copy", "/a/-", source="/a/0")], {"a": [1, 1]}),
        ({"a": {"b": 1}}, [op("copy", "/a/c", source="/a")], {"a": {"b": 1, "c": {"b": 1}}}),
        ({"a": 1}, [op("move", "/a", source="/a")], {"a": 1}),
        ({"a": 1}, [op("move", "", source="")], {"a": 1}),
        ({"1": 0, "-": 2}, [op("replace", "/1", 1), op("replace", "/-", 3)], {"1": 1, "-": 3}),
        # null is a value
        ({"a": 1}, [op("add", "/a", None), op("test", "/a", None), op("add", "/b", None)], {"a": None, "b": None}),
        # numbers are equal as numbers, mappings in any order
        ({"a": {"x": 1, "y": [2.0]}}, [op("test", "/a", {"y": [2], "x": 1.0})], {"a": {"x": 1, "y": [2.0]}}),
        ({"a": "1"}, [], {"a": "1"}),
    ],
)
def test_operations(document: Any, operations: list[dict[str, Any]], result: Any) -> None:
    before = copy.deepcopy((document, operations))
    assert apply_operations(document, operations) == result
    assert (document, operations) == before


@pytest.mark.parametrize(
    ("document", "operation", "message"),
    [
        ({"a": 1}, op("remove", "/b"), "there is nothing at /b"),
        ({"a": 1}, op("replace", "/b", 1), "there is nothing at /b"),
        ({"a": 1}, op("add", "/b/c", 1), "there is nothing at /b/c"),
        ({"a": 1}, op("add", "/a/b", 1), "there is nothing at /a/b"),
        ({"a": "text"}, op("test", "/a/0", "t"), "there is nothing at /a/0"),
        ({"a": 1}, op("test", "/b", None), "there is nothing at /b"),
        ({"a": 1}, op("copy", "/b", source="/c"), "there is nothing at /c"),
        ({"a": 1}, op("remove", ""), "the whole object cannot be taken away"),
        ({"a": {"b": 1}}, op("move", "/a/b/c", source="/a"), "/a cannot move into itself"),
        ({"a": [1]}, op("add", "/a/2", 1), "/a/2 is no place in a list of 1"),
        ({"a": [1]}, op("add", "/a/-1", 1), "/a/-1 is no place in a list of 1"),
        ({"a": [1]}, op("add", "/a/00", 1), "/a/00 is no place in a list of 1"),
        ({"a": [1, 2]}, op("add", "/a/¹", 1), "/a/¹ is no place in a list of 2"),
        ({"a": [1]}, op("add", "/a/b", 1), "/a/b is no place in a list of 1"),
        ({"a": [1]}, op("replace", "/a/-", 1), "there is nothing at /a/-"),
        ({"a": [1]}, op("remove", "/a/1"), "there is nothing at /a/1"),
        ({"a": [1, 2]}, op("remove", "/a/01"), "there is nothing at /a/01"),
        ({"a": 1}, op("test", "/a", value=True), "/a has another value"),
        ({"a": [0, {"b": False}]}, op("test", "/a", [False, {"b": 0}]), "/a has another value"),
        ({"a": 1}, op("test", "/a", "1"), "/a has another value"),
        ({"a": {"b": 1}}, op("test", "/a", {"b": 1, "c": 2}), "/a has another value"),
        ({"a": [1]}, op("test", "/a", [1, 2]), "/a has another value"),
        ({"a": 1}, op("test", "", {}), "the object has another value"),
        ({}, op("remove", "/a\nb"), "there is nothing at '/a\\nb'"),
    ],
)
def test_an_operation_that_does_not_fit(document: Any, operation: dict[str, Any], message: str) -> None:
    before = copy.deepcopy(document)
    with pytest.raises(OperationError) as raised:
        apply_operations(document, [op("add", "/x", 1), op("remove", "/x"), operation])
    assert str(raised.value) == message
    assert raised.value.index == 2
    assert document == before


def test_what_is_put_in_is_not_shared() -> None:
    value = {"b": 1}
    after = apply_operations({}, [op("add", "/a", value), op("copy", "/c", source="/a"), op("replace", "/a/b", 2)])
    assert (after, value) == ({"a": {"b": 2}, "c": {"b": 1}}, {"b": 1})


@pytest.mark.parametrize(
    "operations",
    [
        [op("copy", f"/{number}", source="") for number in range(40)],
        [op("copy", "/a" * number, source="/a") for number in range(2, 80)],
        [op("add", "/b", list(range(MOST_VALUES)))],
        [op("add", "/b", [0] * (MOST_VALUES // 2)), op("copy", "/c", source="/b")],
    ],
)
def test_growth_is_bounded(operations: list[dict[str, Any]]) -> None:
    with pytest.raises(OperationError, match="larger than 20,000 values, or deeper than 64 levels"):
        apply_operations({"a": {}}, operations)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 2.5]) | st.sampled_from(["", "a", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "a", "b", "~", "/"]), inner),
    max_leaves=8,
)


@given(json_values, json_values)
def test_replacing_makes_it_the_same_and_nothing_else_is(left: Any, right: Any) -> None:
    assert apply_operations({"x": left}, [op("replace", "/x", right), op("test", "/x", right)]) == {"x": right}
    if not same(left, right):
        with pytest.raises(OperationError):
            apply_operations({"x": left}, [op("test", "/x", right)])
