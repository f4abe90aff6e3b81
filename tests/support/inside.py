"""Run bggen in this process as if it were one of its own: its environment, working directory and temporary folder."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bggen.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Inside:
    """A place to run bggen in; a program of its own would spend most of a test on its start."""

    cwd: Path
    temp: Path
    capfd: pytest.CaptureFixture[str]

    def run(self, arguments: list[str], env: Mapping[str, str]) -> tuple[int, str, str]:
        """Return the exit code, and what was printed on standard output and standard error."""
        self.capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ.keys() - env.keys():
                patch.delenv(name)
            for name, value in {**env, "TMPDIR": str(self.temp)}.items():
                patch.setenv(name, value)
            patch.setattr(tempfile, "tempdir", str(self.temp))
            patch.chdir(self.cwd)
            code = main(arguments)
        out, err = self.capfd.readouterr()
        return code, out, err
