"""Build Go programs of the tests, or skip the tests that need them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.console import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 1800


def built(source: Path, *packages: str) -> Path:
    """Return the folder of the programs that are made of a folder with a go.mod.

    Skips where they cannot be built, or fails where BGGEN_CONTRACT says that they are required.

    Args:
        source: the folder.
        packages: what is built with its versions, if not the folder's own program.
    """
    if shutil.which("go") is None:
        _without("Go is not installed", source)
    if subprocess.run(["go", "mod", "download"], cwd=source, check=False, timeout=_PATIENCE).returncode:
        _without("its modules cannot be downloaded", source)
    folder = ROOT / ".bench" / "go" / source.name
    folder.mkdir(parents=True, exist_ok=True)
    build = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", f"{folder}/", *(packages or ["."])]
    subprocess.run(build, cwd=source, check=True, timeout=_PATIENCE)
    return folder


def _without(why: str, source: Path) -> None:
    reason = f"{why}, so {source.name} cannot be built"
    if os.environ.get("BGGEN_CONTRACT") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
