"""The Jobs of smoke tests: when there is one, what it runs, and that its name stands for that alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bggen.model import Color, EnvRef, Health, Image
from bggen.model.parts import Autoscale, CommandSmoke, HttpSmoke
from bggen.render import render
from bggen.spec.identity import identity
from tests.support.manifests import at, read
from tests.support.smoked import COMMAND, CURL, GATED, HTTP, IDLE, gated, smoked
from tests.support.states import bumped, component, first, flipped, parked, release

POD = "spec.template.spec"


def jobs(state: Any) -> dict[str, Any]:
    return {data["metadata"]["name"]: data for data in read(render(state)).values() if data["kind"] == "Job"}


def only(state: Any) -> Any:
    (job,) = jobs(state).values()
    return job


def variables(job: Any) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in at(job, f"{POD}.containers.0.env")}


@pytest.mark.parametrize(
    ("state", "names"),
    [
        (first(smoked()), []),
        (IDLE, ["shop-smoke-2"]),
        (parked(IDLE), []),
        (flipped(IDLE), []),
        (GATED, ["shop-gate-2"]),
        (parked(GATED), ["shop-gate-2"]),
        (bumped(GATED, smoked("v3")), ["shop-gate-2", "shop-smoke-3"]),
        (flipped(flipped(IDLE)), []),
        (gated(GATED), ["shop-gate-1"]),
        (bumped(first(smoked()), smoked("v2", smoke=None)), []),
    ],
)
def test_a_job_stands_before_the_switch_and_one_tests_what_was_never_active(state: Any, names: list[str]) -> None:
    assert sorted(name.rpartition("-")[0] for name in jobs(state)) == names


def test_the_wave_is_before_the_switch_or_the_last() -> None:
    waves = {manifest.name.split("-")[1]: manifest.wave for manifest in render(bumped(GATED, smoked("v3")))
             if manifest.kind == "Job"}  # fmt: skip
    assert waves == {"gate": 10, "smoke": 30}


def test_a_bump_leaves_the_gate_as_it_is() -> None:
    def gate(state: Any) -> list[str]:
        return [manifest.text for manifest in render(state) if "-gate-" in manifest.name]

    assert len(gate(GATED)) == 1
    assert gate(GATED) == gate(bumped(GATED, smoked("v3", smoke=COMMAND)))


def test_a_path_is_asked_of_the_colour_itself() -> None:
    assert variables(only(IDLE)) == {
        "BGGEN_COLOR": "green",
        "BGGEN_RELEASE": "2",
        "BGGEN_URL": "http://shop-web-green:80/ready",
        "BGGEN_EXPECT": "200",
        "BGGEN_SECONDS": "240",
        "BGGEN_TIMEOUT": "60",
    }
    gate = only(gated(bumped(first(smoked()), smoked("v2", smoke=HttpSmoke("api", "/$(A)$$?b", CURL, 204, 5)))))
    assert variables(gate) == {
        "BGGEN_COLOR": "green",
        "BGGEN_RELEASE": "2",
        "BGGEN_URL": "http://shop-api-green:80/$$(A)$$$$?b",
        "BGGEN_EXPECT": "204",
        "BGGEN_SECONDS": "5",
        "BGGEN_TIMEOUT": "5",
    }
    assert at(gate, f"{POD}.containers.0.command")[:2] == ["sh", "-c"]


def test_a_command_runs_with_its_variables_and_references_to_its_colour() -> None:
    test = CommandSmoke(
        Image("a", "1"),
        ("/t", "--url=${web.url}", "$${x.y}"),
        {"Z": "${api.host}", "A": "$(Z)", "S": EnvRef("secret", "s", "k"), "C": EnvRef("configMap", "c", "k"),
         "F": EnvRef("field", "status.podIP"), "BGGEN_COLOR": "mine"},
        7,
        30,
    )  # fmt: skip
    job = only(bumped(first(smoked()), smoked("v2", smoke=test)))
    container = at(job, f"{POD}.containers.0")
    assert container["command"] == ["/t", "--url=http://shop-web-green", "${x.y}"]
    assert [each["name"] for each in container["env"]] == ["BGGEN_COLOR", "BGGEN_RELEASE", "C", "F", "S", "Z", "A"]
    found = variables(job)
    assert (found["Z"], found["A"], found["BGGEN_COLOR"]) == ("shop-api-green", "$(Z)", "green")
    assert found["S"] == {"secretKeyRef": {"name": "s", "key": "k"}}
    assert found["C"] == {"configMapKeyRef": {"name": "c", "key": "k"}}
    assert found["F"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert at(job, f"{POD}.securityContext")["runAsUser"] == 7


@pytest.mark.parametrize("test", [HTTP, COMMAND])
def test_the_pods_are_nobodys_and_may_do_little(test: Any) -> None:
    job = only(bumped(first(smoked()), smoked("v2", smoke=test)))
    assert at(job, "spec.template.metadata.labels") == {
        "app.kubernetes.io/name": "shop",
        "app.kubernetes.io/managed-by": "bggen",
        "bggen.dev/job": "smoke-green",
    }
    pod = at(job, POD)
    assert pod["automountServiceAccountToken"] is False
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    # Without a number the kubelet does not start an image whose user has a name.
    assert pod["securityContext"].get("runAsUser") == (65532 if test is HTTP else None)


@pytest.mark.parametrize(("minor", "ignores"), [("1.25", False), ("1.26", True), ("1.37", True)])
def test_a_drained_node_is_no_failure_where_kubernetes_knows_that(minor: str, ignores: bool) -> None:  # noqa: FBT001 - a case
    job = only(bumped(first(smoked()), replace(smoked("v2"), kubernetes=minor)))
    assert ("podFailurePolicy" in job["spec"]) is ignores


def test_a_gate_waits_for_nothing_and_an_idle_test_for_the_slowest_start() -> None:
    slow = component("web", port=1, health=Health(live="/", start_seconds=600))
    spec = smoked("v2")
    spec = replace(spec, components={**spec.components, "web": slow})
    for test, gate, idle in ((HTTP, 180, 640 + 180), (COMMAND, 180, 2 * 640 + 10 + 180)):
        state = bumped(first(smoked()), replace(spec, smoke=test))
        assert only(gated(state))["spec"]["activeDeadlineSeconds"] == gate
        assert only(gated(state))["spec"]["backoffLimit"] == 0
        assert only(state)["spec"]["activeDeadlineSeconds"] == idle
        assert only(state)["spec"]["backoffLimit"] == (0 if test is HTTP else 6)
        assert only(state)["spec"]["template"]["spec"].get("activeDeadlineSeconds") == (None if test is HTTP else 180)


def test_secrets_for_images_are_those_of_all_components() -> None:
    spec = smoked("v2")
    web, api = spec.components.values()
    with_secrets = {"web": replace(web, image_pull_secrets=("b", "a")), "api": replace(api, image_pull_secrets=("b",))}
    job = only(bumped(first(smoked()), replace(spec, components=with_secrets)))
    assert at(job, f"{POD}.imagePullSecrets") == [{"name": "a"}, {"name": "b"}]


def test_a_name_stands_for_one_content_whatever_changes_in_the_sizes() -> None:
    spec = smoked("v2")
    web = spec.components["web"]
    scaled = replace(
        spec, components={**spec.components, "web": replace(web, replicas=9, autoscale=Autoscale(9, 20, 80))}
    )
    before, after = (jobs(bumped(first(smoked()), each)) for each in (spec, scaled))
    assert before == after
    assert len(before) == 1


def test_a_number_that_is_given_again_makes_another_name() -> None:
    spec = smoked("v2")
    web = replace(spec.components["web"], env={})
    others = [
        (release(2, smoked("v3")), Color.GREEN),
        (release(2, smoked("v2", smoke=COMMAND)), Color.GREEN),
        (release(2, smoked("v2", smoke=replace(HTTP, timeout=61))), Color.GREEN),
        (release(2, replace(spec, components={**spec.components, "web": web})), Color.GREEN),
        (release(2, spec), Color.BLUE),
    ]
    names = {identity(each, color) for each, color in [(release(2, spec), Color.GREEN), *others]}
    assert len(names) == 1 + len(others)
    assert all(len(name) == 4 for name in names)


def test_the_longest_name_fits() -> None:
    state = bumped(first(replace(smoked(), name="a" * 46)), replace(smoked("v2"), name="a" * 46))
    assert state.green is not None
    many = replace(state, green=replace(state.green, number=99_999), last=99_999)
    (name,) = jobs(many)
    assert len(name) == 63
