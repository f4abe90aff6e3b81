"""What the reading commands found → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.views import Compared, History, HistoryEntry, Shown, Status, StatusRow, Validated
from bggen.model import Color
from bggen.report.documents import by_color, number, problem_rows
from bggen.report.look import printable

if TYPE_CHECKING:
    from bggen.app.views import View


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
    held = {str(color): row.releases.get(color) for color in Color}
    return {
        "app": row.app,
        "env": row.env,
        "active": row.active,
        "since": row.since,
        "idle": row.idle,
        "pending": row.pending,
        "release": {color: brief and brief.number for color, brief in held.items()},
        "images": {color: brief and dict(brief.images) for color, brief in held.items()},
        "pendingSpec": row.pending_spec,
        "gate": row.gate,
        "hold": {"reason": row.hold.reason, "by": row.hold.by, "until": row.hold.until} if row.hold else None,
        "rollback": {"release": row.rollback.number, "images": dict(row.rollback.images)} if row.rollback else None,
    }


def _compared(outcome: Compared) -> dict[str, Any]:
    state, comparison = outcome.state, outcome.comparison
    return {
        "action": "diff",
        "app": state.app,
        "env": state.env,
        "active": state.active,
        "idle": state.idle,
        "release": by_color(state, number),
        "images": {name: {"active": active, "idle": idle} for name, (active, idle) in sorted(outcome.images.items())},
        "diff": outcome.diff,
        "components": {"added": dict(comparison.added), "removed": dict(comparison.removed)},
        "differences": [
            {
                "component": each.component,
                "topic": each.topic,
                "path": list(each.path),
                "change": each.change,
                "active": each.before,
                "idle": each.after,
            }
            for each in comparison.differences
        ],
        "manifests": [
            {"kind": each.kind, "name": each.name, "change": each.change, "diff": each.diff} for each in outcome.objects
        ],
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
        "source": entry.source and {"sha": entry.source.sha, "repo": entry.source.repo_url or None},
        "images": {
            str(color): {name: {"before": old, "after": new} for name, (old, new) in changed.items()}
            for color, changed in entry.images.items()
        },
    }
