"""What renderer 1 makes of workers, crons, autoscaled components and of those who may call an app."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from bggen.model import Color, Resources
from bggen.model.parts import Autoscale, Schedule
from bggen.render import render
from tests.support.manifests import at, by_file, pod_templates, read
from tests.support.states import (
    app_spec,
    bumped,
    component,
    crew_spec,
    first,
    flipped,
    hello_spec,
    parked,
    states,
)

if TYPE_CHECKING:
    from bggen.model import AppSpec, Component, EnvState

BOTH = bumped(first(crew_spec()), crew_spec("v2"))
NOTES = "metadata.annotations"
WAVE = f"{NOTES}[argocd.argoproj.io/sync-wave]"


def crew(**changed: Component | None) -> AppSpec:
    """The crew with other components; None leaves one out."""
    spec = crew_spec("v2")
    every = {**spec.components, **{name.replace("_", "-"): each for name, each in changed.items()}}
    return replace(spec, components={name: each for name, each in every.items() if each is not None})


def of(state: EnvState, *kinds: str) -> set[str]:
    return {each.file.removesuffix(".yaml") for each in render(state) if each.kind in kinds}


def test_a_worker_works_in_the_active_colour_alone_and_ends_before_it_begins() -> None:
    for state, active, idle in ((BOTH, "blue", "green"), (flipped(BOTH), "green", "blue")):
        objects = read(render(state))
        on, off = (objects[f"deployment-crew-mailer-{color}.yaml"] for color in (active, idle))
        assert (on["spec"]["replicas"], at(on, WAVE)) == (2, "30")
        assert (off["spec"]["replicas"], at(off, WAVE)) == (0, "25")
        for each in (on, off):
            assert "argocd.argoproj.io/sync-options" not in each["metadata"]["annotations"]
            assert "lifecycle" not in at(each, "spec.template.spec.containers.0")
        assert of(state, "PodDisruptionBudget") >= {f"poddisruptionbudget-crew-mailer-{color}" for color in Color}
    assert of(parked(BOTH), "Deployment") == {"deployment-crew-blue", "deployment-crew-mailer-blue"}


def test_a_cron_is_suspended_in_the_idle_colour() -> None:
    for state, active, idle in ((BOTH, "blue", "green"), (flipped(BOTH), "green", "blue")):
        objects = read(render(state))
        on, off = (objects[f"cronjob-crew-report-{color}.yaml"] for color in (active, idle))
        assert (on["spec"]["suspend"], off["spec"]["suspend"]) == (False, True)
        for each in (on, off):
            assert (at(each, WAVE), each["metadata"]["annotations"]["note"]) == ("30", "nightly")
        health = "argocd.argoproj.io/ignore-healthcheck"
        assert off["metadata"]["annotations"][health] == "true"
        assert health not in on["metadata"]["annotations"]
    assert of(parked(BOTH), "CronJob") == {"cronjob-crew-report-blue"}
    assert not of(BOTH, "Deployment", "PodDisruptionBudget") & {
        f"{kind}-crew-report-{color}" for kind in ("deployment", "poddisruptionbudget") for color in Color
    }


def test_a_cron_job_says_all_of_its_schedule() -> None:
    spec = read(render(BOTH))["cronjob-crew-report-green.yaml"]["spec"]
    job = spec.pop("jobTemplate")["spec"]
    assert spec == {
        "schedule": "0 3 * * *",
        "timeZone": "Europe/Berlin",
        "startingDeadlineSeconds": 60,
        "concurrencyPolicy": "Forbid",
        "suspend": True,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
    }
    assert (job["backoffLimit"], job["activeDeadlineSeconds"]) == (1, 600)
    pod = job["template"]["spec"]
    assert (pod["restartPolicy"], pod["serviceAccountName"]) == ("Never", "crew-report-green")
    assert pod["terminationGracePeriodSeconds"] == 30
    assert "topologySpreadConstraints" not in pod
    assert pod["containers"][0]["env"] == [{"name": "API_URL", "value": "http://crew-green"}]
    assert not {"lifecycle", "ports", "readinessProbe"} & pod["containers"][0].keys()


def test_a_cron_job_leaves_out_what_is_not_said() -> None:
    spec = app_spec("tidy", component("tidy", kind="cron", drain=0, schedule=Schedule("@daily")))
    assert of(first(spec), "CronJob", "Deployment", "Service") == {"cronjob-tidy-blue"}
    cron = read(render(first(spec)))["cronjob-tidy-blue.yaml"]["spec"]
    assert "timeZone" not in cron
    assert "activeDeadlineSeconds" not in cron["jobTemplate"]["spec"]


def test_a_cron_sees_its_files_as_other_pods_do() -> None:
    report = replace(crew_spec().components["report"], files={"/etc/report.ini": "[report]"}, writable=("/var/cache",))
    objects = read(render(bumped(first(crew_spec()), crew(report=report))))
    (config,) = (name for name in objects if name.startswith("configmap-crew-report-green-"))
    pod = at(objects["cronjob-crew-report-green.yaml"], "spec.jobTemplate.spec.template.spec")
    sources = [volume.get("configMap", {}).get("name") for volume in pod["volumes"]]
    assert objects[config]["metadata"]["name"] in sources
    mounted = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounted == {"/etc/report.ini", "/var/cache"}


def test_no_selector_finds_the_pods_of_a_cron() -> None:
    # Green has the component as a service.
    state = bumped(first(crew_spec()), crew(report=component("report", port=80)))
    objects = read(render(state)).values()
    (labels,) = (
        at(each, "spec.jobTemplate.spec.template.metadata.labels") for each in objects if each["kind"] == "CronJob"
    )
    assert labels == {
        "app.kubernetes.io/name": "crew",
        "app.kubernetes.io/component": "report",
        "app.kubernetes.io/managed-by": "bggen",
        "bggen.dev/job": "cron-blue",
        "team": "data",
    }
    selectors = [each["spec"]["selector"] for each in objects if "selector" in each.get("spec", {})]
    assert len(selectors) > 10
    for selector in selectors:
        assert not selector.get("matchLabels", selector).items() <= labels.items()


def test_an_autoscaled_component_starts_with_its_least_and_says_so_to_argo_cd() -> None:
    for state in (BOTH, flipped(BOTH)):
        objects = read(render(state))
        for color in Color:
            deployment = objects[f"deployment-crew-{color}.yaml"]
            assert deployment["spec"]["replicas"] == 3
            assert deployment["metadata"]["labels"]["bggen.dev/autoscaled"] == "true"
            assert "autoscaled" not in str(deployment["spec"])
            scaler = objects[f"horizontalpodautoscaler-crew-{color}.yaml"]
            assert at(scaler, WAVE) == "30"
            assert scaler["spec"] == {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"crew-{color}"},
                "minReplicas": 3,
                "maxReplicas": 20,
                "metrics": [metric("cpu", 70), metric("memory", 80)],
            }
    assert of(parked(BOTH), "HorizontalPodAutoscaler") == {"horizontalpodautoscaler-crew-blue"}
    assert "autoscaled" not in str(by_file(render(first(hello_spec()))))


def metric(resource: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}


def test_one_target_and_equal_bounds_are_enough_to_scale_by() -> None:
    spec = hello_spec(autoscale=Autoscale(2, 2, memory=90), replicas=2, resources=Resources(memory="1Gi"))
    scaler = read(render(first(spec)))["horizontalpodautoscaler-hello-blue.yaml"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"], scaler["metrics"]) == (2, 2, [metric("memory", 90)])


def test_turning_autoscaling_on_or_off_changes_no_pod_template() -> None:
    fixed = crew(crew=replace(crew_spec("v2").components["crew"], autoscale=None))
    with_it, without = (pod_templates(render(first(spec))) for spec in (crew_spec("v2"), fixed))
    assert with_it == without


OWN = [
    {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "crew", "bggen.dev/color": "blue"}}},
    {
        "podSelector": {
            "matchLabels": {"app.kubernetes.io/name": "crew"},
            "matchExpressions": [
                {"key": "bggen.dev/job", "operator": "In", "values": ["cron-blue", "smoke-blue"]},
            ],
        }
    },
]


def test_a_colour_calls_itself_and_some_others_call_it() -> None:
    spec = read(render(BOTH))["networkpolicy-crew-blue.yaml"]["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert spec["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "crew",
        "app.kubernetes.io/component": "crew",
        "bggen.dev/color": "blue",
    }
    of_namespace = "kubernetes.io/metadata.name"
    assert spec["ingress"] == [
        {
            "from": [
                *OWN,
                {"namespaceSelector": {"matchLabels": {of_namespace: "ingress-nginx"}}},
                {
                    "namespaceSelector": {"matchLabels": {of_namespace: "monitoring"}},
                    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
                },
                {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "shop"}}},
                {"ipBlock": {"cidr": "10.0.0.0/8"}},
            ]
        }
    ]
    alone = read(render(first(crew_spec(network=()))))["networkpolicy-crew-blue.yaml"]["spec"]
    assert alone["ingress"] == [{"from": OWN}]


def test_nobody_calls_the_pods_of_a_cron() -> None:
    assert read(render(BOTH))["networkpolicy-crew-report-green.yaml"]["spec"] == {
        "podSelector": {
            "matchLabels": {
                "app.kubernetes.io/name": "crew",
                "app.kubernetes.io/component": "report",
                "bggen.dev/job": "cron-green",
            }
        },
        "policyTypes": ["Ingress"],
    }


def test_policies_are_those_of_each_colours_own_release_also_while_it_is_parked() -> None:
    for state in (BOTH, parked(BOTH)):
        waves = {each.file: each.wave for each in render(state) if each.kind == "NetworkPolicy"}
        assert waves == {
            f"networkpolicy-crew{name}-{color}.yaml": wave
            for name in ("", "-mailer", "-report")
            for color, wave in (("blue", -20), ("green", 15))
        }
    for one, other, color in ((None, (), "green"), ((), None, "blue")):
        state = bumped(first(crew_spec(network=one)), crew_spec(network=other))
        assert {name[-len(color) :] for name in of(state, "NetworkPolicy")} == {color}


KINDS = {
    "service": component("mailer", port=9000),
    "worker": crew_spec().components["mailer"],
    "cron": component("mailer", kind="cron", drain=0, schedule=Schedule("@daily")),
}
PODS = ("Deployment", "CronJob")


@pytest.mark.parametrize("old", KINDS)
@pytest.mark.parametrize("new", KINDS)
def test_a_component_that_changes_its_kind_keeps_nothing_of_the_other_in_that_colour(old: str, new: str) -> None:
    state = bumped(first(crew(mailer=KINDS[old])), crew(mailer=KINDS[new]))
    for current in (state, flipped(state)):
        found = {name for name in of(current, *PODS, "PodDisruptionBudget") if "-mailer-" in name}
        assert found == {
            f"{kind}-crew-mailer-{color}"
            for color, each in (("blue", old), ("green", new))
            for kind in (["cronjob"] if each == "cron" else ["deployment", "poddisruptionbudget"])
        }
        services = {name for name in of(current, "Service") if "-mailer" in name}
        assert len(services) == (4 if "service" in (old, new) else 0)
        accounts = {name for name in of(current, "ServiceAccount") if "-mailer-" in name}
        assert accounts == {f"serviceaccount-crew-mailer-{color}" for color in Color}


def test_a_renamed_worker_works_under_its_old_name_until_the_flip() -> None:
    state = bumped(first(crew_spec()), crew(mailer=None, post=replace(KINDS["worker"], name="post")))
    assert working(state) == {("mailer", Color.BLUE), ("report", Color.BLUE)}
    assert working(flipped(state)) == {("post", Color.GREEN), ("report", Color.GREEN)}


def working(state: EnvState) -> set[tuple[str, Color]]:
    """The workers and crons that work, and where."""
    single = {
        name
        for release in (state.blue, state.green)
        if release is not None
        for name, each in release.spec.components.items()
        if each.kind != "service"
    }
    found = set()
    for data in read(render(state)).values():
        name = data["metadata"]["labels"].get("app.kubernetes.io/component")
        if data["kind"] not in PODS or name not in single:
            continue
        color = Color(data["metadata"]["labels"]["bggen.dev/color"])
        release = state.release(color)
        spec = data["spec"]
        on = not spec["suspend"] if data["kind"] == "CronJob" else spec["replicas"] > 0
        if on and release is not None and release.spec.components[name].kind != "service":
            found.add((name, color))
    return found


@given(states(every_kind=True))
@settings(max_examples=max(settings().max_examples // 2, 20))
def test_exactly_one_of_each_worker_and_cron_works(state: EnvState) -> None:
    release = state.active_release
    assert release is not None
    assert working(state) == {
        (name, state.active) for name, each in release.spec.components.items() if each.kind != "service"
    }
