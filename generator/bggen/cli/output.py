"""Print an outcome, and turn it into an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bggen.app.outcomes import Changed, Failed, Stream, Written
from bggen.cli.terminal import look_of
from bggen.errors import InvalidError, SeveralError, UsageError
from bggen.report.look import ERROR, HINT, WARNING, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.app.outcomes import Outcome
    from bggen.cli.session import Session
    from bggen.errors import BggenError
    from bggen.report.look import Line


def finish(outcome: Outcome, session: Session) -> int:
    """Print the outcome as the session wants it, and return the exit code.

    A failure is one line on standard error, and on standard output the one document where JSON was asked for, and
    annotations where those were.
    """
    error = outcome.error if isinstance(outcome, Failed) else None
    if session.output == "json" and not isinstance(outcome, Stream):
        import json  # noqa: PLC0415 - text output does not need it

        from bggen.report.documents import document  # noqa: PLC0415 - the same

        print(json.dumps(document(outcome), ensure_ascii=False, indent=2))
    elif session.output == "github":
        for line in _annotations(outcome, session):
            print(line)
    elif not session.quiet or not isinstance(outcome, Changed | Written):
        from bggen.report.text import text  # noqa: PLC0415 - JSON output does not need it

        sys.stdout.write(text(outcome, look_of(sys.stdout), verbose=session.verbose))
    if isinstance(outcome, Changed):
        _say(labelled("warning", WARNING, warning) for warning in _warnings(outcome))
    if error:
        complain(error)
        return error.exit_code
    code: int = getattr(outcome, "exit_code", 0)
    return code


def _annotations(outcome: Outcome, session: Session) -> Iterator[str]:
    from bggen.app.annotating import prefix_in_repository  # noqa: PLC0415 - only CI on GitHub needs it
    from bggen.report.github import annotated  # noqa: PLC0415 - the same

    try:
        prefix = prefix_in_repository(session.place())
    except UsageError:
        # There is no config repo, which is then the failure.
        prefix = ""
    return annotated(outcome, prefix)


def _warnings(outcome: Changed) -> Iterator[str]:
    for part in outcome.parts:
        for warning in part.plan.transition.warnings if part.plan else ():
            yield f"{part.app}: {warning}" if outcome.many else warning


def complain(error: BggenError) -> None:
    """Print an error as one line, every problem that it holds as one more, and the next step."""
    if isinstance(error, SeveralError):
        for where, each in error.errors:
            _say(labelled("error", ERROR, _printable(f"{where}: {line}")) for line in _lines(each))
        _say([labelled("error", ERROR, f"nothing was changed: {len(error.errors)} of {error.of} cannot be")])
    else:
        _say(labelled("error", ERROR, _printable(line)) for line in _lines(error))
    if error.hint:
        _say([labelled("hint", HINT, _printable(error.hint))])


def _lines(error: BggenError) -> list[str]:
    problems = error.problems if isinstance(error, InvalidError) else ()
    return [str(problem) for problem in problems] or [error.message]


def _say(lines: Iterable[Line]) -> None:
    look = look_of(sys.stderr)
    for line in lines:
        print(look.paint(line), file=sys.stderr)


def _printable(line: str) -> str:
    """Return the line without what could move a terminal's cursor or start a line of its own."""
    return "".join(char if char.isprintable() else " " for char in line)
