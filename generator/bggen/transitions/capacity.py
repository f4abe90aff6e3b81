"""How many replicas a colour has beside another one, and what autoscaling forbids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Component, EnvState, Release


def less_capacity(current: Release, target: Release) -> list[str]:
    """Name the components that have fewer replicas in the target; of autoscaled ones, the least number counts.

    A component that only one of the two has is no lack of capacity: the release says so. Crons have no replicas.
    """
    return [
        f"{name} {new.replicas} of {old.replicas}"
        for name, old, new in _both(current, target)
        if new.replicas < old.replicas
    ]


def unseen(current: Release, target: Release) -> tuple[str, ...]:
    """Say of what the active release scales by itself that its number is not known, and what the target begins with."""
    return tuple(
        f"{name} is autoscaled, and Git cannot see how many replicas take traffic now: it goes on with "
        f"{new.replicas}{'' if new.autoscale is None else f' to {new.autoscale.max}'}"
        for name, old, new in _both(current, target)
        if old.autoscale is not None
    )


def with_capacity_of(current: Release, release: Release) -> tuple[Release, list[str]]:
    """Raise replicas, and the bounds of what is autoscaled, to what another release has; say which."""
    raised = {name: new for name, old, was in _both(current, release) if (new := _raised(old, was)) != was}
    return _replaced(release, raised), [f"{name} {replicas_of(component)}" for name, component in raised.items()]


def replicas_of(component: Component) -> str:
    """Return a component's number of replicas, or its bounds, as `scale` takes them."""
    scale = component.autoscale
    return str(component.replicas) if scale is None else f"{scale.min}..{scale.max}"


def refuse_sudden_autoscale(state: EnvState, release: Release) -> None:
    """Refuse a release that would turn autoscaling on for a Deployment that runs.

    Argo CD, told to ignore a Deployment's replicas, leaves them out of what it applies: one that had them falls to a
    single pod in the sync that brings the label.

    Raises:
        RefusedError: with the way to do it.
    """
    sudden = _suddenly_autoscaled(state, release)
    if sudden and release.spec.rollout is not None:
        raise RefusedError(
            f"autoscale of {', '.join(sudden)} is new, and the Rollout runs without it: Argo CD would take it down to"
            " one pod",
            hint="bggen rollback, where it is meant, gives it fixed replicas; otherwise release it as a new app",
            kind="autoscale",
        )
    if sudden:
        raise RefusedError(
            f"autoscale of {', '.join(sudden)} is new, and {state.idle_color} runs without it: Argo CD would take its"
            " Deployment down to one pod",
            hint="bggen park, let Argo CD apply that, then bump again",
            kind="autoscale",
        )


def without_sudden_autoscale(state: EnvState, release: Release) -> tuple[Release, list[str]]:
    """Return the release with fixed replicas for what the idle colour runs without autoscaling; say which.

    A rollback cannot wait for the Deployment to go.
    """
    sudden = {
        name: replace(component, autoscale=None)
        for name, component in release.spec.components.items()
        if name in _suddenly_autoscaled(state, release)
    }
    return _replaced(release, sudden), list(sudden)


def _suddenly_autoscaled(state: EnvState, release: Release) -> list[str]:
    # A Rollout is there always, and has the active release's number of pods.
    there = state.idle_release if release.spec.rollout is None else state.active_release
    if there is None or (release.spec.rollout is None and not state.runs(state.idle_color)):
        return []
    return [name for name, old, new in _both(there, release) if old.autoscale is None and new.autoscale is not None]


def _both(one: Release, two: Release) -> Iterator[tuple[str, Component, Component]]:
    """Yield the components that both releases have as Deployments."""
    for name, first in one.spec.components.items():
        second = two.spec.components.get(name)
        if second is not None and "cron" not in (first.kind, second.kind):
            yield name, first, second


def _raised(old: Component, new: Component) -> Component:
    least = max(old.replicas, new.replicas)
    if new.autoscale is None:
        return replace(new, replicas=least)
    most = max(least, new.autoscale.max, old.autoscale.max if old.autoscale else 0)
    return replace(new, replicas=least, autoscale=replace(new.autoscale, min=least, max=most))


def _replaced(release: Release, components: dict[str, Component]) -> Release:
    merged = {name: components.get(name, component) for name, component in release.spec.components.items()}
    return replace(release, spec=replace(release.spec, components=merged))
