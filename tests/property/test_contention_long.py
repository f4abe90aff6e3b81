"""What `tests/git/test_contention.py` shows of a few processes, of as many as a company has; only in `make long`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.contests import different_apps, flips_against_bumps, same_app
from tests.support.longer import only_long
from tests.support.repos import clean_environment
from tests.support.writers import Writers

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = only_long


@pytest.fixture(params=[False, True], ids=["each-alone", "one-machine"])
def writers(request: pytest.FixtureRequest, tmp_path: Path) -> Writers:
    home = tmp_path / "home"
    home.mkdir()
    return Writers(tmp_path / "writers", clean_environment(home), shared=request.param)


def test_fifty_processes_land_with_fifty_apps(tmp_path: Path, writers: Writers) -> None:
    different_apps(tmp_path, writers, 50, checkouts=10)


def test_twenty_bumps_of_one_app_follow_each_other(tmp_path: Path, writers: Writers) -> None:
    same_app(tmp_path, writers, 20, checkouts=4)


def test_what_was_not_tried_is_never_live_in_two_hundred_races(tmp_path: Path, writers: Writers) -> None:
    # A shared folder for locks leaves little to chance.
    rounds = 40 if writers.shared else 200
    flips_against_bumps(tmp_path, writers, rounds, seed=None, at_once=5)
