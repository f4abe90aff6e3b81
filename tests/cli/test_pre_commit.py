"""docs/pre-commit.md keeps its word: pre-commit itself runs the documented hooks, on a real config repo."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "pre-commit.md").read_text(encoding="utf-8")
HOOKS = ROOT / ".pre-commit-hooks.yaml"
MANIFEST = "apps/hello/prod/manifests/service-hello.yaml"


def blocks() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def configs() -> tuple[str, str]:
    """The config that takes the hooks from this project, and the one that does without."""
    remote, local = [block for block in blocks() if block.startswith("repos:")]
    return remote, local


def pre_commit(repo: ConfigRepo, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=repo.path,
        env=repo.env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def hooked(live: ConfigRepo) -> ConfigRepo:
    """A config repo with the documented local hooks, and bggen on the path."""
    bin_folder = live.path.parent / "bin"
    bin_folder.mkdir()
    command = bin_folder / "bggen"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/generator" exec "{sys.executable}" -m bggen "$@"\n')
    command.chmod(0o755)
    live.env["PATH"] = f"{bin_folder}:{os.environ['PATH']}"
    live.env["PRE_COMMIT_HOME"] = str(live.path.parent / "pre-commit")
    live.commit({".pre-commit-config.yaml": configs()[1]})
    return live


def results(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return dict(re.findall(r"^(bggen [a-z -]*[a-z])\.{3,}(?:\(.*\))?(\w+)$", done.stdout, re.MULTILINE))


def test_the_hooks_of_this_project_are_what_pre_commit_takes(repo: ConfigRepo) -> None:
    done = pre_commit(repo, "validate-manifest", str(HOOKS))
    assert done.returncode == 0, done.stdout + done.stderr
    for number, config in enumerate(configs()):
        repo.write(f"{number}.yaml", config)
    done = pre_commit(repo, "validate-config", "0.yaml", "1.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_three_say_the_same() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load(HOOKS.read_bytes())}
    remote, local = (yaml.safe_load(config)["repos"][0] for config in configs())
    assert [hook["id"] for hook in remote["hooks"]] == list(hooks)
    for hook in local["hooks"]:
        published = {key: value for key, value in hooks[hook["id"]].items() if key != "description"}
        assert {**hook, "language": "python"} == published


def test_a_sound_repo_passes(hooked: ConfigRepo) -> None:
    done = pre_commit(hooked, "run", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert results(done) == {"bggen validate": "Passed", "bggen render --check": "Passed"}


def test_a_commit_with_a_mistake_in_a_spec_is_refused(hooked: ConfigRepo) -> None:
    installed = pre_commit(hooked, "install")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    spec = (hooked.path / "apps/hello/app.yaml").read_text()
    hooked.write("apps/hello/app.yaml", spec.replace("port: 8080", "prot: 8080"))
    head = hooked.git("rev-parse", "HEAD")
    done = hooked.try_git("commit", "--all", "--message", "mistake")
    assert done.returncode == 1
    assert "apps/hello/app.yaml:5:1: prot: unknown key, did you mean `port`?" in done.stdout + done.stderr
    assert hooked.git("rev-parse", "HEAD") == head


def test_a_manifest_that_was_edited_is_found(hooked: ConfigRepo) -> None:
    content = (hooked.path / MANIFEST).read_text()
    hooked.write(MANIFEST, content.replace("port: 80\n", "port: 81\n"))
    hooked.git("add", MANIFEST)
    done = pre_commit(hooked, "run")
    assert done.returncode == 1
    assert results(done)["bggen render --check"] == "Failed"
    assert MANIFEST.rpartition("/")[2] in done.stdout


def test_other_files_start_no_hook(hooked: ConfigRepo) -> None:
    hooked.write("notes/README.md", "apps\n")
    hooked.git("add", ".")
    done = pre_commit(hooked, "run")
    assert results(done) == {"bggen validate": "Skipped", "bggen render --check": "Skipped"}


def test_what_ci_runs_passes_on_a_sound_repo(hooked: ConfigRepo) -> None:
    ci: list[Any] = [yaml.safe_load(block) for block in blocks() if not block.startswith("repos:")]
    steps = [step.get("run", "") for step in ci[0]["jobs"]["check"]["steps"]] + ci[1]["bggen"]["script"]
    commands = [step for step in steps if step.startswith("bggen ")]
    assert len(commands) == 4
    for command in commands:
        done = subprocess.run(
            shlex.split(command), cwd=hooked.path, env=hooked.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
