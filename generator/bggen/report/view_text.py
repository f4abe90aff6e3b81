"""What the reading commands found → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import yamlio
from bggen.app.views import Compared, History, HistoryEntry, Shown, Status, StatusRow, Validated
from bggen.images import parse_image
from bggen.report.table import printable, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.app.views import Brief, View
    from bggen.model import Color, EnvState, Hold, Image, Release

_WIDEST = 90


def view_text(view: View) -> str:
    """Return what goes to standard output, each line ended."""
    match view:
        case Shown():
            return yamlio.dump(view.spec)
        case Status():
            lines = _status(view)
        case Compared():
            lines = _compared(view)
        case History():
            lines = _history(view)
        case Validated():
            lines = _validated(view)
    return "".join(f"{line}\n" for line in lines)


def _status(outcome: Status) -> Iterator[str]:
    if not outcome.rows:
        yield "no apps yet: bggen new NAME --image REPOSITORY"
        return
    head = ["APP", "ENV", "ACTIVE", "SINCE", "IDLE", "ROLLBACK", ""]
    yield from table([head, *(_status_cells(row) for row in outcome.rows)])


def _status_cells(row: StatusRow) -> list[str]:
    remarks = [
        *(["spec has changes that no colour has"] if row.pending_spec else []),
        *([_hold(row.hold)] if row.hold else []),
    ]
    active = f"{row.active} {_brief(row.active_release)}" if row.active else "-"
    idle = f"{row.idle_color} {_brief(row.idle_release)}"
    mark = " parked" if row.idle == "parked" else " pending" if row.pending else ""
    back = f"release {row.previous}" if row.previous is not None else "-"
    return [row.app, row.env, active, row.since or "-", f"{idle}{mark}", back, "; ".join(remarks)]


def _hold(hold: Hold) -> str:
    until = f" until {hold.until}" if hold.until else ""
    return f"on hold{until}: {hold.reason}"


def _brief(brief: Brief | None) -> str:
    return "empty" if brief is None else _numbered(brief.number, map(parse_image, brief.images.values()))


def _release(release: Release | None) -> str:
    if release is None:
        return "empty"
    return _numbered(release.number, (component.image for component in release.spec.components.values()))


def _numbered(number: int, images: Iterable[Image]) -> str:
    tags = sorted({image.tag or "digest" for image in images})
    return f"{number} ({', '.join(tags)})"


def _compared(outcome: Compared) -> Iterator[str]:
    state = outcome.state
    yield f"{state.app}/{state.env}: active {state.active} {_release(state.active_release)}"
    yield f"{' ' * len(f'{state.app}/{state.env}')}  idle {state.idle_color} {_release(state.idle_release)}"
    if outcome.images:
        yield "images:"
        rows = [
            [f"  {name}", active or "-", "→", idle or "-"] for name, (active, idle) in sorted(outcome.images.items())
        ]
        yield from table(rows)
    yield from outcome.diff.splitlines() or ["no difference"]


def _validated(outcome: Validated) -> Iterator[str]:
    yield from (str(problem) for problem in outcome.problems)
    yield from (f"not checked: {line}" for line in outcome.skipped)
    count = len(outcome.problems)
    found = f"{count} problem{'s' * (count != 1)}" if count else "no problems"
    yield f"{found} in {outcome.apps} app{'s' * (outcome.apps != 1)}, {outcome.objects} objects"


def _history(outcome: History) -> Iterator[str]:
    if outcome.entries:
        head = ["DATE", "COMMIT", "WHO", "WHAT", "ACTIVE", "IDLE"]
        yield from table([head, *(_history_cells(entry) for entry in outcome.entries)])
    elif outcome.cut is None:
        yield f"{outcome.app}/{outcome.env}: nothing was ever released"
    if outcome.cut == "limit":
        yield f"there are older changes: --limit {2 * len(outcome.entries)} shows more"
    elif outcome.cut == "shallow":
        yield "this clone is shallow, so older changes are not known: git fetch --unshallow brings them"


def _history_cells(entry: HistoryEntry) -> list[str]:
    state = entry.after
    what = "; ".join(event.phrase for event in entry.events)
    # A reason may be long; the JSON document has the whole of it.
    what = what if len(what) <= _WIDEST else f"{what[: _WIDEST - 1].rstrip()}…"
    active = _held(state, state.active) if state and state.active else "-"
    idle = _held(state, state.idle_color) if state and state.idle_release else "-"
    cells = [entry.date, entry.commit[:12], entry.author, what, active, idle]
    return [printable(cell) for cell in cells]


def _held(state: EnvState, color: Color) -> str:
    return f"{color} {_release(state.release(color))}"
