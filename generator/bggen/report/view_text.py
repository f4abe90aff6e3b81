"""What the reading commands found → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import yamlio
from bggen.app.views import Compared, Shown, Status, StatusRow, Validated
from bggen.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.views import View
    from bggen.model import Hold, Release


def view_text(view: View) -> str:
    """Return what goes to standard output, each line ended."""
    match view:
        case Shown():
            return yamlio.dump(view.spec)
        case Status():
            lines = _status(view)
        case Compared():
            lines = _compared(view)
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
    state = row.state
    remarks = [
        *(["spec has changes that no colour has"] if row.pending_spec else []),
        *([_hold(state.hold)] if state.hold else []),
    ]
    active = f"{state.active} {_release(state.active_release)}" if state.active else "-"
    idle = f"{state.idle_color} {_release(state.idle_release)}" if state.idle_release else f"{state.idle_color} empty"
    mark = " parked" if state.idle == "parked" else " pending" if state.pending else ""
    back = f"release {state.previous.release}" if state.previous else "-"
    return [state.app, state.env, active, row.since or "-", f"{idle}{mark}", back, "; ".join(remarks)]


def _hold(hold: Hold) -> str:
    until = f" until {hold.until}" if hold.until else ""
    return f"on hold{until}: {hold.reason}"


def _release(release: Release | None) -> str:
    if release is None:
        return "empty"
    tags = sorted({component.image.tag or "digest" for component in release.spec.components.values()})
    return f"{release.number} ({', '.join(tags)})"


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
