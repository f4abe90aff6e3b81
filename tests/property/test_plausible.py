"""What commands do raises no doubt, alone or squashed, and what goes back or was swapped always does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from bggen.model import Color, EnvState
from bggen.plausible import doubts
from tests.property.test_events import STEPS, Step, pinned, story

IN_PLACE = "would be replaced in place"


@given(STEPS)
def test_a_command_raises_no_doubt(steps: list[Step]) -> None:
    for transition in story(steps):
        if transition.before.active is not None:
            assert doubts(transition.before, transition.after) == ()
        assert doubts(transition.after, transition.after) == ()


@given(STEPS)
def test_several_commands_at_once_raise_one_for_each_colour_that_serves_on_at_most(steps: list[Step]) -> None:
    states = [transition.after for transition in story(steps)]
    for start, before in enumerate(states):
        for after in states[start:]:
            found = doubts(before, after)
            swapped = sum(_swapped(before, after, color) for color in Color)
            assert [IN_PLACE in doubt.message for doubt in found] == [True] * swapped


def _swapped(before: EnvState, after: EnvState, color: Color) -> bool:
    """Whether a colour serves before and after, with two releases; but for a rollback to the second of two halves."""
    old, new = before.release(color), after.release(color)
    if old is None or new is None or old.number == new.number:
        return False
    back = before.active is not color is after.active and new.number <= before.served
    return before.serves(color) and after.serves(color) and not back


@given(STEPS)
def test_to_go_back_raises_doubts(steps: list[Step]) -> None:
    states = [transition.after for transition in story(steps)]
    for start, after in enumerate(states):
        for before in states[start:]:
            back = after.last < before.last or after.served < before.served
            assert any("goes back" in doubt.message for doubt in doubts(before, after)) == back


@given(STEPS, st.sampled_from(Color))
def test_another_release_under_a_number_raises_a_doubt(steps: list[Step], color: Color) -> None:
    done = story(steps)
    assume(done)
    state = done[-1].after
    release = state.release(color)
    assume(release is not None)
    assert release is not None
    other = replace(release, spec=pinned(release.spec, "untested"))
    changed = replace(state, blue=other) if color is Color.BLUE else replace(state, green=other)
    assume(changed != state)
    assert any(f"release {release.number} is another one" in doubt.message for doubt in doubts(state, changed))


@given(STEPS)
def test_what_never_served_cannot_be_active(steps: list[Step]) -> None:
    for transition in story(steps):
        state = transition.after
        if state.pending:
            swapped = replace(state, active=state.idle_color, parked=False, gate=False, joined=False)
            assert any("takes traffic with release" in doubt.message for doubt in doubts(state, swapped))


def test_a_state_that_is_taken_out_raises_none() -> None:
    assert doubts(EnvState("shop", "prod"), EnvState("shop", "prod")) == ()
