"""What may run once: each worker and cron component does its work in the active colour, and in no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.checks.view import COLOR_LABEL, COMPONENT_LABEL, JOB_LABEL, NAME_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem


def singletons(view: View) -> Iterator[Problem]:
    """Exactly one of each worker and cron is enabled over both colours: that of the active release, if it has it.

    That it is there at all is among what `files` sees.
    """
    for item, expected in view.of("worker", "cron"):
        name = expected.component.name if expected.component else ""
        if expected.role == "cron":
            yield from _job_pods(item, expected)
        if expected.selects is view.state.active:
            if not _enabled(item):
                yield _problem(item, f"{expected.selects} is active, and nothing else does the work of {name}")
        elif not _disabled(item):
            yield _problem(item, f"{expected.selects} is idle, and the active colour does the work of {name}")


def _enabled(item: Item) -> bool:
    if item.at("kind") == "CronJob":
        return item.at("spec", "suspend") is False
    replicas = item.at("spec", "replicas")
    return isinstance(replicas, int) and replicas >= 1


def _disabled(item: Item) -> bool:
    """Whether it says so; Kubernetes takes what says nothing for one pod, or for not suspended."""
    if item.at("kind") == "CronJob":
        return item.at("spec", "suspend") is True
    return type(item.at("spec", "replicas")) is int and item.at("spec", "replicas") == 0


def _problem(item: Item, message: str) -> Problem:
    field = "suspend" if item.at("kind") == "CronJob" else "replicas"
    return item.problem(f"spec.{field}", f"is {_shown(item.at('spec', field))}: {message}")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _job_pods(item: Item, expected: Expected) -> Iterator[Problem]:
    """A Job's pods take no traffic, so no selector may find them; policies find them by a label of their own."""
    where = ".".join((*item.template, "metadata", "labels"))
    labels = item.at(*item.template, "metadata", "labels")
    labels = labels if isinstance(labels, dict) else {}
    if COLOR_LABEL in labels:
        yield item.problem(where, f"must not hold {COLOR_LABEL}: Services would send traffic there")
    wanted = {
        NAME_LABEL: expected.release.spec.name,
        COMPONENT_LABEL: expected.component.name if expected.component else "",
        JOB_LABEL: f"cron-{expected.selects}",
    }
    for key, value in wanted.items():
        if labels.get(key) != value:
            yield item.problem(where, f"{key} must be {value}, is {labels.get(key)}")
