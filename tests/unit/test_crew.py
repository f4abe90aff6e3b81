from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bggen.app.crew import WORKERS, Alone, Workers, worker_count
from bggen.errors import GitError, UsageError
from tests.support.jobs import Lengths, Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [f"app-{'x' * (number % 7)}{number}" for number in range(70)]


@contextlib.contextmanager
def two(folder: Path) -> Iterator[Workers]:
    """Spawn two workers: a fork would not be safe in a process of pytest, which has threads."""
    workers = Workers()
    try:
        workers.begin(Lengths(folder), 2, "spawn")
        yield workers
    finally:
        workers.end()


def test_workers_give_back_what_one_process_does_in_the_same_order(tmp_path: Path) -> None:
    steps = Steps()
    steps.start(2 * len(NAMES))
    with two(tmp_path) as workers:
        assert workers.look(NAMES, steps) == Alone(Lengths(tmp_path)).look(NAMES, Steps()) == [len(n) for n in NAMES]
        assert list(tmp_path.iterdir()) == []
        workers.finish(steps)
    assert steps.done == steps.total
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    assert len({path.read_text() for path in tmp_path.iterdir()}) == 2


@pytest.mark.parametrize(("bad", "first"), [({9, 50}, 9), ({33, 34, 69}, 33)])
def test_what_is_raised_is_the_first_in_the_order_of_the_apps(tmp_path: Path, bad: set[int], first: int) -> None:
    names = [f"bad-{number}" if number in bad else f"ok-{number}" for number in range(70)]
    with two(tmp_path) as workers, pytest.raises(GitError) as failure:
        workers.look(names, Steps())
    assert (failure.value.message, failure.value.hint) == (f"cannot read bad-{first}", "h")


def test_a_bug_in_a_worker_tells_where_it_arose(tmp_path: Path) -> None:
    with two(tmp_path) as workers, pytest.raises(ZeroDivisionError) as failure:
        workers.look(["bug"], Steps())
    assert "in look" in failure.value.__notes__[0]


def test_a_failure_at_the_end_is_raised_and_a_killed_worker_is_one(tmp_path: Path) -> None:
    with two(tmp_path) as workers:
        workers.look(["full"], Steps())
        with pytest.raises(GitError, match="cannot write full"):
            workers.finish(Steps())
    with two(tmp_path) as workers, pytest.raises(GitError, match="killed by signal 9") as failure:
        workers.look(["kill"], Steps())
    assert WORKERS in str(failure.value.hint)


def test_few_apps_are_not_worth_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    assert worker_count(0, "fork") == worker_count(100, "fork") == worker_count(500, "spawn") == 1
    assert 1 <= worker_count(1_000_000, "fork") <= 4
    monkeypatch.setenv(WORKERS, "3")
    assert (worker_count(1_000_000, "spawn"), worker_count(2, "fork"), worker_count(0, "fork")) == (3, 2, 1)
    for wrong in ("0", "-1", "many", "²"):
        monkeypatch.setenv(WORKERS, wrong)
        with pytest.raises(UsageError, match=WORKERS):
            worker_count(1, "fork")
