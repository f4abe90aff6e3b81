"""What the reading commands found → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.views import Checked, Compared, History, HistoryEntry, Shown, Status, StatusRow, Validated
from bggen.model import Color
from bggen.report.documents import by_color, number, problem_rows
from bggen.report.look import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bggen.app.views import View
    from bggen.events import Event


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
        case Checked():
            return _checked(view)


def _validated(outcome: Validated) -> dict[str, Any]:
    return {
        "action": "validate",
        "valid": not outcome.problems,
        "apps": outcome.apps,
        "objects": outcome.objects,
        "skipped": list(outcome.skipped),
        "problems": problem_rows(outcome.problems),
    }


def _checked(outcome: Checked) -> dict[str, Any]:
    return {
        "action": "check",
        "base": {"name": outcome.base, "commit": outcome.base_commit, "fetched": outcome.fetched},
        "head": outcome.head,
        "mergeBase": outcome.fork,
        "apps": [
            {
                "app": pair.app,
                "env": pair.env,
                **_told(pair.events),
                "active": pair.after and pair.after.active,
                "release": by_color(pair.after, number),
            }
            for pair in outcome.pairs
        ],
        "problems": problem_rows(outcome.problems),
        "differences": [{"path": change.path, "change": change.verb} for change in outcome.differences],
        "stale": [{"app": each.app, "env": each.env, **_told(each.events)} for each in outcome.stale],
        "warnings": list(outcome.warnings),
        "skipped": list(outcome.skipped),
    }


def _told(events: Iterable[Event]) -> dict[str, Any]:
    found = list(events)
    return {
        "actions": list(dict.fromkeys(event.action for event in found)),
        "summary": printable("; ".join(event.phrase for event in found)),
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
        **_told(entry.events),
        "active": {"before": before and before.active, "after": after and after.active},
        "release": by_color(after, number),
        "source": entry.source and {"sha": entry.source.sha, "repo": entry.source.repo_url or None},
        "images": {
            str(color): {name: {"before": old, "after": new} for name, (old, new) in changed.items()}
            for color, changed in entry.images.items()
        },
    }
