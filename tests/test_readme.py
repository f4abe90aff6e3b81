"""The README keeps its word: its console blocks are run, in order, and print what it says they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.console import matches, run_console, steps
from tests.support.repos import clean_environment

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_of_the_tour_prints_what_the_readme_says(tmp_path: Path) -> None:
    assert len(steps(README)) > 20
    run_console(README, tmp_path)


def test_the_comparison_can_fail() -> None:
    assert matches(["committed 0123456789ab on main"], ["committed ba9876543210 on main"])
    assert matches(["a", "b"], ["a", "..."])
    assert not matches(["a", "b"], ["a"])
    assert not matches(["b"], ["a", "..."])


def test_every_file_that_is_linked_exists() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
            assert (ROOT / link).exists(), f"{name} links {link}"


def test_the_exit_codes_are_those_of_the_program() -> None:
    from bggen import errors  # noqa: PLC0415 - only here

    table = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    used = {value.exit_code for value in classes if issubclass(value, errors.BggenError)}
    assert used <= table
    assert table - used == {0, 130}


@pytest.mark.parametrize("tool", ["sample_repo.py", "picture.py"])
def test_what_is_made_by_a_tool_is_what_bggen_makes_now(tool: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    done = subprocess.run(
        [sys.executable, f"tools/{tool}", "--check"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_pictures_are_small_and_load_nothing() -> None:
    pictures = [ROOT / path for path in re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", README)]
    assert [path.suffix for path in pictures] == [".svg"]
    for path in pictures:
        text = path.read_text(encoding="utf-8")
        assert len(text) < 40_000
        assert re.findall(r"https?:[^\"]*", text) == ["http://www.w3.org/2000/svg"]
        assert not re.search(r"href|url\(|@import|<script|<image|<foreignObject|\son\w+=", text)
        top = ET.fromstring(text)  # noqa: S314 - our own file
        tags = {element.tag.partition("}")[2] for element in top.iter()}
        assert tags == {"svg", "title", "style", "rect", "circle", "text"}


@pytest.mark.skipif(shutil.which("sh") is None, reason="the demo is a shell script")
def test_the_demo_runs_through(tmp_path: Path) -> None:
    """In a copy, so that a demo somebody looks at is left alone."""
    for name in ("sample-repo", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    command = tmp_path / "bggen"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/generator" exec "{sys.executable}" -m bggen "$@"\n')
    command.chmod(0o755)
    env = {**clean_environment(tmp_path, identity=False), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "tools/demo.sh"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in (
        "bump green to v2",
        "(no difference)",
        "flip blue → green (v2)",
        "already rolled back",
        "(exit code 3)",
    ):
        assert part in done.stdout + done.stderr
