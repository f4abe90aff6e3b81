"""scale: what changes, what does not, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bggen.errors import RefusedError, UsageError
from bggen.model import Color, EnvState, Image
from bggen.plan import commit_message
from bggen.render import render
from bggen.transitions import BumpRequest, Transition, bump, park, parse_replicas, scale
from tests.support.states import app_spec, bumped, component, first, parked, states

if TYPE_CHECKING:
    from collections.abc import Mapping

WEB = app_spec("shop", component("web", port=80, replicas=2))
PAIR = app_spec("shop", component("web", port=80, replicas=2), component("api", replicas=3))


@pytest.fixture
def both() -> EnvState:
    """web (2) and api (3) in blue, active, and in green, pending."""
    return bumped(first(PAIR), PAIR)


def scaled(state: EnvState, *texts: str, on: Color | None = None) -> Transition:
    return scale(state, parse_replicas(texts), on)


def replicas(state: EnvState) -> Mapping[str, Mapping[str, int]]:
    return {
        str(color): {name: part.replicas for name, part in release.spec.components.items()}
        for color in Color
        if (release := state.release(color))
    }


def test_both_colours_are_scaled_unless_told(both: EnvState) -> None:
    done = scaled(both, "web=5")
    assert replicas(done.after) == {"blue": {"web": 5, "api": 3}, "green": {"web": 5, "api": 3}}
    assert done.subject == "scale web=5 on blue and green"
    assert done.notes == (
        "blue: web 2 → 5",
        "green: web 2 → 5",
        "this lasts until each colour's next bump, which takes replicas from the spec again",
    )
    assert done.warnings == ()


def test_one_colour_is_scaled_alone(both: EnvState) -> None:
    done = scaled(both, "web=5", "api=4", on=Color.GREEN)
    assert replicas(done.after) == {"blue": {"web": 2, "api": 3}, "green": {"web": 5, "api": 4}}
    assert done.subject == "scale web=5, api=4 on green"
    assert done.notes[0] == "green: web 2 → 5, api 3 → 4"
    assert "until green's next bump" in done.notes[-1]


def test_nothing_but_replicas_changes(both: EnvState) -> None:
    there = scaled(both, "web=5", "api=1").after
    assert there != both
    assert scaled(there, "web=2", "api=3").after == both


@given(state=states(), number=st.integers(1, 1000), on=st.none() | st.sampled_from(list(Color)), data=st.data())
def test_only_the_replicas_of_deployments_are_rendered_anew(
    state: EnvState, number: int, on: Color | None, data: st.DataObject
) -> None:
    releases = [release for color in Color if on in (None, color) and (release := state.release(color))]
    if not releases:
        return
    name = data.draw(st.sampled_from(sorted({name for release in releases for name in release.spec.components})))
    before = {item.file: yaml.safe_load(item.text) for item in render(state)}
    after = {item.file: yaml.safe_load(item.text) for item in render(scaled(state, f"{name}={number}", on=on).after)}
    assert before.keys() == after.keys()
    for file, item in before.items():
        if item["kind"] == "Deployment":
            one, two = item["spec"].pop("replicas"), after[file]["spec"].pop("replicas")
            assert two in (one, number)
        assert after[file] == item


def test_it_is_done_once(both: EnvState) -> None:
    again = scaled(scaled(both, "web=5").after, "web=5")
    assert (again.changed, again.reason) == (False, "web=5 already on blue and green")
    half = scaled(scaled(both, "web=5", on=Color.BLUE).after, "web=5")
    assert half.subject == "scale web=5 on green"


def test_an_empty_idle_colour_is_left_empty() -> None:
    done = scaled(first(PAIR), "api=9")
    assert done.after.green is None
    assert done.subject == "scale api=9 on blue"
    with pytest.raises(RefusedError, match="green, is empty") as caught:
        scaled(first(PAIR), "api=9", on=Color.GREEN)
    assert caught.value.kind == "empty-idle"


def test_a_component_may_be_missing_in_one_colour() -> None:
    done = scaled(bumped(first(WEB), PAIR), "api=9")
    assert replicas(done.after) == {"blue": {"web": 2}, "green": {"web": 2, "api": 9}}
    assert "blue has no api" in done.notes


def test_a_component_that_is_missing_in_the_named_colours_is_a_usage_error() -> None:
    state = bumped(first(WEB), PAIR)
    with pytest.raises(UsageError, match="no component api on blue") as caught:
        scaled(state, "api=9", on=Color.BLUE)
    assert caught.value.hint == "there is web"
    with pytest.raises(UsageError, match="no component wep on blue and green") as caught:
        scaled(state, "web=3", "wep=9")
    assert caught.value.hint == "there is api, web"


def test_fewer_replicas_for_the_active_colour_are_a_warning(both: EnvState) -> None:
    done = scaled(both, "web=1", "api=4")
    assert done.warnings == ("blue takes traffic, and gets fewer replicas: web 2 → 1",)
    assert scaled(both, "web=1", on=Color.GREEN).warnings == ()


def test_a_parked_colour_is_scaled_in_its_state_alone(both: EnvState) -> None:
    done = scaled(parked(both), "web=5", on=Color.GREEN)
    assert replicas(done.after)["green"]["web"] == 5
    assert done.after.parked
    assert "green is parked: it starts with these" in done.notes
    assert render(done.after) == render(parked(both))


def test_it_lasts_until_that_colours_next_bump() -> None:
    spec = app_spec("shop", component("web", image=Image("ghcr.io/acme/web", "v1"), port=80))
    state = scaled(bumped(first(spec), spec), "web=5").after
    again = bump(state, BumpRequest(spec=spec, renderer=1)).after
    assert replicas(again) == {"blue": {"web": 5}, "green": {"web": 1}}


def test_nothing_can_be_scaled_before_the_first_release() -> None:
    with pytest.raises(RefusedError) as caught:
        scaled(EnvState("shop", "prod"), "web=1")
    assert caught.value.kind == "empty-idle"


def test_bounds_are_for_what_is_autoscaled(both: EnvState) -> None:
    with pytest.raises(UsageError, match=r"^web=3\.\.20: web is not autoscaled$"):
        scaled(both, "web=3..20")
    with pytest.raises(UsageError, match="no component wep"):
        scaled(both, "wep=3..20")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["web"], "not COMPONENT=N"),
        (["web="], "not COMPONENT=N"),
        (["=3"], "not COMPONENT=N"),
        (["web=-1"], "not COMPONENT=N"),
        (["web=3.."], "not COMPONENT=N"),
        (["web=٣"], "not COMPONENT=N"),
        (["a\nb=3"], "not COMPONENT=N"),
        (["web=3\n"], "not COMPONENT=N"),
        (["web=0"], "1 to 1000 replicas"),
        (["web=1001"], "1 to 1000 replicas"),
        (["web=1..1001"], "1 to 1000 replicas"),
        (["web=3..2"], "the least comes first"),
        (["web=1..0"], "1 to 1000 replicas"),
        (["web=1", "web=2"], "two numbers for web: 1 and 2"),
    ],
)
def test_what_is_no_number_of_replicas_is_a_usage_error(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_replicas(texts)
    assert "\n" not in caught.value.message


def test_a_number_may_be_said_twice() -> None:
    assert parse_replicas(["web=1000", "web=1000"]).keys() == {"web"}


@pytest.mark.parametrize(("on", "number"), [(None, "1"), (Color.BLUE, "1"), (Color.GREEN, "2")])
def test_the_commit_names_the_release_that_was_scaled(both: EnvState, on: Color | None, number: str) -> None:
    message = commit_message(scaled(both, "web=9", on=on))
    assert message.endswith(
        "- " + scaled(both, "web=9", on=on).notes[-1] + "\n\n"
        "Bggen-App: shop\nBggen-Env: prod\nBggen-Action: scale\nBggen-From: blue\nBggen-To: blue\n"
        f"Bggen-Release: {number}\n"
    )


def test_everything_else_of_the_state_is_kept(both: EnvState) -> None:
    state = replace(park(both).after, sequences={"web": 7})
    after = scaled(state, "web=9").after
    assert replace(after, blue=state.blue, green=state.green) == state
    for release in (after.blue, after.green):
        assert release
        assert (release.renderer, release.images) == (1, {"api": "ghcr.io/acme/api:v1", "web": "ghcr.io/acme/web:v1"})
    assert (after.blue and after.blue.number, after.green and after.green.number) == (1, 2)
