"""Outcome → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.outcomes import Changed, Compared, Failed, Shown, Status, Stream, Validated, Written
from bggen.errors import InvalidError
from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bggen.app.outcomes import Outcome, StatusRow
    from bggen.model import EnvState, Problem, Release

SCHEMA_VERSION = 1


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the one document that a command prints. Fields are only ever added to it."""
    return {"schemaVersion": SCHEMA_VERSION, **_body(outcome)}


def _body(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Changed():
            body = _changed(outcome)
        case Written():
            body = _written(outcome)
        case Shown():
            body = {"action": "show", "app": outcome.app, "env": outcome.env, "spec": outcome.spec}
        case Status():
            body = {"action": "status", "apps": [_status_row(row) for row in outcome.rows]}
        case Compared():
            body = _compared(outcome)
        case Validated():
            body = _validated(outcome)
        case Failed():
            body = _failed(outcome)
        case Stream():
            body = {"action": outcome.action, "text": outcome.text}
    return body


def _written(outcome: Written) -> dict[str, Any]:
    return {
        "action": outcome.action,
        "changed": bool(outcome.changes) and not outcome.check,
        "files": [change.path for change in outcome.changes],
        "leftAlone": list(outcome.left_alone),
    }


def _validated(outcome: Validated) -> dict[str, Any]:
    return {
        "action": "validate",
        "valid": not outcome.problems,
        "apps": outcome.apps,
        "objects": outcome.objects,
        "skipped": list(outcome.skipped),
        "problems": _problems(outcome.problems),
    }


def _changed(outcome: Changed) -> dict[str, Any]:
    plan, before, after = outcome.plan, outcome.before, outcome.after
    active = {"before": before and before.active, "after": after and after.active}
    body: dict[str, Any] = {
        "action": outcome.action,
        "app": outcome.app,
        "env": outcome.env,
        "changed": outcome.commit is not None,
        "active": active,
        "release": _by_color(after, _number),
        "images": _by_color(after, _images),
        "commit": outcome.commit,
        "branch": outcome.branch,
        "pushed": False,
        "attempts": outcome.attempts,
        "pullRequest": None,
        "files": [change.path for change in plan.changes] if plan else [],
    }
    if plan:
        transition = plan.transition
        body |= {
            "reason": transition.reason,
            "notes": [*transition.notes, *([outcome.recovered] if outcome.recovered else [])],
            "warnings": list(transition.warnings),
            "leftAlone": list(plan.left_alone),
        }
    if plan and outcome.dry_run:
        body |= {"dryRun": True, "message": plan.message, "diff": plan.diff}
    return body


def _failed(outcome: Failed) -> dict[str, Any]:
    error = outcome.error
    body: dict[str, Any] = {"action": outcome.action, "changed": False}
    if outcome.known:
        body = _changed(outcome.known)
    body["error"] = {
        "code": error.exit_code,
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
    }
    if isinstance(error, InvalidError) and error.problems:
        body["problems"] = _problems(error.problems)
    return body


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
        "release": _by_color(state, _number),
        "images": _by_color(state, _images),
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
        "release": _by_color(state, _number),
        "images": {name: {"active": active, "idle": idle} for name, (active, idle) in sorted(outcome.images.items())},
        "diff": outcome.diff,
    }


def _images(release: Release | None) -> dict[str, str] | None:
    return release.images if release else None


def _number(release: Release | None) -> int | None:
    return release.number if release else None


def _by_color(state: EnvState | None, of: Any) -> dict[str, Any] | None:
    return {str(color): of(state.release(color)) for color in Color} if state else None


def _problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "path": problem.path,
            "line": problem.line or None,
            "column": problem.column or None,
            "where": problem.where,
            "message": problem.message,
        }
        for problem in problems
    ]
