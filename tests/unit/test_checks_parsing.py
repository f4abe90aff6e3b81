"""The quick way from a manifest's text to data gives what a YAML reader gives, whatever the text is."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given

from bggen.checks import parsed
from bggen.model import EnvState, Manifest
from bggen.render import render
from tests.support.states import states


def manifest(text: str) -> Manifest:
    return Manifest("service-x.yaml", text, "Service", "x", None, None, 0)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, 2, 0o7, 1e3, yes, null, ~, 2001-01-01]\n",
        "a: {b: {c: [d, {e: f}]}}\n",
        "1: one\nyes: two\nnull: three\n",
        "a: 1\na: 2\n",
        "a: {<<: {b: 1}, c: 2}\n",
        "base: &base {b: 1}\na: {<<: *base, c: 2}\n",
        "a: &a\n  b: text\nc: *a\n",
        "a: 'fish & chips'\n",
        "a: !!str 1\nb: !!int '2'\n",
        "? x\n: y\n",
        "a: |\n  two\n  lines\n",
    ],
)
def test_it_is_what_yaml_says(text: str) -> None:
    assert parsed(manifest(text)) == yaml.safe_load(text)


def test_what_holds_itself_is_read_without_end() -> None:
    data = parsed(manifest("a: &a\n  b: *a\n"))
    assert isinstance(data, dict)
    assert data["a"]["b"] is data["a"]


@pytest.mark.parametrize("text", ["", "text\n", "- a\n", "a: [\n", "a: 1\n---\nb: 2\n", "a: !thing x\n", "{[a]: b}\n"])
def test_what_is_no_object_is_said_in_one_line(text: str) -> None:
    said = parsed(manifest(text))
    assert isinstance(said, str)
    assert "\n" not in said


@given(states())
def test_all_that_is_rendered_is_read_the_same_way(state: EnvState) -> None:
    for each in render(state):
        assert parsed(each) == yaml.safe_load(each.text)
