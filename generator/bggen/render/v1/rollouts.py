"""Renderer 1: one Rollout of Argo Rollouts that runs both releases, and what stands around it.

Its pod template is one release's and nothing else's, to the byte: going back restores it, and so the ReplicaSet that
the controller may still have. All that reaches beyond the template to pods that serve is the active release's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bggen.render.references import SERVICE_PORT
from bggen.render.v1.analyses import analysis_templates, analysis_values
from bggen.render.v1.network import policies
from bggen.render.v1.objects import KEPT, WAVE_GROUND, WAVE_REST, WAVE_SWITCH, Object, labels_of, pairs, selector
from bggen.render.v1.pods import minor, pod_values, progress_deadline
from bggen.render.v1.scaling import AUTOSCALED, autoscaler
from bggen.render.v1.traffic import service_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import AppSpec, Component, Manifest, Release
    from bggen.model.rollouts import Metadata, Rollout
    from bggen.render.face import Turn

_EVICTION_POLICY_SINCE = 27
_TARGET: Final = ("argoproj.io/v1alpha1", "Rollout")
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
# The controller writes a key into the selector, which is one value to a server-side apply: it would be dropped, both
# Services would select both releases, and the controller would promote what nobody has flipped to. A client-side apply
# leaves alone what it has not written. Both options are Argo CD's own (SyncOptionDisableServerSideApply and
# SyncOptionDisableReplace, https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/), and so is the one by
# which a server-side diff does not take the key for drift
# (https://argo-cd.readthedocs.io/en/stable/user-guide/diff-strategies/).
_LET_ALONE: Final = ("ServerSideApply=false", "Replace=false")
_COMPARED: Final[Mapping[str, str]] = {"argocd.argoproj.io/compare-options": "ServerSideDiff=false"}


def rollout(env: str, turn: Turn) -> Iterator[Manifest]:
    """Return the Rollout with the pods of one release, what it is tested by, and the Service that leads to it."""
    release = turn.wanted
    spec = release.spec
    component = _only(spec)
    yield from analysis_templates(env, turn)
    yield _service(env, release, "-preview", turn.source, kept={})
    yield Object(release, env, spec.base_name(component.name), turn.source, None).manifest(
        "Rollout",
        # A Rollout that waits for its flip is Suspended to Argo CD: nothing may stand behind it.
        WAVE_REST,
        labels=_labels(turn, component),
        annotations={**component.annotations, **KEPT},
        values={
            **pod_values(spec, component, None, labels=_pod_labels(release, component)),
            **_strategy(turn),
            "replicas": _only(turn.serving.spec).replicas,
            "progress_deadline": progress_deadline(component),
            "active_service": spec.base_name(component.name),
            "preview_service": f"{spec.base_name(component.name)}-preview",
            "promotes": turn.promotes,
            "analyses": analysis_values(turn),
        },
    )


def around_rollout(env: str, turn: Turn) -> Iterator[Manifest]:
    """Return what reaches the pods that serve: their Service, identity, budget, autoscaler and policy."""
    release = turn.serving
    spec = release.spec
    component = _only(spec)
    labels = labels_of(spec.name, component.name, None)
    own = Object(release, env, spec.base_name(component.name), "release.yaml", None)
    settings = component.service_account
    yield own.manifest(
        "ServiceAccount", WAVE_GROUND, labels=labels, annotations=settings.annotations if settings is not None else None
    )
    yield _service(env, release, "", "release.yaml", kept=turn.kept)
    if component.autoscale is not None:
        yield autoscaler(own, component.autoscale, labels, _TARGET)
    # Over the pods of both releases: of one at a time, whichever it is of.
    yield own.manifest(
        "PodDisruptionBudget",
        WAVE_REST,
        labels=labels,
        values={
            "selector": pairs(selector(spec.name, component.name, None)),
            "evict_unhealthy": minor(spec) >= _EVICTION_POLICY_SINCE,
        },
    )
    yield from policies(env, release, None, active=False, joined=False, moved_last=False)


def _only(spec: AppSpec) -> Component:
    (component,) = spec.components.values()
    return component


def _pod_labels(release: Release, component: Component) -> dict[str, str]:
    """Return the labels of the pods; by the number no bump is ever the template of an older ReplicaSet.

    To such a one the controller goes at once, without a pause: https://github.com/argoproj/argo-rollouts,
    rollout/bluegreen.go, isBlueGreenFastTracked.
    """
    return {**labels_of(release.spec.name, component.name, None), "bggen.dev/release": str(release.number)}


def _labels(turn: Turn, component: Component) -> dict[str, str]:
    labels = {**component.labels, **_pod_labels(turn.wanted, component)}
    return labels if _only(turn.serving.spec).autoscale is None else {**labels, **AUTOSCALED}


def _strategy(turn: Turn) -> dict[str, Any]:
    own, serving = _settings(turn.wanted), _settings(turn.serving)
    timed = turn.promotes and not turn.returned and own.promotion == "timed"
    numbers = {
        "autoPromotionSeconds": own.auto_promotion_seconds if timed else None,
        "previewReplicaCount": own.preview_replica_count,
        "scaleDownDelaySeconds": own.scale_down_delay_seconds,
        "scaleDownDelayRevisionLimit": own.scale_down_delay_revision_limit,
        "abortScaleDownDelaySeconds": own.abort_scale_down_delay_seconds,
        "maxUnavailable": own.max_unavailable,
    }
    metadata = (("activeMetadata", serving.active_metadata), ("previewMetadata", own.preview_metadata))
    return {
        "abort_at_deadline": own.progress_deadline_abort,
        "revision_history_limit": own.revision_history_limit,
        "rollback_window": own.rollback_window,
        "numbers": [(key, number) for key, number in numbers.items() if number is not None],
        "anti_affinity": own.anti_affinity,
        "anti_affinity_weight": own.anti_affinity_weight,
        "metadata": [(when, *_pairs(each)) for when, each in metadata if each is not None],
    }


def _pairs(metadata: Metadata) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    return pairs(metadata.labels), pairs(metadata.annotations)


def _settings(release: Release) -> Rollout:
    if release.spec.rollout is None:
        raise ValueError(f"release {release.number} is none of a Rollout")
    return release.spec.rollout


def _service(env: str, release: Release, suffix: str, source: str, *, kept: Mapping[str, int]) -> Manifest:
    spec = release.spec
    component = _only(spec)
    active = suffix == ""
    settings = component.service if active else None
    options = ["PruneLast=true"] if active else []
    return Object(release, env, spec.base_name(component.name) + suffix, source, None).manifest(
        "Service",
        WAVE_SWITCH,
        labels=labels_of(spec.name, component.name, None),
        annotations={
            **(settings.annotations if settings else {}),
            **_COMPARED,
            _SYNC_OPTIONS: ",".join([*options, *_LET_ALONE]),
        },
        values={
            "type": settings.type if settings else "ClusterIP",
            "node_port": settings.node_port if settings else None,
            "port": SERVICE_PORT,
            "ports": service_ports(component.ports, kept),
            "selector": pairs(selector(spec.name, component.name, None)),
        },
    )
