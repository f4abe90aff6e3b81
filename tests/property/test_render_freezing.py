"""What a release froze stays: bumps and flips change only what they are there to change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings

from bggen.render import render
from tests.support.manifests import by_file, pod_templates
from tests.support.states import bumped, flipped, parked, specs, states

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState

budget = settings(max_examples=max(settings().max_examples // 3, 20))


@budget
@given(states(), specs())
def test_a_bump_changes_no_byte_of_the_active_colour_or_of_the_switch(state: EnvState, spec: AppSpec) -> None:
    active = state.active_release
    assert active is not None
    after = by_file(render(bumped(state, replace(spec, namespace=active.spec.namespace))))
    for manifest in render(state):
        of_idle = manifest.color is state.idle_color or manifest.name.endswith("-preview")
        # A component that only idle has is idle's alone: the active release neither runs nor routes to it.
        component = manifest.name.removeprefix(f"{state.app}-").removesuffix(f"-{state.active}")
        known = manifest.kind == "Ingress" or component in {*active.spec.components, state.app}
        if not of_idle and known and not (component == state.app and state.app not in active.spec.components):
            assert after[manifest.file] == manifest.text


@budget
@given(states(), specs())
def test_a_flip_changes_no_pod_template_and_flipping_back_restores_every_byte(before: EnvState, spec: AppSpec) -> None:
    state = bumped(before, spec)
    there = flipped(state)
    assert pod_templates(render(there)) == pod_templates(render(state))
    assert render(flipped(there)) == render(state)


@budget
@given(states(), specs())
def test_parking_removes_workloads_and_changes_nothing_else(start: EnvState, spec: AppSpec) -> None:
    state = bumped(start, spec)
    before, after = render(state), by_file(render(parked(state)))
    gone = {manifest.file for manifest in before} - after.keys()
    assert {file.split("-")[0] for file in gone} == {"deployment", "poddisruptionbudget"}
    assert all(manifest.color is state.idle_color for manifest in before if manifest.file in gone)
    assert all(after[manifest.file] == manifest.text for manifest in before if manifest.file not in gone)
