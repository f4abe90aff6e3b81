"""Turns of processes on one machine: they spare lost races, and nothing depends on them."""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bggen.git import turns
from bggen.git.turns import pause, turn

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the locks, which is not there yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"bggen-{os.getuid()}"


def test_one_at_a_time() -> None:
    inside: list[None] = []
    most: list[int] = []

    def work() -> None:
        with turn("main"):
            inside.append(None)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [1] * 6


def test_other_branches_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 1000.0)
    with turn("main"), turn("other"):
        pass


def test_it_goes_on_when_the_other_one_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    with turn("main"), turn("main"):
        pass


def test_it_is_free_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 1000.0)

    def fail() -> None:
        with turn("main"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with turn("main"):
        pass


def test_a_process_that_was_killed_has_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 1000.0)
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with turn("main"):
            os.write(told, b"x")
            time.sleep(1000)
    os.read(ready, 1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    with turn("main"):
        pass


@pytest.mark.parametrize("trap", ["open to all", "a link", "a file", "a name that is a link"])
def test_a_folder_that_others_may_have_made_is_left_alone(folder: Path, tmp_path: Path, trap: str) -> None:
    bait = tmp_path / "bait"
    bait.mkdir()
    if trap == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    elif trap == "a link":
        folder.symlink_to(bait)
    elif trap == "a file":
        folder.write_text("")
    else:
        with turn("main"):
            (lock,) = folder.iterdir()
        lock.unlink()
        lock.symlink_to(bait / "made")
    with turn("main"):
        pass
    assert list(bait.iterdir()) == []


def test_the_folder_is_nobody_elses_and_the_names_tell_nothing(folder: Path) -> None:
    with turn("https://git.example.com/secret.git refs/heads/main"):
        pass
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all("secret" not in path.name for path in folder.iterdir())


def test_pauses_are_by_chance_and_grow_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    windows: list[tuple[float, float]] = []

    def longest(low: float, high: float) -> float:
        windows.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", longest)
    for attempt in range(1, 60):
        pause(attempt, 0.01)
    assert windows[0] == pytest.approx((0, 0.2))
    assert slept == sorted(slept)
    assert slept[-1] == slept[10] == pytest.approx(6.4)
    slept.clear()
    pause(1, 3.0)
    pause(60, 3.0)
    pause(60, 1e9)
    assert slept == [6.0, 20.0, 20.0]
