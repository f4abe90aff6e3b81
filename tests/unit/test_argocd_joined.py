"""Two halves in the model of Argo CD's sync: over all pairs of trees of two upgrades, whatever Argo CD skips."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen.model import Color
from bggen.model.parts import Peer
from bggen.transitions.joining import drain
from tests.support.argocd import End, Sync, World
from tests.support.argocd_checks import WORLDS, harm, moved, not_switched, rules_broken, sync, without_prune_last
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import tree_of
from tests.support.halves import GATEWAY, TEST, as_active, bump, flip, halves, joined, upgrade

if TYPE_CHECKING:
    from bggen.model import EnvState
    from tests.support.argocd_objects import Key

NETWORKS = {"v1": (Peer(namespace="edge"),), "v2": (Peer(namespace="edge"), Peer(namespace="monitoring"))}


def two_upgrades() -> dict[str, EnvState]:
    """The states of two upgrades, with smoke tests and policies that change, by step."""
    states = upgrade(GATEWAY, smoke=TEST, network=NETWORKS["v1"])
    second = {"drained": drain(states["rejoined"]).after}
    second["bumped"] = bump(second["drained"], halves("v3", GATEWAY, smoke=TEST, network=NETWORKS["v2"]))
    second["flipped"] = flip(second["bumped"])
    second["evened"] = as_active(second["flipped"])
    second["rejoined"] = joined(second["evened"])
    return {**states, **{f"{name} again": state for name, state in second.items()}}


STATES = two_upgrades()
TREES = {name: tree_of(state) for name, state in STATES.items()}
PAIRS = list(itertools.combinations(TREES, 2))


@pytest.mark.parametrize("start", TREES)
def test_whatever_is_skipped_nobody_is_cut_off(start: str) -> None:
    """No pod that serves is deleted or stopped, and nothing gets traffic before it was ready and tested."""
    for goal in (goal for here, goal in PAIRS if here == start):
        for world in WORLDS:
            assert harm(sync(Cluster.settled(TREES[start]), TREES[goal], world)[1]) == set(), goal


def test_pods_that_serve_are_replaced_in_place_only_where_several_steps_come_at_once() -> None:
    """Where a colour serves before and after, with two releases: `check` finds that in a request."""
    found = {pair for pair in PAIRS if _in_place(*pair)}
    expected = {pair for pair in PAIRS if _goes_on(*pair)}
    assert found == expected
    assert not found & {*itertools.pairwise(TREES), ("joined", "bumped"), ("rejoined", "bumped again")}


def _in_place(start: str, goal: str) -> bool:
    _, broken = sync(Cluster.settled(TREES[start]), TREES[goal])
    return any(each.rule == "in-place rolled" for each in broken)


def _goes_on(start: str, goal: str) -> bool:
    """Whether a colour serves before and after, with two releases."""
    before, after = STATES[start], STATES[goal]
    both = [color for color in Color if before.serves(color) and after.serves(color)]
    return any(before.release(color) != after.release(color) for color in both)


def _log(start: str, goal: str) -> list[tuple[str, Key]]:
    cluster = Cluster.settled(TREES[start])
    run = Sync(cluster, TREES[goal])
    assert run.run() is End.SUCCEEDED
    return run.log


def test_a_drained_colour_gets_its_next_release_after_the_route_has_left_it() -> None:
    log = [key for what, key in _log("rejoined", "bumped again") if what == "apply"]
    assert log.index(("HTTPRoute", "shop")) < log.index(("Deployment", "shop-web-blue"))


def test_a_joined_colour_is_up_and_tested_before_the_route_leads_to_it() -> None:
    log = [key for what, key in _log("evened", "rejoined") if what == "apply"]
    order = [key for key in log if key[0] in {"Deployment", "Job", "HTTPRoute"} and key[1] != "shop-mailer-blue"]
    names = [f"{kind} {name.rsplit('-', 1)[0] if kind == 'Job' else name}" for kind, name in order]
    assert names[:7] == [
        *("Deployment shop-api-green", "Deployment shop-web-green", "Job shop-gate-3"),
        *("Deployment shop-api-blue", "Deployment shop-web-blue", "Job shop-gate-4", "HTTPRoute shop"),
    ]


def test_a_sick_second_half_holds_up_a_sync_and_not_its_drain() -> None:
    cluster = Cluster.settled(TREES["rejoined"])
    cluster.sicken([key for key in cluster.pods if key[1].endswith("-blue")])
    never = World(lambda key: Health.PROGRESSING if key[1].endswith("-blue") else Health.HEALTHY)
    assert sync(cluster.copy(), TREES["rejoined"], never)[0] is End.WAITING
    tried = cluster.copy()
    assert sync(tried, TREES["drained again"], never) == (End.SUCCEEDED, set())
    assert tried.live["HTTPRoute", "shop"].colors == {"green"}


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state.joined and state.previous])
def test_a_rollback_leaves_a_dead_active_half(name: str) -> None:
    assert not_switched(Cluster.settled(TREES[name]), STATES[name]) == []


def test_a_failed_test_of_the_active_half_keeps_the_other_one_from_getting_its_release() -> None:
    """Flip, bump and join on top of a flip whose test failed: what still serves is left as it is."""
    cluster = Cluster.settled(TREES["bumped"])
    failing = World(lambda key: Health.DEGRADED if key[0] == "Job" else Health.HEALTHY)
    before = cluster.live["Deployment", "shop-web-blue"].template
    for goal in ("flipped", "evened", "rejoined"):
        end, broken = sync(cluster, TREES[goal], failing)
        assert (end, harm(broken)) == (End.FAILED, set())
        assert cluster.live["Deployment", "shop-web-blue"].template == before
        assert cluster.live["HTTPRoute", "shop"].colors == {"blue"}


def test_after_the_switch_the_second_half_would_get_traffic_before_its_release() -> None:
    late = moved({"Deployment"}, 30)(TREES["rejoined"])
    assert "rolled" in rules_broken([TREES["flipped"], late])


def test_in_the_wave_of_the_active_colour_the_second_half_would_get_a_release_that_failed() -> None:
    early = moved({"Deployment"}, 0)(TREES["rejoined"])
    failing = World(lambda key: Health.DEGRADED if key[0] == "Job" else Health.HEALTHY)
    cluster = Cluster.settled(TREES["bumped"])
    before = cluster.live["Deployment", "shop-web-blue"].template
    sync(cluster, early, failing)
    assert cluster.live["Deployment", "shop-web-blue"].template != before


def test_without_prune_last_a_parked_half_is_deleted_while_it_serves() -> None:
    gone = tree_of(replace(STATES["drained"], parked=True))
    assert rules_broken([TREES["joined"], gone]) == set()
    assert "pruned" in rules_broken([without_prune_last("Deployment")(TREES["joined"]), gone])
