"""Long random walks over commands of a Rollout's app break no promise."""

from __future__ import annotations

import os

import pytest

from tests.support.walk_rollouts import RolloutWalk

LONG = os.environ.get("BGGEN_HYPOTHESIS") == "long"
SEEDS, STEPS = (20, 3_000) if LONG else (2, 150)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_walk_breaks_a_promise(seed: int) -> None:
    walk = RolloutWalk(seed)
    walk.walk(STEPS)
    assert walk.done.total() > STEPS // 3
    assert {"bump", "flip", "rollback", "scale"} <= walk.done.keys()
    assert walk.refused
