"""After a kill at any moment the remote is as before or as after, and the next run works, with what was left behind."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.longer import LONG, only_long
from tests.support.repos import Repo, assert_no_leftovers
from tests.support.servers.faults import Fault
from tests.support.servers.repos import BareRepo
from tests.support.writers import Writers, assert_sound, documents, finish, make_apps, run_here, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.faults import Service
    from tests.support.servers.http import GitHttpServer

SOURCE = Path(__file__).resolve().parents[2]
CACHE = ["--cache-dir", "{}/cache"]
# Every step in `make long`; otherwise each has its turn on some day.
STRIDE = 1 if LONG else 40
BUMP = ("bump", "-a", "hello", "--image")


@pytest.fixture
def place(tmp_path: Path, env: dict[str, str]) -> Path:
    """A folder with the remote, a checkout that is one commit behind it, one that is not, and an empty cache."""
    folder = tmp_path / "place"
    folder.mkdir()
    bare = make_apps(folder / "config.git", 1)
    writers = Writers(tmp_path / "writers", env)
    documents([writers.run(*BUMP, "v0", "--repo", url_of(bare), "-o", "json")])
    for name in ("behind", "clone"):
        bare.git("clone", "--quiet", "../config.git", str(folder / name))
        clone = Repo(folder / name, bare.env)
        # A copy finds its own remote, and its index is as fresh as that of the original.
        clone.git("remote", "set-url", "origin", "../config.git")
        clone.git("config", "core.checkStat", "minimal")
        clone.git("config", "core.trustctime", "false")
        clone.write("notes", "mine\n")
        if name == "behind":
            documents([writers.run("bump", "-a", "app-000", "--image", "v1", "--repo", url_of(bare), "-o", "json")])
    return folder


def killed_at_steps(place: Path, env: dict[str, str], how: str, *command: str) -> Iterator[tuple[Path, bool]]:
    search = os.pathsep.join([str(SOURCE / "generator"), str(SOURCE)])
    first = random.randrange(STRIDE)  # noqa: S311 - any will do
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.killed_command", str(place), str(first), str(STRIDE), how, *command],
        env=env | {"PYTHONPATH": search},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            copy, _, outcome = line.rstrip("\n").partition("\t")
            yield Path(copy), outcome == "killed"
            shutil.rmtree(copy)
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("cache", "how"),
    [
        pytest.param([], "alone", id="without cache-alone"),
        pytest.param(CACHE, "group", id="cache-group"),
        pytest.param([], "group", id="without cache-group", marks=only_long),
        pytest.param(CACHE, "alone", id="cache-alone", marks=only_long),
    ],
)
def test_a_kill_of_a_remote_bump(
    place: Path, env: dict[str, str], capfd: pytest.CaptureFixture[str], cache: list[str], how: str
) -> None:
    start = BareRepo(place / "config.git", env).tip()
    ends = set()
    for copy, killed in killed_at_steps(place, env, how, *BUMP, "v1", "--repo", "file://{}/config.git", *cache):
        bare = BareRepo(copy / "config.git", env)
        # Whatever of the killed one is still on its way may land before the next one, or never.
        options = [word.replace("{}", str(copy)) for word in cache]
        ran = run_here(capfd, *BUMP, "v2", "--repo", url_of(bare), "--output", "json", *options)
        assert ran.code == 0, ran.err
        made = assert_sound(bare, start)
        assert made[-1] == ran.json["commit"] == bare.tip()
        ends.add((killed, len(made)))
    assert ends <= {(True, 1), (True, 2), (False, 2)}
    assert (False, 2) in ends
    if LONG:
        assert len(ends) == 3, "the kills fell on one side of the push alone"


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("clone", "group"),
        ("behind", "alone"),
        pytest.param("clone", "alone", marks=only_long),
        pytest.param("behind", "group", marks=only_long),
    ],
)
def test_a_kill_of_a_bump_in_a_checkout(
    place: Path, env: dict[str, str], capfd: pytest.CaptureFixture[str], name: str, how: str
) -> None:
    start = BareRepo(place / "config.git", env).tip()
    ends = set()
    for copy, killed in killed_at_steps(place, env, how, *BUMP, "v1", "--push", "--repo", f"{{}}/{name}"):
        bare, clone = BareRepo(copy / "config.git", env), Repo(copy / name, env)
        ran = run_here(capfd, *BUMP, "v2", "--push", "--repo", str(clone.path), "--output", "json")
        assert ran.code == 0, ran.err
        made = assert_sound(bare, start)
        assert made[-1] == ran.json["commit"] == bare.tip()
        assert clone.tip() == bare.tip(), ran.json["notes"]
        assert clone.git("status", "--porcelain") == "?? notes"
        assert_no_leftovers(clone)
        ends.add((killed, len(made)))
    assert ends <= {(True, 1), (True, 2), (False, 2)}
    assert (False, 2) in ends
    if LONG:
        assert len(ends) == 3, "the kills fell on one side of the push alone"


def test_processes_that_are_killed_while_others_use_their_cache(
    tmp_path: Path, env: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    count = 40 if LONG else 4
    bare = make_apps(tmp_path / "config.git", 4)
    writers = Writers(tmp_path / "writers", env)
    cache = ["--cache-dir", str(tmp_path / "cache"), "--repo", url_of(bare), "--output", "json"]
    # Of several first releases of an app at once, one lands and the others are stale.
    assert run_here(capfd, *BUMP, "first", *cache).code == 0
    start = bare.tip()
    chance = random.Random()  # noqa: S311 - any moment will do
    others = []
    for number in range(count):
        app = f"app-{number % 4:03}"
        victim = writers.start("bump", "-a", app, "--image", f"killed-{number}", *cache)
        others.append(writers.start(*BUMP, f"v{number}", *cache))
        time.sleep(chance.uniform(0.2, 0.7))
        os.killpg(victim.pid, signal.SIGKILL)
        victim.communicate()
        if number % 4 == 3:
            failed = [each.err for each in finish(others) if each.code != 0]
            assert not failed, failed
            others.clear()
    ran = run_here(capfd, *BUMP, "last", *cache)
    assert ran.code == 0, ran.err
    assert assert_sound(bare, start)[-1] == ran.json["commit"]


def processes_with(text: str) -> list[str]:
    """Return the command lines of the processes whose environment holds the text; on Linux."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if text.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
@pytest.mark.parametrize("service", ["upload-pack", "receive-pack"])
@pytest.mark.parametrize("token", ["", "s3cret"])
def test_an_interrupt_ends_git_and_leaves_nothing(
    http_server: GitHttpServer, served: Path, tmp_path: Path, *, service: Service, token: str
) -> None:
    bare = make_apps(served / "config.git", 0)
    before = bare.heads()
    http_server.faults.arm(Fault(service=service, refs=True, stall=0, times=None))
    writers = Writers(tmp_path / "writers", bare.env)
    command = ("bump", "--image", "v1", "--repo", http_server.url("config.git"), "--output", "json")
    running = writers.start(*command, BGGEN_TOKEN=token)
    deadline = time.monotonic() + 60
    while not http_server.exchanges.all(service, refs=True):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGINT)
    (ended,) = finish([running])
    assert ended.code == 130, ended.err
    http_server.faults.heal()
    assert {path.name for path in (tmp_path / "writers").glob("*/*")} <= {f"bggen-{os.getuid()}"}
    deadline = time.monotonic() + 30
    while left := processes_with(f"TMPDIR={tmp_path / 'writers'}"):
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
    assert bare.heads() == before
