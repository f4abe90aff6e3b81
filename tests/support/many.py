"""Config repos of many apps, and bggen as a program of its own, with workers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen.images import parse_image_arg
from bggen.model import EnvState
from bggen.render import LATEST
from bggen.spec import resolve
from bggen.transitions import BumpRequest, bump
from tests.support.cli import HELLO, SETTINGS

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

GENERATOR = Path(__file__).parents[2] / "generator"


def name_of(number: int) -> str:
    return f"app-{number:03}"


def files_of(number: int) -> dict[str, bytes]:
    """Return the spec and the state of an app with both colours filled, and no manifests."""
    name = name_of(number)
    app = HELLO.replace("hello", name).encode()
    spec = resolve(SETTINGS.encode(), app, None, app=name, env="prod")
    state = EnvState(name, "prod")
    for tag in ("v1", "v2"):
        state = bump(state, BumpRequest(spec=spec, renderer=LATEST, images=(parse_image_arg(tag),))).after
    return {
        f"apps/{name}/app.yaml": app,
        **{f"apps/{name}/prod/{file}": content for file, content in state_files.encode(state).items()},
    }


def add_many(repo: ConfigRepo, count: int) -> None:
    """Commit so many apps, without their manifests."""
    repo.commit({path: content for number in range(count) for path, content in files_of(number).items()})


def command(repo: ConfigRepo, *arguments: str, workers: int) -> tuple[list[str], dict[str, str]]:
    """Return what starts bggen in a process of its own, and its environment."""
    environment = {**repo.env, "PYTHONPATH": str(GENERATOR), "BGGEN_WORKERS": str(workers)}
    return [sys.executable, "-m", "bggen", "--repo", str(repo.path), *arguments], environment


def run_bggen(repo: ConfigRepo, *arguments: str, workers: int) -> tuple[int, str, str]:
    """Run bggen in a process of its own, and return exit code, output and errors."""
    words, environment = command(repo, *arguments, workers=workers)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that have not ended; on Linux."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Whether the process is there, and not only waiting for its parent to take notice of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def has_proc() -> bool:
    return os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")  # noqa: PTH110 - reads as what it asks
