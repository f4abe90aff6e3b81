"""What the reading commands found → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import yamlio
from bggen.app.views import Compared, History, HistoryEntry, Shown, Status, StatusRow, Validated
from bggen.report.ages import when
from bggen.report.look import BAD, DIM, ERROR, GOOD, HINT, PLAIN, STRONG, WARNING, labelled, printable
from bggen.report.table import table
from bggen.report.words import document, patch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.views import View
    from bggen.model import Color, EnvState, Hold, Problem, Release
    from bggen.report.look import Line, Look, Span, Style

_WIDEST = 90


def view_lines(view: View, look: Look) -> Iterator[Line]:
    """Return what goes to standard output."""
    match view:
        case Shown():
            return document(yamlio.dump(view.spec))
        case Status():
            return _status(view, look)
        case Compared():
            return _compared(view, look)
        case History():
            return _history(view, look)
        case Validated():
            return _validated(view)


def _status(outcome: Status, look: Look) -> Iterator[Line]:
    if not outcome.rows:
        yield "no apps yet: bggen new NAME --image REPOSITORY"
        return
    rows = [_status_cells(row, look) for row in outcome.rows]
    note = "NOTE" if look.width and any(row[-1] for row in rows) else ""
    head = ["APP", "ENV", "ACTIVE", "SINCE", "IDLE", "ROLLBACK", note]
    yield from table(rows, head=head, look=look, giving_way=map(head.index, [note, "IDLE", "ACTIVE"]))


def _status_cells(row: StatusRow, look: Look) -> list[Line]:
    state = row.state
    remarks: list[Span] = [
        *([("spec has changes that no colour has", HINT)] if row.pending_spec else []),
        *([(_hold(state.hold), WARNING)] if state.hold else []),
    ]
    mark = " parked" if state.idle == "parked" else " pending" if state.pending else ""
    idle = _held(state, state.idle_color, look, DIM)
    back = f"release {state.previous.release}" if state.previous else "-"
    return [
        state.app,
        state.env,
        _held(state, state.active, look, STRONG) if state.active else "-",
        when(row.since, look.now),
        (*idle, (mark, HINT if state.pending else DIM)),
        ((back, DIM),),
        tuple(span for remark in remarks for span in (("; ", PLAIN), remark))[1:],
    ]


def _hold(hold: Hold) -> str:
    until = f" until {hold.until}" if hold.until else ""
    return f"on hold{until}: {hold.reason}"


def _release(release: Release | None) -> str:
    if release is None:
        return "empty"
    tags = sorted({component.image.tag or "digest" for component in release.spec.components.values()})
    return f"{release.number} ({', '.join(tags)})"


def _held(state: EnvState, color: Color, look: Look, style: Style) -> tuple[Span, ...]:
    """Return a colour and the release that it holds; one that holds none is no block of colour."""
    release = state.release(color)
    if release is None:
        return ((f"{color} empty", DIM),)
    return (look.tile(color, wide=True), (" ", PLAIN), (_release(release), style))


def _compared(outcome: Compared, look: Look) -> Iterator[Line]:
    state = outcome.state
    where = f"{state.app}/{state.env}"
    if state.active:
        yield ((f"{where}:", STRONG), (" active ", PLAIN), *_held(state, state.active, look, STRONG))
    yield ((f"{' ' * len(where)}  idle ", PLAIN), *_held(state, state.idle_color, look, DIM))
    if outcome.images:
        yield (("images:", STRONG),)
        rows: list[list[Line]] = [
            [f"  {name}", ((active or "-", BAD),), "→", ((idle or "-", GOOD),)]
            for name, (active, idle) in sorted(outcome.images.items())
        ]
        yield from table(rows, look=look)
    yield from patch(outcome.diff) if outcome.diff else [(("no difference", GOOD),)]


def _validated(outcome: Validated) -> Iterator[Line]:
    yield from (_problem(problem) for problem in outcome.problems)
    yield from (labelled("not checked", WARNING, line) for line in outcome.skipped)
    count = len(outcome.problems)
    found = (f"{count} problem{'s' * (count != 1)}", ERROR) if count else ("no problems", GOOD)
    yield (found, (f" in {outcome.apps} app{'s' * (outcome.apps != 1)}, {outcome.objects} objects", PLAIN))


def _problem(problem: Problem) -> Line:
    # One place knows the form of a problem; the path is its beginning.
    rest = str(problem).removeprefix(problem.path)
    return ((problem.path, STRONG), (rest, PLAIN))


def _history(outcome: History, look: Look) -> Iterator[Line]:
    if outcome.entries:
        head = ["AGE" if look.now else "DATE", "COMMIT", "WHO", "WHAT", "ACTIVE", "IDLE"]
        rows = (_history_cells(entry, look) for entry in outcome.entries)
        yield from table(rows, head=head, look=look, giving_way=map(head.index, ["WHAT", "WHO", "IDLE", "ACTIVE"]))
    elif outcome.cut is None:
        yield f"{outcome.app}/{outcome.env}: nothing was ever released"
    if outcome.cut == "limit":
        yield ((f"there are older changes: --limit {2 * len(outcome.entries)} shows more", DIM),)
    elif outcome.cut == "shallow":
        cut = "this clone is shallow, so older changes are not known: git fetch --unshallow brings them"
        yield ((cut, WARNING),)


def _history_cells(entry: HistoryEntry, look: Look) -> list[Line]:
    state = entry.after
    what = "; ".join(event.phrase for event in entry.events)
    # A reason may be long; the JSON document has the whole of it.
    what = what if len(what) <= _WIDEST else f"{what[: _WIDEST - 1].rstrip()}…"
    return [
        when(entry.date, look.now),
        ((entry.commit[:12], DIM),),
        printable(entry.author),
        printable(what),
        _held(state, state.active, look, STRONG) if state and state.active else "-",
        _held(state, state.idle_color, look, DIM) if state and state.idle_release else "-",
    ]
