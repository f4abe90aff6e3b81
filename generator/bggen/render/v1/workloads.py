"""Renderer 1: what runs a component in one colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.render.v1.objects import KEPT, WAVE_ACTIVE, WAVE_GROUND, WAVE_REST, Object, labels_of, pairs, selector
from bggen.render.v1.pods import minor, pod_values, progress_deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, Manifest, Release

_EVICTION_POLICY_SINCE = 27


def workloads(env: str, release: Release, color: Color, *, active: bool, running: bool) -> Iterator[Manifest]:
    """Return while the colour runs its Deployments and PodDisruptionBudgets."""
    if not running:
        return
    spec = release.spec
    for name in sorted(spec.components):
        component = spec.components[name]
        chosen = selector(spec.name, name, color)
        own = Object(release, env, f"{spec.base_name(name)}-{color}", f"{color}.yaml", color)
        labels = labels_of(spec.name, name, color)
        yield own.manifest(
            "Deployment",
            WAVE_ACTIVE if active else WAVE_REST,
            labels={**component.labels, **labels, "bggen.dev/release": str(release.number)},
            annotations={
                **component.annotations,
                **(KEPT if active else {}),
            },
            values={
                **pod_values(spec, component, color, labels=labels),
                "replicas": component.replicas,
                "progress_deadline": progress_deadline(component),
            },
        )
        yield own.manifest(
            "PodDisruptionBudget",
            WAVE_REST,
            labels=labels,
            values={"selector": pairs(chosen), "evict_unhealthy": minor(spec) >= _EVICTION_POLICY_SINCE},
        )


def account(env: str, release: Release, component: str, color: Color, *, source: str) -> Manifest:
    """Return the ServiceAccount of the component's pods in that colour."""
    spec = release.spec
    settings = spec.components[component].service_account
    return Object(release, env, f"{spec.base_name(component)}-{color}", source, color).manifest(
        "ServiceAccount",
        WAVE_GROUND,
        labels=labels_of(spec.name, component, color),
        annotations=settings.annotations if settings is not None else None,
    )
