"""join and drain: when two colours may serve side by side, and what else may happen meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen import transitions
from bggen.errors import RefusedError
from bggen.model import Color, Component, EnvState, Hold, Image, Route
from bggen.model.parts import Autoscale
from bggen.transitions import BumpRequest, FlipRequest, parse_replicas, rollback_target
from bggen.transitions.joining import JoinRequest, drain, join
from tests.support.halves import ALB, GATEWAY, NOW, TEST, as_active, bump, flip, halves, upgrade

if TYPE_CHECKING:
    from bggen.model import AppSpec
    from bggen.transitions import Transition

STATES = upgrade()
JOINED = STATES["rejoined"]
REQUEST = JoinRequest(NOW)


def rollback(state: EnvState) -> Transition:
    return transitions.rollback(state, rollback_target(state, None), by="Ada")


def with_web(spec: AppSpec, **fields: Any) -> AppSpec:
    web: Component = replace(spec.components["web"], **fields)
    return replace(spec, components={**spec.components, "web": web})


def test_one_upgrade_is_five_commands_and_ends_where_it_began() -> None:
    assert [name for name, state in STATES.items() if state.joined] == ["joined", "rejoined"]
    assert [(state.active, state.last) for state in STATES.values()] == [
        *((Color.BLUE, number) for number in (1, 2, 2, 2, 3)),
        *((Color.GREEN, number) for number in (3, 4, 4)),
    ]
    for name in ("joined", "rejoined"):
        state = STATES[name]
        assert state.blue
        assert state.blue.same_content(state.green)
        assert [state.serves(color) for color in Color] == [True, True]


@pytest.mark.parametrize("route", [GATEWAY, ALB])
def test_what_stands_before_the_services_weighs_them(route: Route) -> None:
    done = join(upgrade(route)["evened"], REQUEST)
    assert done.after.joined
    assert done.subject == "join blue to green (v2)"
    assert done.notes == (
        "crons and workers go on in green alone",
        "callers inside the cluster, of shop-api, shop-web, go on reaching green alone",
    )
    assert join(done.after, REQUEST).reason == "blue serves beside green already"


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (None, "there is no route, and a Service selects one colour"),
        (replace(GATEWAY, switch="service"), "switch: service leads to one colour, as a Service selects one"),
        (replace(ALB, controller="nginx"), "an Ingress of controller: nginx weighs two Services by a canary alone"),
        (replace(ALB, controller="traefik"), "an Ingress of controller: traefik has one Service a path"),
        (replace(GATEWAY, switch="rollouts"), "switch: rollouts: Argo Rollouts runs one colour"),
    ],
)
def test_a_switch_that_leads_to_one_colour_is_refused(route: Route | None, why: str) -> None:
    state = as_active(bump(EnvState("shop", "prod"), halves(route=route)))
    with pytest.raises(RefusedError, match=f"^shop: {why}") as caught:
        join(state, REQUEST)
    assert caught.value.kind == "join"
    assert caught.value.hint == (
        "two colours can serve behind switch: gateway, or switch: ingress with controller: alb"
    )


def test_an_empty_a_parked_and_another_colour_are_refused() -> None:
    with pytest.raises(RefusedError, match="the idle colour, green, is empty"):
        join(STATES["first"], REQUEST)
    with pytest.raises(RefusedError, match="blue is parked: its pods do not run") as caught:
        join(transitions.park(STATES["evened"]).after, REQUEST)
    assert caught.value.hint == "bggen wake --app shop --env prod"
    with pytest.raises(RefusedError) as caught:
        join(STATES["flipped"], REQUEST)
    assert caught.value.message == (
        "blue (release 1) does not hold what green (release 3) runs: api image, mailer image, report image, 2 more"
    )
    assert caught.value.hint == "bggen bump --app shop --env prod --as-active gives blue what green runs"
    with pytest.raises(RefusedError) as caught:
        join(STATES["bumped"], REQUEST)
    assert str(caught.value.hint).startswith("if it is newer on purpose, bggen flip --app shop --env prod first; ")


def test_another_rendering_is_another_content() -> None:
    state = STATES["evened"]
    assert state.blue
    with pytest.raises(RefusedError, match=r"runs: the version of the rendering$"):
        join(replace(state, blue=replace(state.blue, renderer=2)), REQUEST)


def test_a_colour_with_fewer_replicas_is_refused_and_one_with_more_is_not() -> None:
    state = STATES["evened"]
    fewer = transitions.scale(state, parse_replicas(["web=2"]), Color.BLUE).after
    with pytest.raises(RefusedError, match=r"blue has less capacity than .*: replicas of web 2 of 3") as caught:
        join(fewer, REQUEST)
    assert (caught.value.kind, caught.value.hint) == ("capacity", "bggen scale web=3 --on blue")
    more = transitions.scale(state, parse_replicas(["web=5"]), Color.BLUE).after
    assert join(more, REQUEST).after.joined


def test_a_hold_refuses_to_join_and_never_to_drain() -> None:
    state = replace(STATES["evened"], hold=Hold("launch", "Ann"))
    with pytest.raises(RefusedError, match="on hold: launch"):
        join(state, REQUEST)
    done = join(state, replace(REQUEST, override_hold="the launch needs both"))
    assert done.notes[-1] == "the hold (launch) was overridden: the launch needs both"
    assert not drain(done.after).after.joined


def test_the_tests_before_the_switch_are_told() -> None:
    plain = join(upgrade(smoke=TEST)["evened"], REQUEST).notes
    assert plain[0] == "a smoke test of blue stands before the switch: while it fails, green goes on alone"
    assert plain[1].startswith("the smoke test of green stands before the switch, too: if it failed, blue still serves")


def test_drain_changes_nothing_else_and_warns_of_less_capacity() -> None:
    done = drain(JOINED)
    assert done.after == STATES["evened"]
    assert done.subject == "drain blue: green serves alone (v2)"
    assert done.warnings == ()
    assert drain(done.after).reason == "green serves alone already"
    uneven = transitions.scale(JOINED, parse_replicas(["web=5"]), Color.BLUE).after
    assert drain(uneven).warnings == ("green goes on alone with fewer replicas than blue: web 3 of 5",)


def test_drain_tells_that_git_cannot_see_what_is_autoscaled() -> None:
    spec = with_web(halves(), autoscale=Autoscale(2, 9, cpu=70))
    state = join(as_active(bump(EnvState("shop", "prod"), spec)), REQUEST).after
    (told,) = drain(state).warnings
    assert told.startswith("web is autoscaled, and Git cannot see how many replicas take traffic now")


@pytest.mark.parametrize("command", ["bump", "bump --as-active", "flip", "park"])
def test_what_would_change_a_colour_that_serves_is_refused(command: str) -> None:
    decide = {
        "bump": lambda: transitions.bump(JOINED, BumpRequest(halves("v3"), 1)),
        "bump --as-active": lambda: transitions.bump(JOINED, BumpRequest(None, 1, as_active=True, force=True)),
        "flip": lambda: transitions.flip(JOINED, FlipRequest(NOW)),
        "park": lambda: transitions.park(JOINED),
    }
    with pytest.raises(RefusedError, match=r"^shop/prod: blue serves beside green$") as caught:
        decide[command]()
    assert caught.value.kind == "joined"
    word = command.partition(" ")[0]
    assert caught.value.hint == f"bggen drain --app shop --env prod takes it out; {word} then"


def test_what_is_reached_already_is_done_while_joined() -> None:
    for request in (BumpRequest(halves("v2"), 1), BumpRequest(None, 1, as_active=True)):
        assert transitions.bump(JOINED, request).reason == "both colours serve, and hold this release already"
    flipping = BumpRequest(halves("v2"), 1, then_flip=FlipRequest(NOW))
    assert transitions.bump(JOINED, flipping).reason == "both colours serve, and hold this release already"
    assert not transitions.flip(JOINED, FlipRequest(NOW, to=Color.GREEN)).changed
    assert transitions.wake(JOINED).reason == "blue is running already"


def test_scale_goes_on_and_warns_for_every_colour_that_serves() -> None:
    done = transitions.scale(JOINED, parse_replicas(["web=2"]))
    assert done.after.joined
    assert done.warnings == tuple(
        f"{color} takes traffic, and gets fewer replicas: web 3 → 2" for color in ("blue", "green")
    )


def test_a_rollback_ends_the_join_and_is_never_refused() -> None:
    done = rollback(JOINED)
    state = done.after
    assert (state.active, state.joined) == (Color.BLUE, False)
    assert state.active_release
    assert state.active_release.images["web"] == "ghcr.io/acme/web:v1"
    assert "blue served beside green, and serves alone now; its pods are replaced while they serve" in done.notes
    assert transitions.rollback(state, rollback_target(state, None), by="Ada").reason


def test_a_rollback_tells_of_a_sync_that_would_not_end() -> None:
    spec = halves("v2")
    more = replace(spec.components["api"], name="more")
    grown = replace(spec, components={**spec.components, "more": more})
    state = join(as_active(flip(bump(STATES["drained"], grown))), REQUEST).after
    assert any("release 1 has no more: Argo CD removes it from blue last" in each for each in rollback(state).warnings)
    assert rollback(JOINED).warnings == ()


def test_bump_as_active_gives_the_idle_colour_what_runs_whatever_the_spec_says() -> None:
    state = STATES["flipped"]
    # An active release with other sizes, images and rendering than a bump would make.
    scaled = transitions.scale(state, parse_replicas(["web=7"]), Color.GREEN).after
    assert scaled.green
    older = replace(scaled, green=replace(scaled.green, renderer=5))
    after = as_active(older)
    assert after.blue
    assert after.blue.same_content(older.green)
    assert (after.blue.number, after.last, after.parked) == (4, 4, False)
    again = transitions.bump(after, BumpRequest(None, 1, as_active=True))
    assert again.reason == "blue is idle and holds this release already"


def test_bump_as_active_tells_where_images_came_from_and_what_was_pinned_stays_so() -> None:
    state = STATES["flipped"]
    assert state.green
    origins = {"api": "pinned", "mailer": "given", "report": "release 2", "web": "promoted from staging release 7"}
    after = as_active(replace(state, green=replace(state.green, origins=origins)))
    assert after.blue
    assert after.blue.origins == {"api": "pinned", "mailer": "release 3", "report": "release 3", "web": "release 3"}


def test_bump_as_active_needs_an_active_release() -> None:
    with pytest.raises(RefusedError, match="nothing has been released yet"):
        as_active(EnvState("shop", "prod"))


def test_a_plain_bump_leaves_the_older_colour_as_it_is() -> None:
    done = transitions.bump(STATES["flipped"], BumpRequest(halves("v2"), 1))
    assert done.reason == "green is active and holds this release already"


def test_the_way_back_leads_past_the_second_half() -> None:
    """The other colour's new release is the active one's: what rollback returns to is the one before."""
    assert rollback_target(JOINED, None).number == 1
    after = rollback(drain(JOINED).after).after
    assert after.active_release
    assert after.active_release.number == 1
    fresh = flip(bump(drain(JOINED).after, with_web(halves("v3"), image=Image("ghcr.io/acme/web", "v4"))))
    assert rollback_target(fresh, None).number == JOINED.served
