"""The checks of smoke tests see what they are there for: each invariant is broken in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.checks import check
from bggen.render import render
from bggen.spec.identity import identity
from tests.support.breaking import FOLDER, OPTIONS, WAVE, annotation, broken, put, put_at
from tests.support.smoked import GATED, IDLE, smoked
from tests.support.states import bumped

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import EnvState

BOTH = bumped(GATED, smoked("v3"))


def file_of(word: str) -> str:
    (found,) = [manifest.file for manifest in render(BOTH) if f"-{word}-" in manifest.file and manifest.kind == "Job"]
    return found


GATE, SMOKE = file_of("gate"), file_of("smoke")
POD = "spec.template.spec"
LABELS = ("spec", "template", "metadata", "labels")


@pytest.mark.parametrize("file", [GATE, SMOKE])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put_at(*LABELS, "bggen.dev/color", to="x"), "must not hold bggen.dev/color"),
        (put("spec.backoffLimit", None), "spec.backoffLimit: must be at most 6, is None"),
        (put("spec.backoffLimit", 7), "spec.backoffLimit: must be at most 6, is 7"),
        (put("spec.activeDeadlineSeconds", None), "spec.activeDeadlineSeconds: must be at most"),
        (put("spec.ttlSecondsAfterFinished", 60), "spec.ttlSecondsAfterFinished: must be left out"),
        (put(f"{POD}.restartPolicy", "OnFailure"), f"{POD}.restartPolicy: must be Never, is OnFailure"),
        (put(f"{POD}.automountServiceAccountToken", to=True), f"{POD}.automountServiceAccountToken: must be False"),
        (put(f"{POD}.securityContext.runAsNonRoot", None), f"{POD}.securityContext.runAsNonRoot: must be True"),
        (put(f"{POD}.securityContext.runAsUser", 0), f"{POD}.securityContext.runAsUser: must not be 0"),
        (put(f"{POD}.hostNetwork", to=True), f"{POD}.hostNetwork: must be left out"),
        (put(f"{POD}.containers", []), f"{POD}.containers: must not be empty"),
        (
            put(f"{POD}.containers.0.securityContext.privileged", to=True),
            f"{POD}.containers.0.securityContext.privileged: must be left out",
        ),
        (put(f"{POD}.containers.0.env", []), "BGGEN_COLOR must be "),
        (annotation("argocd.argoproj.io/hook", "Sync"), "must be left out: a commit that skips it loses the Job"),
        (annotation(OPTIONS, "PruneLast=true"), "must not hold PruneLast=true"),
    ],
)
def test_a_broken_field_is_named(file: str, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in line for line in broken(file, change, BOTH))


def test_the_switch_waits_an_hour_at_most() -> None:
    change = put("spec.activeDeadlineSeconds", 3601)
    assert broken(GATE, change, BOTH) == ["spec.activeDeadlineSeconds: must be at most 3600, is 3601"]
    assert broken(SMOKE, change, BOTH) == []


@pytest.mark.parametrize(("file", "color"), [(GATE, "green"), (SMOKE, "blue")])
def test_a_test_is_labelled_and_aimed_for_its_own_colour(file: str, color: str) -> None:
    other = {"blue": "green", "green": "blue"}[color]
    (line,) = broken(file, put_at(*LABELS, "bggen.dev/job", to=f"smoke-{other}"), BOTH)
    assert line.endswith(f"bggen.dev/job: must be smoke-{color}, is smoke-{other}")

    def aim(data: dict[str, Any]) -> None:
        for variable in data["spec"]["template"]["spec"]["containers"][0]["env"]:
            variable["value"] = variable["value"].replace(f"shop-web-{color}", f"shop-web-{other}")

    (line,) = broken(file, aim, BOTH)
    assert line.endswith(f"BGGEN_URL asks shop-web-{other}, which is no Service of {color}")


@pytest.mark.parametrize("kind", ["service-shop-web.yaml", "deployment-shop-web-green.yaml"])
def test_pods_that_a_selector_finds_are_seen(kind: str) -> None:
    def select(data: dict[str, Any]) -> None:
        chosen = {"app.kubernetes.io/name": "shop"}
        data["spec"]["selector"] = chosen if data["kind"] == "Service" else {"matchLabels": chosen}

    found = broken(kind, select, BOTH)
    assert sum("selects them" in line and line.startswith(f"{FOLDER}/job-") for line in found) == 2


@pytest.mark.parametrize(("file", "wave"), [(GATE, 10), (SMOKE, 30)])
def test_each_has_its_wave(file: str, wave: int) -> None:
    for other in {-20, 0, 10, 20, 30} - {wave}:
        found = broken(file, annotation(WAVE, str(other)), BOTH)
        blocks = file == SMOKE and other < 20
        reason = "this may hold up the switch" if blocks else f"must be {wave}"
        assert any(reason in line for line in found), (other, found)


@pytest.mark.parametrize("state", [IDLE, GATED, BOTH])
def test_one_that_is_missing_and_one_too_many_are_seen(state: EnvState) -> None:
    without = [manifest for manifest in render(state) if manifest.kind != "Job"]
    jobs = [manifest for manifest in render(state) if manifest.kind == "Job"]
    missing = [str(problem) for problem in check(state, without)]
    assert len(missing) == len(jobs)
    assert all("is missing: release" in line for line in missing)
    plain = replace(state, gate=False, parked=True)
    found = [str(problem) for problem in check(plain, [*render(plain), *jobs])]
    assert sum("no release asks for this object" in line for line in found) == len(jobs)


def test_a_gate_is_the_active_releases_alone() -> None:
    assert GATED.green is not None
    assert GATED.active is not None
    assert f"job-shop-gate-2-{identity(GATED.green, GATED.active)}.yaml" == GATE
