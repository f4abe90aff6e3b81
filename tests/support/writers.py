"""bggen as processes of their own that all write to one repository, and what must hold of the history afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bggen.cli.main import main
from tests.support.cli import HELLO, SETTINGS, Ran
from tests.support.many import name_of
from tests.support.servers.repos import import_commit, make_bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from tests.support.repos import Repo
    from tests.support.servers.repos import BareRepo

_ROOT = Path(__file__).resolve().parents[2]
# In seconds: a writer that hangs is a failure, however busy the machine.
PATIENCE = 540


@dataclass(frozen=True, slots=True)
class Ended:
    """What one process came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class Writers:
    """Starts bggen with a temporary folder for each process, so that no two of them share a lock.

    Attributes:
        folder: where those folders are made.
        env: the environment of all.
        shared: whether they have one temporary folder instead, and so take turns.
    """

    folder: Path
    env: Mapping[str, str]
    shared: bool = False
    _count: int = field(default=0)

    def environment(self) -> dict[str, str]:
        self._count += 0 if self.shared else 1
        temporary = self.folder / f"tmp-{self._count}"
        temporary.mkdir(parents=True, exist_ok=True)
        return {
            **self.env,
            "PYTHONPATH": os.pathsep.join([str(_ROOT / "generator"), str(_ROOT)]),
            "TMPDIR": str(temporary),
        }

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start `bggen …`, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "bggen", *arguments],
            env=self.environment() | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **variables: str) -> Ended:
        """Run `bggen …` to its end."""
        return finish([self.start(*arguments, **variables)])[0]


def run_here(capfd: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    """Run `bggen …` in this process, where nobody else has to be at work at the same moment."""
    capfd.readouterr()
    code = main(list(arguments))
    out, err = capfd.readouterr()
    return Ran(code, out, err)


def prepare(bare: BareRepo, capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the commit that somebody's command makes on a repository's tip; it is there, and the branch stays."""
    copy = bare.path.with_name("copy.git")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bare.path, copy)
    # By somebody else, or the same change of the same second would be the same commit.
    author = "Eve <eve@example.com>"
    ran = run_here(capfd, *arguments, "--repo", f"file://{copy}", "--author", author, "--output", "json")
    assert ran.code == 0, ran.err
    commit: str = ran.json["commit"]
    bare.git("fetch", "--quiet", str(copy), f"{commit}:refs/prepared/{commit}")
    return commit


def land_amid(bare: BareRepo, *commits: str, ref: str = "refs/heads/main") -> None:
    """Let these commits be the newest of a branch, one after the other, each in the middle of somebody's next push."""
    (bare.path / "waiting").write_text("".join(f"{commit}\n" for commit in commits))
    # Git forbids this to hooks, by that variable; a server's other process may do it.
    hook(
        bare,
        f"read next < waiting || exit 0\nsed -i 1d waiting\nunset GIT_QUARANTINE_PATH\ngit update-ref {ref} $next\n",
    )


def hook(bare: BareRepo, script: str, name: str = "pre-receive") -> None:
    """Install a hook of a shell script that runs in the repository's folder."""
    path = bare.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


def finish(processes: Iterable[subprocess.Popen[str]]) -> list[Ended]:
    """Wait for all, in the order of their start."""
    ended = []
    for process in processes:
        out, err = process.communicate(timeout=PATIENCE)
        ended.append(Ended(process.returncode, out, err))
    return ended


def make_apps(path: Path, count: int, settings: str = SETTINGS) -> BareRepo:
    """Make a bare config repo with `hello` and so many apps, none of them released yet."""
    files: dict[str, str | bytes] = {"bggen.yaml": settings, "apps/hello/app.yaml": HELLO}
    files |= {f"apps/{name_of(n)}/app.yaml": HELLO.replace("hello", name_of(n)) for n in range(count)}
    repo = make_bare(path, None)
    import_commit(repo, [files], message="config repo")
    return repo


def url_of(repo: Repo) -> str:
    return f"file://{repo.path}"


def trailers(repo: Repo, commit: str) -> dict[str, str]:
    """Return the trailers of a commit; of one app."""
    lines = repo.git("show", "--no-patch", "--format=%(trailers:only,unfold)", commit).splitlines()
    return {key: value for key, _, value in (line.partition(": ") for line in lines if line)}


def commits(repo: Repo, since: str, ref: str = "main") -> list[str]:
    """Return the commits of a branch since another, the oldest first."""
    return repo.git("rev-list", "--reverse", f"{since}..{ref}").splitlines()


def load(repo: Repo, path: str, commit: str = "main") -> Any:
    """Return a YAML file of a commit; None where there is none."""
    done = repo.try_git("show", f"{commit}:{path}")
    return yaml.safe_load(done.stdout) if done.returncode == 0 else None


def active_images(repo: Repo, app: str = "hello", env: str = "prod", commit: str = "main") -> set[str]:
    """Return the images of the active colour, as its manifests have them."""
    active = load(repo, f"apps/{app}/{env}/release.yaml", commit)["active"]
    pods = load(repo, f"apps/{app}/{env}/manifests/deployment-{app}-{active}.yaml", commit)
    return {each["image"] for each in pods["spec"]["template"]["spec"]["containers"]}


def assert_sound(repo: Repo, since: str, ref: str = "main") -> list[str]:
    """Assert that a branch holds nothing but decisions, each made on the commit below it; return them by commit.

    The history is linear, a commit touches only the app that its trailers name, it gives the number after the last
    one or none, and the state that it leaves is the one that its trailers tell of.
    """
    made = commits(repo, since, ref)
    below = since
    for commit in made:
        assert repo.git("rev-list", "--parents", "-1", commit).split()[1:] == [below]
        told = trailers(repo, commit)
        app, env = told["Bggen-App"], told["Bggen-Env"]
        folder = f"apps/{app}/{env}/"
        assert all(path.startswith(folder) for path in repo.changed(commit))
        before, after = (load(repo, f"{folder}release.yaml", each) for each in (below, commit))
        last = before["last"] if before else 0
        if told["Bggen-Action"] == "bump":
            assert after["last"] == last + 1
            assert told["Bggen-Release"] == str(after["last"])
        else:
            assert after["last"] == last
        below = commit
    repo.git("fsck", "--strict")
    return made


def documents(ended: Sequence[Ended]) -> list[Any]:
    """Return the documents of processes that must all have succeeded."""
    assert [each.code for each in ended] == [0] * len(ended), [each.err for each in ended if each.code]
    return [each.json for each in ended]
