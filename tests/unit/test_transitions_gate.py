"""The smoke test before the switch: who puts it there, who leaves it, and that it never blocks the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bggen import transitions
from bggen.errors import RefusedError
from bggen.events import events
from bggen.model import Color, EnvState, Image
from bggen.model.parts import Preview
from bggen.render import render
from bggen.state import decode, encode
from bggen.transitions import BumpRequest, FlipRequest, rollback_target
from tests.support.smoked import GATED, IDLE, guestbook, smoked
from tests.support.states import app_spec, bumped, component, first

if TYPE_CHECKING:
    from bggen.transitions import Transition

NOW = "2026-06-01T12:00:00Z"


def flip(state: EnvState, **options: Any) -> Transition:
    return transitions.flip(state, FlipRequest(now=NOW, **options))


def rollback(state: EnvState) -> Transition:
    return transitions.rollback(state, rollback_target(state, None), by="Ada")


def bump(state: EnvState, tag: str, **options: Any) -> Transition:
    return transitions.bump(state, BumpRequest(spec=smoked(tag), renderer=1, **options))


def jobs(state: EnvState) -> list[str]:
    return [manifest.name.rpartition("-")[0] for manifest in render(state) if manifest.kind == "Job"]


def test_a_bump_behind_a_gate_says_what_a_failed_one_means() -> None:
    assert not any("smoke test" in note for note in bump(IDLE, "v3").notes)
    (told,) = [note for note in bump(flip(IDLE).after, "v3").notes if "smoke test" in note]
    assert told == (
        "the smoke test of green stands before the switch: if it failed, blue still serves;"
        " bggen rollback comes first then"
    )


def test_a_flip_puts_the_test_of_its_release_before_the_switch_and_says_so() -> None:
    done = flip(IDLE)
    assert done.after.gate
    assert done.notes == ("a smoke test of green stands before the switch: while it fails, traffic stays where it is",)
    assert jobs(done.after) == ["shop-gate-2"]


def test_there_is_none_without_one_or_by_the_option() -> None:
    plain = flip(bumped(first(smoked()), smoked("v2", smoke=None)))
    assert (plain.after.gate, plain.notes) == (False, ())
    skipped = flip(IDLE, smoke=False)
    assert (skipped.after.gate, skipped.notes) == (False, ("no smoke test stands before the switch: --no-smoke",))


def test_a_bump_that_flips_does_the_same() -> None:
    done = bump(first(smoked()), "v2", then_flip=FlipRequest(now=NOW))
    assert done.after.gate
    assert jobs(done.after) == ["shop-gate-2"]
    assert not bump(first(smoked()), "v2", then_flip=FlipRequest(now=NOW, smoke=False)).after.gate


def test_the_first_release_is_tested_by_nobody() -> None:
    assert not bump(EnvState("shop", "prod"), "v1").after.gate


def test_whatever_moves_no_traffic_leaves_it() -> None:
    gated = flip(IDLE).after
    for after in (
        bump(gated, "v3").after,
        transitions.park(gated).after,
        transitions.scale(gated, transitions.parse_replicas(["web=9"])).after,
        transitions.hold(gated, reason="x", by="Ada").after,
    ):
        assert after.gate
        assert jobs(after)[0] == "shop-gate-2"


def test_a_flip_back_has_a_test_of_its_own_and_a_rollback_none() -> None:
    gated = flip(IDLE).after
    back = flip(gated, to=Color.BLUE)
    assert jobs(back.after) == ["shop-gate-1"]
    done = rollback(gated)
    assert not done.after.gate
    assert jobs(done.after) == []
    assert "no smoke test stands before the switch" in done.notes
    # The release that comes back may be restored from previous.yaml.
    assert jobs(rollback(bump(gated, "v3").after).after) == []


@pytest.mark.parametrize("target", [{"to": Color.GREEN}, {"release": 2}])
def test_a_flip_that_waits_for_its_test_is_done_without_it_when_told(target: dict[str, Any]) -> None:
    gated = flip(IDLE).after
    assert not flip(gated, **target).changed
    done = flip(gated, **target, smoke=False)
    assert done.changed
    assert done.after == flip(IDLE, smoke=False).after
    assert done.subject == "flip to green (v2) without its smoke test"
    assert not flip(done.after, **target, smoke=False).changed
    (event,) = events(gated, done.after)
    assert (event.action, event.phrase) == ("flip", done.subject)
    (event,) = events(done.after, gated)
    assert (event.action, event.phrase) == ("other", "the smoke test of green stands before its switch again")


def test_a_hold_keeps_that_from_moving_traffic() -> None:
    held = transitions.hold(flip(IDLE).after, reason="freeze", by="Ada").after
    with pytest.raises(RefusedError, match="on hold: freeze"):
        flip(held, to=Color.GREEN, smoke=False)
    assert flip(held, to=Color.GREEN, smoke=False, override_hold="urgent").changed


def test_a_flip_with_a_test_is_one_event() -> None:
    assert [event.action for event in events(IDLE, flip(IDLE).after)] == ["flip"]
    assert [event.action for event in events(GATED, rollback(GATED).after)] == ["rollback"]


def test_the_state_files_remember_it() -> None:
    gated = flip(IDLE).after
    assert decode("shop", "prod", "x", encode(gated)) == gated
    assert b"gate: true\n" in encode(gated)["release.yaml"]


def test_a_preview_on_the_users_host_is_told() -> None:
    spec = smoked("v2", preview=Preview("shop.example.com"), hosts=("next.example.com",))
    done = transitions.bump(first(smoked()), BumpRequest(spec=spec, renderer=1))
    assert "no preview: shop.example.com leads to blue now" in done.notes
    assert not any(manifest.name == "shop-preview" for manifest in render(done.after))


def test_a_node_port_does_not_move_to_another_component_in_one_flip() -> None:
    moved = guestbook("v2").components["guestbook"]
    other = app_spec(
        "guestbook",
        component("book", image=Image("book", "v2"), port=80, security="baseline", service=moved.service),
        route=None,
    )
    with pytest.raises(RefusedError, match="gives nodePort 30080 of guestbook in release 1 to book") as error:
        transitions.bump(first(guestbook()), BumpRequest(spec=other, renderer=1))
    assert error.value.kind == "immovable"
    assert transitions.bump(first(guestbook()), BumpRequest(spec=guestbook("v2"), renderer=1)).changed
