"""Long random walks over commands break no promise; the long target takes 100,000 steps."""

from __future__ import annotations

import os

import pytest

from tests.support.walk import Walk

LONG = os.environ.get("BGGEN_HYPOTHESIS") == "long"
SEEDS, STEPS = (20, 5_000) if LONG else (3, 200)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_walk_breaks_a_promise(seed: int) -> None:
    walk = Walk(seed)
    walk.walk(STEPS)
    assert walk.steps == STEPS
    # A walk of which most is refused shows little.
    assert walk.done.total() > walk.steps // 3
    assert {"bump", "flip", "rollback", "scale"} <= walk.done.keys()
    assert walk.refused
