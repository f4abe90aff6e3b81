"""What the reading commands found → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import yamlio
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
from bggen.images import parse_image
from bggen.report.ages import when
from bggen.report.conversion import conversion_lines
from bggen.report.diff_text import diff_lines
from bggen.report.look import DIM, ERROR, GOOD, HINT, PLAIN, STRONG, WARNING, labelled, printable
from bggen.report.table import table
from bggen.report.words import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.app.views import Brief, View
    from bggen.model import Color, Hold, Image, Problem, Release
    from bggen.report.look import Line, Look, Span, Style

_WIDEST = 90
_EMPTY = "empty"
# The next phase of a migration, behind the schema.
_DUE = {"use": ", a flip is next", "remove": ", bggen migrate contract is next"}


def view_lines(view: View, look: Look, *, verbose: bool = False) -> Iterator[Line]:
    """Return what goes to standard output."""
    lines: Iterator[Line]
    match view:
        case Shown():
            lines = document(yamlio.dump(view.spec))
        case Status():
            lines = _status(view, look)
        case Compared():
            lines = _compared(view, look)
        case History():
            lines = _history(view, look, verbose=verbose)
        case Validated():
            lines = _validated(view)
        case Checked():
            lines = _checked(view)
        case Imported() | Migrations():
            lines = _of_one_command(view, look, verbose=verbose)
        case Converted():
            lines = conversion_lines(view)
        case Smoked():
            lines = _smoked(view, look)
    return lines


def _of_one_command(view: Imported | Migrations, look: Look, *, verbose: bool) -> Iterator[Line]:
    if isinstance(view, Imported):
        from bggen.report.adoption import adoption_lines  # noqa: PLC0415 - one command alone shows it

        return adoption_lines(view, verbose=verbose)
    from bggen.report.migrations import migration_lines  # noqa: PLC0415 - only one command shows them

    return migration_lines(view, look)


def _status(outcome: Status, look: Look) -> Iterator[Line]:
    if not outcome.rows:
        yield "no apps yet: bggen new NAME --image REPOSITORY"
        return
    rows = [_status_cells(row, look) for row in outcome.rows]
    note = "NOTE" if look.width and any(row[-1] for row in rows) else ""
    head = ["APP", "ENV", "ACTIVE", "SINCE", "IDLE", "ROLLBACK", note]
    yield from table(rows, head=head, look=look, giving_way=map(head.index, [note, "IDLE", "ACTIVE"]))


def _status_cells(row: StatusRow, look: Look) -> list[Line]:
    known = row.database
    due = _DUE.get(known.phase or "", "") if known else ""
    remarks: list[Span] = [
        *([(f"{row.idle_color} serves beside {row.active}", GOOD)] if row.joined else []),
        *([(f"schema {known.schema}{due}", HINT if due else DIM)] if known else []),
        *([(f"a smoke test stands before {row.active}", HINT)] if row.gate else []),
        *([("spec has changes that no colour has", HINT)] if row.pending_spec else []),
        *([(_hold(row.hold), WARNING)] if row.hold else []),
    ]
    mark = " parked" if row.idle == "parked" else " pending" if row.pending and not row.joined else ""
    mark = " joined" if row.joined else mark
    idle = _held(row.idle_color, _brief(row.idle_release), look, DIM)
    back = f"release {row.previous}" if row.previous is not None else "-"
    return [
        row.app,
        row.env,
        _held(row.active, _brief(row.active_release), look, STRONG) if row.active else "-",
        when(row.since, look.now),
        (*idle, (mark, GOOD if row.joined else HINT if row.pending else DIM)),
        ((back, DIM),),
        tuple(span for remark in remarks for span in (("; ", PLAIN), remark))[1:],
    ]


def _hold(hold: Hold) -> str:
    until = f" until {hold.until}" if hold.until else ""
    return f"on hold{until}: {hold.reason}"


def _brief(brief: Brief | None) -> str:
    return _EMPTY if brief is None else _numbered(brief.number, map(parse_image, brief.images.values()))


def _release(release: Release | None) -> str:
    if release is None:
        return _EMPTY
    return _numbered(release.number, (component.image for component in release.spec.components.values()))


def _numbered(number: int, images: Iterable[Image]) -> str:
    tags = sorted({image.tag or "digest" for image in images})
    return f"{number} ({', '.join(tags)})"


def _held(color: Color, release: str, look: Look, style: Style) -> tuple[Span, ...]:
    """Return a colour and the release that it holds; one that holds none is no block of colour."""
    if release == _EMPTY:
        return ((f"{color} {release}", DIM),)
    return (look.tile(color, wide=True), (" ", PLAIN), (release, style))


def _compared(outcome: Compared, look: Look) -> Iterator[Line]:
    state = outcome.state
    where = f"{state.app}/{state.env}"
    if state.active:
        yield (
            (f"{where}:", STRONG),
            (" active ", PLAIN),
            *_held(state.active, _release(state.active_release), look, STRONG),
        )
    yield ((f"{' ' * len(where)}  idle ", PLAIN), *_held(state.idle_color, _release(state.idle_release), look, DIM))
    yield from diff_lines(outcome)


def _validated(outcome: Validated) -> Iterator[Line]:
    yield from (_problem(problem) for problem in outcome.problems)
    yield from (labelled("not checked", WARNING, line) for line in outcome.skipped)
    count = len(outcome.problems)
    found = (f"{count} problem{'s' * (count != 1)}", ERROR) if count else ("no problems", GOOD)
    yield (found, (f" in {outcome.apps} app{'s' * (outcome.apps != 1)}, {outcome.objects} objects", PLAIN))


def _checked(outcome: Checked) -> Iterator[Line]:
    for pair in outcome.pairs:
        what = "; ".join(event.phrase for event in pair.events) or "the state stays as it is"
        yield ((f"{pair.app}/{pair.env}:", STRONG), (f" {what}", PLAIN))
    yield from (_problem(problem) for problem in outcome.problems)
    yield from (labelled("differs from its state", ERROR, change.path) for change in outcome.differences)
    for stale in outcome.stale:
        what = "; ".join(event.phrase for event in stale.events)
        yield labelled("stale", ERROR, f"{stale.app}/{stale.env}: on {outcome.base} meanwhile: {what}")
    yield from (labelled("warning", WARNING, line) for line in outcome.warnings)
    yield from (labelled("not checked", WARNING, line) for line in outcome.skipped)
    which = f"the newest {outcome.base}" if outcome.fetched else f"{outcome.base} as it is here"
    with_what = f"compared with {which} ({outcome.base_commit[:12]})"
    bad = outcome.problems or outcome.differences or outcome.stale
    if not outcome.pairs and not bad:
        yield labelled("nothing to check", GOOD, f"no app is changed, {with_what}")
        return
    pairs = f"{len(outcome.pairs)} environment{'s' * (len(outcome.pairs) != 1)} of apps checked"
    yield (("not sound", ERROR) if bad else ("sound", GOOD), (f": {pairs}, {with_what}", PLAIN))


def _problem(problem: Problem) -> Line:
    # One place knows the form of a problem; the path is its beginning.
    rest = str(problem).removeprefix(problem.path)
    return ((problem.path, STRONG), (rest, PLAIN))


def _history(outcome: History, look: Look, *, verbose: bool) -> Iterator[Line]:
    if outcome.entries:
        head = [
            "AGE" if look.now else "DATE",
            "COMMIT",
            "WHO",
            "WHAT",
            "ACTIVE",
            "IDLE",
            *(["SOURCE"] if verbose else []),
        ]
        rows = (_history_cells(entry, look, verbose=verbose) for entry in outcome.entries)
        yield from table(rows, head=head, look=look, giving_way=map(head.index, ["WHAT", "WHO", "IDLE", "ACTIVE"]))
    elif outcome.cut is None:
        yield f"{outcome.app}/{outcome.env}: nothing was ever released"
    if outcome.cut == "limit":
        yield ((f"there are older changes: --limit {2 * len(outcome.entries)} shows more", DIM),)
    elif outcome.cut == "shallow":
        cut = "this clone is shallow, so older changes are not known: git fetch --unshallow brings them"
        yield ((cut, WARNING),)


def _history_cells(entry: HistoryEntry, look: Look, *, verbose: bool) -> list[Line]:
    state = entry.after
    what = "; ".join(event.phrase for event in entry.events)
    # A reason may be long; the JSON document has the whole of it.
    what = what if len(what) <= _WIDEST else f"{what[: _WIDEST - 1].rstrip()}…"
    return [
        when(entry.date, look.now),
        ((entry.commit[:12], DIM),),
        printable(entry.author),
        printable(what),
        _held(state.active, _release(state.active_release), look, STRONG) if state and state.active else "-",
        _held(state.idle_color, _release(state.idle_release), look, DIM) if state and state.idle_release else "-",
        *([_source(entry)] if verbose else []),
    ]


def _source(entry: HistoryEntry) -> str:
    source = entry.source
    return printable(f"{source.sha[:12]} {source.repo_url}".rstrip()) if source else "-"


def _smoked(outcome: Smoked, look: Look) -> Iterator[Line]:
    asked = outcome.question
    role = "active" if asked.active else "idle"
    with_header = f" with {asked.header[0]}: {asked.header[1]}" if asked.header else ""
    through = f" through {outcome.connect_to}" if outcome.connect_to else ""
    yield (
        (f"{outcome.app}/{outcome.env}:", STRONG),
        (" asked ", PLAIN),
        look.tile(asked.color),
        (f" ({role}, release {asked.release}) for {asked.url}{with_header}{through}", PLAIN),
    )
    told = ", then ".join(
        f"{answer.words} ({times} times)" if times > 1 else answer.words for answer, times in outcome.tries.answers
    )
    passed = outcome.tries.passed
    yield labelled("passed" if passed else "failed", GOOD if passed else ERROR, told)
    if asked.doubt:
        yield labelled("note", HINT, asked.doubt)
