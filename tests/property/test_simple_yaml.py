"""The quick reader of simple YAML: the same as the full one, or silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bggen import yamlio
from bggen.errors import InvalidError
from bggen.yamlio import simple
from bggen.yamlio.reading import _parse

if TYPE_CHECKING:
    from bggen.yamlio import Document

_KEYS = st.sampled_from(["a", "b", "name", "app.kubernetes.io/name", "null", "~", "/", "12", "y", "a b", "x-", "<<"])
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**16),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["100m", "1e3", "0x1F", "0o7", "01", "12e4", "7f3e", "1Ei", "yes", "null", "~", "a: b", "a #b"]),
)
_DATA = st.dictionaries(
    _KEYS,
    st.recursive(
        _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
    ),
    max_size=4,
)
_SOME = st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2)
_RULES = st.builds(yamlio.Rules, _SOME, _SOME, _SOME)
# Lines that are nearly right: what people, merges and attackers make of such files.
_LINES = st.builds(
    lambda indent, dash, body: f"{' ' * indent}{dash}{body}",
    st.integers(0, 5),
    st.sampled_from(["", "", "", "- ", "-", "- - "]),
    st.one_of(
        st.sampled_from(["a:", "b:", "c: 1", "d: {}", "- x", "x", "'q': r", "#c", "", "a: b: c", "&a x", "<<: *a"]),
        st.builds(
            lambda key, value: f"{key}: {value}",
            st.sampled_from(["a", "b", "c", '"/"', '"a\\n"', "null", "? a"]),
            st.sampled_from(
                [
                    *("x", "1", "01", "1e3", "0x1F", "0b1", "1_0", "1.5", "true", "~", '"q"', '"q" #c', "'q'", "[]"),
                    *("[a]", "{}", "{a: b}", "|", ">-", "x  y", "x #c", "x:", "x: y", "x:y", "*a", "!!str 1", "é"),
                    *("\t", "x\r"),
                ]
            ),
        ),
    ),
)


def fully(content: bytes, rules: yamlio.Rules) -> Document | None:
    try:
        return _parse(content, "x.yaml", rules)
    except InvalidError:
        return None


def same(one: object, other: object) -> bool:
    """Whether both are equal, and of the same types: 1 is not true, and the order of keys counts."""
    return repr(one) == repr(other)


@given(_DATA, _RULES)
def test_what_bggen_writes_is_read_the_same_or_left_alone(data: dict[str, Any], rules: yamlio.Rules) -> None:
    try:
        content = yamlio.dump(data).encode()
    except InvalidError:
        return
    quick, document = simple.read(content, rules), fully(content, rules)
    assert quick is None or (document is not None and same(quick, document.data))


@given(st.lists(_LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), _RULES)
@example(["a:", "- b: 1", "  c:", "  - d", "e: f"], "\n", yamlio.Rules())
@example(["a:", "  b:", "c: 1"], "\n", yamlio.Rules())
@example(["a: x", "  y"], "\n", yamlio.Rules())
@example(["a: x", "", "  #c", "b: 1"], "\n", yamlio.Rules())
@example(["a:", "", "  y"], "\n", yamlio.Rules())
@example(["- a: 1"], "\n", yamlio.Rules())
@example(["a:", "  a: 1", "  b: null", "b:", "- a: true"], "\n", yamlio.Rules(text_under=frozenset("a")))
@example(["a:", "  b: 1", "b:", "  c: 1"], "\n", yamlio.Rules(text_under=frozenset("b"), names_under=frozenset("a")))
@example(["# a comment ends at a carriage return\rb: 1", "a: 1"], "\n", yamlio.Rules())
@example(["# \x1b[31m cannot stand in YAML", "a: 1"], "\n", yamlio.Rules())
def test_any_lines_are_read_the_same_or_left_alone(lines: list[str], end: str, rules: yamlio.Rules) -> None:
    content = "".join(line + end for line in lines).encode()
    quick, document = simple.read(content, rules), fully(content, rules)
    assert quick is None or (document is not None and same(quick, document.data))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("# head\na: b\nn: 12\nt: true\nz: null\n", {"a": "b", "n": 12, "t": True, "z": None}),
        ('a:\n  "/": web\n  q: "x: #y"\n', {"a": {"/": "web", "q": "x: #y"}}),
        ("a:\n- x\n- b: c\n  d:\n    e: {}\nf: []\n", {"a": ["x", {"b": "c", "d": {"e": {}}}], "f": []}),
        ("a:\n\n  # of b\n  b: c\n", {"a": {"b": "c"}}),
        ("state: 00ab12cd34ef5678\ncpu: 100m\n", {"state": "00ab12cd34ef5678", "cpu": "100m"}),
    ],
)
def test_the_forms_of_state_files_are_simple(text: str, data: dict[str, Any]) -> None:
    assert simple.read(text.encode(), yamlio.Rules()) == data


def test_a_place_in_a_simple_file_is_found_when_it_is_asked_for() -> None:
    document = yamlio.parse(b"a: b\nc:\n  d: e\n", "x.yaml")
    assert document.position(("c", "d")) == _parse(b"a: b\nc:\n  d: e\n", "x.yaml").position(("c", "d"))
    assert ("c", "x") not in document.marks
    assert len(document.marks) == len(list(document.marks)) == 4
