"""Argo CD never waits for ever: what it waits for before the switch fails in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import View
    from bggen.model import Problem

_LONGEST = 3600


def waits(view: View) -> Iterator[Problem]:
    """A rollout without progress fails within an hour, beside what its pods may take to start."""
    for item, expected in view.of("deployment", "worker"):
        start = expected.component.health.start_seconds if expected.component else None
        most = _LONGEST + (start or 0)
        found = item.at("spec", "progressDeadlineSeconds")
        # Left out, it is ten minutes. Kubernetes takes the largest number for no deadline at all.
        if found is not None and (type(found) is not int or not 0 < found <= most):
            message = f"must be from 1 to {most}, is {found}: Argo CD waits that long for what never gets ready"
            yield item.problem("spec.progressDeadlineSeconds", message)
