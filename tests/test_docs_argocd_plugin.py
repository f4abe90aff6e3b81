"""docs/argocd-plugin.md keeps its word: its plugin, run as Argo CD's sidecar runs it, prints what manifests/ holds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "argocd-plugin.md").read_text(encoding="utf-8")


def described(kind: str) -> Any:
    blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)]
    (found,) = [block for block in blocks if block["kind"] == kind]
    return found


def snapshot(folder: Path) -> dict[str, bytes | None]:
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """The repo as the repo server sends it: only files, no `.git` in it or above it."""
    return Path(shutil.copytree(ROOT / "sample-repo", tmp_path / "sent"))


def generate(folder: Path, sent: Path) -> subprocess.CompletedProcess[str]:
    """Run the documented command as argocd-cmp-server does: in the Application's path, with its variables."""
    bin_folder = sent.parent / "bin"
    bin_folder.mkdir()
    command = bin_folder / "bggen"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/generator" exec "{sys.executable}" -m bggen "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "ARGOCD_APP_NAME": "other",
        "ARGOCD_APP_NAMESPACE": "shop",
        "ARGOCD_APP_REVISION": "0" * 40,
        "ARGOCD_APP_SOURCE_PATH": "apps/shop/prod",
        "ARGOCD_ENV_BGGEN_APP": "hello",
        "ARGOCD_ENV_APP": "hello",
        "KUBE_VERSION": "1.34",
    }
    generate = described("ConfigManagementPlugin")["spec"]["generate"]
    return subprocess.run(
        [*generate["command"], *generate.get("args", [])],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plugin_prints_the_objects_of_the_applications_path_and_nothing_else(sent: Path) -> None:
    application = described("Application")
    assert application["spec"]["source"]["plugin"] == {"name": described("ConfigManagementPlugin")["metadata"]["name"]}
    folder = sent / application["spec"]["source"]["path"]
    expected = [yaml.safe_load(path.read_bytes()) for path in sorted((folder / "manifests").iterdir())]
    before = snapshot(sent)
    for path in [sent, *sent.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = generate(folder, sent)
    for path in [sent, *sent.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(expected) > 10
    assert list(yaml.safe_load_all(done.stdout)) == expected
    assert snapshot(sent) == before


def test_the_plugin_needs_the_state_alone(sent: Path) -> None:
    folder = sent / "apps" / "shop" / "prod"
    for broken in ("bggen.yaml", "apps/shop/app.yaml", "apps/shop/prod/overlay.yaml", "apps/hello/app.yaml"):
        (sent / broken).write_text("kind: [\n")
    done = generate(folder, sent)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(yaml.safe_load_all(done.stdout))) == len(list((folder / "manifests").iterdir()))


def test_a_state_that_is_not_sound_prints_nothing_and_says_why(sent: Path) -> None:
    folder = sent / "apps" / "shop" / "prod"
    with (folder / "green.yaml").open("a") as file:
        file.write("# by hand\n")
    done = generate(folder, sent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: apps/shop/prod/release.yaml: the digest in its last line does not fit")


@pytest.mark.parametrize("name", ["old", "manifests"])
def test_a_folder_that_is_no_environment_prints_nothing_and_says_so(sent: Path, name: str) -> None:
    """An Application whose path went wrong must not get another environment's objects, nor none."""
    (sent / "bggen.yaml").write_text("apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n")
    folder = sent / "apps" / "shop" / name
    folder.mkdir()
    done = generate(folder, sent)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"apps/shop/{name} is no environment of shop" in done.stderr
