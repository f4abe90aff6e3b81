"""Renderer 1: the objects of `switch: service`, and their order inside one sync of Argo CD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.model import Color, Manifest
from bggen.render.references import SERVICE_PORT
from bggen.render.templates import fill
from bggen.render.v1.pods import deployment_values, minor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import Release
    from bggen.render.face import Role

_SYNC_WAVE = "argocd.argoproj.io/sync-wave"

# A tree that lacks what serves until now must not delete it before the switch has moved. Only a sync that skips commits
# meets that, or a route that goes: any other commit keeps all that serves.
_KEPT = {"argocd.argoproj.io/sync-options": "PruneLast=true"}

# By role and not by kind: what has no health to wait for, the colour that is active after this commit, the switch, and
# last, where nothing is waited for, everything that could hold up the switch.
_WAVE_GROUND = -20
_WAVE_ACTIVE = 0
_WAVE_SWITCH = 20
_WAVE_REST = 30

_EVICTION_POLICY_SINCE = 27


class V1:
    """Implements `bggen.render.face.Renderer`."""

    def workloads(self, env: str, release: Release, color: Color, *, active: bool, running: bool) -> Iterator[Manifest]:
        """Return while the colour runs its Deployments and PodDisruptionBudgets."""
        if not running:
            return
        spec = release.spec
        for name in sorted(spec.components):
            component = spec.components[name]
            selector = _selector(spec.name, name, color)
            own = _Object(release, env, f"{spec.base_name(name)}-{color}", f"{color}.yaml", color)
            labels = _labels(spec.name, name, color)
            yield own.manifest(
                "Deployment",
                _WAVE_ACTIVE if active else _WAVE_REST,
                labels={**component.labels, **labels, "bggen.dev/release": str(release.number)},
                annotations={
                    **component.annotations,
                    **(_KEPT if active else {}),
                },
                values={
                    **deployment_values(spec, component, color),
                    "selector": _pairs(selector),
                    "pod_labels": _pairs({**component.labels, **labels}),
                    "pod_annotations": _pairs(component.annotations),
                },
            )
            yield own.manifest(
                "PodDisruptionBudget",
                _WAVE_REST,
                labels=labels,
                values={"selector": _pairs(selector), "evict_unhealthy": minor(spec) >= _EVICTION_POLICY_SINCE},
            )

    def account(self, env: str, release: Release, component: str, color: Color, *, source: str) -> Manifest:
        """Return the ServiceAccount of the component's pods in that colour."""
        spec = release.spec
        return _Object(release, env, f"{spec.base_name(component)}-{color}", source, color).manifest(
            "ServiceAccount", _WAVE_GROUND, labels=_labels(spec.name, component, color)
        )

    def service(
        self, env: str, release: Release, component: str, *, role: Role, selects: Color, serves: bool, source: str
    ) -> Manifest:
        """Return the component's Service of that role; it has one port, whatever port the containers listen on."""
        spec = release.spec
        wave = _WAVE_GROUND if role == "color" else _WAVE_SWITCH
        if role == "active" and not serves:
            # It moves to pods that nothing has waited for, and until the Ingress changes users may still reach it.
            wave = _WAVE_REST
        own_color = selects if role == "color" else None
        suffix = {"color": f"-{selects}", "active": "", "preview": "-preview"}[role]
        return _Object(release, env, spec.base_name(component) + suffix, source, own_color).manifest(
            "Service",
            wave,
            labels=_labels(spec.name, component, own_color),
            annotations=_KEPT if serves else None,
            values={"port": SERVICE_PORT, "selector": _pairs(_selector(spec.name, component, selects))},
        )

    def routes(self, env: str, release: Release) -> Iterator[Manifest]:
        """Return the Ingress, which leads to the active Services whichever colour they select."""
        spec = release.spec
        route = spec.route
        if route is None:
            return
        yield _Object(release, env, spec.name, "release.yaml", None).manifest(
            "Ingress",
            _WAVE_REST,
            labels=_labels(spec.name, None, None),
            annotations={**route.annotations, **_KEPT},
            values={
                "hosts": list(route.hosts),
                "tls": route.tls,
                "ingress_class": route.ingress_class,
                "paths": [(path, spec.base_name(component)) for path, component in sorted(route.paths.items())],
            },
        )


class _Object:
    """The name and the place of one object, or of several that share them."""

    def __init__(self, release: Release, env: str, name: str, source: str, color: Color | None) -> None:
        self.namespace = release.spec.namespace
        self.name = name
        self.color = color
        self.header = f"# Generated by bggen from apps/{release.spec.name}/{env}/{source}: do not edit.\n"

    def manifest(
        self,
        kind: str,
        wave: int,
        *,
        labels: Mapping[str, str],
        annotations: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
    ) -> Manifest:
        template = kind.lower()
        text = fill(
            "v1",
            f"{template}.yaml",
            {
                "name": self.name,
                "namespace": self.namespace,
                "labels": _pairs(labels),
                "annotations": _pairs({**(annotations or {}), _SYNC_WAVE: str(wave)}),
                **(values or {}),
            },
        )
        return Manifest(
            file=f"{template}-{self.name}.yaml",
            text=self.header + text,
            kind=kind,
            name=self.name,
            namespace=self.namespace,
            color=self.color,
            wave=wave,
        )


def _selector(app: str, component: str, color: Color) -> dict[str, str]:
    return {"app.kubernetes.io/name": app, "app.kubernetes.io/component": component, "bggen.dev/color": str(color)}


def _labels(app: str, component: str | None, color: Color | None) -> dict[str, str]:
    labels = {"app.kubernetes.io/name": app, "app.kubernetes.io/managed-by": "bggen"}
    if component is not None:
        labels["app.kubernetes.io/component"] = component
    if color is not None:
        labels["bggen.dev/color"] = str(color)
    return labels


def _pairs(mapping: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(mapping.items())
