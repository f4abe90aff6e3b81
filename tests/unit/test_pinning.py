"""A decision that is made again on a newer state is the same decision, or none."""

from __future__ import annotations

import pytest

from bggen.errors import RefusedError
from bggen.images import parse_image_arg
from bggen.model import Color, EnvState, Image
from bggen.transitions import (
    BumpRequest,
    FlipRequest,
    Transition,
    bump,
    flip,
    refuse_other_idle,
    rollback,
    rollback_target,
    same_release,
    same_target,
)
from tests.support.states import app_spec, component

NOW = "2026-06-01T12:00:00Z"
SPEC = app_spec("shop", component("web", image=Image("ghcr.io/acme/web"), port=80))
FLIP = FlipRequest(now=NOW)


def bumped(state: EnvState, tag: str) -> Transition:
    return bump(state, BumpRequest(spec=SPEC, renderer=1, images=(parse_image_arg(tag),)))


@pytest.fixture
def pending() -> EnvState:
    """Release 1 is active in blue, release 2 waits in green."""
    return bumped(bumped(EnvState("shop", "prod"), "v1").after, "v2").after


def test_the_first_time_nothing_is_meant_yet(pending: EnvState) -> None:
    refuse_other_idle(None, pending, retarget=False)
    assert same_target(None, FLIP) is FLIP
    assert same_release(None, None) is None
    assert same_release(None, 7) == 7


def test_a_bump_for_a_colour_that_became_active_is_refused(pending: EnvState) -> None:
    meant = bumped(pending, "v3")
    now = flip(pending, FLIP).after
    with pytest.raises(RefusedError) as caught:
        refuse_other_idle(meant, now, retarget=False)
    assert caught.value.kind == "stale"
    assert "green became active" in caught.value.message
    assert caught.value.hint is not None
    assert "--retarget" in caught.value.hint
    refuse_other_idle(meant, now, retarget=True)


def test_a_bump_stands_as_long_as_the_same_colour_is_idle(pending: EnvState) -> None:
    meant = bumped(pending, "v3")
    refuse_other_idle(meant, pending, retarget=False)
    refuse_other_idle(meant, bumped(pending, "v4").after, retarget=False)
    # There and back: the colour is idle, whatever was in between.
    back = flip(flip(pending, FLIP).after, FLIP).after
    refuse_other_idle(meant, back, retarget=False)


def test_the_first_release_is_for_nobody_or_for_users() -> None:
    meant = bumped(EnvState("shop", "prod"), "v1")
    assert meant.after.active is Color.BLUE
    # Made again it would go to the idle colour: another decision.
    with pytest.raises(RefusedError):
        refuse_other_idle(meant, bumped(EnvState("shop", "prod"), "other").after, retarget=False)


def test_a_flip_keeps_its_colour_and_its_release(pending: EnvState) -> None:
    meant = flip(pending, FLIP)
    again = same_target(meant, FLIP)
    assert (again.to, again.release) == (Color.GREEN, 2)
    # Somebody else has done it.
    assert not flip(meant.after, again).changed
    # What is there now, nobody has decided on.
    with pytest.raises(RefusedError):
        flip(bumped(pending, "v3").after, again)
    # There and back again, and another release: a plain flip would have gone to blue.
    moved_on = bumped(meant.after, "v3").after
    assert not flip(moved_on, again).changed
    assert flip(moved_on, FLIP).changed


def test_what_else_a_flip_was_told_stays(pending: EnvState) -> None:
    request = FlipRequest(now=NOW, override_hold="because", allow_less_capacity=True, smoke=False)
    again = same_target(flip(pending, request), request)
    assert (again.override_hold, again.allow_less_capacity, again.smoke) == ("because", True, False)


def test_a_rollback_keeps_its_release(pending: EnvState) -> None:
    live = flip(pending, FLIP).after
    meant = rollback(live, rollback_target(live, None), by="a")
    assert same_release(meant, None) == 1
    # Somebody has rolled back already: the decision is done, not made a second time.
    target = rollback_target(meant.after, same_release(meant, None))
    assert not rollback(meant.after, target, by="a").changed
    # Blue was given away meanwhile; release 1 comes back from where it was kept.
    reused = bumped(live, "v3").after
    target = rollback_target(reused, same_release(meant, None))
    back = rollback(reused, target, by="a").after
    assert back.active_release is not None
    assert back.active_release.number == 1
