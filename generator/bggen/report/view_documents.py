"""What the reading commands found → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.views import Compared, History, HistoryEntry, Shown, Status, StatusRow, Validated
from bggen.report.documents import by_color, images, number, problem_rows
from bggen.report.look import printable

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
        case History():
            return _history(view)
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


def _history(outcome: History) -> dict[str, Any]:
    return {
        "action": "history",
        "app": outcome.app,
        "env": outcome.env,
        "entries": [_history_entry(entry) for entry in outcome.entries],
        "complete": outcome.cut is None,
        "cut": outcome.cut,
    }


def _history_entry(entry: HistoryEntry) -> dict[str, Any]:
    before, after = entry.before, entry.after
    return {
        "commit": entry.commit,
        "date": entry.date,
        "author": entry.author,
        "subject": entry.subject,
        "actions": list(dict.fromkeys(event.action for event in entry.events)),
        "summary": printable("; ".join(event.phrase for event in entry.events)),
        "active": {"before": before and before.active, "after": after and after.active},
        "release": by_color(after, number),
        "images": {
            str(color): {name: {"before": old, "after": new} for name, (old, new) in changed.items()}
            for color, changed in entry.images.items()
        },
    }
