"""Renderer 1: who may call the pods of a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.render.v1.objects import (
    WAVE_BEFORE_REST,
    WAVE_BEFORE_SWITCH,
    WAVE_GROUND,
    WAVE_JOINED,
    Object,
    job_label,
    labels_of,
    of_color,
    pairs,
    selector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import AppSpec, Color, Component, Manifest, Release
    from bggen.model.parts import Peer

_NAMESPACE = "kubernetes.io/metadata.name"
# Of this app in one colour: its cron components' pods, those of its smoke test, and those of its migrations.
_CALLING_JOBS = ("cron", "smoke")
_MIGRATING = (*_CALLING_JOBS, "migrate")


def policies(
    env: str, release: Release, color: Color | None, *, active: bool, joined: bool, moved_last: bool
) -> Iterator[Manifest]:
    """Return a NetworkPolicy for each component, whether it runs or not, where the release says who may call it.

    That of a colour that serves is there before its pods. The other colour's comes right before the switch: in a sync
    that skips commits that colour may serve until then, by a release that has other callers. Not later: prunes take the
    waves that the live objects had, and pods that users are sent to must be rid of a policy that their release lacks.
    Nor with the switch: Argo CD swaps the waves of prunes, and gives the lowest one to all of them only in the end.
    """
    spec = release.spec
    if spec.network is None:
        return
    other = WAVE_JOINED if joined else WAVE_BEFORE_REST if moved_last else WAVE_BEFORE_SWITCH
    source = "release.yaml" if color is None else f"{color}.yaml"
    callers = [*_own(spec, color), *map(_peer, spec.network)]
    for name in sorted(spec.components):
        component = spec.components[name]
        is_cron = component.kind == "cron"
        yield Object(release, env, of_color(spec.base_name(name), color), source, color).manifest(
            "NetworkPolicy",
            WAVE_GROUND if active else other,
            labels=labels_of(spec.name, name, color),
            values={
                "pods": pairs(_selected(spec, component, color)),
                # Nobody calls a Job.
                "callers": [] if is_cron else callers,
            },
        )


def _selected(spec: AppSpec, component: Component, color: Color | None) -> dict[str, str]:
    if component.kind == "cron":
        labels = labels_of(spec.name, component.name, None)
        del labels["app.kubernetes.io/managed-by"]
        return {**labels, **job_label("cron", color)}
    return selector(spec.name, component.name, color)


def _own(spec: AppSpec, color: Color | None) -> Iterator[dict[str, object]]:
    """Return the app's own pods of the colour, which always may, and its Jobs' pods of that colour."""
    labels = selector(spec.name, "", color)
    del labels["app.kubernetes.io/component"]
    yield _caller(pods=labels)
    calling = _CALLING_JOBS if spec.migrate is None else _MIGRATING
    jobs = [value for what in calling for value in job_label(what, color).values()]
    yield _caller(pods={"app.kubernetes.io/name": spec.name}, jobs=jobs)


def _peer(peer: Peer) -> dict[str, object]:
    namespace = {} if peer.namespace is None else {_NAMESPACE: peer.namespace}
    return _caller(namespace=namespace, pods=dict(peer.pods), cidr=peer.cidr)


def _caller(
    *,
    namespace: dict[str, str] | None = None,
    pods: dict[str, str] | None = None,
    jobs: list[str] | None = None,
    cidr: str | None = None,
) -> dict[str, object]:
    return {"namespace": pairs(namespace or {}), "pods": pairs(pods or {}), "jobs": jobs or [], "cidr": cidr}
