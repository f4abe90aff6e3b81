"""Running a script in a Python process of its own, with the sources of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def run_python(script: str, **environment: str) -> bytes:
    """Run the script, with more environment variables, and return what it wrote to standard output."""
    path = os.pathsep.join([str(_ROOT / "generator"), str(_ROOT)])
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path, **environment},
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
