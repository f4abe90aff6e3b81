"""Config repos of any size for the benchmarks, with what bggen itself would have written into them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen.images import parse_image_arg
from bggen.model import EnvState
from bggen.plan import env_folder
from bggen.render import LATEST, render
from bggen.spec import FORGETFUL, resolve
from bggen.transitions import BumpRequest, bump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER = Path(__file__).resolve().parents[1] / ".bench"
ENV = "prod"
# So few that git does not begin to tidy up while the clock runs: that takes 6,700 loose objects.
MOST_COMMITS = 400
_CHUNK = 200
_AWAY = "away"
_SETTINGS = {
    "user.name": "Bench",
    "user.email": "bench@example.com",
    "commit.gpgsign": "false",
}
_REPO = f"""\
apiVersion: bggen.dev/v1
kind: Repo
environments:
  {ENV}: {{}}
kubernetes: "1.34"
defaults:
  resources: {{cpu: 100m, memory: 128Mi}}
"""
_APP = """\
apiVersion: bggen.dev/v1
kind: App
name: {name}
image: ghcr.io/acme/{name}
port: 8080
route:
  host: {name}.example.com
"""


def app_name(number: int) -> str:
    """Return the name of one of the apps."""
    return f"app-{number:05}"


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what changes how git, bggen or Python behave.

    PYTHONDONTWRITEBYTECODE above all: with it every start of a checkout's bggen would compile its sources anew.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "BGGEN_", "PYTHON"))}
    return kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=clean_environment(), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def commits(repo: Path) -> int:
    """Return how many commits the repo's branch has."""
    return int(git(repo, "rev-list", "--count", "HEAD"))


def clones(count: int, names: Iterable[str]) -> list[Path]:
    """Return clones of a repo of `count` apps, each with both colours filled; those of an earlier run where they fit.

    Whoever measures in one of them changes no other.
    """
    folder = FOLDER / f"{count}-{_digest(files_of(0))}"
    for outdated in FOLDER.glob(f"{count}-*/"):
        if outdated != folder:
            put_away(outdated)
    if any(commits(path) > MOST_COMMITS for path in folder.glob("*/") if path.suffix != ".git"):
        put_away(folder)
    origin = folder / "origin.git"
    if not origin.exists():
        print(f"making a config repo of {count:,} apps in {FOLDER.name}/ …", flush=True)
        # Written beside its place, so that what is there is whole.
        unfinished = folder / "unfinished.git"
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _fill(unfinished, count)
        unfinished.rename(origin)
    paths = [folder / name for name in names]
    with ThreadPoolExecutor() as pool:
        list(pool.map(_clone, [origin] * len(paths), paths))
    return paths


def put_away(folder: Path) -> None:
    """Move a folder to where `sweep` finds it: a disk that frees so many blocks takes minutes, and is slow then."""
    away = FOLDER / _AWAY
    away.mkdir(parents=True, exist_ok=True)
    folder.rename(away / f"{time.time_ns()}")


def sweep() -> None:
    """Have what was put away removed, by a process that nobody waits for."""
    subprocess.Popen(["rm", "-rf", str(FOLDER / _AWAY)], start_new_session=True)


def files_of(number: int) -> Mapping[str, bytes]:
    """Return every file of one app by path: its spec, release 1 in blue, active, and release 2 in green."""
    name = app_name(number)
    app = _APP.format(name=name).encode()
    spec = resolve(_REPO.encode(), app, None, app=name, env=ENV, verdicts=FORGETFUL)
    state = EnvState(name, ENV)
    for tag in ("v1", "v2"):
        state = bump(state, BumpRequest(spec=spec, renderer=LATEST, images=(parse_image_arg(tag),))).after
    folder = env_folder(name, ENV)
    return {
        f"apps/{name}/app.yaml": app,
        **{f"{folder}/{file}": content for file, content in state_files.encode(state).items()},
        **{f"{folder}/manifests/{manifest.file}": manifest.text.encode() for manifest in render(state)},
    }


def _fill(repo: Path, count: int) -> None:
    git(repo, "init", "--quiet", "--bare", "--initial-branch=main")
    process = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=repo, env=clean_environment(), stdin=subprocess.PIPE
    )
    if process.stdin is None:
        raise RuntimeError("git fast-import has no input")
    message = b"Apps for a benchmark"
    head = b"commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\n"
    process.stdin.write(head + b"data %d\n%s\n" % (len(message), message) + _entry("bggen.yaml", _REPO.encode()))
    with ProcessPoolExecutor() as pool:
        for part in pool.map(_entries, range(0, count, _CHUNK), [count] * (-(-count // _CHUNK))):
            process.stdin.write(part)
    process.stdin.close()
    if process.wait() != 0:
        raise RuntimeError("git fast-import failed")


def _entries(start: int, count: int) -> bytes:
    """Return a stretch of apps as git-fast-import(1) reads them."""
    numbers = range(start, min(start + _CHUNK, count))
    return b"".join(_entry(path, content) for number in numbers for path, content in files_of(number).items())


def _entry(path: str, content: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)


def _clone(origin: Path, target: Path) -> None:
    unfinished = target.with_suffix(".unfinished")
    if not target.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        git(origin, "clone", "--quiet", *settings, str(origin), str(unfinished))
        unfinished.rename(target)
    if git(target, "status", "--porcelain"):
        raise RuntimeError(f"{target} has uncommitted changes: delete {FOLDER.name}/ and run this again")


def _digest(files: Mapping[str, bytes]) -> str:
    """Return what names a repo by its content: another rendering, or another spec, makes another one."""
    total = hashlib.sha256(_REPO.encode())
    for path, content in files.items():
        total.update(f"{path} {len(content)}\n".encode() + content)
    return total.hexdigest()[:12]
