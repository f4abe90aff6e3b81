"""What the reading commands found → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.views import Compared, Shown, Status, StatusRow, Validated
from bggen.report.documents import by_color, images, number, problem_rows

if TYPE_CHECKING:
    from bggen.app.views import View
    from bggen.model import EnvState, Release


def view_document(view: View) -> dict[str, Any]:
    """Return the document but for its `schemaVersion`."""
    match view:
        case Shown():
            return {"action": "show", "app": view.app, "env": view.env, "spec": view.spec}
        case Status():
            return {"action": "status", "apps": [_status_row(row) for row in view.rows]}
        case Compared():
            return _compared(view)
        case Validated():
            return _validated(view)


def _validated(outcome: Validated) -> dict[str, Any]:
    return {
        "action": "validate",
        "valid": not outcome.problems,
        "apps": outcome.apps,
        "objects": outcome.objects,
        "skipped": list(outcome.skipped),
        "problems": problem_rows(outcome.problems),
    }


def _status_row(row: StatusRow) -> dict[str, Any]:
    state = row.state
    back = _rollback(state)
    return {
        "app": state.app,
        "env": state.env,
        "active": state.active,
        "since": row.since,
        "idle": state.idle,
        "pending": state.pending,
        "release": by_color(state, number),
        "images": by_color(state, images),
        "pendingSpec": row.pending_spec,
        "hold": {"reason": state.hold.reason, "by": state.hold.by, "until": state.hold.until} if state.hold else None,
        "rollback": {"release": back.number, "images": back.images} if back else None,
    }


def _rollback(state: EnvState) -> Release | None:
    """Return the release that `rollback` would go to now."""
    if state.previous is None:
        return None
    candidates = (state.saved, state.idle_release)
    return next((release for release in candidates if release and release.number == state.previous.release), None)


def _compared(outcome: Compared) -> dict[str, Any]:
    state = outcome.state
    return {
        "action": "diff",
        "app": state.app,
        "env": state.env,
        "active": state.active,
        "idle": state.idle,
        "release": by_color(state, number),
        "images": {name: {"active": active, "idle": idle} for name, (active, idle) in sorted(outcome.images.items())},
        "diff": outcome.diff,
    }
