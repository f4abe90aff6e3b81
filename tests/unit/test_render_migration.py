"""The Jobs that change the database: when there is one, what it runs, and that its name stands for that alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.checks import check
from bggen.kubeschema import validate_objects
from bggen.model import EnvState, Image
from bggen.model.parts import Patch, Placement, Schedule
from bggen.render import render
from bggen.transitions import parse_replicas, scale
from tests.support.breaking import WAVE, annotation, broken, put, put_at
from tests.support.manifests import at, read
from tests.support.migrating import (
    ADD,
    BUMPED,
    CONTRACTED,
    FLIPPED,
    ROLLED_BACK,
    bump,
    flip,
    migrating,
    released,
)
from tests.support.states import component

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import AppSpec

POD = "spec.template.spec"
LABELS = ("spec", "template", "metadata", "labels")


def jobs(state: EnvState) -> dict[str, Any]:
    return {data["metadata"]["name"]: data for data in read(render(state)).values() if data["kind"] == "Job"}


def only(state: EnvState) -> Any:
    (job,) = jobs(state).values()
    return job


def variables(job: Any) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in at(job, f"{POD}.containers.0.env")}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (released(migrating()), ["migrate-blue"]),
        (BUMPED, ["migrate-green"]),
        (released(migrating(), ADD, "park"), ["migrate-green"]),
        (FLIPPED, ["migrate-green"]),
        (released(migrating(), ADD, "flip", "flip"), ["migrate-green"]),
        (ROLLED_BACK, []),
        (flip(ROLLED_BACK).after, ["migrate-green"]),
        (CONTRACTED, ["migrate-green", "migrate-green"]),
        (released(migrating(None, None)), []),
    ],
)
def test_there_is_a_job_from_the_bump_through_the_flip_and_none_after_a_rollback(
    state: EnvState, words: list[str]
) -> None:
    assert [at(job, "metadata.labels")["bggen.dev/job"] for job in jobs(state).values()] == words
    assert check(state, render(state)) == ()


def test_one_stands_before_all_pods_and_the_other_after_the_switch() -> None:
    waves = {each.name.split("-")[1]: each.wave for each in render(CONTRACTED) if each.kind == "Job"}
    assert waves == {"migrate": -10, "contract": 30}


def test_the_pod_is_one_of_the_component_without_what_has_to_do_with_traffic() -> None:
    job, deployment = only(BUMPED), read(render(BUMPED))["deployment-shop-api-green.yaml"]
    pod, other = at(job, POD), at(deployment, POD)
    for key in ("serviceAccountName", "imagePullSecrets", "volumes", "securityContext"):
        assert pod[key] == other[key]
    one, two = pod["containers"][0], other["containers"][0]
    for key in ("image", "envFrom", "volumeMounts", "securityContext", "resources"):
        assert one[key] == two[key]
    assert not {"ports", "lifecycle", "args", "readinessProbe", "livenessProbe", "startupProbe"} & one.keys()
    assert one["command"] == ["./manage.py", "migrate", "--to=2", "shop-api-green"]
    assert variables(job) == {
        "BGGEN_COLOR": "green",
        "BGGEN_RELEASE": "2",
        "BGGEN_SCHEMA": "2",
        "DATABASE_URL": {"secretKeyRef": {"name": "shop-owner", "key": "url"}},
        "LOG_LEVEL": "info",
    }
    labels = at(job, ".".join(LABELS))
    assert labels["team"] == "checkout"
    assert "bggen.dev/color" not in labels


def test_the_job_ends() -> None:
    spec = only(released(migrating()))["spec"]
    assert (spec["activeDeadlineSeconds"], spec["backoffLimit"]) == (720, 2)
    assert "ttlSecondsAfterFinished" not in spec
    old = only(released(migrating(kubernetes="1.25")))["spec"]
    assert "podFailurePolicy" not in old


def test_the_third_phase_has_a_command_and_a_schema_of_its_own() -> None:
    found = next(job for name, job in jobs(CONTRACTED).items() if name.startswith("shop-contract-"))
    assert at(found, f"{POD}.containers.0.command") == ["./manage.py", "contract"]
    assert variables(found)["BGGEN_SCHEMA"] == "3"


def test_its_colour_lets_it_in() -> None:
    policy = read(render(BUMPED))["networkpolicy-shop-web-green.yaml"]
    assert "migrate-green" in str(policy)
    assert "migrate" not in str(read(render(released(migrating(None, None))))["networkpolicy-shop-web-blue.yaml"])


def changed(spec: AppSpec, **fields: Any) -> AppSpec:
    return replace(spec, components={**spec.components, "api": replace(spec.components["api"], **fields)})


@pytest.mark.parametrize(
    "spec",
    [
        changed(ADD, image=Image("ghcr.io/acme/shop-api", "v9")),
        changed(ADD, env={"LOG_LEVEL": "debug"}),
        changed(ADD, files={"/etc/shop.ini": "b"}),
        changed(ADD, labels={}),
        changed(ADD, placement=Placement(priority_class="high")),
        replace(ADD, patches=(Patch("Job", merge={"spec": {"template": {"spec": {"dnsPolicy": "Default"}}}}),)),
        replace(ADD, kubernetes="1.25"),
    ],
)
def test_the_name_stands_for_everything_that_the_job_holds(spec: AppSpec) -> None:
    plain, other = only(BUMPED), only(released(migrating(), spec))
    assert plain["spec"] != other["spec"]
    assert plain["metadata"]["name"] != other["metadata"]["name"]


def test_the_name_tells_releases_and_colours_apart_but_not_sizes_or_roles() -> None:
    again = only(bump(BUMPED, ADD, force=True).after)
    assert again["metadata"]["name"] != only(BUMPED)["metadata"]["name"]
    scaled = scale(BUMPED, parse_replicas(["api=7", "web=3"])).after
    for state in (scaled, FLIPPED, released(migrating(), ADD, "park"), flip(ROLLED_BACK).after):
        assert only(state) == only(BUMPED)
    assert only(released(ADD)) != only(BUMPED)


def test_a_component_of_any_kind_or_name_may_have_it() -> None:
    worker = component("migrate", image=Image("a", "v1"), kind="worker", drain=0, ports={"metrics": 9100})
    cron = component("contract", image=Image("a", "v1"), kind="cron", drain=0, schedule=Schedule("0 3 * * *"))
    base = migrating(2, (2, 3), after=3)
    for extra in (worker, cron):
        assert base.migrate
        spec = replace(
            base,
            components={**base.components, extra.name: extra},
            migrate=replace(base.migrate, component=extra.name),
        )
        for state in (released(spec), released(spec, "contract")):
            rendered = render(state)
            assert check(state, rendered) == ()
            assert validate_objects(rendered, "1.34") == ()


def file_of(word: str) -> str:
    (found,) = [each.file for each in render(CONTRACTED) if each.file.startswith(f"job-shop-{word}-")]
    return found


@pytest.mark.parametrize("file", [file_of("migrate"), file_of("contract")])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put_at(*LABELS, "bggen.dev/color", to="green"), "must not hold bggen.dev/color"),
        (put_at(*LABELS, "bggen.dev/job", to="migrate-blue"), "must be migrate-green, is migrate-blue"),
        (put("spec.backoffLimit", 3), "spec.backoffLimit: must be at most 2, is 3"),
        (put("spec.activeDeadlineSeconds", None), "spec.activeDeadlineSeconds: must be at most 3720"),
        (put("spec.ttlSecondsAfterFinished", 60), "spec.ttlSecondsAfterFinished: must be left out"),
        (annotation("argocd.argoproj.io/hook", "Sync"), "must be left out: a commit that skips it loses the Job"),
        (annotation(WAVE, "0"), "argocd.argoproj.io/sync-wave: is 0"),
        (put(f"{POD}.restartPolicy", "OnFailure"), "must be Never"),
        (put(f"{POD}.containers.0.image", "other"), "must be that of api, is other"),
        (put(f"{POD}.containers.0.env", []), "BGGEN_SCHEMA must be"),
        (put(f"{POD}.containers.0.livenessProbe", {}), "must be left out: nobody calls a Job"),
        (put(f"{POD}.serviceAccountName", "other"), "serviceAccountName: must be shop-api-green"),
        (put(f"{POD}.securityContext.runAsNonRoot", None), "securityContext.runAsNonRoot: must be"),
        (put(f"{POD}.containers.0.volumeMounts", []), "api does not see /etc/shop.ini"),
    ],
)
def test_a_broken_field_is_named(file: str, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in line for line in broken(file, change, CONTRACTED))


def test_one_that_is_missing_and_one_too_many_are_seen() -> None:
    without = [manifest for manifest in render(BUMPED) if manifest.kind != "Job"]
    (line,) = [str(problem) for problem in check(BUMPED, without)]
    assert "is missing: release 2 asks for it" in line
    more = [*render(ROLLED_BACK), *(manifest for manifest in render(FLIPPED) if manifest.kind == "Job")]
    (line,) = [str(problem) for problem in check(ROLLED_BACK, more) if "no release asks" in str(problem)]
