"""Two halves in random histories: whatever Argo CD skips and wherever it is interrupted, users are served."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, note, settings
from hypothesis import strategies as st

from bggen.model import Color
from tests.property.test_argocd_order import check_walk
from tests.support.argocd_checks import WORLDS, harm, sync
from tests.support.argocd_cluster import Cluster
from tests.support.argocd_history import Command, states_of, tree_of
from tests.support.argocd_objects import Tree
from tests.support.argocd_specs import Ways, specs

if TYPE_CHECKING:
    from random import Random

    from bggen.model import EnvState

_some = settings(max_examples=settings().max_examples // 2)
ACTIONS = [
    "bump",
    "flip",
    "as-active",
    "as-active",
    "join",
    "join",
    "join",
    "drain",
    "rollback",
    "scale",
    "unhold",
    "park",
]


def _behind_an_alb(ways: Ways, *, publishes_status: bool) -> Ways:
    return replace(ways, switch="ingress", controller="alb", publishes_status=publishes_status)


@st.composite
def histories(draw: st.DrawFn) -> list[Command]:
    """A second half is filled and joined first; then anything."""
    flags = [st.booleans()] * 5
    gateway = st.builds(Ways, st.booleans(), st.just("gateway"), st.just(value=False), *flags)
    ways = draw(st.one_of(gateway, st.builds(_behind_an_alb, gateway, publishes_status=st.booleans())))
    names = ["bump", "as-active", "join", *draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=7))]
    chosen = ["web", "api", "mailer", "report"] if ways.kinds else ["web", "api"]
    return [Command(name, draw(specs(chosen, ways)) if name == "bump" else None) for name in names]


def goes_on(before: EnvState, after: EnvState) -> bool:
    """Whether a colour serves in both states, with two releases."""
    both = [color for color in Color if before.serves(color) and after.serves(color)]
    return any(before.release(color) != after.release(color) for color in both)


@_some
@given(histories())
def test_a_sync_between_any_two_trees_harms_no_traffic(commands: list[Command]) -> None:
    note("\n".join(map(str, commands)))
    states = states_of("shop", commands)
    trees = [Tree({}), *map(tree_of, states)]
    for start in range(len(trees)):
        for goal in range(start + 1, len(trees)):
            broken = set().union(*(sync(Cluster.settled(trees[start]), trees[goal], world)[1] for world in WORLDS))
            assert not harm(broken), (start, goal)
            if any(each.rule.startswith("in-place") for each in broken):
                before, after = states[start - 1], states[goal - 1]
                assert goes_on(before, after)
                # One commit that does it: a rollback, which needs the colour that serves beside the active one.
                assert goal > start + 1 or (before.joined and after.active is not before.active)


@_some
@given(histories(), st.randoms(use_true_random=True))
def test_interrupted_syncs_harm_no_traffic_and_a_rollback_always_switches(
    commands: list[Command], random: Random
) -> None:
    note("\n".join(map(str, commands)))
    check_walk(states_of("shop", commands), random)
