"""`switch: rollouts`: what is rendered in each state, what each command means there, and what is checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bggen import transitions
from bggen.checks import check
from bggen.comparing import compare, compare_objects, rows
from bggen.errors import InvalidError, RefusedError
from bggen.images import parse_image_arg
from bggen.model import EnvState
from bggen.render import LATEST, render
from bggen.spec import resolve, spec_from_data, spec_to_data
from bggen.state import decode, encode
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.crds import needs_crds, object_problems
from tests.unit.test_render_golden import CASES, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import AppSpec
    from bggen.transitions import Transition

REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n"
ROLLOUTS = sorted(case for case in CASES.iterdir() if case.name.startswith("rollouts-"))
EXAMPLE = Path(__file__).parents[1] / "examples" / "valid" / "rollouts.app.yaml"
FLIP = FlipRequest(now="2026-06-01T12:00:00Z")
ROLLOUT = "rollout-cart.yaml"


def cart(**fields: Any) -> AppSpec:
    """The smallest app behind a Rollout, with some fields beside."""
    route = fields.pop("route", {"host": "cart.example.com", "switch": "rollouts"})
    data = {
        "apiVersion": "bggen.dev/v1",
        "kind": "App",
        "name": "cart",
        "image": "ghcr.io/acme/cart",
        "port": 8080,
        **fields,
        "route": route,
    }
    return resolve(REPO, yaml.safe_dump(data).encode(), None, app="cart", env="prod")


def bump(state: EnvState, spec: AppSpec, tag: str, **more: Any) -> Transition:
    return transitions.bump(state, BumpRequest(spec, LATEST, (parse_image_arg(tag),), **more))


def bumped(*tags: str, spec: AppSpec | None = None) -> EnvState:
    state = EnvState("cart", "prod")
    for tag in tags:
        state = bump(state, spec or cart(), tag).after
    return state


def rendered(state: EnvState) -> dict[str, str]:
    return {manifest.file: manifest.text for manifest in render(state)}


def rollout(state: EnvState) -> Any:
    return yaml.safe_load(rendered(state)[ROLLOUT])["spec"]


def test_there_are_cases() -> None:
    assert len(ROLLOUTS) >= 10


@needs_crds
@pytest.mark.parametrize("case", ROLLOUTS, ids=lambda case: case.name)
def test_a_cluster_takes_every_object(case: Path) -> None:
    state = state_of(case)
    assert state.active_release
    assert object_problems(render(state), state.active_release.spec.kubernetes) == []


def test_a_bump_changes_the_template_and_who_promotes_and_a_flip_the_latter_alone() -> None:
    first = bumped("v1")
    second = bump(first, cart(replicas=5), "v2").after
    before, after = rollout(first), rollout(second)
    assert (before["strategy"]["blueGreen"]["autoPromotionEnabled"], before["replicas"]) == (True, 1)
    assert (after["strategy"]["blueGreen"]["autoPromotionEnabled"], after["replicas"]) == (False, 1)
    assert after["template"]["metadata"]["labels"]["bggen.dev/release"] == "2"
    flipped = transitions.flip(second, FLIP).after
    third = rollout(flipped)
    assert (third["strategy"]["blueGreen"]["autoPromotionEnabled"], third["replicas"]) == (True, 5)
    assert third["template"] == after["template"]


def test_a_rollback_restores_the_template_to_the_byte_and_promotes() -> None:
    first = bumped("v1")
    back = transitions.flip(bump(first, cart(), "v2").after, FLIP).after
    back = transitions.rollback(back, transitions.rollback_target(back, None), by="Ann").after
    # In the other colour, too: release 3 and 4 have taken both.
    on = bump(replace(back, hold=None), cart(), "v3").after
    on = transitions.flip(bump(transitions.flip(on, FLIP).after, cart(), "v4").after, FLIP).after
    far = transitions.rollback(on, transitions.RollbackTarget(1, "history"), by="Ann", found=first.active_release).after
    for state in (back, far):
        assert rendered(state)[ROLLOUT].partition("template:")[2] == rendered(first)[ROLLOUT].partition("template:")[2]
        assert rollout(state)["strategy"]["blueGreen"]["autoPromotionEnabled"] is True
    assert far.active is not first.active


def test_nothing_stands_in_the_way_back() -> None:
    spec = cart(
        smoke={"path": "/ready"},
        rollout={"postPromotionAnalysis": {"metrics": {"up": {"job": {"image": "up:v1", "command": ["/up"]}}}}},
    )
    state = bumped("v1", "v2", spec=spec)
    asked = rollout(state)["strategy"]["blueGreen"]
    assert asked["prePromotionAnalysis"]["templates"] == [{"templateName": "cart-smoke"}]
    assert asked["postPromotionAnalysis"]["templates"] == [{"templateName": "cart-post"}]
    state = transitions.flip(state, FLIP).after
    assert rollout(state)["strategy"]["blueGreen"]["prePromotionAnalysis"] == asked["prePromotionAnalysis"]
    untested = transitions.flip(bumped("v1", "v2", spec=spec), replace(FLIP, smoke=False)).after
    assert "prePromotionAnalysis" not in rollout(untested)["strategy"]["blueGreen"]
    state = transitions.rollback(state, transitions.rollback_target(state, None), by="Ann").after
    assert not {"prePromotionAnalysis", "postPromotionAnalysis"} & rollout(state)["strategy"]["blueGreen"].keys()
    # What the Rollout has named until now is there before it is told otherwise.
    assert {"analysistemplate-cart-smoke.yaml", "analysistemplate-cart-post.yaml"} <= rendered(state).keys()


def test_a_timer_runs_after_a_flip_alone() -> None:
    spec = cart(rollout={"promotion": "timed", "autoPromotionSeconds": 300})
    state = bumped("v1", "v2", spec=spec)
    assert "autoPromotionSeconds" not in rollout(state)["strategy"]["blueGreen"]
    state = transitions.flip(state, FLIP).after
    assert rollout(state)["strategy"]["blueGreen"]["autoPromotionSeconds"] == 300
    state = transitions.rollback(state, transitions.rollback_target(state, None), by="Ann").after
    assert "autoPromotionSeconds" not in rollout(state)["strategy"]["blueGreen"]


def test_active_metadata_is_that_of_what_serves() -> None:
    old, new = (cart(rollout={"activeMetadata": {"labels": {"role": role}}}) for role in ("one", "two"))
    state = bump(bumped("v1", spec=old), new, "v2").after
    assert rollout(state)["strategy"]["blueGreen"]["activeMetadata"]["labels"] == {"role": "one"}
    state = transitions.flip(state, FLIP).after
    assert rollout(state)["strategy"]["blueGreen"]["activeMetadata"]["labels"] == {"role": "two"}


@pytest.mark.parametrize("key", ["activeMetadata", "previewMetadata"])
def test_metadata_that_says_nothing_is_none(key: str) -> None:
    spec = cart(rollout={key: {"labels": {}, "annotations": {}}})
    assert spec == cart(rollout={})
    assert spec_from_data(spec_to_data(spec)) == spec


def test_files_are_kept_as_long_as_pods_may_need_them() -> None:
    specs = [cart(files={"/etc/cart.ini": text}) for text in ("one\n", "two\n", "three\n")]
    state = bump(bump(EnvState("cart", "prod"), specs[0], "v1").after, specs[1], "v2").after
    state = bump(transitions.flip(state, FLIP).after, specs[2], "v3").after
    held = [yaml.safe_load(text)["data"]["cart.ini"] for file, text in rendered(state).items() if "configmap" in file]
    assert sorted(held) == ["one\n", "three\n", "two\n"]


def test_park_gives_up_what_waits_and_nothing_wakes_it_without_a_new_number() -> None:
    state = bumped("v1", "v2")
    parked = transitions.park(state).after
    assert rollout(parked)["template"]["metadata"]["labels"]["bggen.dev/release"] == "1"
    assert rollout(parked)["strategy"]["blueGreen"]["autoPromotionEnabled"] is True
    with pytest.raises(RefusedError) as caught:
        transitions.wake(parked)
    assert caught.value.kind == "rollouts"
    held = bump(parked, cart(), "v2")
    assert held.notes == ("it is parked: bggen bump --force starts it, as a new release",)
    again = bump(parked, cart(), "v2", force=True).after
    assert rollout(again)["template"]["metadata"]["labels"]["bggen.dev/release"] == "3"
    flipped = transitions.flip(state, FLIP).after
    assert flipped.idle == "parked"
    assert bump(flipped, cart(), "v1").notes == held.notes
    assert not transitions.park(flipped).changed
    with pytest.raises(RefusedError, match="would go live without a flip"):
        transitions.wake(flipped)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (cart(), cart(route={"host": "cart.example.com"}), "route.switch from rollouts to service", "--to deployments"),
        (cart(route={"host": "cart.example.com"}), cart(), "route.switch from service to rollouts", "--to rollouts"),
        (cart(), "web", "the component of the Rollout from cart to web", "as a new app"),
    ],
)
def test_what_one_rollout_cannot_become_is_refused(old: AppSpec, new: Any, message: str, hint: str) -> None:
    if new == "web":
        data = spec_to_data(old)
        data["components"] = {"web": data["components"]["cart"]}
        new = spec_from_data({**data, "route": {**data["route"], "paths": {"/": "web"}}})
    with pytest.raises(RefusedError, match="this changes") as caught:
        bump(bumped("v1", spec=old), new, "v2")
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.kind == "immovable"


def test_autoscaling_is_not_turned_on_under_a_rollout_that_runs() -> None:
    scaled = cart(autoscale={"min": 2, "max": 5}, resources={"cpu": "100m"})
    with pytest.raises(RefusedError, match="autoscale of cart is new") as caught:
        bump(bumped("v1"), scaled, "v2")
    assert caught.value.kind == "autoscale"
    state = transitions.flip(bump(bumped("v1", spec=scaled), cart(replicas=2), "v2").after, FLIP).after
    assert "horizontalpodautoscaler-cart.yaml" not in rendered(state)
    with pytest.raises(RefusedError, match="autoscale of cart is new"):
        transitions.flip(state, FLIP)
    back = transitions.rollback(state, transitions.rollback_target(state, None), by="Ann")
    assert any(note.startswith("without autoscaling, which the Rollout runs without: cart") for note in back.notes)
    assert "bggen.dev/autoscaled" not in rendered(back.after)[ROLLOUT]


def test_the_commands_say_what_git_cannot_see() -> None:
    state = bumped("v1", "v2")
    early = bump(bumped("v1"), cart(), "v2").notes
    assert any("has not shown the first release, 1, as Healthy yet, this one goes live" in note for note in early)
    flipped = transitions.flip(state, FLIP)
    assert any("promotes release 2 as soon as its pods are ready, also where" in note for note in flipped.notes)
    assert any("a git revert of this flip moves no traffic" in note for note in flipped.notes)
    # For its tree is that of the bump, but for who is active in Git.
    assert rollout(state)["template"] == rollout(flipped.after)["template"]
    after = bump(flipped.after, cart(), "v3")
    assert any("has not promoted release 2 yet, it is skipped" in note for note in after.notes)
    back = transitions.rollback(flipped.after, transitions.rollback_target(flipped.after, None), by="Ann").after
    assert any("has not gone back to release 1 yet, users stay on" in note for note in bump(back, cart(), "v3").notes)
    both = bump(bumped("v1"), cart(), "v2", then_flip=FLIP)
    assert any("nobody has looked at it before" in warning for warning in both.warnings)
    tested = bumped("v1", "v2", spec=cart(smoke={"path": "/ready"}))
    assert any("this flip promotes nothing" in note for note in transitions.flip(tested, FLIP).notes)
    scaled = transitions.scale(state, transitions.parse_replicas(["cart=4"]))
    assert any("one number, that of blue: green's counts from its flip on" in note for note in scaled.notes)
    assert rollout(scaled.after)["replicas"] == 4


def test_a_comparison_tells_of_the_rollout_under_its_name() -> None:
    state = bump(bumped("v1"), cart(rollout={"previewReplicaCount": 1, "antiAffinity": "required"}), "v2").after
    assert state.active_release
    assert state.idle_release
    found = [row for row in rows(compare(state.active_release, state.idle_release)) if row.topic == "rollout"]
    assert [(row.mark, row.name, row.text) for row in found] == [
        ("+", "antiAffinity", "required"),
        ("+", "previewReplicaCount", "1"),
    ]
    assert [(each.kind, each.change) for each in compare_objects(state)] == [("Rollout", "changed")]


def test_a_state_that_mixes_both_ways_is_refused() -> None:
    mixed = bumped("v1", "v2")
    assert mixed.blue
    other = replace(mixed.blue, spec=cart(route={"host": "cart.example.com"}))
    with pytest.raises(InvalidError, match="one release is of a Rollout, and another is not"):
        decode("cart", "prod", "apps/cart/prod", encode(replace(mixed, blue=other)))


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("rollout",), None, "spec.rollout must be a mapping"),
        (("rollout", "promotion"), "auto", "spec.rollout.promotion is 'auto', which this bggen does not know"),
        (("rollout", "previewReplicaCount"), "1", "spec.rollout.previewReplicaCount must be a whole number"),
        (("rollout", "prePromotionAnalysis"), {"metrics": {}}, "spec.rollout.prePromotionAnalysis.metrics is empty"),
        (
            ("rollout", "prePromotionAnalysis", "metrics", "command", "job", "command"),
            [],
            "spec.rollout.prePromotionAnalysis.metrics.'command'.job.command is empty",
        ),
        (("route", "switch"), "service", "spec.rollout stands beside a route with another switch"),
        (("components", "rollouts", "port"), None, "spec.route.paths.'/' is 'rollouts', no component with a port"),
    ],
)
def test_another_section_is_no_state_of_bggen(where: tuple[str, ...], value: object, message: str) -> None:
    spec = resolve(REPO, EXAMPLE.read_bytes(), None, app="rollouts", env="prod")
    data: Any = spec_to_data(spec)
    assert spec_from_data(data) == spec
    holder = data
    for part in where[:-1]:
        holder = holder[part]
    if where[0] == "components":
        del holder[where[-1]]
    else:
        holder[where[-1]] = value
    with pytest.raises(ValueError, match=r".") as caught:
        spec_from_data(data)
    assert str(caught.value) == message


CHECKED = state_of(CASES / "rollouts-analysis-bumped")
STRATEGY = "spec.strategy.blueGreen"


def broken(file: str, change: Callable[[Any], object]) -> list[str]:
    """Return what the checks say where a change was made to one object."""
    manifests = []
    for manifest in render(CHECKED):
        data = yaml.safe_load(manifest.text)
        if manifest.file == file:
            change(data)
        manifests.append(replace(manifest, text=f"{manifest.text.splitlines()[0]}\n{yaml.safe_dump(data)}"))
    return [str(problem) for problem in check(CHECKED, manifests)]


def put(path: str, value: object) -> Callable[[Any], object]:
    def change(data: Any) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in way:
            data = data[step]
        data[last] = value

    return change


OPTIONS = ["metadata", "annotations", "argocd.argoproj.io/sync-options"]


def options(value: str) -> Callable[[Any], object]:
    return lambda data: data["metadata"]["annotations"].update({OPTIONS[-1]: value})


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (ROLLOUT, put(f"{STRATEGY}.autoPromotionEnabled", value=True), "autoPromotionEnabled: must be False, is True"),
        (ROLLOUT, put(f"{STRATEGY}.autoPromotionSeconds", 30), "autoPromotionSeconds: must be left out, is 30"),
        (ROLLOUT, put(f"{STRATEGY}.activeService", "cart-preview"), "activeService: must be cart"),
        (ROLLOUT, put("spec.replicas", 1), "spec.replicas: must be 4, is 1"),
        (ROLLOUT, put("spec.paused", value=True), "spec.paused: must be left out"),
        (ROLLOUT, put("spec.revisionHistoryLimit", 1), "must be at least scaleDownDelayRevisionLimit, 2"),
        (ROLLOUT, put("spec.progressDeadlineSeconds", 10), "must be more than minReadySeconds"),
        (ROLLOUT, put("spec.selector.matchLabels.team", "x"), "spec.selector.matchLabels: must be"),
        (
            ROLLOUT,
            lambda data: data["spec"]["template"]["metadata"]["labels"].pop("bggen.dev/release"),
            "bggen.dev/release must be 2, is None",
        ),
        (
            ROLLOUT,
            put(f"{STRATEGY}.prePromotionAnalysis.templates", [{"templateName": "cart-pre"}]),
            "prePromotionAnalysis: must be cart-pre, cart-smoke, is cart-pre",
        ),
        (
            ROLLOUT,
            put(f"{STRATEGY}.postPromotionAnalysis.templates.0.templateName", "other"),
            "there is no AnalysisTemplate other",
        ),
        ("service-cart.yaml", options("PruneLast=true"), "must hold ServerSideApply=false"),
        ("service-cart.yaml", options("PruneLast=true,ServerSideApply=false,Replace=true"), "must not hold Replace"),
        ("service-cart-preview.yaml", options("ServerSideApply=false,Replace=false,Force=true"), "must not hold Force"),
        (
            "service-cart.yaml",
            lambda data: data["metadata"]["annotations"].pop("argocd.argoproj.io/compare-options"),
            "must hold ServerSideDiff=false",
        ),
        ("service-cart.yaml", put("spec.selector.bggen.dev/color", "x"), "must hold no"),
        (
            "ingress-cart.yaml",
            put("spec.rules.0.http.paths.0.backend.service.name", "cart-preview"),
            "cart-preview is not the active service of this app",
        ),
        ("poddisruptionbudget-cart.yaml", put("spec.selector.matchLabels", {}), "spec.selector.matchLabels: must be"),
        ("analysistemplate-cart-pre.yaml", put("spec.metrics", []), "spec.metrics: must not be empty"),
        ("analysistemplate-cart-pre.yaml", put("spec.metrics.1.failureLimit", 5), "failureLimit must be below count"),
        ("analysistemplate-cart-pre.yaml", put("spec.args", []), "names no argument"),
        (
            "analysistemplate-cart-smoke.yaml",
            put("spec.metrics.0.provider.job.spec.activeDeadlineSeconds", 99999),
            "activeDeadlineSeconds: must be at most 3600",
        ),
        (
            "analysistemplate-cart-smoke.yaml",
            put("spec.metrics.0.provider.job.spec.template.metadata.labels", {"app.kubernetes.io/component": "cart"}),
            "Services would send users there",
        ),
        (
            "analysistemplate-cart-smoke.yaml",
            put("spec.metrics.0.provider.job.spec.template.spec.hostNetwork", value=True),
            "hostNetwork: must be left out",
        ),
    ],
)
def test_a_broken_field_is_named(file: str, change: Callable[[Any], object], expected: str) -> None:
    if expected == "must hold no":
        change = put("metadata.labels", {"bggen.dev/color": "blue"})
        expected = "must not hold bggen.dev/color"
    lines = broken(file, change)
    assert any(expected in line for line in lines), lines


GATEWAY = {"host": "cart.example.com", "switch": "rollouts", "parentRefs": [{"name": "edge", "namespace": "infra"}]}


def test_a_gateway_leads_to_the_services_whatever_serves() -> None:
    spec = cart(route={**GATEWAY, "preview": {"host": "preview.example.com"}})
    state = bumped("v1", "v2", spec=spec)
    before, after = rendered(state), rendered(transitions.flip(state, FLIP).after)
    for file, backend in (("httproute-cart.yaml", "cart"), ("httproute-cart-preview.yaml", "cart-preview")):
        assert before[file] == after[file]
        (rule,) = yaml.safe_load(before[file])["spec"]["rules"]
        assert [each["name"] for each in rule["backendRefs"]] == [backend]
    assert not any(file.startswith("ingress") for file in before)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda spec: spec.update(hostnames=["x.example.com"]), "spec.hostnames: must be"),
        (lambda spec: spec.update(parentRefs=[]), "spec.parentRefs: must be those of the spec"),
        (lambda spec: spec["rules"][0]["matches"].pop(), "spec.rules: must be of the paths"),
        (lambda spec: spec["rules"][0]["backendRefs"][0].update(name="other"), "must be the active service alone"),
    ],
)
def test_an_httproute_that_leads_elsewhere_is_named(change: Callable[[Any], object], expected: str) -> None:
    state = state_of(CASES / "rollouts-gateway-bumped")
    manifests = []
    for manifest in render(state):
        data = yaml.safe_load(manifest.text)
        if manifest.file == "httproute-cart.yaml":
            change(data["spec"])
        manifests.append(replace(manifest, text=f"{manifest.text.splitlines()[0]}\n{yaml.safe_dump(data)}"))
    lines = [str(problem) for problem in check(state, manifests)]
    assert any(expected in line for line in lines), lines


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ({**GATEWAY, "tls": "x"}, "route.tls: is for an Ingress"),
        ({"host": "a.example.com", "switch": "rollouts", "timeouts": {"request": "1s"}}, "needs `parentRefs`"),
        ({"switch": "rollouts", "parentRefs": [{"name": "edge"}]}, "needs a `host`: without one there is no route"),
        ({**GATEWAY, "parentRefs": [{"name": "a"}, {"name": "a"}]}, "names Gateway a again"),
    ],
)
def test_a_gateway_before_a_rollout_has_the_rules_of_one(route: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError) as caught:
        cart(route=route)
    assert message in "; ".join(map(str, caught.value.problems))


@pytest.mark.parametrize(
    ("merge", "message"),
    [
        ({"strategy": {"blueGreen": {"autoPromotionEnabled": False}}}, "a flip decides that"),
        ({"strategy": {"blueGreen": {"activeMetadata": {"labels": {"a": "b"}}}}}, "use `rollout` of the spec"),
        ({"paused": True}, "it stops every promotion"),
        ({"replicas": 9}, "use `replicas` or `autoscale` of the spec"),
        ({"restartAt": "2026-01-01T00:00:00Z"}, "it would restart the pods that serve"),
    ],
)
def test_a_patch_leaves_alone_what_decides_who_serves(merge: Any, message: str) -> None:
    spec = cart(patches=[{"target": {"kind": "Rollout"}, "merge": {"spec": merge}}])
    with pytest.raises(InvalidError, match=r"can't be patched") as caught:
        render(bumped("v1", spec=spec))
    assert message in str(caught.value)


def test_a_patch_of_the_pods_is_part_of_the_template() -> None:
    patch = {"target": {"kind": "Rollout"}, "merge": {"spec": {"template": {"spec": {"dnsPolicy": "Default"}}}}}
    state = bump(bumped("v1"), cart(patches=[patch]), "v2").after
    assert rollout(state)["template"]["spec"]["dnsPolicy"] == "Default"
    assert "dnsPolicy" not in rollout(transitions.park(state).after)["template"]["spec"]
