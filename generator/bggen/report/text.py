"""Outcome → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.outcomes import Changed, Compared, Shown, Status, Stream, Validated, Written
from bggen.plan import unified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bggen.app.outcomes import Outcome, StatusRow
    from bggen.model import EnvState, Release


def text(outcome: Outcome, *, verbose: bool = False) -> str:
    """Return what goes to standard output, each line ended."""
    match outcome:
        case Stream():
            return outcome.text
        case Changed():
            lines = _changed(outcome, verbose=verbose)
        case Written():
            lines = _written(outcome)
        case Shown():
            return _shown(outcome)
        case Status():
            lines = _status(outcome)
        case Compared():
            lines = _compared(outcome)
        case Validated():
            lines = _validated(outcome)
        case _:
            lines = iter(())
    return "".join(f"{line}\n" for line in lines)


def _changed(outcome: Changed, *, verbose: bool) -> Iterator[str]:
    if outcome.recovered:
        yield outcome.recovered
    plan = outcome.plan
    if plan is None:
        return
    transition = plan.transition
    where = f"{outcome.app}/{outcome.env}"
    if not transition.changed:
        yield f"{where}: nothing to do: {transition.reason}"
    else:
        yield f"{where}: {transition.subject}"
    if transition.changed and transition.action == "bump":
        yield from _origins(transition.after)
    yield from (f"  note: {note}" for note in transition.notes)
    yield from (f"  left alone, not written by bggen: {path}" for path in plan.left_alone)
    if not transition.changed:
        return
    if outcome.dry_run:
        yield from ("", "message:", *(f"  {line}".rstrip() for line in plan.message.splitlines()), "")
        yield from plan.diff.splitlines()
        yield from ("", f"dry run: {_files(plan.changes)} would change, nothing was done")
        return
    if verbose:
        yield from (f"  {change.path}" for change in plan.changes)
    commit = (outcome.commit or "")[:12]
    yield f"committed {commit} on {outcome.branch}, {_files(plan.changes)}; not pushed: Argo CD does not see it yet"
    yield from (f"next: {line}" for line in _next(transition.action, transition.after))


def _origins(state: EnvState) -> Iterator[str]:
    release = max(
        (release for release in (state.blue, state.green) if release),
        key=lambda release: release.number,
    )
    components = sorted(release.spec.components.items())
    return _table(
        [[f"  {name}", str(component.image), _origin(release.origins.get(name, ""))] for name, component in components],
    )


def _origin(origin: str) -> str:
    return {"given": "given", "pinned": "pinned in the spec"}.get(origin, f"as in {origin}")


def _next(action: str, state: EnvState) -> Iterator[str]:
    idle = state.idle_release
    option = f"--app {state.app} --env {state.env}"
    yield "git push"
    if action == "bump" and idle and state.pending:
        yield f"bggen flip {option} --release {idle.number}, once {state.idle_color} is healthy"
    if action == "rollback":
        yield f"argocd app terminate-op APP, where a sync of {state.app} hangs: then this one starts"
        yield f"bggen unhold {option}, once flips may go on"


def _written(outcome: Written) -> Iterator[str]:
    if outcome.show_diff:
        for change in outcome.changes:
            yield from unified(change).splitlines()
    would = "would be " if outcome.check else ""
    for change in outcome.changes:
        verb = "removed" if change.after is None else "written" if change.before is None else "changed"
        yield f"{would}{verb}: {change.path}"
    yield from (f"left alone, not written by bggen: {path}" for path in outcome.left_alone)
    if not outcome.changes:
        yield (
            "nothing to do"
            if not outcome.rendered
            else f"nothing to do: {outcome.rendered} manifests are as they should be"
        )
    yield from outcome.notes


def _shown(outcome: Shown) -> str:
    from bggen import yamlio  # noqa: PLC0415 - only `show` writes YAML to the terminal

    return yamlio.dump(outcome.spec)


def _status(outcome: Status) -> Iterator[str]:
    if not outcome.rows:
        yield "no apps yet: bggen new NAME --image REPOSITORY"
        return
    head = ["APP", "ENV", "ACTIVE", "SINCE", "IDLE", "ROLLBACK", ""]
    yield from _table([head, *(_status_cells(row) for row in outcome.rows)])


def _status_cells(row: StatusRow) -> list[str]:
    state = row.state
    remarks = [
        *(["spec has changes that no colour has"] if row.pending_spec else []),
        *([f"on hold: {state.hold.reason}"] if state.hold else []),
    ]
    active = f"{state.active} {_release(state.active_release)}" if state.active else "-"
    idle = f"{state.idle_color} {_release(state.idle_release)}" if state.idle_release else f"{state.idle_color} empty"
    mark = " parked" if state.idle == "parked" else " pending" if state.pending else ""
    back = f"release {state.previous.release}" if state.previous else "-"
    return [state.app, state.env, active, row.since or "-", f"{idle}{mark}", back, "; ".join(remarks)]


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
        yield from _table(rows)
    yield from outcome.diff.splitlines() or ["no difference"]


def _validated(outcome: Validated) -> Iterator[str]:
    yield from (str(problem) for problem in outcome.problems)
    yield from (f"not checked: {line}" for line in outcome.skipped)
    count = len(outcome.problems)
    found = f"{count} problem{'s' * (count != 1)}" if count else "no problems"
    yield f"{found} in {outcome.apps} app{'s' * (outcome.apps != 1)}, {outcome.objects} objects"


def _files(changes: Sequence[object]) -> str:
    return f"{len(changes)} file{'s' * (len(changes) != 1)}"


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lay rows out in columns as wide as their widest cell."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
