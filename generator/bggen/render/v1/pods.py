"""Renderer 1: what the template of a component's pods prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.model import EnvRef
from bggen.render.references import resolve
from bggen.render.v1.objects import pairs, selector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Color, Component, Health, Resources

# The minor version of Kubernetes from which a field is on by default.
_MATCH_LABEL_KEYS_SINCE = 27
_SLEEP_SINCE = 30

# What a pod gets to end its requests in, after the endpoints had `drain` seconds to forget it.
_SHUTDOWN_SECONDS = 30

_SPREAD_OVER = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]


def minor(spec: AppSpec) -> int:
    """Return the minor version of Kubernetes that the release was made for."""
    return int(spec.kubernetes.split(".")[1])


def pod_values(
    spec: AppSpec, component: Component, color: Color, *, labels: Mapping[str, str], restart: str | None = None
) -> dict[str, object]:
    """Return the values for a component's pods; they know only their own colour.

    Args:
        spec: the app.
        component: the component.
        color: the colour.
        labels: the labels by which bggen finds the pods; the component's own stand beside them.
        restart: when containers are started again; None for always.
    """
    requests, limits = _resources(component.resources)
    return {
        "component": component.name,
        "restart": restart,
        "pod_labels": pairs({**component.labels, **labels}),
        "pod_annotations": pairs(component.annotations),
        "selector": pairs(selector(spec.name, component.name, color)),
        "image": str(component.image),
        "port": component.port,
        "command": [resolve(word, spec, color) for word in component.command],
        "args": [resolve(word, spec, color) for word in component.args],
        "env": _env(spec, component, color),
        "requests": requests,
        "limits": limits,
        "probes": _probes(component.health, component.port),
        "drain": component.drain,
        # An argument of a command is text.
        "drain_text": str(component.drain),
        "grace": component.drain + _SHUTDOWN_SECONDS,
        "native_sleep": minor(spec) >= _SLEEP_SINCE,
        "restricted": component.security == "restricted",
        "user": component.user,
        "spread_over": _SPREAD_OVER,
        "spread_per_template": minor(spec) >= _MATCH_LABEL_KEYS_SINCE,
    }


def _env(spec: AppSpec, component: Component, color: Color) -> list[dict[str, str | None]]:
    variables: list[dict[str, str | None]] = []
    for name, value in component.env.items():
        if isinstance(value, EnvRef):
            variables.append({"name": name, "value": None, "secret": value.name, "key": value.key})
        else:
            variables.append({"name": name, "value": resolve(value, spec, color), "secret": None, "key": None})
    # Kubernetes puts a variable into `$(NAME)` only where it stands further up in the list.
    return sorted(variables, key=lambda variable: ("$(" in (variable["value"] or ""), variable["name"] or ""))


def _resources(resources: Resources) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    requests = {"cpu": resources.cpu, "memory": resources.memory}
    # More memory than requested is memory that a node may not have: the pod would be killed at any time.
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory_limit or resources.memory}
    return (
        [(key, value) for key, value in requests.items() if value is not None],
        [(key, value) for key, value in limits.items() if value is not None],
    )


def _probes(health: Health, port: int | None) -> list[dict[str, object]]:
    probes: list[dict[str, object]] = []
    if health.live is not None:
        # Liveness begins when start-up is over, so a slow start is not a reason to kill. Its 150 s stay below the
        # progress deadline, which is what reports a pod that never comes up.
        probes.append({"name": "startupProbe", "path": health.live, "period": 5, "timeout": 3, "failures": 30})
        probes.append({"name": "livenessProbe", "path": health.live, "period": 10, "timeout": 3, "failures": 6})
    if health.ready is not None or port is not None:
        probes.append({"name": "readinessProbe", "path": health.ready, "period": 5, "timeout": 3, "failures": 3})
    return probes
