"""Migrations: a Job does the work of its release, ends in time, and takes no traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.checks.smoke import beside_traffic, bounded
from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_POD = "spec.template.spec"
# The most that a spec may give it, and the start of its pod.
_LONGEST = 3600 + 120
_MOST_RETRIES = 2
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def migrations(view: View) -> Iterator[Problem]:
    """Every Job that changes the database is outside of all traffic, bounded in time, and does its release's work."""
    for item, expected in view.of("migration", "contraction"):
        yield from beside_traffic(item, f"migrate-{expected.selects}", view)
        yield from bounded(item, longest=_LONGEST, retries=_MOST_RETRIES)
        yield from _pod(item)
        yield from _work(item, expected)


def _pod(item: Item) -> Iterator[Problem]:
    pod = item.at("spec", "template", "spec")
    if dig(pod, "restartPolicy") != "Never":
        yield item.problem(f"{_POD}.restartPolicy", f"must be Never, is {dig(pod, 'restartPolicy')}")
    for probe in _PROBES:
        if dig(pod, "containers", 0, probe) is not None:
            yield item.problem(f"{_POD}.containers.0.{probe}", "must be left out: nobody calls a Job")


def _work(item: Item, expected: Expected) -> Iterator[Problem]:
    migrate, component = expected.release.spec.migrate, expected.component
    if migrate is None or component is None:
        return
    phase = migrate.contract if expected.role == "contraction" else migrate
    where = f"{_POD}.containers.0"
    image = item.at("spec", "template", "spec", "containers", 0, "image")
    if image != str(component.image):
        yield item.problem(f"{where}.image", f"must be that of {component.name}, is {image}")
    env = item.at("spec", "template", "spec", "containers", 0, "env") or []
    variables = {dig(each, "name"): dig(each, "value") for each in env}
    wanted = {
        "BGGEN_COLOR": str(expected.selects),
        "BGGEN_RELEASE": str(expected.release.number),
        "BGGEN_SCHEMA": str(phase.schema if phase else None),
    }
    for name, value in wanted.items():
        if variables.get(name) != value:
            yield item.problem(f"{where}.env", f"{name} must be {value}, is {variables.get(name)}")
