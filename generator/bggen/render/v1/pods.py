"""Renderer 1: what the template of a component's pods prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.model import EnvRef
from bggen.render.references import resolve
from bggen.render.v1.config import volume_values
from bggen.render.v1.objects import of_color, pairs, selector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Color, Component, Resources

# The minor version of Kubernetes from which a field is on by default.
_MATCH_LABEL_KEYS_SINCE = 27
_SLEEP_SINCE = 30

# What a pod gets to end its requests in, after the endpoints had `drain` seconds to forget it.
_SHUTDOWN_SECONDS = 30

_START_SECONDS = 150
_START_PERIOD = 5
_MIN_READY_SECONDS = 10
_PROGRESS_SECONDS = 180

_SPREAD_OVER = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]


def minor(spec: AppSpec) -> int:
    """Return the minor version of Kubernetes that the release was made for."""
    return int(spec.kubernetes.split(".")[1])


def pod_values(
    spec: AppSpec, component: Component, color: Color | None, *, labels: Mapping[str, str], restart: str | None = None
) -> dict[str, object]:
    """Return the values for a component's pods; they know only their own colour.

    Args:
        spec: the app.
        component: the component.
        color: the colour; None for the pods of a Rollout, which have none.
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
        "ports": _ports(component),
        "account": _account(spec, component, color),
        "token": component.service_account is not None and component.service_account.token,
        "pull_secrets": list(component.image_pull_secrets),
        "command": [resolve(word, spec, color) for word in component.command],
        "args": [resolve(word, spec, color) for word in component.args],
        "env": _env(spec, component, color),
        "env_from": list(component.env_from),
        "requests": requests,
        "limits": limits,
        "probes": _probes(component),
        "drain": component.drain,
        # An argument of a command is text.
        "drain_text": str(component.drain),
        "grace": component.drain + _SHUTDOWN_SECONDS,
        "native_sleep": minor(spec) >= _SLEEP_SINCE,
        "restricted": component.security == "restricted",
        "user": component.user,
        "spread_over": _SPREAD_OVER,
        "spread_per_template": minor(spec) >= _MATCH_LABEL_KEYS_SINCE,
        "template_hash": "rollouts-pod-template-hash" if color is None else "pod-template-hash",
        **volume_values(spec, component, color),
        **_placement(spec, component, color),
    }


def progress_deadline(component: Component) -> int:
    """Return the seconds after which a rollout that makes no progress has failed."""
    start = component.health.start_seconds
    return _PROGRESS_SECONDS if start is None else max(_PROGRESS_SECONDS, start + 30 + _MIN_READY_SECONDS)


def _ports(component: Component) -> list[tuple[str, int]]:
    first = [] if component.port is None else [("http", component.port)]
    return [*first, *sorted(component.ports.items())]


def _account(spec: AppSpec, component: Component, color: Color | None) -> str:
    given = component.service_account.name if component.service_account is not None else None
    return of_color(spec.base_name(component.name), color) if given is None else given


def _placement(spec: AppSpec, component: Component, color: Color | None) -> dict[str, object]:
    placement = component.placement
    return {
        "node_selector": pairs(placement.node_selector) if placement else [],
        "tolerations": list(placement.tolerations) if placement else [],
        "priority_class": placement.priority_class if placement else None,
        "avoids": placement.color_anti_affinity if placement else None,
        "avoided": pairs(selector(spec.name, component.name, color and color.other)),
    }


def _env(spec: AppSpec, component: Component, color: Color | None) -> list[dict[str, str | None]]:
    variables: list[dict[str, str | None]] = []
    for name, value in component.env.items():
        if isinstance(value, EnvRef):
            variables.append({"name": name, "source": value.source, "value": value.name, "key": value.key})
        else:
            variables.append({"name": name, "source": None, "value": resolve(value, spec, color), "key": None})

    def last(variable: dict[str, str | None]) -> tuple[bool, str]:
        # Kubernetes puts a variable into `$(NAME)` only where it stands further up in the list.
        return (variable["source"] is None and "$(" in (variable["value"] or ""), variable["name"] or "")

    return sorted(variables, key=last)


def _resources(resources: Resources) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    requests = {"cpu": resources.cpu, "memory": resources.memory}
    # More memory than requested is memory that a node may not have: the pod would be killed at any time.
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory_limit or resources.memory}
    return (
        [(key, value) for key, value in requests.items() if value is not None],
        [(key, value) for key, value in limits.items() if value is not None],
    )


def _probes(component: Component) -> list[dict[str, object]]:
    health = component.health
    port = health.port or (None if component.port is None else "http")
    if port is None:
        return []
    probes = [{"name": "readinessProbe", "path": health.ready, "period": 5, "timeout": 3, "failures": 3}]
    if health.live is not None:
        probes.insert(0, {"name": "livenessProbe", "path": health.live, "period": 10, "timeout": 3, "failures": 6})
    if health.live is not None or health.start is not None or health.start_seconds is not None:
        # The other checks begin when the start is over, so a slow start is not a reason to kill. It has less time than
        # the progress deadline, which is what reports a pod that never comes up.
        seconds = _START_SECONDS if health.start_seconds is None else health.start_seconds
        start = health.start or health.live or health.ready
        failures = -(-seconds // _START_PERIOD)
        probes.insert(
            0, {"name": "startupProbe", "path": start, "period": _START_PERIOD, "timeout": 3, "failures": failures}
        )
    return [{**probe, "port": port} for probe in probes]
