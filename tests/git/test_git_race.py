"""Several processes work in one checkout at once: no change is lost, and nobody meets another's half-done work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bggen.git import Checkout
from bggen.git.here import Here
from bggen.git.signature import UNSIGNED
from bggen.model import Change
from tests.support.repos import Repo, assert_no_leftovers

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = Path(__file__).resolve().parents[2]


def start(repo: Repo, name: str, times: int) -> subprocess.Popen[str]:
    search = os.pathsep.join([str(SOURCE / "generator"), str(SOURCE)])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.racer", str(repo.path), name, str(times)],
        env=repo.env | {"PYTHONPATH": search},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(racers: Sequence[subprocess.Popen[str]]) -> None:
    for racer in racers:
        _, err = racer.communicate(timeout=60)
        assert racer.returncode == 0, err


def test_two_bggen_in_one_checkout(repo: Repo) -> None:
    repo.write("README", "dirty\n")
    finish([start(repo, name, 6) for name in ("ada", "bob", "eve")])
    assert repo.show("counter") == b"18\n"
    subjects = repo.git("log", "--reverse", "--format=%s").splitlines()[1:]
    assert [subject.split()[1] for subject in subjects] == [str(number) for number in range(1, 19)]
    assert sorted({subject.split()[0] for subject in subjects}) == ["ada", "bob", "eve"]
    assert repo.git("status", "--porcelain") == " M README"
    assert_no_leftovers(repo)


def test_who_waited_for_the_lock_decides_on_what_was_made_meanwhile(repo: Repo) -> None:
    """Else a file that the other one has just made would be taken for a stranger's, which is in the way."""
    with Checkout.open(repo.path) as late:
        finish([start(repo, "ada", 2)])
        with Here(late, UNSIGNED).turn(writing=True):
            assert late.tip == repo.tip()
            assert late.watch(["counter"]).result() == frozenset()
            late.deliver(late.tip, [Change("counter", late.tip_files().read("counter"), b"3\n")], "more", "more")
    assert repo.show("counter") == b"3\n"


def test_a_user_commits_meanwhile(repo: Repo) -> None:
    racer = start(repo, "ada", 8)
    made = 0
    while racer.poll() is None:
        repo.write("notes", f"{made}\n")
        # Git gives up at once where the index is locked; people try again.
        if repo.try_git("add", "notes").returncode == 0 and repo.try_git("commit", "-qm", "user").returncode == 0:
            made += 1
        time.sleep(0.01)
    finish([racer])
    assert repo.show("counter") == b"8\n"
    subjects = repo.git("log", "--format=%s").splitlines()
    assert subjects.count("user") == made > 0
    assert len(subjects) == 1 + 8 + made
    assert all(line.endswith(" notes") for line in repo.git("status", "--porcelain").splitlines())
    assert_no_leftovers(repo)
