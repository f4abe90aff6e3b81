"""What is rendered while both colours serve: the order of a sync, what is kept, and what runs once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from bggen.checks import check
from bggen.model.parts import Peer
from bggen.render import render
from tests.support.halves import ALB, GATEWAY, TEST, upgrade

if TYPE_CHECKING:
    from bggen.model import EnvState, Manifest, Route

ROUTES = pytest.mark.parametrize("route", [GATEWAY, ALB])
STATES = upgrade(smoke=TEST, network=(Peer(namespace="gateway"),))
JOINED = STATES["rejoined"]


def files(state: EnvState) -> dict[str, Manifest]:
    return {each.file.removesuffix(".yaml"): each for each in render(state)}


def waves(state: EnvState) -> dict[str, int]:
    return {name: each.wave for name, each in files(state).items()}


def test_a_second_half_comes_after_the_test_of_the_active_one_and_before_the_switch() -> None:
    found = waves(JOINED)
    assert found["deployment-shop-web-green"] == 0
    assert [wave for name, wave in found.items() if name.startswith("job-shop-gate-3-")] == [10]
    assert found["deployment-shop-web-blue"] == found["networkpolicy-shop-web-blue"] == 12
    assert [wave for name, wave in found.items() if name.startswith("job-shop-gate-4-")] == [14]
    assert found["service-shop-web"] == 20
    late = {name: wave for name, wave in found.items() if "blue" in name and wave > 20}
    assert {name.partition("-")[0] for name in late} == {"deployment", "cronjob", "poddisruptionbudget"}
    assert late["deployment-shop-mailer-blue"] == 25


def test_what_a_half_needs_is_not_pruned_before_the_switch_has_moved() -> None:
    kept = {name for name, each in files(JOINED).items() if "PruneLast=true" in each.text}
    for color in ("blue", "green"):
        assert {f"deployment-shop-web-{color}", f"service-shop-web-{color}", f"service-shop-api-{color}"} <= kept
    assert not any("mailer" in name or "preview" in name for name in kept)
    # Pods that run have read their files. A prune that comes last waits for all else, which a rollback must not.
    assert [name.rpartition("-")[0] for name in kept if name.startswith("configmap")] == ["configmap-shop-web-green"]


@ROUTES
def test_no_pod_template_changes_with_join_or_drain(route: Route) -> None:
    states = upgrade(route)
    templates = [
        {
            name: yaml.safe_load(each.text)["spec"]["template"]
            for name, each in files(states[step]).items()
            if "deployment" in name
        }
        for step in ("evened", "rejoined")
    ]
    assert templates[0] == templates[1]


@ROUTES
def test_the_checks_find_nothing_at_any_step(route: Route) -> None:
    for state in upgrade(route, smoke=TEST).values():
        assert check(state, render(state)) == ()


@pytest.mark.parametrize(
    ("file", "wave", "message"),
    [
        ("deployment-shop-web-blue", 30, "is 30, must be 12"),
        ("deployment-shop-web-blue", 0, "is 0, must be 12"),
        ("networkpolicy-shop-web-blue", 15, "is 15, must be 12"),
        ("job-shop-gate-4", 10, "is 10, must be 14"),
    ],
)
def test_the_checks_know_the_order_of_a_second_half(file: str, wave: int, message: str) -> None:
    def moved(each: Manifest) -> Manifest:
        if not each.file.startswith(file):
            return each
        text = each.text.replace(f'sync-wave: "{each.wave}"', f'sync-wave: "{wave}"')
        assert text != each.text
        return replace(each, text=text, wave=wave)

    found = check(JOINED, [moved(each) for each in render(JOINED)])
    assert [each.message for each in found] == [message]


def test_the_checks_want_a_second_half_kept() -> None:
    def pruned(each: Manifest) -> Manifest:
        return replace(each, text=each.text.replace("PruneLast=true", "Other=true")) if each.color == "blue" else each

    found = check(JOINED, [pruned(each) for each in render(JOINED)])
    assert {each.message for each in found} == {"must hold PruneLast=true: it serves until the switch has moved"}


def test_workers_and_crons_run_in_the_active_colour_alone() -> None:
    made = {name: yaml.safe_load(each.text).get("spec") for name, each in files(JOINED).items()}
    assert [made[f"deployment-shop-mailer-{color}"]["replicas"] for color in ("blue", "green")] == [0, 1]
    assert [made[f"cronjob-shop-report-{color}"]["suspend"] for color in ("blue", "green")] == [True, False]


def test_callers_inside_reach_the_active_colour_alone_and_the_preview_leads_to_the_other() -> None:
    made = {name: yaml.safe_load(each.text).get("spec") for name, each in files(JOINED).items()}
    selected = [made[f"service-shop-web{role}"]["selector"]["bggen.dev/color"] for role in ("", "-preview")]
    assert selected == ["green", "blue"]
