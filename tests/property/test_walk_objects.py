"""Every object that a random walk over commands renders is what a cluster takes, custom resources included."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.support.crds import needs_crds, object_problems
from tests.support.walk import Walk
from tests.support.walk_rollouts import RolloutWalk

LONG = os.environ.get("BGGEN_HYPOTHESIS") == "long"
SEEDS, STEPS = (20, 500) if LONG else (3, 50)

pytestmark = needs_crds


@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
@pytest.mark.parametrize("way", [Walk, RolloutWalk])
def test_every_object_of_a_walk_is_valid(way: type[Walk | RolloutWalk], seed: int) -> None:
    walk = way(seed)
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    for _ in range(STEPS):
        walk.walk(1)
        found = walk.manifests.values() if isinstance(walk.manifests, Mapping) else walk.manifests
        fresh = [each for each in found if each.text not in seen]
        seen.update(each.text for each in fresh)
        kinds.update(each.kind for each in fresh)
        releases = [each for each in (walk.state.blue, walk.state.green) if each]
        # A cluster's minor only grows, and what was rendered for an older one stays valid.
        minors = [each.spec.kubernetes for each in releases]
        assert not fresh or object_problems(fresh, max(minors, key=lambda minor: int(minor.split(".")[1]))) == []
    assert len(seen) > 20
    assert ("Rollout" in kinds) == (way is RolloutWalk)
