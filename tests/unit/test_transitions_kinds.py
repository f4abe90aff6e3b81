"""The decisions about autoscaled components, workers, crons and named ports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bggen import transitions
from bggen.errors import RefusedError, UsageError
from bggen.model import AppSpec, Color, Component, EnvState, Image, Route
from bggen.model.parts import Autoscale, Schedule
from bggen.transitions import BumpRequest, FlipRequest, Transition
from tests.support.states import app_spec, bumped, component, first, flipped, parked

NOW = "2026-06-01T12:00:00Z"
FIXED = component("api", port=80, replicas=3)
WORKER = component("mailer", kind="worker", replicas=2, drain=0)
CRON = component("report", kind="cron", schedule=Schedule("0 3 * * *"), drain=0)


def scaling(least: int, most: int, **fields: object) -> Component:
    return component("api", port=80, replicas=least, autoscale=Autoscale(least, most, cpu=70), **fields)


def of(*components: Component) -> AppSpec:
    return app_spec("shop", *components)


def again(made: Component) -> Component:
    """The component with another image, so that a release of it is a new one."""
    return replace(made, image=Image(made.image.repository, "v2"))


def bump(state: EnvState, *components: Component, flip: bool = False) -> Transition:
    request = FlipRequest(now=NOW) if flip else None
    return transitions.bump(state, BumpRequest(spec=of(*components), renderer=1, then_flip=request))


def flip(state: EnvState, *, less: bool = False) -> Transition:
    return transitions.flip(state, FlipRequest(now=NOW, allow_less_capacity=less))


def rollback(state: EnvState, to: int | None = None) -> Transition:
    return transitions.rollback(state, transitions.rollback_target(state, to), by="Ann <ann@example.com>")


def scale(state: EnvState, *texts: str, on: Color | None = None) -> Transition:
    return transitions.scale(state, transitions.parse_replicas(texts), on)


def in_active(state: EnvState, name: str = "api") -> Component:
    assert state.active_release
    return state.active_release.spec.components[name]


def test_autoscale_cannot_be_turned_on_for_what_the_idle_colour_runs() -> None:
    state = bumped(first(of(FIXED)), of(again(FIXED)))
    with pytest.raises(RefusedError, match="autoscale of api is new, and green runs without it") as caught:
        bump(state, scaling(3, 20))
    assert caught.value.kind == "autoscale"
    assert caught.value.hint == "bggen park, let Argo CD apply that, then bump again"
    there = bump(parked(state), scaling(3, 20)).after
    assert there.green
    assert there.green.spec.components["api"].autoscale == Autoscale(3, 20, cpu=70)
    assert not there.parked


@pytest.mark.parametrize(
    "old",
    [(), (component("web", port=80),), (scaling(2, 4),), (replace(CRON, name="api"),)],
    ids=["empty", "new component", "autoscaled already", "was a cron"],
)
def test_autoscale_can_be_turned_on_where_no_deployment_runs_without_it(old: tuple[Component, ...]) -> None:
    state = first(of(FIXED))
    state = bumped(state, of(*old)) if old else state
    assert bump(state, scaling(3, 20)).changed


def test_a_worker_that_becomes_an_autoscaled_service_has_a_deployment_too() -> None:
    state = bumped(first(of(FIXED)), of(replace(WORKER, name="api")))
    with pytest.raises(RefusedError, match="autoscale of api is new"):
        bump(state, scaling(3, 20))


def test_autoscale_can_be_turned_off_at_any_time() -> None:
    state = bumped(first(of(scaling(3, 20))), of(again(scaling(3, 20))))
    assert bump(state, FIXED).changed


def saved_autoscaled() -> EnvState:
    """api is autoscaled in what rollback returns to, and runs with fixed replicas in the colour that it goes to."""
    state = flipped(bumped(first(of(scaling(3, 20))), of(FIXED)))
    state = bumped(state, of(again(FIXED)))
    assert state.saved
    return state


def test_a_rollback_that_would_turn_autoscale_on_has_fixed_replicas() -> None:
    back = rollback(saved_autoscaled())
    assert (in_active(back.after).replicas, in_active(back.after).autoscale) == (3, None)
    assert "without autoscaling, which blue runs without: api" in back.notes


def test_a_rollback_into_a_parked_colour_keeps_autoscale() -> None:
    back = rollback(parked(saved_autoscaled()))
    assert in_active(back.after).autoscale == Autoscale(3, 20, cpu=70)
    assert not any("without autoscaling" in note for note in back.notes)


def test_a_rollback_to_what_the_idle_colour_runs_keeps_autoscale() -> None:
    state = flipped(bumped(first(of(scaling(3, 20))), of(FIXED)))
    assert in_active(rollback(state).after).autoscale == Autoscale(3, 20, cpu=70)


def test_a_rollback_without_autoscale_has_the_active_colours_replicas() -> None:
    state = scale(saved_autoscaled(), "api=9", on=Color.GREEN).after
    back = rollback(state)
    assert (in_active(back.after).replicas, in_active(back.after).autoscale) == (9, None)
    assert "replicas raised to those of release 2: api 9" in back.notes


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        (scaling(5, 9), Autoscale(5, 20, cpu=70)),
        (scaling(3, 40), Autoscale(3, 40, cpu=70)),
        (scaling(2, 9), Autoscale(3, 20, cpu=70)),
        (replace(FIXED, replicas=30), Autoscale(30, 30, cpu=70)),
        (replace(CRON, name="api"), Autoscale(3, 20, cpu=70)),
    ],
)
def test_a_rollback_raises_bounds(active: Component, expected: Autoscale) -> None:
    state = flipped(bumped(first(of(scaling(3, 20))), of(active)))
    back = rollback(state)
    assert in_active(back.after).autoscale == expected
    assert in_active(back.after).replicas == expected.min
    raised = f"replicas raised to those of release 2: api {expected.min}..{expected.max}"
    assert (raised in back.notes) is (expected != Autoscale(3, 20, cpu=70))


def test_a_rollback_raises_the_replicas_of_workers_and_leaves_crons() -> None:
    state = flipped(bumped(first(of(WORKER, CRON)), of(replace(WORKER, replicas=5), CRON)))
    back = rollback(state)
    assert (in_active(back.after, "mailer").replicas, in_active(back.after, "report")) == (5, CRON)


def test_a_flip_compares_the_least_number_of_replicas() -> None:
    state = bumped(first(of(FIXED)), of(scaling(2, 20)))
    with pytest.raises(RefusedError, match="replicas of api 2 of 3") as caught:
        flip(state)
    assert caught.value.kind == "capacity"
    assert flip(bumped(first(of(FIXED)), of(scaling(3, 20)))).warnings == ()


def test_a_flip_away_from_what_is_autoscaled_warns() -> None:
    state = bumped(first(of(scaling(3, 20))), of(again(scaling(3, 20))))
    said = "api is autoscaled, and Git cannot see how many replicas take traffic now: it goes on with "
    assert flip(state).warnings == (f"{said}3 to 20",)
    assert flip(state, less=True).warnings == ()
    assert flip(bumped(first(of(scaling(3, 20))), of(FIXED))).warnings == (f"{said}3",)
    assert rollback(flipped(state)).warnings == (f"{said}3 to 20",)


def test_a_bump_that_flips_warns_too() -> None:
    done = bump(first(of(scaling(3, 20))), again(scaling(3, 20)), flip=True)
    assert (done.action, len(done.warnings)) == ("bump", 1)


def test_workers_count_for_capacity() -> None:
    state = bumped(first(of(WORKER)), of(replace(WORKER, replicas=1)))
    with pytest.raises(RefusedError, match="replicas of mailer 1 of 2"):
        flip(state)


def test_crons_and_components_of_one_release_do_not_count_for_capacity() -> None:
    many = component("mailer", port=80, replicas=5)
    assert flip(bumped(first(of(many, FIXED)), of(replace(CRON, name="mailer"), FIXED))).changed
    assert flip(bumped(first(of(many, FIXED)), of(FIXED, CRON))).changed
    assert flip(bumped(first(of(CRON)), of(CRON, again(WORKER)))).changed


def test_scale_sets_the_bounds_of_what_is_autoscaled() -> None:
    state = bumped(first(of(scaling(3, 20))), of(again(scaling(4, 30))))
    done = scale(state, "api=5..30")
    for color in Color:
        release = done.after.release(color)
        assert release
        made = release.spec.components["api"]
        assert (made.replicas, made.autoscale) == (5, Autoscale(5, 30, cpu=70))
    assert done.subject == "scale api=5..30 on blue and green"
    assert done.notes[:2] == ("blue: api 3..20 → 5..30", "green: api 4..30 → 5..30")
    assert done.warnings == ()
    assert scale(done.after, "api=5..30").reason == "api=5..30 already on blue and green"


@pytest.mark.parametrize(
    ("bounds", "warns"), [("2..20", True), ("3..19", True), ("2..40", True), ("3..21", False), ("4..20", False)]
)
def test_lower_bounds_for_the_active_colour_are_a_warning(bounds: str, warns: bool) -> None:  # noqa: FBT001 - of a table
    done = scale(first(of(scaling(3, 20))), f"api={bounds}")
    expected = (f"blue takes traffic, and gets fewer replicas: api 3..20 → {bounds}",) if warns else ()
    assert done.warnings == expected


def test_workers_are_scaled_like_services() -> None:
    done = scale(bumped(first(of(WORKER)), of(again(WORKER))), "mailer=4")
    assert done.notes[:2] == ("blue: mailer 2 → 4", "green: mailer 2 → 4")


def usage(state: EnvState, text: str, on: Color | None = None) -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        scale(state, text, on=on)
    return caught.value.message, caught.value.hint


def test_what_does_not_fit_a_component_is_a_usage_error() -> None:
    state = first(of(FIXED, CRON))
    assert usage(state, "api=3..20") == ("api=3..20: api is not autoscaled", "api=N is its number of replicas")
    assert usage(state, "report=2") == (
        "report=2: report is a cron, which has no replicas",
        "its schedule is part of the spec: edit app.yaml, then bggen bump",
    )
    assert usage(state, "report=2..3")[0] == "report=2..3: report is a cron, which has no replicas"
    assert usage(first(of(scaling(3, 20))), "api=5") == ("api=5: api is autoscaled", "api=MIN..MAX sets its bounds")


def test_colours_that_differ_are_scaled_one_by_one() -> None:
    state = bumped(first(of(FIXED, CRON)), of(scaling(3, 20), component("report", port=81)))
    assert usage(state, "api=5") == (
        "api=5: api is autoscaled on green",
        "--on blue leaves it alone; api=MIN..MAX sets its bounds",
    )
    assert usage(state, "api=5..9") == (
        "api=5..9: api is not autoscaled on blue",
        "--on green leaves it alone; api=N is its number of replicas",
    )
    assert usage(state, "report=2") == (
        "report=2: report is a cron on blue, which has no replicas",
        "--on green leaves it alone",
    )
    assert scale(state, "api=5", on=Color.BLUE).changed
    assert scale(state, "api=5..9", on=Color.GREEN).changed


def metrics(number: int, **fields: object) -> Component:
    return replace(FIXED, ports={"metrics": number}, **fields)  # type: ignore[arg-type]  # fields by name


def test_a_named_port_keeps_its_number() -> None:
    state = bumped(first(of(metrics(9100))), of(again(FIXED)))
    with pytest.raises(RefusedError, match="port metrics of api is 9101, and 9100 in release 1") as caught:
        bump(state, metrics(9101))
    assert caught.value.kind == "immovable"
    assert caught.value.hint == "give the new port a new name"
    assert bump(state, replace(FIXED, ports={"metrics": 9100, "probe": 9101}, port=81)).changed


def test_a_named_port_keeps_the_number_of_idle_and_of_what_rollback_returns_to() -> None:
    idle = bumped(first(of(FIXED)), of(metrics(9100)))
    with pytest.raises(RefusedError, match="9100 in release 2"):
        bump(idle, metrics(9101))
    saved = bumped(flipped(bumped(first(of(metrics(9100))), of(FIXED))), of(again(FIXED)))
    with pytest.raises(RefusedError, match="9100 in release 1"):
        bump(saved, metrics(9101))


def test_a_port_that_no_service_has_may_change_its_number() -> None:
    state = first(of(metrics(9100, port=None)))
    assert bump(state, metrics(9101, port=None)).changed
    assert bump(state, metrics(9101)).changed
    assert bump(first(of(metrics(9100))), replace(WORKER, name="api", ports={"metrics": 9101})).changed


def test_a_rollback_to_another_number_is_refused() -> None:
    state = flipped(bumped(first(of(metrics(9100))), of(metrics(9101))))
    with pytest.raises(RefusedError) as caught:
        rollback(state)
    assert caught.value.kind == "immovable"


def routed(*components: Component, host: str | None) -> AppSpec:
    return replace(of(*components), route=Route((host,), {"/": "api"}) if host else None)


ENDLESS = "Argo CD removes the Ingress last, and waits for ever for what is suspended in {} then (report)"


def test_a_route_that_goes_beside_a_cron_is_worth_a_warning() -> None:
    state = bumped(first(routed(FIXED, CRON, host="a.example.com")), routed(FIXED, CRON, host=None))
    gone = flip(state)
    (warning,) = gone.warnings
    assert ENDLESS.format("blue") in warning
    assert "bggen park lets that sync end" in warning
    assert rollback(gone.after).warnings == ()
    came = flip(bumped(first(routed(FIXED, CRON, host=None)), routed(FIXED, CRON, host="a.example.com")))
    assert came.warnings == ()
    (warning,) = rollback(came.after).warnings
    assert ENDLESS.format("green") in warning


def test_the_hint_of_too_little_capacity_is_what_brings_it() -> None:
    state = bumped(first(of(scaling(5, 9), WORKER)), of(scaling(3, 20), replace(WORKER, replicas=1)))
    with pytest.raises(RefusedError) as caught:
        flip(state)
    assert caught.value.hint == "bggen scale api=5..20 mailer=2 --on green, or --allow-less-capacity"
    assert flip(scale(state, "api=5..20", "mailer=2", on=Color.GREEN).after).changed


def test_neither_a_route_that_stays_nor_an_app_without_crons_gets_the_warning() -> None:
    host = "a.example.com"
    assert flip(bumped(first(routed(FIXED, CRON, host=host)), routed(FIXED, CRON, host=host))).warnings == ()
    assert flip(bumped(first(routed(FIXED, host=host)), routed(FIXED, CRON, host=None))).warnings == ()
