"""Outcome → the JSON document of `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.app.outcomes import Changed, Failed, Part, Stream, Written
from bggen.errors import InvalidError
from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bggen.app.outcomes import Outcome
    from bggen.errors import BggenError
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
        case Failed():
            body = _failed(outcome)
        case Stream():
            body = {"action": outcome.action, "text": outcome.text}
        case _:
            from bggen.report.view_documents import view_document  # noqa: PLC0415 - a flip has nothing to look at

            body = view_document(outcome)
    return body


def _written(outcome: Written) -> dict[str, Any]:
    return {
        "action": outcome.action,
        "changed": bool(outcome.changes) and not outcome.check,
        "files": [change.path for change in outcome.changes],
        "leftAlone": list(outcome.left_alone),
    }


def _changed(outcome: Changed) -> dict[str, Any]:
    """Return what a change came to; a single (app, env) stands at the top, several are rows of `results`."""
    parts: dict[str, Any]
    if outcome.many:
        parts = {"results": [_part(outcome, part) for part in outcome.parts]}
    else:
        parts = _part(outcome, outcome.parts[0] if outcome.parts else Part())
    request = outcome.request
    body: dict[str, Any] = {
        "action": outcome.action,
        **parts,
        "changed": outcome.changed,
        "commit": outcome.commit,
        "branch": outcome.branch,
        "base": outcome.base,
        "pushed": outcome.pushed,
        "attempts": outcome.attempts,
        "pullRequest": request and {"number": request.number, "url": request.url, "action": request.action},
        "files": [change.path for change in outcome.changes],
    }
    if any(part.plan for part in outcome.parts):
        own = [*outcome.notes, *(request.notes if request else ())]
        body["notes"] = [*([] if outcome.many else parts.get("notes", [])), *own]
    if outcome.dry_run and outcome.message:
        body |= {"dryRun": True, "message": outcome.message, "diff": outcome.diff}
    elif outcome.dry_run and any(part.plan for part in outcome.parts):
        body |= {"dryRun": True, "message": "", "diff": ""}
    return body


def _part(outcome: Changed, part: Part) -> dict[str, Any]:
    plan, before, after = part.plan, part.before, outcome.after(part)
    body: dict[str, Any] = {
        "app": part.app,
        "env": part.env,
        "changed": outcome.changed if outcome.changed is None else bool(outcome.changed and plan and plan.changes),
        "active": {"before": before and before.active, "after": after and after.active},
        "joined": {"before": before and before.joined, "after": after and after.joined},
        "release": by_color(after, number),
        "images": by_color(after, images),
        "files": [change.path for change in plan.changes] if plan else [],
    }
    if (before and before.database) or (after and after.database):
        body["schema"] = {
            "before": before and before.database and before.database.schema,
            "after": after and after.database and after.database.schema,
        }
    if plan:
        transition = plan.transition
        body |= {
            "reason": transition.reason,
            "notes": list(transition.notes),
            "warnings": list(transition.warnings),
            "leftAlone": list(plan.left_alone),
        }
    if part.error:
        body["error"] = _error(part.error)
    return body


def _failed(outcome: Failed) -> dict[str, Any]:
    error = outcome.error
    body: dict[str, Any] = {"action": outcome.action, "changed": False}
    if outcome.known:
        body |= _body(outcome.known)
    body["error"] = _error(error)
    if isinstance(error, InvalidError) and error.problems:
        body["problems"] = problem_rows(error.problems)
    return body


def _error(error: BggenError) -> dict[str, Any]:
    return {"code": error.exit_code, "kind": error.kind, "message": error.message, "hint": error.hint}


def images(release: Release | None) -> dict[str, str] | None:
    """Return the images by component; None for an empty colour."""
    return release.images if release else None


def number(release: Release | None) -> int | None:
    """Return the release's number; None for an empty colour."""
    return release.number if release else None


def by_color(state: EnvState | None, of: Callable[[Release | None], object]) -> dict[str, Any] | None:
    """Return one fact of both colours; None where the state is not known."""
    return {str(color): of(state.release(color)) for color in Color} if state else None


def problem_rows(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems as rows; a place that is not known is null."""
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
