"""What happened between two states, told from the states alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen import transitions
from bggen.events import changed_images, events
from bggen.images import parse_image_arg
from bggen.model import Color, EnvState, Hold, Image
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.states import app_spec, bumped, component, first, flipped, hello_spec, parked, shop_spec

if TYPE_CHECKING:
    from bggen.model import AppSpec

NOTHING = EnvState("hello", "prod")
ONE = first(hello_spec("v1"))
TWO = bumped(ONE, hello_spec("v2"))
THREE = flipped(TWO)
REUSED = bumped(THREE, hello_spec("v3"))
HELD = replace(ONE, hold=Hold("launch", "Ann", "2026-06-01T12:00:00Z"))


def rolled_back(state: EnvState, to: int | None = None) -> EnvState:
    return transitions.rollback(state, transitions.rollback_target(state, to), by="Ann").after


def scaled(state: EnvState, color: Color, replicas: int) -> EnvState:
    release = state.release(color)
    assert release
    components = {name: replace(each, replicas=replicas) for name, each in release.spec.components.items()}
    new = replace(release, spec=replace(release.spec, components=components))
    return replace(state, blue=new) if color is Color.BLUE else replace(state, green=new)


def told(before: EnvState, after: EnvState) -> list[str]:
    return [f"{event.action}: {event.phrase}" for event in events(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (NOTHING, ONE, ["bump: first release: blue v1 (release 1)"]),
        (ONE, TWO, ["bump: bump green to v2 (release 2)"]),
        (TWO, THREE, ["flip: flip blue → green (v2)"]),
        (THREE, REUSED, ["bump: bump blue to v3 (release 3)"]),
        (THREE, rolled_back(THREE), ["rollback: rollback green → blue (v1)"]),
        (REUSED, rolled_back(REUSED), ["rollback: rollback green → blue (v1)"]),
        (rolled_back(THREE), rolled_back(rolled_back(THREE), 2), ["rollback: rollback blue → green (v2)"]),
        (rolled_back(THREE), flipped(rolled_back(THREE)), ["flip: flip blue → green (v2)"]),
        (TWO, parked(TWO), ["park: park green (release 2)"]),
        (parked(TWO), TWO, ["wake: wake green (release 2)"]),
        (parked(TWO), THREE, ["flip: flip blue → green (v2)"]),
        (parked(TWO), bumped(parked(TWO), hello_spec("v3")), ["bump: bump green to v3 (release 3)"]),
        (ONE, HELD, ["hold: hold flips until 2026-06-01T12:00:00Z: launch"]),
        (HELD, ONE, ["unhold: unhold"]),
        (HELD, replace(ONE, hold=Hold("other", "Bob")), ["hold: hold flips: other"]),
        (TWO, scaled(TWO, Color.BLUE, 5), ["scale: scale blue: hello 1 → 5"]),
        (
            TWO,
            scaled(scaled(TWO, Color.BLUE, 5), Color.GREEN, 6),
            ["scale: scale blue: hello 1 → 5", "scale: scale green: hello 1 → 6"],
        ),
    ],
)
def test_one_command_is_told(before: EnvState, after: EnvState, expected: list[str]) -> None:
    assert told(before, after) == expected
    assert events(after, after) == ()


def test_a_rollback_that_raises_replicas_is_no_scale() -> None:
    before = scaled(THREE, Color.GREEN, 4)
    after = rolled_back(before)
    assert after.active_release
    assert after.active_release.spec.components["hello"].replicas == 4
    assert told(before, after) == ["rollback: rollback green → blue (v1)"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (ONE, THREE, ["bump", "flip"]),
        (NOTHING, THREE, ["bump", "bump", "flip"]),
        (NOTHING, REUSED, ["bump", "bump", "flip"]),
        (ONE, flipped(REUSED), ["bump", "bump", "flip"]),
        (ONE, parked(TWO), ["bump", "park"]),
        (parked(TWO), parked(THREE), ["flip", "park"]),
        (TWO, parked(bumped(TWO, hello_spec("v3"))), ["bump", "park"]),
        (ONE, replace(THREE, hold=Hold("launch", "Ann")), ["bump", "flip", "hold"]),
        (THREE, replace(rolled_back(THREE), hold=Hold("my own", "Ann")), ["rollback", "hold"]),
        (THREE, replace(rolled_back(THREE), hold=None), ["rollback"]),
        # Release 3 was dropped by the rollback.
        (THREE, rolled_back(REUSED), ["bump", "rollback"]),
        # There and back: only what stayed is told.
        (TWO, flipped(THREE), ["other"]),
        (scaled(THREE, Color.GREEN, 3), scaled(flipped(THREE), Color.GREEN, 9), ["scale", "rollback"]),
    ],
)
def test_several_at_once_are_told_by_what_came_of_them(before: EnvState, after: EnvState, expected: list[str]) -> None:
    assert [event.action for event in events(before, after)] == expected


def test_a_revert_is_told_with_what_it_does_to_the_traffic() -> None:
    assert told(TWO, ONE) == ["revert: reverted: release 2 never was"]
    assert told(REUSED, ONE) == [
        "revert: reverted: releases 2 to 3 never were",
        "rollback: rollback green → blue (v1)",
    ]
    assert told(THREE, TWO) == [
        "revert: reverted: release 2 never was active",
        "rollback: rollback green → blue (v1)",
    ]
    assert told(ONE, NOTHING) == ["remove: the state was removed"]
    assert told(rolled_back(THREE), THREE) == ["flip: flip blue → green (v2)", "unhold: unhold"]


def test_a_release_that_changed_under_its_number_was_edited() -> None:
    assert TWO.green
    assert THREE.blue
    edited = replace(TWO, green=replace(TWO.green, spec=hello_spec("v2-patched")))
    assert told(TWO, edited) == ["edit: release 2 in green was edited"]
    other = replace(TWO, green=replace(TWO.green, origins={"hello": "pinned"}))
    assert told(TWO, other) == ["edit: release 2 in green was edited"]
    assert REUSED.saved
    saved = replace(REUSED, saved=replace(REUSED.saved, spec=hello_spec("v0")))
    assert told(REUSED, saved) == ["edit: release 1 in previous was edited"]


def test_what_runs_nothing_is_told_as_that() -> None:
    assert told(ONE, replace(ONE, sequences={"hello": 7})) == ["other: a change of nothing that runs"]


def test_a_bump_of_one_component_names_it() -> None:
    spec = app_spec("shop", component("web"), component("api", image=Image("ghcr.io/acme/api", "v2")))
    after = bumped(first(app_spec("shop", component("web"), component("api"))), spec)
    assert told(first(app_spec("shop", component("web"), component("api"))), after) == [
        "bump: bump green to release 2 (api v2)"
    ]
    assert changed_images(first(app_spec("shop", component("web"), component("api"))), after) == {
        Color.BLUE: {},
        Color.GREEN: {"web": (None, "ghcr.io/acme/web:v1"), "api": (None, "ghcr.io/acme/api:v2")},
    }


def test_images_that_changed_are_told_by_colour() -> None:
    assert changed_images(ONE, TWO)[Color.GREEN] == {"hello": (None, "ghcr.io/acme/hello:v2")}
    assert changed_images(THREE, REUSED) == {
        Color.BLUE: {"hello": ("ghcr.io/acme/hello:v1", "ghcr.io/acme/hello:v3")},
        Color.GREEN: {},
    }
    assert changed_images(TWO, THREE) == {Color.BLUE: {}, Color.GREEN: {}}


def opened(spec: AppSpec) -> AppSpec:
    components = {
        name: replace(each, image=Image(each.image.repository)) for name, each in sorted(spec.components.items())
    }
    return replace(spec, components=components)


def test_bump_and_flip_of_the_real_commands() -> None:
    state = transitions.bump(
        EnvState("shop", "prod"), BumpRequest(opened(shop_spec()), 1, (parse_image_arg("v1"),))
    ).after
    request = BumpRequest(
        opened(shop_spec()), 1, (parse_image_arg("web=v2"),), then_flip=FlipRequest("2026-06-01T12:00:00Z")
    )
    assert told(state, transitions.bump(state, request).after) == [
        "bump: bump green to release 2 (web v2)",
        "flip: flip blue → green (release 2)",
    ]
