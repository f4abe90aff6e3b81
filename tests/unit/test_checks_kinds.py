"""Checks of workers, crons, autoscalers and policies: each is broken in one place, and a Problem names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bggen.checks import check
from bggen.render import render
from tests.support.breaking import OPTIONS, WAVE, annotation, broken, put
from tests.support.states import app_spec, bumped, component, crew_spec, first, flipped, parked

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import EnvState

STATE = bumped(first(crew_spec()), crew_spec("v2"))
PLAIN = app_spec("crew", component("crew", port=8080))

WEB = "deployment-crew-blue.yaml"
WORKER, STOPPED = "deployment-crew-mailer-blue.yaml", "deployment-crew-mailer-green.yaml"
CRON, SUSPENDED = "cronjob-crew-report-blue.yaml", "cronjob-crew-report-green.yaml"
SCALER = "horizontalpodautoscaler-crew-blue.yaml"
POLICY, OTHER_POLICY = "networkpolicy-crew-blue.yaml", "networkpolicy-crew-green.yaml"
CRON_POLICY = "networkpolicy-crew-report-blue.yaml"
JOB_POD = "spec.jobTemplate.spec.template.spec"
JOB_LABELS = "spec.jobTemplate.spec.template.metadata.labels"
AUTOSCALED = "bggen.dev/autoscaled"


def labelled(where: str, key: str, value: str | None) -> Callable[[dict[str, Any]], None]:
    """A change of one label; None takes it away."""

    def change(data: Any) -> None:
        for step in where.split("."):
            data = data[step]
        data.pop(key, None)
        if value is not None:
            data[key] = value

    return change


@pytest.mark.parametrize(
    "state",
    [
        first(crew_spec()),
        STATE,
        parked(STATE),
        flipped(STATE),
        bumped(first(crew_spec()), PLAIN),
        bumped(first(PLAIN), crew_spec()),
        flipped(bumped(first(crew_spec()), PLAIN)),
        parked(bumped(first(PLAIN), crew_spec())),
        first(crew_spec(network=())),
    ],
)
def test_what_is_rendered_is_right(state: EnvState) -> None:
    assert check(state, render(state)) == ()


def test_a_missing_workload_of_the_active_colour_says_what_is_not_done() -> None:
    for file in (WORKER, CRON):
        (found,) = check(STATE, [each for each in render(STATE) if each.file != file])
        assert found.message.startswith("is missing: blue takes traffic, and nothing runs ")


@pytest.mark.parametrize("replicas", [0, None, "2", -1])
def test_a_worker_of_the_active_colour_works(replicas: object) -> None:
    (found,) = broken(WORKER, put("spec.replicas", replicas), STATE)
    assert found == f"spec.replicas: is {replicas}: blue is active, and nothing else does the work of mailer"


@pytest.mark.parametrize("replicas", [1, None, False])
def test_a_worker_of_the_idle_colour_does_not_work(replicas: object) -> None:
    (found,) = broken(STOPPED, put("spec.replicas", replicas), STATE)
    assert "green is idle, and the active colour does the work of mailer" in found


def test_a_cron_works_in_the_active_colour_alone() -> None:
    for suspend in (True, None, "false"):
        (found,) = broken(CRON, put("spec.suspend", suspend), STATE)
        assert found.endswith("blue is active, and nothing else does the work of report")
    for suspend in (False, None, "true"):
        (found,) = broken(SUSPENDED, put("spec.suspend", suspend), STATE)
        assert found.endswith("green is idle, and the active colour does the work of report")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("bggen.dev/color", "blue", "must not hold bggen.dev/color: Services would send traffic there"),
        ("bggen.dev/job", "cron-green", "bggen.dev/job must be cron-blue, is cron-green"),
        ("bggen.dev/job", None, "bggen.dev/job must be cron-blue, is None"),
        ("app.kubernetes.io/component", "crew", "app.kubernetes.io/component must be report, is crew"),
        ("app.kubernetes.io/name", "shop", "app.kubernetes.io/name must be crew, is shop"),
    ],
)
def test_pods_of_a_job_are_found_by_policies_and_by_no_service(key: str, value: str | None, message: str) -> None:
    assert broken(CRON, labelled(JOB_LABELS, key, value), STATE) == [f"{JOB_LABELS}: {message}"]


@pytest.mark.parametrize(
    ("file", "where", "value", "message"),
    [
        (WEB, "metadata.labels", None, "must be true, is None: Argo CD would undo what the autoscaler does"),
        (WEB, "metadata.labels", "false", "must be true, is false: Argo CD would undo what the autoscaler does"),
        (WORKER, "metadata.labels", "true", "must be left out: Argo CD would not apply replicas"),
        ("deployment-crew-green.yaml", "spec.template.metadata.labels", "true", "must be left out: turning"),
        ("deployment-crew-green.yaml", "spec.selector.matchLabels", "true", "must be left out: turning"),
    ],
)
def test_argo_cd_knows_by_a_label_of_the_deployment_alone_that_it_is_autoscaled(
    file: str, where: str, value: str | None, message: str
) -> None:
    found = broken(file, labelled(where, AUTOSCALED, value), STATE)
    assert any(line.startswith(f"{where}.{AUTOSCALED}: {message}") for line in found)


@pytest.mark.parametrize(
    ("file", "wave", "others"),
    [
        (WORKER, 30, {0, 20, 25, 31}),
        (STOPPED, 25, {0, 20, 30}),
        (CRON, 30, {20, 25, 31}),
        (SUSPENDED, 30, {20, 25, 31}),
        (SCALER, 30, {20, 25, 31}),
        (POLICY, -20, {0, 30}),
        (CRON_POLICY, -20, {0, 30}),
        (OTHER_POLICY, 15, {-20, 0, 20, 30}),
    ],
)
def test_every_role_has_one_wave(file: str, wave: int, others: set[int]) -> None:
    for other in others:
        (found,) = [line for line in broken(file, annotation(WAVE, str(other)), STATE) if "the renderer" not in line]
        assert found in {
            f"{WAVE}: is {other}, must be {wave}",
            f"{WAVE}: is {other}: this may hold up the switch, which stands in 20",
        }


@pytest.mark.parametrize("file", [WORKER, STOPPED, CRON, SCALER, POLICY])
def test_what_does_not_serve_must_not_be_pruned_last(file: str) -> None:
    found = broken(file, annotation(OPTIONS, "PruneLast=true"), STATE)
    assert found == [f"{OPTIONS}: must not hold PruneLast=true: it does not serve"]


PEERS = "spec.ingress.0.from"
EVERYBODY = "spec.ingress: must name who may call: as it is, everybody may"


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (
            SCALER,
            put("spec.scaleTargetRef.name", "crew-green"),
            "spec.scaleTargetRef: must be the Deployment crew-blue, is {",
        ),
        (SCALER, put("spec.scaleTargetRef.kind", "ReplicaSet"), "spec.scaleTargetRef: must be the Deployment"),
        (SCALER, put("spec.maxReplicas", 2), "spec.minReplicas: must be 1 or more and at most maxReplicas, is 3 of 2"),
        (SCALER, put("spec.minReplicas", 0), "spec.minReplicas: must be 1 or more and at most maxReplicas, is 0 of 20"),
        (SCALER, put("spec.metrics", []), "spec.metrics: must not be empty"),
        (
            SCALER,
            put("spec.metrics.0.resource.name", "ephemeral-storage"),
            "spec.metrics.0.resource.name: ephemeral-storage is not requested",
        ),
        (WEB, put("spec.replicas", 4), "spec.replicas: must be the autoscaler's minReplicas, 3, is 4"),
        (POLICY, put("spec.policyTypes", ["Ingress", "Egress"]), "spec.policyTypes: must be Ingress alone"),
        (POLICY, put("spec.podSelector", {}), "spec.podSelector: must be exactly"),
        (CRON_POLICY, put("spec.podSelector", {}), "spec.podSelector: must be exactly"),
        (CRON_POLICY, put("spec.ingress", [{}]), "spec.ingress: must be left out: nobody calls a Job"),
        (POLICY, put("spec.ingress", [{}]), EVERYBODY),
        (POLICY, put("spec.ingress.0.from", []), EVERYBODY),
        (POLICY, put(f"{PEERS}.2", {"podSelector": {}}), EVERYBODY),
        (POLICY, put(f"{PEERS}.2", {"namespaceSelector": {}}), EVERYBODY),
        (POLICY, put("spec.ingress", []), "spec.ingress: must let in the pods of blue, which call each other"),
        (POLICY, put("spec.ingress", []), "spec.ingress: must let in the Jobs of blue"),
        (POLICY, put(f"{PEERS}.0", {"ipBlock": {"cidr": "10.0.0.0/8"}}), "spec.ingress: must let in the pods of blue"),
        (
            POLICY,
            put(f"{PEERS}.1.podSelector.matchExpressions.0.values", ["smoke-blue"]),
            "spec.ingress: must let in the Jobs of blue",
        ),
        (
            POLICY,
            put(f"{PEERS}.1.namespaceSelector", {"matchLabels": {"a": "b"}}),
            "spec.ingress: must let in the Jobs of blue",
        ),
        (
            CRON,
            put(f"{JOB_POD}.containers.0.securityContext.allowPrivilegeEscalation", to=True),
            f"{JOB_POD}.containers.0.securityContext.allowPrivilegeEscalation: must be false, is true",
        ),
    ],
)
def test_a_broken_field_is_named(file: str, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(line.startswith(expected) for line in broken(file, change, STATE))
