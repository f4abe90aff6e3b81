"""Reading YAML: types, places, and one clear line for each thing that is wrong."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from bggen import yamlio
from bggen.errors import InvalidError
from bggen.model import Position

NOT_YAML = "is not valid YAML"
CANNOT_STAND = "cannot stand in YAML: write it as"
CHECK = "check the indentation, and quote a value that holds `: `"


def data(text: str, **rules: frozenset[str]) -> Any:
    return yamlio.parse(text.encode(), "a.yaml", yamlio.Rules(**rules)).data


def problems(content: bytes | str) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        yamlio.parse(content.encode() if isinstance(content, str) else content, "a.yaml")
    assert str(caught.value.problems[0]) == caught.value.message
    assert "\n" not in caught.value.message
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-5", -5),
        ("+5", 5),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("-", [None]),
        ("'1'", "1"),
        ('"\\u00e9\\n"', "é\n"),
        ("!!str 1", "1"),
        ("!!int '7'", 7),
        ("!!float 1", 1.0),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!seq [1]", [1]),
        ("!!map {a: 1}", {"a": 1}),
        ("{}", {}),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("1.2.3", "1.2.3"),
        ("+-", "+-"),
    ],
)
def test_values_have_the_types_of_yaml_1_2(text: str, value: object) -> None:
    seen = data(f"k:\n  {text}\n" if text == "-" else f"k: {text}\n")["k"]
    assert seen == value
    assert type(seen) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(data("k: .nan")["k"])


def test_keys_are_their_source_text() -> None:
    assert data("8080: a\nnull: b\nyes: c\n1.10: d\n'q': e\n") == {
        "8080": "a",
        "null": "b",
        "yes": "c",
        "1.10": "d",
        "q": "e",
    }


def test_plain_scalars_beneath_a_text_key_keep_their_source_text() -> None:
    text = (
        "port: 8080\nenv:\n  A: 8080\n  B: 1e3\n  C: yes\n  D: 1.10\n  E:\n  F: true\n  G: [010, {H: 1}]\n  I: null\n"
    )
    assert data(text, text_under=frozenset(("env",))) == {
        "port": 8080,
        "env": {
            "A": "8080",
            "B": "1e3",
            "C": "yes",
            "D": "1.10",
            "E": None,
            "F": "true",
            "G": ["010", {"H": "1"}],
            "I": None,
        },
    }


def test_a_component_may_have_the_name_of_a_text_key() -> None:
    text = "components:\n  env:\n    port: 80\n    env: {port: 80}\n"
    options = {"text_under": frozenset(("env",)), "names_under": frozenset(("components",))}
    assert data(text, **options) == {"components": {"env": {"port": 80, "env": {"port": "80"}}}}


def test_nothing_is_text_beneath_a_key_that_is_taken_as_it_is() -> None:
    text = "env: {A: 1, patches: [2]}\npatches: [{env: [{a: true, b: 1.5}], env2: x}]\nlater: {env: {A: 1}}\n"
    options = {"text_under": frozenset(("env",)), "as_is_under": frozenset(("patches",))}
    assert data(text, **options) == {
        "env": {"A": "1", "patches": ["2"]},
        "patches": [{"env": [{"a": True, "b": 1.5}], "env2": "x"}],
        "later": {"env": {"A": "1"}},
    }


def test_an_alias_is_text_where_it_stands() -> None:
    text = "port: &p 8080\nenv: {A: *p, B: &b 9090}\nother: *b\n"
    assert data(text, text_under=frozenset(("env",))) == {
        "port": 8080,
        "env": {"A": "8080", "B": "9090"},
        "other": 9090,
    }


def test_places() -> None:
    text = "a: 1\nb:\n  c: [x, yy]\n  d:\nlist:\n- k: v\nanchor: &x {y: 1}\nuse: *x\n"
    document = yamlio.parse(text.encode(), "a.yaml")
    assert document.position(("a",)) == Position(1, 4)
    assert document.position(("a",), key=True) == Position(1, 1)
    assert document.position(("b", "c", 1)) == Position(3, 10)
    assert document.position(("b", "d")) == Position(4, 3), "an empty value has the place of its key"
    assert document.position(("list", 0, "k")) == Position(6, 6)
    assert document.position(("use",)) == Position(8, 6)
    assert document.position(("b", "nope", "deeper")) == Position(2, 1), "the key of what lacks it"
    assert document.position(("nope",)) == Position(1, 1)


def test_crlf_and_a_byte_order_mark_are_accepted() -> None:
    document = yamlio.parse(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n", "a.yaml")
    assert document.data == {"a": 1, "b": "x\ny\n"}
    assert document.position(("a",), key=True) == Position(1, 1)


def test_one_document_may_have_marks_and_comments_around_it() -> None:
    assert data("# c\n---\na: 1 # c\n...\n# end\n") == {"a": 1}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "a.yaml: is empty"),
        ("# only a comment\n", "a.yaml: is empty"),
        ("---\n", "a.yaml: is empty"),
        ("- a\n", "a.yaml:1:1: the file must hold `key: value` lines, not a list"),
        ("text", "a.yaml:1:1: the file must hold `key: value` lines, not a single value"),
        (b"\x89PNG\x00\x01", "a.yaml: is not a text file"),
        (b"a: 1\nb: \xe9\xff\n", "a.yaml:2:4: is not UTF-8: a byte 0xe9 stands here"),
        (b"a: " + b"x" * (100 * 1024 * 1024), "a.yaml: is 100.0 MB; the limit is 1 MB"),
        (b"x" * (1024 * 1024 + 1), "a.yaml: is 1.1 MB; the limit is 1 MB"),
        ("a: b\nc: \x07\n", f'a.yaml:2:4: the character U+0007 {CANNOT_STAND} "\\x07" between double quotes'),
        ("a: b\u2028c", f'a.yaml:1:5: the character U+2028 {CANNOT_STAND} "\\u2028" between double quotes'),
        ("a:\n\tb: 1\n", "a.yaml:2:1: tabs cannot indent YAML: use spaces"),
        ("a:\n  b: 1\n \tc: 2\n", "a.yaml:3:2: tabs cannot indent YAML: use spaces"),
        (
            "a:\n  b: 1\n c: 2\n",
            f"a.yaml:3:2: {NOT_YAML}: expected a key here: check the indentation, and the quotes before",
        ),
        ("a: b: c", f"a.yaml:1:5: {NOT_YAML}: a `key: value` cannot stand here: {CHECK}"),
        ("a: @x", "a.yaml:1:4: is not valid YAML: a value cannot begin with `@`: put quotes around it"),
        ("k: v\na: 'x\nb: c\n", "a.yaml:2:4: is not valid YAML: a quote is opened here and never closed"),
        ("a: 1\nb", "a.yaml:2:2: is not valid YAML: a key without `:`"),
        (
            "a: 1\rb: \x01",
            'a.yaml:2:4: the character U+0001 cannot stand in YAML: write it as "\\x01" between double quotes',
        ),
        (b"a: 1\r\nb: \xff", "a.yaml:2:4: is not UTF-8: a byte 0xff stands here"),
        ("a: [1, 2", "a.yaml:1:9: is not valid YAML: a `[` is not closed, or a `,` is missing"),
        (
            'a: "\\q"',
            f"a.yaml:1:5: {NOT_YAML}: an unknown escape after `\\`: use single quotes for text with a backslash",
        ),
        ("%FOO x\n---\na: b", "a.yaml:1:5: is not valid YAML: found unknown directive name"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here: one file holds one"),
        ("a: *x\n", "a.yaml:1:4: a: the alias *x stands for no anchor before it"),
        ("a: &x [*x]\n", "a.yaml:1:8: a[0]: the alias *x stands inside of what it stands for"),
        ("a: {<<: {b: 1}}\n", "a.yaml:1:5: a: merge keys (`<<`) are not supported: write the keys out"),
        ("a: [0, !x 1]\n", "a.yaml:1:8: a[1]: the tag !x is not supported"),
        ("a: !!python/object:os.system x\n", "a.yaml:1:4: a: the tag !!python/object:os.system is not supported"),
        ("a: ! x\n", "a.yaml:1:4: a: the tag ! is not supported"),
        ("a: !" + "t" * 500 + " x\n", f"a.yaml:1:4: a: the tag !{'t' * 59} is not supported"),
        ("a: *" + "t" * 500, f"a.yaml:1:4: a: the alias *{'t' * 60} stands for no anchor before it"),
        ("a: !!int x\n", "a.yaml:1:4: a: the value does not fit its tag !!int"),
        ("a: !!map x\n", "a.yaml:1:4: a: the tag !!map is not supported"),
        ("a: {{ x }}\n", "a.yaml:1:5: a: a key must be text: put quotes around a value that begins with `{` or `[`"),
        ("a: " + "9" * 5000, "a.yaml:1:4: a: a number of so many digits: put quotes around it if it is meant as text"),
        ("a: " + "[" * 500_000, "a.yaml:1:67: nested more than 64 levels deep"),
        ("a: [" + "1," * 30_000 + "]", "a.yaml:1:39999: holds more than 20,000 values"),
    ],
)
def test_one_clear_line(content: bytes | str, line: str) -> None:
    assert problems(content) == [line]


def test_every_key_that_is_given_twice_is_reported() -> None:
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 2\n'a': 3\nl:\n- x: 1\n  x: 2\n") == [
        "a.yaml:2:11: b.c: the key is given twice: the first is on line 2",
        "a.yaml:3:1: a: the key is given twice: the first is on line 1",
        "a.yaml:4:1: a: the key is given twice: the first is on line 1",
        "a.yaml:7:3: l[0].x: the key is given twice: the first is on line 6",
    ]


def test_an_alias_bomb_is_stopped() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    started = time.process_time()
    assert problems("\n".join(lines)) == ["a.yaml:5:12: aliases make more than 20,000 values of this file"]
    assert time.process_time() - started < 1


def test_depth_counts_through_aliases() -> None:
    lines = ["a: &a0 [" + "[" * 40 + "]" * 40 + "]", "b: [" + "[" * 40 + "*a0" + "]" * 40 + "]"]
    assert problems("\n".join(lines)) == ["a.yaml:2:45: nested more than 64 levels deep"]


def test_a_path_is_shown_on_one_line() -> None:
    assert yamlio.dotted(("components", "web", "args", 0)) == "components.web.args[0]"
    assert yamlio.dotted(("labels", "app.kubernetes.io/name")) == "labels.app.kubernetes.io/name"
    assert yamlio.dotted(("paths", "/a b")) == "paths.'/a b'"
    assert yamlio.dotted(("env", "a\nb")) == r"env.'a\nb'"
    assert yamlio.dotted(("x" * 100,)) == f"'{'x' * 60}…'"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ghcr.io/acme/shop-web:v2", "ghcr.io/acme/shop-web:v2"),
        ("release 6", "release 6"),
        ("100m", "100m"),
        ("128Mi", "128Mi"),
        ("/health", "/health"),
        ("1.34", '"1.34"'),
        ("1E", '"1E"'),
        ("yes", '"yes"'),
        ("Y", '"Y"'),
        ("${api.url}", '"${api.url}"'),
        ("", '""'),
        ("a\tb\x85\u2028\U000e0001\u202e😀é", '"a\\tb\\x85\\u2028\\U000e0001\\u202e😀é"'),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (1e22, "1.0e+22"),
        (0.5, "0.5"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
    ],
)
def test_scalars_are_plain_only_where_every_reader_agrees(value: yamlio.Scalar, text: str) -> None:
    assert yamlio.scalar(value) == text


@pytest.mark.parametrize(
    "write", [yamlio.scalar, lambda text: yamlio.dump({"a": text}), lambda text: yamlio.dump({text: 1})]
)
def test_half_a_character_cannot_be_written(write: Any) -> None:
    with pytest.raises(InvalidError, match=r"the surrogate U\+D800"):
        write("a\ud800")


def test_dump_is_block_style_in_the_given_order() -> None:
    tree = {
        "b": 1,
        "a": {"url": "${api.url}", "empty": {}, "none": []},
        "list": ["x", {"k": "v", "l": [1]}, ["m"], {}, []],
        "text": "one\n two\n",
        "tail": "one\ntwo",
    }
    assert yamlio.dump(tree) == (
        "b: 1\na:\n  url: ${api.url}\n  empty: {}\n  none: []\nlist:\n- x\n- k: v\n  l:\n  - 1\n- - m\n- {}\n- []\n"
        "text: |\n  one\n   two\ntail: |-\n  one\n  two\n"
    )
    assert yamlio.dump({}) == "{}\n"


def test_yaml_is_not_imported_before_it_is_needed() -> None:
    code = "import sys; from bggen import yamlio; yamlio.dump({'a': 'b'}); sys.exit('yaml' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml  # noqa: PLC0415 - only here, to take libyaml away

    monkeypatch.delattr(yaml, "CSafeLoader")
    assert data("a: [1, yes]\nb: |\n  x\n") == {"a": [1, "yes"], "b": "x\n"}
    assert problems('a: "\\U00ffffff"')[0].startswith("a.yaml: is not valid YAML: ")
    assert problems("a:\n\tb: 1\n") == ["a.yaml:2:1: tabs cannot indent YAML: use spaces"]
