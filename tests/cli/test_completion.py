"""Shell completion: the script is there, and it completes commands, options, apps and environments."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo


def complete(repo: ConfigRepo, line: str) -> list[str]:
    """Ask as bash does."""
    env = {
        **repo.env,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "_BGGEN_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bggen"], cwd=repo.path, env=env, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("bggen fl", ["flip"]),
        ("bggen flip --rel", ["--release"]),
        ("bggen flip --to ", ["blue", "green"]),
        ("bggen flip --app h", ["hello"]),
        ("bggen flip --env ", ["prod"]),
    ],
)
def test_what_bash_completes(repo: ConfigRepo, line: str, expected: list[str]) -> None:
    assert complete(repo, line) == expected


def test_outside_a_repo_nothing_is_completed_and_nothing_complains(repo: ConfigRepo) -> None:
    repo.path = repo.path.parent
    assert complete(repo, "bggen flip --app ") == []
