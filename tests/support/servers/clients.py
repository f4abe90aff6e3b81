"""Plain git as a client, with a time limit and never a question."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.repos import Repo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 30


class Client(Repo):
    """A developer's clone, driven by plain git with a time limit."""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**self.env, "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def push(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self.run("push", "--porcelain", *options, "origin", "HEAD:refs/heads/main")


def clone(url: str, path: Path, env: Mapping[str, str], *options: str) -> Client:
    client = Client(path.parent, {**env, "GIT_TERMINAL_PROMPT": "0"})
    client.git("clone", "--quiet", *options, url, str(path))
    return Client(path, client.env)


def try_clone(url: str, path: Path, env: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return Client(path.parent, env).run("clone", "--quiet", *options, url, str(path))
