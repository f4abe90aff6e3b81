"""Autoscaling: who changes the number of a Deployment's pods, and that Argo CD knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_LABEL = "bggen.dev/autoscaled"


def scaling(view: View) -> Iterator[Problem]:
    """A Deployment has an autoscaler that scales it, or a number of pods that Argo CD applies, and never both."""
    bounds = {}
    for item, expected in view.of("autoscaler"):
        bounds[item.manifest.name] = item.at("spec", "minReplicas")
        yield from _autoscaler(item, expected)
    for item, _ in view.of("deployment", "worker", "rollout"):
        yield from _deployment(item, bounds)


def _autoscaler(item: Item, expected: Expected) -> Iterator[Problem]:
    of_rollout = expected.release.spec.rollout is not None
    version, kind = ("argoproj.io/v1alpha1", "Rollout") if of_rollout else ("apps/v1", "Deployment")
    target = item.at("spec", "scaleTargetRef")
    if target != {"apiVersion": version, "kind": kind, "name": expected.name}:
        yield item.problem("spec.scaleTargetRef", f"must be the {kind} {expected.name}, is {target}")
    least, most = item.at("spec", "minReplicas"), item.at("spec", "maxReplicas")
    if not (isinstance(least, int) and isinstance(most, int) and 1 <= least <= most):
        yield item.problem("spec.minReplicas", f"must be 1 or more and at most maxReplicas, is {least} of {most}")
    metrics = item.at("spec", "metrics")
    if not metrics:
        yield item.problem("spec.metrics", "must not be empty")
    resources = expected.component.resources if expected.component else None
    for index, metric in enumerate(metrics if isinstance(metrics, list) else []):
        name = dig(metric, "resource", "name")
        # Kubernetes takes a limit for a request that is not given.
        requested = {
            "cpu": resources and (resources.cpu or resources.cpu_limit),
            "memory": resources and (resources.memory or resources.memory_limit),
        }
        if dig(metric, "resource", "target", "type") == "Utilization" and not requested.get(name):
            where = f"spec.metrics.{index}.resource.name"
            yield item.problem(where, f"{name} is not requested, so there is nothing to take a percentage of")


def _deployment(item: Item, bounds: dict[str, object]) -> Iterator[Problem]:
    name = item.manifest.name
    label = item.at("metadata", "labels", _LABEL)
    if name in bounds:
        if label != "true":
            message = f"must be true, is {label}: Argo CD would undo what the autoscaler does"
            yield item.problem(f"metadata.labels.{_LABEL}", message)
        replicas = item.at("spec", "replicas")
        if replicas != bounds[name]:
            message = f"must be the autoscaler's minReplicas, {bounds[name]}, is {replicas}: it is created with that"
            yield item.problem("spec.replicas", message)
    elif label is not None:
        message = "must be left out: Argo CD would not apply replicas, and nothing scales it"
        yield item.problem(f"metadata.labels.{_LABEL}", message)
    for where in (("spec", "selector", "matchLabels"), (*item.template, "metadata", "labels")):
        if item.at(*where, _LABEL) is not None:
            message = "must be left out: turning autoscaling on or off would replace the pods"
            yield item.problem(f"{'.'.join(where)}.{_LABEL}", message)
