"""Templates: every value is one scalar, and an error names template and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from bggen.errors import InvalidError
from bggen.render import templates
from bggen.render.templates import TemplateError, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A templates folder of the test's own."""
    (tmp_path / "v0").mkdir()
    monkeypatch.setattr(templates, "resource_dir", lambda _kind: tmp_path)
    templates._environment.cache_clear()
    yield tmp_path / "v0"
    templates._environment.cache_clear()


def test_a_value_cannot_change_the_structure(folder: Path) -> None:
    (folder / "a.yaml.j2").write_text("a: {{ value }}\nb: {{ number }}\n")
    for value in ("x\nc: 1", "x: y", "x #y", "{{ number }}", "yes", "1e3", "- x", "", "'\""):
        text = fill("v0", "a.yaml", {"value": value, "number": 3})
        assert yaml.safe_load(text) == {"a": value, "b": 3}


def test_indenting_changes_no_value(folder: Path) -> None:
    (folder / "a.yaml.j2").write_text(
        'a:\n{% filter indent(2, first=true) %}\n{% include "b.yaml.j2" %}\n{% endfilter %}\nc: 1\n'
    )
    (folder / "b.yaml.j2").write_text("b: {{ value }}\nd:\n  - {{ value }}\n")
    for value in ("x\n  y\n\nz\n", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029x", "\r\n", " "):
        text = fill("v0", "a.yaml", {"value": value})
        assert yaml.safe_load(text) == {"a": {"b": value, "d": [value]}, "c": 1}


def test_an_undefined_name_is_told_with_template_and_line(folder: Path) -> None:
    (folder / "a.yaml.j2").write_text('a: 1\n{% include "b.yaml.j2" %}\n')
    (folder / "b.yaml.j2").write_text("b: 1\n\nc: {{ nope }}\n")
    with pytest.raises(TemplateError, match=r"^templates/v0/b\.yaml\.j2:3: 'nope' is undefined$"):
        fill("v0", "a.yaml", {})


def test_a_syntax_error_is_told_with_template_and_line(folder: Path) -> None:
    (folder / "a.yaml.j2").write_text("a: 1\n{% if %}\n")
    with pytest.raises(TemplateError, match=r"^templates/v0/a\.yaml\.j2:2: "):
        fill("v0", "a.yaml", {})


def test_a_template_that_is_not_there_is_told(folder: Path) -> None:
    assert not (folder / "a.yaml.j2").exists()
    with pytest.raises(TemplateError, match=r"^templates/v0/a\.yaml\.j2: "):
        fill("v0", "a.yaml", {})


@pytest.mark.parametrize("value", [None, ["x"], {"x": "y"}, 1.5, object()])
def test_what_is_not_one_value_is_refused(folder: Path, value: object) -> None:
    (folder / "a.yaml.j2").write_text("# first\na: {{ value }}\n")
    with pytest.raises(TemplateError, match=r"^templates/v0/a\.yaml\.j2:2: a \w+ is not one YAML value"):
        fill("v0", "a.yaml", {"value": value})


def test_text_that_no_file_can_hold_is_the_users_error(folder: Path) -> None:
    (folder / "a.yaml.j2").write_text("a: {{ value }}\n")
    with pytest.raises(InvalidError):
        fill("v0", "a.yaml", {"value": "\udfff"})
