"""What a request says of two halves: who serves before and after, in which order, and how to undo it."""

from __future__ import annotations

import pytest

from bggen import transitions
from bggen.plan import Plan, Rendered, make_plan
from bggen.review.order import steps, ways_back
from bggen.review.tables import colors
from bggen.transitions import Transition, rollback_target
from bggen.transitions.joining import JoinRequest, drain, join
from tests.support.halves import NOW, TEST, upgrade

STATES = upgrade(smoke=TEST)
GREEN, BLUE = "**green**, release 3, `v2`", "**blue**, release 4, `v2`"


def planned(transition: Transition) -> Plan:
    return make_plan(transition, {}, Rendered((), ()))


def test_a_join_says_what_comes_before_traffic_and_what_stays() -> None:
    plan = planned(join(STATES["evened"], JoinRequest(NOW)))
    assert f"| takes traffic | {GREEN} | {GREEN}; {BLUE} |\n| idle | {BLUE} | none |\n" in colors(plan)
    assert [step.partition(".")[0] for step in steps(plan)] == [
        "Argo CD waits until all pods of **green** and then all of **blue** are ready",
        "The smoke test of **blue** runs",
        "The route leads half of the requests to each colour",
        "Workers and crons go on in **green** alone",
    ]
    assert ways_back(plan, "-a shop") == ("To undo it:", ("bggen drain -a shop",))


def test_a_drain_says_who_is_left() -> None:
    plan = planned(drain(STATES["rejoined"]))
    assert f"| takes traffic | {GREEN}; {BLUE} | {GREEN} |\n| idle | none | {BLUE} |\n" in colors(plan)
    assert steps(plan) == ["The route leads all requests to **green**. The pods of **blue** go on running, idle."]
    assert ways_back(plan, "-a shop") == ("To undo it:", ("bggen join -a shop",))


@pytest.mark.parametrize(("step", "stays"), [("rejoined", "both colours"), ("evened", "**green**")])
def test_a_rollback_says_where_traffic_stays_until_then(step: str, stays: str) -> None:
    state = STATES[step]
    plan = planned(transitions.rollback(state, rollback_target(state, None), by="Ann"))
    assert f"Until then traffic stays on {stays}, however long it takes." in steps(plan)[0]
