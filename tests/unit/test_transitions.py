"""Every rule of the decisions: what changes, what is refused, and what is done already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen import transitions
from bggen.errors import BggenError, RefusedError, UsageError
from bggen.images import parse_image_arg
from bggen.model import AppSpec, Color, EnvState, Hold, Image, Previous
from bggen.model.parts import Patch
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.states import app_spec, component, first, hello_spec

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = "2026-06-01T12:00:00Z"
EMPTY = EnvState("hello", "prod")


def opened(**fields: object) -> AppSpec:
    """The spec as its files say it: the image is a repository."""
    return app_spec("hello", component("hello", **{"image": Image("ghcr.io/acme/hello"), "port": 8080, **fields}))


def bump(
    state: EnvState, tag: str | None = None, spec: AppSpec | None = None, **options: object
) -> transitions.Transition:
    images = (parse_image_arg(tag),) if tag else ()
    values: dict[str, object] = {"spec": spec or opened(), "renderer": 1, "images": images, **options}
    return transitions.bump(state, BumpRequest(**values))  # type: ignore[arg-type]  # options by name


def flip(state: EnvState, **options: object) -> transitions.Transition:
    return transitions.flip(state, FlipRequest(now=NOW, **options))  # type: ignore[arg-type]  # options by name


def rollback(state: EnvState, to: int | None = None) -> transitions.Transition:
    return transitions.rollback(state, transitions.rollback_target(state, to), by="Ann <ann@example.com>")


def refused(kind: str, decide: object) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        decide()  # type: ignore[operator]  # a lambda
    assert caught.value.kind == kind
    return caught.value


def tag(state: EnvState, color: Color) -> str | None:
    release = state.release(color)
    return release.spec.components["hello"].image.tag if release else None


@pytest.fixture
def one() -> EnvState:
    """Release 1 in blue, active."""
    return bump(EMPTY, "v1").after


@pytest.fixture
def two(one: EnvState) -> EnvState:
    """Release 1 in blue, active; release 2 in green, pending."""
    return bump(one, "v2").after


@pytest.fixture
def live_two(two: EnvState) -> EnvState:
    """Release 2 in green, active; release 1 in blue."""
    return flip(two).after


def test_the_first_bump_is_release_1_in_blue_and_active(one: EnvState) -> None:
    assert (one.active, one.last, one.served, one.idle) == (Color.BLUE, 1, 1, "empty")


def test_a_bump_fills_the_idle_colour_and_leaves_the_active_one(one: EnvState) -> None:
    two = bump(one, "v2").after
    assert (two.active, two.blue, tag(two, Color.GREEN)) == (Color.BLUE, one.blue, "v2")
    assert (two.last, two.served, two.pending) == (2, 1, True)


def test_a_second_bump_replaces_the_pending_release_with_a_new_number(two: EnvState) -> None:
    three = bump(two, "v3").after
    assert (three.green and three.green.number, three.last) == (3, 3)


def test_a_bump_is_a_no_op_where_idle_holds_its_content(two: EnvState) -> None:
    again = bump(two, "v2")
    assert not again.changed
    assert again.reason == "green is idle and holds this release already"


def test_a_bump_is_a_no_op_where_active_holds_its_content_and_nothing_is_pending(
    one: EnvState, live_two: EnvState
) -> None:
    assert not bump(one, "v1").changed
    assert not bump(live_two, "v2").changed


def test_a_bump_to_what_is_active_replaces_something_pending(two: EnvState) -> None:
    back = bump(two, "v1")
    assert back.changed
    assert tag(back.after, Color.GREEN) == "v1"


def test_force_makes_a_release_that_changes_nothing(two: EnvState) -> None:
    assert bump(two, "v2", force=True).after.last == 3


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, 1.0), ([1], [True])])
def test_another_type_in_a_patch_is_a_new_release(old: object, new: object) -> None:
    def of(value: object) -> AppSpec:
        patch = Patch("Deployment", merge={"spec": {"template": {"spec": {"hostUsers": value}}}})
        return replace(hello_spec("v2"), patches=(patch,))

    state = transitions.bump(first(hello_spec()), BumpRequest(of(old), 1)).after
    assert transitions.bump(state, BumpRequest(of(new), 1)).changed
    assert not transitions.bump(state, BumpRequest(of(old), 1)).changed


def test_a_newer_rendering_is_a_new_release(two: EnvState) -> None:
    assert bump(two, "v2", renderer=2).changed


def test_an_edit_of_the_spec_reaches_idle_with_the_next_bump(one: EnvState) -> None:
    two = bump(one, spec=opened(replicas=5)).after
    assert two.green
    assert two.green.spec.components["hello"].replicas == 5
    assert two.green.origins == {"hello": "release 1"}
    assert two.blue == one.blue


def test_a_bump_of_the_freed_colour_saves_its_release_for_rollback(live_two: EnvState) -> None:
    three = bump(live_two, "v3").after
    assert three.saved == live_two.blue
    four = bump(three, "v4").after
    assert four.saved == live_two.blue


def test_a_bump_wakes_a_parked_colour(live_two: EnvState) -> None:
    assert not bump(transitions.park(live_two).after, "v3").after.parked


def test_keep_config_takes_all_but_the_images_from_the_active_release(one: EnvState) -> None:
    edited = bump(one, "v2", spec=opened(replicas=9)).after
    live = flip(edited).after
    kept = transitions.bump(live, BumpRequest(spec=None, renderer=1, images=(parse_image_arg("v3"),))).after
    assert kept.blue
    assert (kept.blue.spec.components["hello"].replicas, tag(kept, Color.BLUE)) == (9, "v3")


def test_keep_config_keeps_what_the_spec_had_pinned() -> None:
    pinned = app_spec("hello", component("hello", image=Image("ghcr.io/acme/hello", "v1")))
    state = bump(EMPTY, spec=pinned).after
    with pytest.raises(UsageError, match="every component is pinned"):
        transitions.bump(state, BumpRequest(spec=None, renderer=1, images=(parse_image_arg("v3"),)))


def test_keep_config_needs_a_release() -> None:
    with pytest.raises(UsageError, match="--keep-config"):
        transitions.bump(EMPTY, BumpRequest(spec=None, renderer=1))


def test_an_older_build_number_is_superseded(one: EnvState) -> None:
    newer = bump(one, "v2", sequences={"hello": 7}).after
    older = bump(newer, "v9", sequences={"hello": 6})
    assert not older.changed
    assert (older.reason or "").startswith("superseded: hello was bumped with sequence 7")
    assert bump(newer, "v3", sequences={"hello": 7}).changed


def test_a_sequence_for_an_unknown_component_is_a_usage_error(one: EnvState) -> None:
    with pytest.raises(UsageError, match="no component web"):
        bump(one, "v2", sequences={"web": 1})


@pytest.mark.parametrize("field", ["namespace", "switch"])
def test_a_release_cannot_move_away_from_the_traffic(one: EnvState, field: str) -> None:
    spec = opened()
    moved = replace(spec, namespace="elsewhere")
    if field == "switch":
        routed = hello_spec()
        assert routed.route
        one = replace(one, blue=one.blue and replace(one.blue, spec=routed))
        other = replace(routed.route, switch="ingress")
        moved = replace(opened(), route=other)
    error = refused("immovable", lambda: bump(one, "v2", spec=moved))
    assert "new app or environment" in (error.hint or "")


def test_bump_with_flip_is_one_change(one: EnvState) -> None:
    done = bump(one, "v2", then_flip=FlipRequest(now=NOW))
    assert (done.after.active, done.after.served, done.action) == (Color.GREEN, 2, "bump")
    assert done.subject == "bump green to v2 (release 2) and flip to it"


def test_bump_with_flip_still_flips_where_idle_holds_the_release(two: EnvState) -> None:
    done = bump(two, "v2", then_flip=FlipRequest(now=NOW))
    assert (done.after.active, done.action) == (Color.GREEN, "flip")


def test_bump_with_flip_does_nothing_where_active_holds_the_release(live_two: EnvState) -> None:
    assert not bump(live_two, "v2", then_flip=FlipRequest(now=NOW)).changed


def test_the_first_bump_with_flip_does_not_flip_to_an_empty_colour() -> None:
    assert bump(EMPTY, "v1", then_flip=FlipRequest(now=NOW)).after.active is Color.BLUE


def test_bump_goes_on_during_a_hold_but_not_with_flip(one: EnvState) -> None:
    held = transitions.hold(one, reason="launch", by="Ann").after
    assert bump(held, "v2").changed
    refused("hold", lambda: bump(held, "v2", then_flip=FlipRequest(now=NOW)))


def test_flip_makes_idle_active_and_remembers_the_way_back(two: EnvState) -> None:
    done = flip(two)
    assert (done.after.active, done.after.served) == (Color.GREEN, 2)
    assert done.after.previous == Previous(Color.BLUE, 1)
    assert done.subject == "flip blue → green (v2)"


def test_flip_changes_no_release(two: EnvState) -> None:
    after = flip(two).after
    assert (after.blue, after.green) == (two.blue, two.green)


@pytest.mark.parametrize("options", [{"to": Color.BLUE}, {"release": 1}, {"to": Color.BLUE, "release": 1}])
def test_flip_to_what_is_active_is_done_already(two: EnvState, options: dict[str, object]) -> None:
    assert not flip(two, **options).changed


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"release": 3}, "stale"),
        ({"to": Color.BLUE, "release": 2}, "stale"),
        ({"if_active": Color.GREEN}, "not-active"),
    ],
)
def test_flip_to_what_is_not_there_is_refused(two: EnvState, options: dict[str, object], kind: str) -> None:
    refused(kind, lambda: flip(two, **options))


def test_flip_is_refused_where_idle_is_empty_or_nothing_was_released(one: EnvState) -> None:
    refused("empty-idle", lambda: flip(one))
    refused("empty-idle", lambda: flip(EMPTY))


def test_flip_is_refused_during_a_hold_until_it_ends_or_is_overridden(two: EnvState) -> None:
    held = replace(two, hold=Hold("launch", "Ann", "2026-06-01T12:00:01Z"))
    error = refused("hold", lambda: flip(held))
    assert "launch" in error.message
    assert flip(held, override_hold="urgent").changed
    assert flip(replace(two, hold=Hold("launch", "Ann", NOW))).changed
    refused("hold", lambda: flip(replace(two, hold=Hold("launch", "Ann"))))


def test_flip_is_refused_to_less_capacity_unless_allowed(one: EnvState) -> None:
    big = replace(one, blue=one.blue and replace(one.blue, spec=hello_spec(replicas=3)))
    small = bump(big, "v2").after
    error = refused("capacity", lambda: flip(small))
    assert "hello 1 of 3" in error.message
    assert flip(small, allow_less_capacity=True).changed


def test_flip_wakes_a_parked_colour_and_says_so(two: EnvState) -> None:
    done = flip(transitions.park(two).after)
    assert not done.after.parked
    assert "green was parked" in done.notes[0]


def test_rollback_flips_back_and_leaves_a_hold_without_end(live_two: EnvState) -> None:
    done = rollback(live_two)
    assert (done.after.active, done.after.green, done.after.served) == (Color.BLUE, live_two.green, 2)
    assert done.after.hold
    assert done.after.hold.until is None
    assert "bggen unhold" in done.after.hold.reason


def test_a_second_rollback_does_not_return_to_the_broken_release(live_two: EnvState) -> None:
    once = rollback(live_two).after
    again = rollback(once)
    assert not again.changed
    assert (again.reason or "").startswith("already rolled back")


def test_rollback_restores_a_release_whose_colour_was_reused(live_two: EnvState) -> None:
    reused = bump(live_two, "v3").after
    done = rollback(reused)
    assert (done.after.active, done.after.blue, done.after.saved) == (Color.BLUE, live_two.blue, None)
    assert "release 3 is dropped from blue" in done.notes
    assert done.after.last == 3


def test_rollback_goes_through_hold_and_lack_of_capacity_and_raises_replicas(two: EnvState) -> None:
    big = replace(two, green=two.green and replace(two.green, spec=hello_spec("v2", replicas=4)))
    held = replace(flip(big).after, hold=Hold("launch", "Ann"))
    after = rollback(held).after
    assert after.active_release
    assert after.active_release.spec.components["hello"].replicas == 4


def test_rollback_wakes_a_parked_colour(live_two: EnvState) -> None:
    assert not rollback(transitions.park(live_two).after).after.parked


def test_rollback_with_nothing_before_is_refused(one: EnvState) -> None:
    refused("no-previous", lambda: rollback(one))
    refused("empty-idle", lambda: rollback(EMPTY))


def test_rollback_to_a_release_that_was_never_active_is_refused(two: EnvState) -> None:
    error = refused("stale", lambda: rollback(two, 2))
    assert error.hint == "bggen flip --release 2 makes a new release active"
    refused("stale", lambda: rollback(two, 9))


def test_rollback_to_what_is_active_is_done_already(live_two: EnvState) -> None:
    assert not rollback(live_two, 2).changed


def test_rollback_to_an_older_release_needs_history(live_two: EnvState) -> None:
    four = flip(bump(flip(bump(live_two, "v3").after).after, "v4").after).after
    target = transitions.rollback_target(four, 2)
    assert (target.number, target.source) == (2, "history")
    found = live_two.green
    after = transitions.rollback(four, target, by="Ann", found=found).after
    assert after.active_release == found
    with pytest.raises(ValueError, match="was not handed in"):
        transitions.rollback(four, target, by="Ann")


def test_after_a_rollback_the_next_flip_can_be_rolled_back_too(live_two: EnvState) -> None:
    ended = transitions.unhold(rollback(live_two).after)
    assert ended.subject == "unhold: rolled back from release 2 to 1"
    back = ended.after
    three = flip(bump(back, "v3").after).after
    assert tag(rollback(three).after, Color.BLUE) == "v1"


def test_park_and_wake_need_a_release_and_are_done_once(one: EnvState, two: EnvState) -> None:
    for decide in (transitions.park, transitions.wake):
        refused("empty-idle", lambda decide=decide: decide(one))
    parked = transitions.park(two).after
    assert (parked.idle, transitions.park(parked).changed) == ("parked", False)
    assert transitions.wake(parked).after == two
    assert not transitions.wake(two).changed


def test_hold_and_unhold_are_done_once(one: EnvState) -> None:
    held = transitions.hold(one, reason="launch", by="Ann").after
    assert not transitions.hold(held, reason="launch", by="Bob").changed
    assert transitions.hold(held, reason="other", by="Bob").changed
    assert transitions.unhold(held).after == one
    assert not transitions.unhold(one).changed
    refused("empty-idle", lambda: transitions.hold(EMPTY, reason="x", by="Ann"))


def test_every_refusal_is_one_line(one: EnvState) -> None:
    decisions: tuple[Callable[[], transitions.Transition], ...] = (
        lambda: flip(one),
        lambda: rollback(one),
        lambda: transitions.park(EMPTY),
    )
    for decide in decisions:
        with pytest.raises(BggenError) as caught:
            decide()
        assert "\n" not in caught.value.message
