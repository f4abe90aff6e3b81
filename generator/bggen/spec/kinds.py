"""Which fields of a component its kind does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CRON_FIELDS = (
    *("schedule", "timeZone", "startingDeadlineSeconds", "concurrencyPolicy"),
    *("activeDeadlineSeconds", "backoffLimit"),
)
NOT_OF: Mapping[str, frozenset[str]] = {
    "service": frozenset(CRON_FIELDS),
    "worker": frozenset((*CRON_FIELDS, "port", "service", "autoscale")),
    "cron": frozenset(
        ("port", "ports", "service", "replicas", "autoscale", "health", "drain", "colorAntiAffinity"),
    ),
}
