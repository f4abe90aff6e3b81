"""What a move of the traffic makes Argo CD wait for, after the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, EnvState, Release


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


def endless_leave(state: EnvState, target: Release) -> Iterator[str]:
    """Say so where a rollback drops what serves in the second of two halves: for the same reason.

    Args:
        state: what is; the target takes the place of its idle release.
        target: the release that takes the traffic.
    """
    current, leaving = state.active_release, state.idle_release
    if not state.joined or current is None or leaving is None:
        return
    crons = sorted(name for name, component in current.spec.components.items() if component.kind == "cron")
    gone = sorted(
        name
        for name, component in leaving.spec.components.items()
        if component.kind == "service" and name not in target.spec.components
    )
    if crons and gone:
        yield (
            f"release {target.number} has no {', '.join(gone)}: Argo CD removes it from {state.idle_color} last, and"
            f" waits for ever for what is suspended in {state.active} then ({', '.join(crons)}): bggen park lets that"
            " sync end"
        )
