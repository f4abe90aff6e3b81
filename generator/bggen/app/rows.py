"""A row of `status` as one line of text: what worker processes give back, and Memory keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bggen.app.views import Brief, DatabaseBrief, StatusRow
from bggen.model import Color, Hold

if TYPE_CHECKING:
    from bggen.model import EnvState, Release


def row_line(state: EnvState, *, pending_spec: bool) -> str:
    """Return the row of a state, without what Git knows."""
    hold, previous = state.hold, state.previous.release if state.previous else None
    back = [release for release in (state.saved, state.idle_release) if release and release.number == previous]
    fields = [
        state.active,
        state.idle,
        state.pending,
        {color: _brief(release) for color in Color if (release := state.release(color))},
        previous,
        _brief(back[0]) if back else None,
        [hold.reason, hold.by, hold.until] if hold else None,
        pending_spec,
        state.gate,
        state.joined,
        _database(state),
    ]
    return json.dumps(fields, separators=(",", ":"))


def row_from(app: str, env: str, line: str) -> StatusRow:
    """Return the row that a line of `row_line` holds.

    Raises:
        ValueError: it is none.
    """
    try:
        active, idle, pending, releases, previous, back, hold, pending_spec, gate, *rest = json.loads(line)
        joined, database = rest
        return StatusRow(
            app=app,
            env=env,
            active=None if active is None else Color(active),
            idle=idle,
            pending=pending,
            releases={Color(color): Brief(*brief) for color, brief in releases.items()},
            previous=previous,
            rollback=None if back is None else Brief(*back),
            hold=None if hold is None else Hold(*hold),
            pending_spec=pending_spec,
            gate=gate,
            joined=joined,
            database=None if database is None else _database_brief(*database),
        )
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _brief(release: Release) -> list[Any]:
    return [release.number, release.images]


def _database(state: EnvState) -> list[Any] | None:
    if state.database is None:
        return None
    from bggen.transitions.migrating import due  # noqa: PLC0415 - most apps do without

    following = due(state)
    windows = {
        color: [window.min, window.max]
        for color in Color
        if (release := state.release(color)) and (window := release.spec.compatible)
    }
    return [state.database.schema, windows, None if following.needs else following.phase]


def _database_brief(schema: int, windows: dict[str, list[int]], phase: str | None) -> DatabaseBrief:
    return DatabaseBrief(schema, {Color(color): (least, most) for color, (least, most) in windows.items()}, phase)
