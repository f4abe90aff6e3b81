"""docs/check.md keeps its word: its CI examples are YAML, and what they run passes on a sound request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bggen.app.basing import VARIABLES
from tests.support.cli import ConfigRepo

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "check.md").read_text(encoding="utf-8")


def blocks() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)]


def scripts() -> Iterator[str]:
    github, gitlab = blocks()
    (job,) = github["jobs"].values()
    yield from (step["run"] for step in job["steps"] if "run" in step)
    yield from gitlab["check"]["script"]


def test_the_github_workflow_runs_for_requests_and_in_the_queue() -> None:
    github, _ = blocks()
    # YAML 1.1 reads the key `on` as true; GitHub does not.
    assert set(github[True]) == {"pull_request", "merge_group"}
    assert github["permissions"] == {"contents": "read"}


def test_every_variable_that_is_read_is_documented() -> None:
    for variable in VARIABLES:
        assert f"`{variable}`" in DOCUMENT


def test_what_ci_runs_passes_on_a_sound_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for variable in (*VARIABLES, "GITHUB_REF"):
        monkeypatch.delenv(variable, raising=False)
    repo = ConfigRepo(tmp_path / "config", monkeypatch, capfd)
    repo.ok("bump", "--image", "v1")
    repo.git("switch", "--quiet", "--create", "request")
    repo.ok("bump", "--image", "v2")
    commands = [line for line in scripts() if line.startswith("bggen ")]
    assert len(commands) == 2
    for command in commands:
        repo.ok(*command.split()[1:])
