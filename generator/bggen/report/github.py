"""Outcome → annotations that GitHub Actions shows beside the lines they are about.

Source of the form: "Workflow commands for GitHub Actions" (`::error file=…,line=…::message`), and for the escapes
`escapeData` and `escapeProperty` of actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.outcomes import Failed, Written
from bggen.app.views import Checked, Validated
from bggen.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.outcomes import FileChange, Outcome
    from bggen.model import Problem

_TITLE = "bggen"


def annotated(outcome: Outcome, prefix: str) -> Iterator[str]:
    """Yield a line for every problem, for every manifest that differs, and for every decision that is stale.

    Args:
        outcome: of `validate`, `check` or `render --check`, or the failure of a command.
        prefix: from the top of the repository, by which GitHub names files, to the config repo.
    """
    match outcome:
        case Validated():
            yield from (_problem(problem, prefix) for problem in outcome.problems)
        case Written():
            yield from (_difference(change, prefix) for change in outcome.changes)
        case Checked() | Failed(known=Checked()):
            checked = outcome.known if isinstance(outcome, Failed) else outcome
            yield from _checked(checked, prefix) if isinstance(checked, Checked) else ()
        case Failed(error=InvalidError(problems=problems)) if problems:
            yield from (_problem(problem, prefix) for problem in problems)
        case Failed(error=error):
            yield _error(". ".join(part for part in (error.message, error.hint) if part), title=_TITLE)


def _checked(outcome: Checked, prefix: str) -> Iterator[str]:
    yield from (_problem(problem, prefix) for problem in outcome.problems)
    yield from (_difference(change, prefix) for change in outcome.differences)
    for stale in outcome.stale:
        what = "; ".join(event.phrase for event in stale.events)
        message = f"decided on a state that {outcome.base} has no more ({what}): run the bggen command again"
        file = f"{prefix}apps/{stale.app}/{stale.env}/release.yaml"
        yield _error(message, file=file, line=1, title=f"{_TITLE}: stale")
    for line in outcome.warnings:
        yield _command("warning", line, title=f"{_TITLE} check")


def _problem(problem: Problem, prefix: str) -> str:
    path, message = problem.path, problem.message
    place = {"line": problem.line, "col": problem.column} if problem.line else {}
    if not place and message.startswith(f"{path}/"):
        # What is wrong with a whole state names the file in its message.
        path, _, message = message.partition(": ")
    title = ": ".join(part for part in (_TITLE, problem.where) if part)
    return _error(message, file=f"{prefix}{path}", **place, title=title)


def _difference(change: FileChange, prefix: str) -> str:
    message = "differs from what the state renders: bggen render writes it anew"
    if change.verb == "written":
        message = "is missing, and the state renders it: bggen render writes it"
    elif change.verb == "removed":
        message = "is left over, the state renders no such manifest: bggen render removes it"
    return _error(message, file=f"{prefix}{change.path}", line=1, title=f"{_TITLE} render --check")


def _error(message: str, **properties: str | int) -> str:
    return _command("error", message, **properties)


def _command(name: str, message: str, **properties: str | int) -> str:
    named = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {named}::{_data(message)}"


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    # The log of a run is read on terminals, too.
    return "".join(char if char.isprintable() else " " for char in escaped)
