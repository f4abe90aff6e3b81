"""Several plans as one change: the message that people and machines read, and the branch that is found again."""

from __future__ import annotations

import subprocess

import pytest

from bggen.batch import branch_of, message_of
from bggen.images import parse_image_arg
from bggen.model import EnvState, Image
from bggen.plan import Plan, commit_message, compare_manifests, make_plan
from bggen.remotes import parse_branch
from bggen.transitions import BumpRequest, FlipRequest, bump, flip
from tests.support.states import app_spec, component


def plan_of(app: str, env: str = "prod", tag: str = "v1", *, again: bool = False) -> Plan:
    """Plan the first bump of an app; with `again` once more, so that it changes nothing."""
    spec = app_spec(app, component("web", image=Image("ghcr.io/acme/web"), port=80))
    request = BumpRequest(spec=spec, renderer=1, images=(parse_image_arg(tag),))
    decided = bump(EnvState(app, env), request)
    if again:
        decided = bump(decided.after, request)
    return make_plan(decided, {}, compare_manifests(f"apps/{app}/{env}", {}, ()))


def trailers_of(message: str) -> list[str]:
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=message, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_one_plan_has_its_own_message() -> None:
    plan = plan_of("shop")
    assert message_of("bump", [plan]) == commit_message(plan.transition)


def test_plans_that_change_nothing_are_left_out() -> None:
    idle = plan_of("idle", again=True)
    assert not idle.changes
    assert message_of("bump", []) == message_of("bump", [idle]) == ""
    plan = plan_of("shop")
    assert message_of("bump", [idle, plan]) == commit_message(plan.transition)
    assert "idle" not in message_of("bump", [idle, plan, plan_of("blog")])


def test_several_plans_tell_of_each() -> None:
    message = message_of("bump", [plan_of("shop"), plan_of("blog")])
    subject, blank, *body = message.splitlines()
    assert subject == "bump 2 apps in prod: bump blue to v1 (release 1)"
    assert blank == ""
    assert [line.split(":")[0] for line in body if line.startswith("- ")] == ["- shop(prod)", "- blog(prod)"]
    told = trailers_of(message)
    assert [line for line in told if line.startswith("Bggen-App")] == ["Bggen-App: shop", "Bggen-App: blog"]
    assert len(told) == 2 * len(trailers_of(commit_message(plan_of("shop").transition)))


def test_a_subject_says_only_what_is_so_of_all() -> None:
    different = message_of("bump", [plan_of("shop"), plan_of("blog", tag="v2")])
    assert different.splitlines()[0] == "bump 2 apps in prod"
    anywhere = message_of("bump", [plan_of("shop"), plan_of("blog", env="staging")])
    assert anywhere.splitlines()[0] == "bump 2 apps: bump blue to v1 (release 1)"


def test_a_subject_is_short_and_nothing_of_a_users_makes_a_line() -> None:
    plans = [plan_of(f"app-{number}", tag="v" + "1" * 100) for number in range(3)]
    assert len(message_of("bump", plans).splitlines()[0]) <= 72
    pending = plan_of("shop").transition.after
    spec = app_spec("shop", component("web", image=Image("ghcr.io/acme/web"), port=80))
    pending = bump(pending, BumpRequest(spec=spec, renderer=1, images=(parse_image_arg("v2"),))).after
    request = FlipRequest(now="2026-06-01T12:00:00Z", override_hold="so\n\nBggen-App: forged")
    flipped = flip(pending, request)
    plan = make_plan(flipped, {}, compare_manifests("apps/shop/prod", {}, ()))
    assert not [line for line in trailers_of(message_of("flip", [plan, plan_of("blog")])) if "forged" in line]


def test_of_very_many_apps_a_hundred_have_a_line_and_all_have_trailers() -> None:
    message = message_of("bump", [plan_of(f"app-{number}") for number in range(130)])
    assert sum(line.startswith("- app-") for line in message.splitlines()) == 100
    assert "- and 30 more" in message
    assert sum(line.startswith("Bggen-App: ") for line in trailers_of(message)) == 130


def test_a_branch_is_always_the_same() -> None:
    assert branch_of("bump", [("shop", "prod")], "") == "bggen/prod/shop/bump"
    batch = branch_of("flip", [("shop", "prod"), ("blog", "prod")], "match s*")
    assert batch == branch_of("flip", [("other", "prod")], "match s*")
    assert batch.startswith("bggen/prod/batch-")
    assert batch.endswith("/flip")


@pytest.mark.parametrize("selection", ["", "all", "match *\x00é/../-", "apps a b"])
def test_a_branch_is_a_name_that_git_takes(selection: str) -> None:
    assert parse_branch(branch_of("bump", [("shop", "prod")], selection))


def test_what_differs_has_another_branch() -> None:
    found = {
        branch_of(action, [("shop", env)], selection)
        for action in ("bump", "flip")
        for env in ("staging", "prod")
        for selection in ("", "all", "match s*", "apps a b")
    }
    assert len(found) == 16
