"""`git daemon`: the git protocol without passwords (`git://`)."""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.servers.backend import server_environment
from tests.support.servers.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class GitDaemon:
    """A daemon that serves the bare repositories in a folder."""

    port: int

    def url(self, name: str) -> str:
        return f"git://127.0.0.1:{self.port}/{name}"


def has_daemon() -> bool:
    """Whether git was installed with its daemon."""
    programs = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    return (Path(programs) / "git-daemon").exists()


@contextlib.contextmanager
def git_daemon(root: Path, log: Path, *, pushes: bool = True) -> Iterator[GitDaemon]:
    """Serve a folder of bare repositories, for reading alone or for pushes too."""
    words = ["daemon", "--listen=127.0.0.1", f"--base-path={root}", "--export-all", "--reuseaddr"]
    words += ["--informative-errors", "--enable=receive-pack" if pushes else "--disable=receive-pack"]
    with running(lambda port: ["git", *words, f"--port={port}", str(root)], server_environment(root), log) as port:
        yield GitDaemon(port)
