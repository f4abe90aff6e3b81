"""docs/ci.md keeps its word: its commands run on a bare repo, its jobs are YAML, and its options exist."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import yaml

from bggen.cli.delivering import PARAMETERS
from tests.support.console import ROOT, run_console, steps
from tests.support.repos import Repo, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def test_every_command_prints_what_the_document_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample-repo", tmp_path / "sample")
    (tmp_path / "sample-home").mkdir()
    sample = Repo(tmp_path / "sample", clean_environment(tmp_path / "sample-home"))
    sample.git("init", "--quiet", "--initial-branch=main")
    sample.git("add", ".")
    sample.git("commit", "--quiet", "--message", "Sample")
    assert len(steps(DOCUMENT)) > 5
    run_console(DOCUMENT, tmp_path, SAMPLE=str(sample.path))
    config = Repo(tmp_path / "config.git", sample.env)
    proposed = config.git("show", "bggen/prod/shop/bump:apps/shop/prod/blue.yaml")
    assert proposed.count(":v9") == 2


def test_the_jobs_are_yaml_and_run_bggen() -> None:
    jobs = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)]
    assert len(jobs) == 2
    assert all("bggen bump --repo https://" in str(job) for job in jobs)


def test_every_option_that_is_named_exists() -> None:
    known = {name.replace("_", "-") for name in PARAMETERS} | {"no-close-empty", "no-sign", "all", "repo", "cache-dir"}
    known |= {"image", "sequence", "release", "output", "quiet", "check"}
    prose = re.sub(r"^```console\n.*?^```", "", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"--([a-z][a-z-]+)", prose)) <= known
