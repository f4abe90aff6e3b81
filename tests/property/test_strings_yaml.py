"""Any string survives from dump and scalar to what every YAML reader sees."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bggen import yamlio
from bggen.errors import InvalidError

if TYPE_CHECKING:
    from bggen.model import Problem

TEXT = st.text() | st.text(alphabet="yYnN0123456789eE.:-+_#'\"{}[]!&*|>%@`~=<? \n\t\\$", max_size=12)
SCALARS = TEXT | st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False)
TREES = st.dictionaries(
    TEXT,
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)),
    max_size=4,
)
TRAPS = "yes,on,y,~,1e3,0o17,012,12:30,1_000,2026-01-01,.5,.inf,0x1f,-,?,a: b,a #b,=,<<,---,null,{{ x }}, a,a "


def read_all(text: str) -> list[Any]:
    ruamel = YAML(typ="safe", pure=True)
    return [
        yaml.load(text, Loader=yaml.SafeLoader),
        yaml.load(text, Loader=yaml.CSafeLoader),
        ruamel.load(io.StringIO(text)),
        yamlio.parse(text.encode(), "x.yaml").data,
    ]


@given(TREES)
@example({"k" * 1025: {"é" * 1025: ["v" * 5000]}})
@example({"a": "\n", "b": "x\n\n", "c": "x\n y\n", "d": "\ufeffx\ny", "e": "x\n\n\ny\n", "f": "# x\n--- \n"})
def test_every_reader_reads_back_what_dump_wrote(data: dict[str, Any]) -> None:
    for seen in read_all(yamlio.dump({"root": data})):
        assert seen == {"root": data}
        assert list(seen["root"]) == list(data)


@given(TEXT, TEXT)
def test_a_scalar_is_itself_as_key_and_value_in_block_and_flow_context(key: str, value: str) -> None:
    shown = yamlio.scalar(value)
    assert "\n" not in shown
    text = f"block:\n  {yamlio.scalar(key)}: {shown}\nflow: [{shown}, {{a: {shown}}}]\n"
    for seen in read_all(text):
        assert seen == {"block": {key: value}, "flow": [value, {"a": value}]}


@pytest.mark.parametrize("trap", TRAPS.split(","))
def test_what_looks_like_another_type_stays_text(trap: str) -> None:
    for seen in read_all(yamlio.dump({trap: [trap, {"x": trap}]})):
        assert seen == {trap: [trap, {"x": trap}]}


@given(st.text(alphabet="ab \n\t-#:'\"\\|>", max_size=20))
def test_blocks_of_several_lines_survive(value: str) -> None:
    for seen in read_all(yamlio.dump({"a": {"b": [value, [value]]}, "c": value})):
        assert seen == {"a": {"b": [value, [value]]}, "c": value}


YAML_LIKE = st.text(alphabet="ab01 \n\t-:#'\"|>[]{},&*!%@`?<.~\\", max_size=40)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | YAML_LIKE.map(str.encode))
@example(b"? - a\n: b")
@example(b"&a : *a")
@example(b"a: &x {b: *x}")
@example(b"*a : b")
def test_whatever_a_file_holds_is_read_or_refused_with_places_in_it(content: bytes) -> None:
    document: yamlio.Document | None = None
    problems: tuple[Problem, ...] = ()
    try:
        document = yamlio.parse(content, "a.yaml")
    except InvalidError as error:
        problems = error.problems
    assert (document is None) == bool(problems)
    assert document is None or isinstance(document.data, dict)
    lines = content.count(b"\n") + content.count(b"\r") + 2
    assert all(problem.line <= lines and "\n" not in str(problem) for problem in problems)
