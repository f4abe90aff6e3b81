"""What a release froze stays: bumps and flips change only what they are there to change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from bggen.render import render
from tests.support.manifests import by_file, pod_templates, read
from tests.support.states import bumped, flipped, parked, specs, states

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState, Manifest

budget = settings(max_examples=max(settings().max_examples // 3, 20))


@budget
@given(states(every_kind=True), specs(every_kind=True))
def test_a_bump_changes_no_byte_of_the_active_colour_or_of_the_switch(state: EnvState, spec: AppSpec) -> None:
    active = state.active_release
    assert active is not None
    after = by_file(render(bumped(state, replace(spec, namespace=active.spec.namespace))))
    for manifest in render(state):
        of_idle = manifest.color is state.idle_color or manifest.name.endswith("-preview")
        if not of_idle and (manifest.kind in {"ConfigMap", "Ingress"} or _of_release(manifest, active.spec)):
            assert after[manifest.file] == manifest.text


def _of_release(manifest: Manifest, spec: AppSpec) -> bool:
    """Whether a release has the object's component; one that only idle has is idle's alone.

    To Services, a component without a port is as good as none: those that there are stand in for idle's.
    """
    listens = manifest.kind == "Service"
    names = {spec.base_name(each.name) for each in spec.components.values() if each.port is not None or not listens}
    return manifest.name.removesuffix(f"-{manifest.color}") in names


@budget
@given(states(every_kind=True), specs(every_kind=True))
def test_a_flip_changes_no_pod_template_and_flipping_back_restores_every_byte(before: EnvState, spec: AppSpec) -> None:
    state = bumped(before, spec)
    there = flipped(state)
    assert pod_templates(render(there)) == pod_templates(render(state))
    # What the newer of two flips could be rolled back to is another release.
    assert render(flipped(there)) == tuple(each for each in render(state) if "/previous.yaml: " not in each.text[:99])
    held, configs = config_maps(state), config_maps(there)
    assert configs.items() <= held.items()
    assert len(held) == len(configs) or state.saved is not None


def config_maps(state: EnvState) -> dict[str, Any]:
    """What every ConfigMap holds, by name."""
    return {
        data["metadata"]["name"]: data["data"] for data in read(render(state)).values() if data["kind"] == "ConfigMap"
    }


@budget
@given(states(every_kind=True), specs(every_kind=True))
def test_parking_removes_workloads_and_changes_nothing_else(start: EnvState, spec: AppSpec) -> None:
    state = bumped(start, spec)
    before, after = render(state), by_file(render(parked(state)))
    gone = {manifest.file for manifest in before} - after.keys()
    kinds = {file.split("-")[0] for file in gone}
    assert kinds
    assert kinds <= {"deployment", "cronjob", "poddisruptionbudget", "horizontalpodautoscaler"}
    assert all(manifest.color is state.idle_color for manifest in before if manifest.file in gone)
    assert all(after[manifest.file] == manifest.text for manifest in before if manifest.file not in gone)
