"""docs/ci.md keeps its word: its commands run on a bare repo, its jobs are YAML, and its options exist."""

from __future__ import annotations

import re
import shutil
from inspect import signature
from typing import TYPE_CHECKING

import yaml

from bggen.cli.delivering import PARAMETERS
from bggen.cli.smoking import smoke
from tests.support.console import ROOT, run_console, steps
from tests.support.repos import Repo, clean_environment
from tests.support.servers.scripted import scripted

if TYPE_CHECKING:
    from pathlib import Path

# Options of another tool.
ARGOCD = {"sync", "health"}
DOCUMENT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def test_every_command_prints_what_the_document_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample-repo", tmp_path / "sample")
    (tmp_path / "sample-home").mkdir()
    sample = Repo(tmp_path / "sample", clean_environment(tmp_path / "sample-home"))
    sample.git("init", "--quiet", "--initial-branch=main")
    sample.git("add", ".")
    sample.git("commit", "--quiet", "--message", "Sample")
    assert len(steps(DOCUMENT)) > 5
    with scripted(503, 503, 200) as server:
        document = DOCUMENT.replace("127.0.0.1:8080", server.address)
        run_console(document, tmp_path, SAMPLE=str(sample.path), PREVIEW=server.address)
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
    known |= {name.replace("_", "-") for name in signature(smoke).parameters} | ARGOCD
    prose = re.sub(r"^```console\n.*?^```", "", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"--([a-z][a-z-]+)", prose)) <= known
