"""Build a Go program of the tests, or skip the tests that need it."""

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


def built(source: Path) -> Path:
    """Return the program of a folder with a go.mod; skip where that cannot be built, or fail where it has to be."""
    if shutil.which("go") is None:
        _without("Go is not installed", source)
    if subprocess.run(["go", "mod", "download"], cwd=source, check=False, timeout=_PATIENCE).returncode:
        _without("its modules cannot be downloaded", source)
    program = ROOT / ".bench" / source.name
    program.parent.mkdir(exist_ok=True)
    subprocess.run(["go", "build", "-o", program, "."], cwd=source, check=True, timeout=_PATIENCE)
    return program


def _without(why: str, source: Path) -> None:
    reason = f"{why}, so {source.name} cannot be built"
    if os.environ.get("BGGEN_CONTRACT") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
