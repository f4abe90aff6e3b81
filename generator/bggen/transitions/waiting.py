"""What a move of the traffic makes Argo CD wait for, after the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, Release


def endless_sync(leaving: Color, current: Release, target: Release) -> Iterator[str]:
    """Say so where the route goes and a cron is suspended: its prune comes last, and waits for what is never healthy.

    Args:
        leaving: the colour that is active before.
        current: its release, which is idle afterwards.
        target: the release that takes the traffic.
    """
    crons = sorted(name for name, component in current.spec.components.items() if component.kind == "cron")
    if crons and current.spec.route is not None and target.spec.route is None:
        kind = "HTTPRoute" if current.spec.route.switch == "gateway" else "Ingress"
        yield (
            f"release {target.number} has no route: Argo CD removes the {kind} last, and waits for ever for what is"
            f" suspended in {leaving} then ({', '.join(crons)}): bggen park lets that sync end"
        )
