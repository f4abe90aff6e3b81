"""What the reading commands found → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.views import (
    Checked,
    Compared,
    Converted,
    History,
    HistoryEntry,
    Imported,
    Migrations,
    Shown,
    Smoked,
    Status,
    StatusRow,
    Validated,
)
from bggen.model import Color
from bggen.report.conversion import conversion_document
from bggen.report.documents import by_color, number, problem_rows
from bggen.report.look import printable
from bggen.report.migrations import migrations_document, window_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bggen.app.views import View
    from bggen.events import Event


def view_document(view: View) -> dict[str, Any]:
    """Return the document but for its `schemaVersion`."""
    body: dict[str, Any]
    match view:
        case Shown():
            body = {"action": "show", "app": view.app, "env": view.env, "spec": view.spec}
        case Status():
            body = {"action": "status", "apps": [_status_row(row) for row in view.rows]}
        case Compared():
            body = _compared(view)
        case History():
            body = _history(view)
        case Validated():
            body = _validated(view)
        case Checked():
            body = _checked(view)
        case Imported() | Migrations():
            body = _of_one_command(view)
        case Converted():
            body = conversion_document(view)
        case Smoked():
            body = _smoked(view)
    return body


def _of_one_command(view: Imported | Migrations) -> dict[str, Any]:
    if isinstance(view, Migrations):
        return migrations_document(view)
    from bggen.report.adoption import adoption_document  # noqa: PLC0415 - one command alone shows it

    return adoption_document(view)


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
        "joined": row.joined,
        "schema": row.database
        and {
            "number": row.database.schema,
            "compatible": {str(color): window_document(row.database.windows.get(color)) for color in Color},
            "next": row.database.phase,
        },
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
        "joined": state.joined,
        "release": by_color(state, number),
        "schema": state.database and state.database.schema,
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
        "schema": after and after.database and after.database.schema,
        "source": entry.source and {"sha": entry.source.sha, "repo": entry.source.repo_url or None},
        "images": {
            str(color): {name: {"before": old, "after": new} for name, (old, new) in changed.items()}
            for color, changed in entry.images.items()
        },
    }


def _smoked(outcome: Smoked) -> dict[str, Any]:
    asked, tries = outcome.question, outcome.tries
    return {
        "action": "smoke",
        "app": outcome.app,
        "env": outcome.env,
        "color": asked.color,
        "release": asked.release,
        "active": asked.active,
        "url": asked.url,
        "header": {"name": asked.header[0], "value": asked.header[1]} if asked.header else None,
        "headers": list(outcome.headers),
        "connectTo": outcome.connect_to,
        "expect": asked.expect,
        "timeout": asked.seconds,
        "passed": tries.passed,
        "seconds": round(tries.seconds, 3),
        "answers": [
            {"status": answer.status, "reason": answer.reason, "message": answer.words, "times": times}
            for answer, times in tries.answers
        ],
        "doubt": asked.doubt,
    }
