"""Renderer 1: what runs a component in one colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.render.v1.objects import (
    KEPT,
    WAVE_ACTIVE,
    WAVE_GROUND,
    WAVE_JOINED,
    WAVE_REST,
    WAVE_STOP,
    Object,
    job_label,
    labels_of,
    pairs,
    selector,
)
from bggen.render.v1.pods import minor, pod_values, progress_deadline
from bggen.render.v1.scaling import AUTOSCALED, autoscaler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import AppSpec, Color, Component, Manifest, Release
    from bggen.model.parts import Schedule

_EVICTION_POLICY_SINCE = 27

# Argo CD calls a suspended CronJob Suspended, and so the whole Application, whose idle colour is meant to be that way.
_NO_HEALTH: Final[Mapping[str, str]] = {"argocd.argoproj.io/ignore-healthcheck": "true"}


def workloads(
    env: str, release: Release, color: Color, *, active: bool, joined: bool, running: bool
) -> Iterator[Manifest]:
    """Return while the colour runs what runs its components, each as its kind asks for."""
    if not running:
        return
    spec = release.spec
    for name in sorted(spec.components):
        component = spec.components[name]
        own = Object(release, env, f"{spec.base_name(name)}-{color}", f"{color}.yaml", color)
        labels = labels_of(spec.name, name, color)
        shown = {**component.labels, **labels, "bggen.dev/release": str(release.number)}
        if component.schedule is not None:
            yield _cron(own, spec, component, component.schedule, color, labels=shown, active=active)
            continue
        yield _deployment(own, spec, component, color, labels=shown, active=active, joined=joined)
        if component.autoscale is not None:
            yield autoscaler(own, component.autoscale, labels)
        yield own.manifest(
            "PodDisruptionBudget",
            WAVE_REST,
            labels=labels,
            values={
                "selector": pairs(selector(spec.name, name, color)),
                "evict_unhealthy": minor(spec) >= _EVICTION_POLICY_SINCE,
            },
        )


def _deployment(
    own: Object,
    spec: AppSpec,
    component: Component,
    color: Color,
    *,
    labels: Mapping[str, str],
    active: bool,
    joined: bool,
) -> Manifest:
    # A joined colour comes after the smoke test of the active one: while that fails, it may be the one that serves.
    replicas, wave = component.replicas, WAVE_ACTIVE if active else WAVE_JOINED if joined else WAVE_REST
    kept = KEPT if active or joined else {}
    if component.kind == "worker":
        # No two colours may do the same work: it ends in one before it begins in the other. Nobody waits for a worker,
        # so it is no gate, and one that is left over after the switch would do the work twice, so it is not kept.
        replicas, wave = (component.replicas, WAVE_REST) if active else (0, WAVE_STOP)
        kept = {}
    if component.autoscale is not None:
        labels = {**labels, **AUTOSCALED}
        replicas = component.autoscale.min
    return own.manifest(
        "Deployment",
        wave,
        labels=labels,
        annotations={**component.annotations, **kept},
        values={
            **pod_values(spec, component, color, labels=labels_of(spec.name, component.name, color)),
            "replicas": replicas,
            "progress_deadline": progress_deadline(component),
        },
    )


def _cron(
    own: Object,
    spec: AppSpec,
    component: Component,
    schedule: Schedule,
    color: Color,
    *,
    labels: Mapping[str, str],
    active: bool,
) -> Manifest:
    pods = {**labels_of(spec.name, component.name, None), **job_label("cron", color)}
    return own.manifest(
        "CronJob",
        WAVE_REST,
        labels=labels,
        annotations={**component.annotations, **({} if active else _NO_HEALTH)},
        values={
            **pod_values(spec, component, color, labels=pods, restart="Never"),
            # No Job has so many pods that they have to be kept apart.
            "spread_over": [],
            "schedule": schedule.cron,
            "time_zone": schedule.time_zone,
            "starting_deadline": schedule.starting_deadline_seconds,
            "concurrency": schedule.concurrency_policy,
            "suspend": not active,
            "backoff_limit": schedule.backoff_limit,
            "active_deadline": schedule.active_deadline_seconds,
        },
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
