"""A Job cannot be changed: over all histories, reverts included, one name of one means one content."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, note
from hypothesis import strategies as st

from bggen import transitions
from bggen.errors import RefusedError
from bggen.model import AppSpec, EnvState, Release
from bggen.render import render
from bggen.transitions import BumpRequest, FlipRequest, rollback_target
from tests.support.smoked import COMMAND, HTTP, smoked

NOW = "2026-06-01T12:00:00Z"
ACTIONS = ["bump", "bump", "flip", "flip", "rollback", "rollback --to", "scale", "park", "git revert"]


def specs() -> st.SearchStrategy[AppSpec]:
    def make(tag: str, test: object, value: str) -> AppSpec:
        spec = smoked(tag, smoke=test)
        web = replace(spec.components["web"], env={"A": value})
        return replace(spec, components={**spec.components, "web": web})

    tests = st.sampled_from([HTTP, replace(HTTP, timeout=5), COMMAND, None])
    return st.builds(make, st.sampled_from(["v1", "v2"]), tests, st.sampled_from(["", "b"]))


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), specs(), st.integers(0, 9)), min_size=2, max_size=14))
def test_one_name_of_a_job_means_one_content(steps: list[tuple[str, AppSpec, int]]) -> None:
    past = [EnvState("shop", "prod")]
    active: dict[int, Release] = {}
    contents: dict[str, str] = {}
    for action, spec, number in [("bump", smoked(), 0), *steps]:
        try:
            state = after(past, action, spec, number, active)
        except RefusedError:
            continue
        note(f"{action} {number}: {state.active}, blue {_number(state.blue)}, green {_number(state.green)}")
        past.append(state)
        if state.active_release is not None:
            active[state.active_release.number] = state.active_release
        for manifest in render(state):
            if manifest.kind == "Job":
                assert contents.setdefault(manifest.name, manifest.text) == manifest.text


def _number(release: Release | None) -> int | None:
    return release.number if release else None


def after(past: list[EnvState], action: str, spec: AppSpec, number: int, active: dict[int, Release]) -> EnvState:
    state = past[-1]
    match action:
        case "bump":
            return transitions.bump(state, BumpRequest(spec, 1, force=True)).after
        case "flip":
            return transitions.flip(state, FlipRequest(NOW, allow_less_capacity=True, override_hold="x")).after
        case "rollback" | "rollback --to":
            target = rollback_target(state, None if action == "rollback" else number + 1)
            if target.source == "history" and target.number not in active:
                raise RefusedError("reverted since")
            return transitions.rollback(state, target, by="x", found=active.get(target.number)).after
        case "scale":
            return transitions.scale(state, transitions.parse_replicas([f"web={number + 1}"])).after
        case "park":
            return transitions.park(state).after
    return past[max(1, len(past) - 1 - number)]
