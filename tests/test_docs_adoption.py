"""docs/adoption.md keeps its word: its example reports what it says, and its options exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.adoption import Scratch

if TYPE_CHECKING:
    import pytest

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "adoption.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_example_reports_what_the_guide_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repo = Scratch(tmp_path / "config", monkeypatch, capfd)
    report = repo.adopted(block("yaml")).splitlines()
    for line in block("text").splitlines():
        assert line in report
    repo.ok("validate")
    repo.ok("bump", "--image", "v42")
    repo.ok("flip")


def test_every_option_that_the_guide_names_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repo = Scratch(tmp_path / "config", monkeypatch, capfd)
    shown = repo.ok("import", "--help").out
    options = re.findall(r"^\| `(--[a-z-]+)", DOCUMENT, re.MULTILINE)
    assert len(options) == 5
    for option in options:
        assert option in shown
