"""promote: whose images a release gets, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bggen.errors import RefusedError, UsageError
from bggen.images import parse_image_arg
from bggen.model import AppSpec, Color, EnvState, Hold, Image
from bggen.plan import commit_message
from bggen.transitions import BumpRequest, FlipRequest, Transition, bump, env_before, flip, park, promote
from tests.support.states import DIGEST, app_spec, component

NOW = "2026-06-01T12:00:00Z"


def opened(*names: str, **images: Image) -> AppSpec:
    """A spec as files say it: images are repositories unless given."""
    own = {name: Image(f"ghcr.io/acme/{name}") for name in names} | images
    return app_spec("shop", *(component(name, image=image, port=80) for name, image in own.items()))


WEB = opened("web")
PAIR = opened("api", "web")


def released(state: EnvState, spec: AppSpec, *images: str) -> EnvState:
    """The state after a bump and a flip."""
    request = BumpRequest(spec=spec, renderer=1, images=tuple(parse_image_arg(text) for text in images))
    after = bump(state, request).after
    return after if state.active is None else flip(after, FlipRequest(now=NOW)).after


@pytest.fixture
def staging() -> EnvState:
    """v2 with a digest is active as release 2, and v3 waits."""
    state = released(EnvState("shop", "staging"), WEB, "v1")
    state = released(state, WEB, f"v2@{DIGEST}")
    return bump(state, BumpRequest(spec=WEB, renderer=1, images=(parse_image_arg("v3"),))).after


@pytest.fixture
def prod() -> EnvState:
    """v1 is active in blue, green is empty."""
    return released(EnvState("shop", "prod"), WEB, "v1")


def promoted(state: EnvState, source: EnvState, spec: AppSpec = WEB, then: FlipRequest | None = None) -> Transition:
    return promote(state, source, BumpRequest(spec=spec, renderer=1, then_flip=then))


def refused(kind: str, state: EnvState, source: EnvState, spec: AppSpec) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        promoted(state, source, spec)
    assert caught.value.kind == kind
    assert "\n" not in caught.value.message
    return caught.value


def test_the_idle_colour_gets_the_active_images_with_their_digests(prod: EnvState, staging: EnvState) -> None:
    done = promoted(prod, staging)
    assert done.after.green
    assert done.after.green.images == {"web": f"ghcr.io/acme/web:v2@{DIGEST}"}
    assert done.after.green.origins == {"web": "promoted from staging release 2"}
    assert (done.after.active, done.after.blue, done.after.last) == (Color.BLUE, prod.blue, 2)
    assert (done.action, done.subject) == ("promote", "promote v2 from staging to green (release 2)")


def test_the_rest_of_the_release_is_this_environments_spec(prod: EnvState, staging: EnvState) -> None:
    spec = app_spec("shop", component("web", image=Image("ghcr.io/acme/web"), port=80, replicas=7))
    after = promoted(prod, staging, spec).after
    assert after.green
    assert after.green.spec.components["web"].replicas == 7


def test_what_is_pinned_in_the_spec_stays_whatever_its_repository(prod: EnvState) -> None:
    staging = released(EnvState("shop", "staging"), PAIR, "v5")
    spec = opened("web", api=Image("docker.io/other/api", "v9"))
    after = promoted(prod, staging, spec).after
    assert after.green
    assert after.green.images == {"api": "docker.io/other/api:v9", "web": "ghcr.io/acme/web:v5"}
    assert after.green.origins == {"api": "pinned", "web": "promoted from staging release 1"}


def test_a_component_that_this_spec_lacks_is_left_out_and_named(prod: EnvState) -> None:
    staging = released(EnvState("shop", "staging"), PAIR, "v5")
    done = promoted(prod, staging, WEB)
    assert done.notes == ("staging also runs api: not in this spec, so left out",)
    assert done.after.green
    assert done.after.green.images == {"web": "ghcr.io/acme/web:v5"}


def test_a_component_that_is_not_there_yet_takes_its_image_by_the_usual_rule(staging: EnvState) -> None:
    prod = released(EnvState("shop", "prod"), PAIR, "v1")
    after = promoted(prod, staging, PAIR).after
    assert after.green
    assert after.green.origins == {"api": "release 1", "web": "promoted from staging release 2"}
    pending = bump(prod, BumpRequest(spec=PAIR, renderer=1, images=(parse_image_arg("api=v8"),))).after
    after = promoted(pending, staging, PAIR).after
    assert after.green
    assert after.green.images["api"] == "ghcr.io/acme/api:v8"
    assert after.green.origins["api"] == "release 2"


def test_a_component_without_any_image_is_refused(prod: EnvState, staging: EnvState) -> None:
    error = refused("image-missing", prod, staging, PAIR)
    assert error.message == "no image for api: staging has none active, and no release of prod has one yet"
    assert error.hint == "release it in staging first, or bggen bump --app shop --env prod --image api=TAG"


def test_another_repository_is_refused(prod: EnvState, staging: EnvState) -> None:
    error = refused("repository", prod, staging, opened(web=Image("docker.io/acme/web")))
    assert error.message == (
        "staging runs web from ghcr.io/acme/web, and the spec of prod has it from docker.io/acme/web"
    )


def test_nothing_active_there_is_refused(prod: EnvState) -> None:
    error = refused("empty-idle", prod, EnvState("shop", "staging"), WEB)
    assert error.message == "shop/staging: nothing has been released yet"


def test_the_first_release_of_an_environment_may_be_promoted(staging: EnvState) -> None:
    done = promoted(EnvState("shop", "prod"), staging)
    assert (done.after.active, done.after.last) == (Color.BLUE, 1)
    assert done.notes == ("the first release: there is no traffic to protect, so it is active at once",)


def test_it_is_done_once(prod: EnvState, staging: EnvState) -> None:
    after = promoted(prod, staging).after
    again = promoted(after, staging)
    assert (again.changed, again.action) == (False, "promote")
    assert again.reason == "green is idle and holds this release already"
    live = flip(after, FlipRequest(now=NOW)).after
    assert promoted(live, staging).reason == "green is active and holds this release already"


def test_with_flip_it_is_one_change_and_flips_what_idle_holds_already(prod: EnvState, staging: EnvState) -> None:
    then = FlipRequest(now=NOW)
    done = promoted(prod, staging, then=then)
    assert (done.action, done.after.active) == ("promote", Color.GREEN)
    assert done.subject == "promote v2 from staging to green (release 2) and flip to it"
    later = promoted(promoted(prod, staging).after, staging, then=then)
    assert (later.action, later.after.active) == ("flip", Color.GREEN)


def test_a_hold_refuses_the_flip_and_not_the_promotion(prod: EnvState, staging: EnvState) -> None:
    held = replace(prod, hold=Hold("launch", "Ann"))
    assert promoted(held, staging).changed
    with pytest.raises(RefusedError) as caught:
        promoted(held, staging, then=FlipRequest(now=NOW))
    assert caught.value.kind == "hold"
    assert promoted(held, staging, then=FlipRequest(now=NOW, override_hold="urgent")).after.active is Color.GREEN


def test_a_parked_colour_is_woken_by_a_new_release(prod: EnvState, staging: EnvState) -> None:
    pending = bump(prod, BumpRequest(spec=WEB, renderer=1, images=(parse_image_arg("v8"),))).after
    assert not promoted(park(pending).after, staging).after.parked


def test_a_release_of_images_without_a_common_tag_is_named_by_its_number(prod: EnvState) -> None:
    staging = released(EnvState("shop", "staging"), PAIR, "web=v5", "api=v6")
    assert promoted(prod, staging, PAIR).subject == "promote from staging to green (release 2)"


def test_the_commit_names_the_new_release(prod: EnvState, staging: EnvState) -> None:
    assert commit_message(promoted(prod, staging)) == (
        "shop(prod): promote v2 from staging to green (release 2)\n\n"
        "Bggen-App: shop\nBggen-Env: prod\nBggen-Action: promote\nBggen-From: blue\nBggen-To: blue\n"
        "Bggen-Release: 2\n"
    )


def test_the_environment_before() -> None:
    order = ("dev", "staging", "prod")
    assert [env_before(order, env) for env in order[1:]] == ["dev", "staging"]
    with pytest.raises(UsageError, match="dev is the first environment") as caught:
        env_before(order, "dev")
    assert caught.value.hint == "say with --env where to: dev → staging → prod"
    with pytest.raises(UsageError) as caught:
        env_before(("dev",), "dev")
    assert caught.value.hint == "bggen bump --image TAG makes a release"
