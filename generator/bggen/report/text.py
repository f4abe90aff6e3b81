"""Outcome → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.outcomes import Changed, Failed, Stream, Written
from bggen.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.outcomes import Outcome
    from bggen.model import EnvState

# The actions that make a release.
_RELEASING = {"bump", "promote"}


def text(outcome: Outcome, *, verbose: bool = False) -> str:
    """Return what goes to standard output, each line ended."""
    match outcome:
        case Stream():
            return outcome.text
        case Changed():
            lines = _changed(outcome, verbose=verbose)
        case Written():
            lines = _written(outcome)
        case Failed(known=known):
            # A change that failed came to nothing; what was found out is worth showing.
            return "" if known is None or isinstance(known, Changed) else text(known)
        case _:
            from bggen.report.view_text import view_text  # noqa: PLC0415 - a flip has nothing to look at

            return view_text(outcome)
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
    if transition.changed and transition.action in _RELEASING:
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
    return table(
        [[f"  {name}", str(component.image), _origin(release.origins.get(name, ""))] for name, component in components],
    )


def _origin(origin: str) -> str:
    return {"pinned": "pinned in the spec"}.get(origin, f"as in {origin}" if origin.startswith("release ") else origin)


def _next(action: str, state: EnvState) -> Iterator[str]:
    idle = state.idle_release
    option = f"--app {state.app} --env {state.env}"
    yield "git push"
    if action in _RELEASING and idle and state.pending:
        yield f"bggen flip {option} --release {idle.number}, once {state.idle_color} is healthy"
    if action == "rollback":
        yield f"argocd app terminate-op APP, where a sync of {state.app} hangs: then this one starts"
        yield f"bggen unhold {option}, once flips may go on"


def _written(outcome: Written) -> Iterator[str]:
    for change in outcome.changes:
        yield from change.diff.splitlines()
    would = "would be " if outcome.check else ""
    for change in outcome.changes:
        yield f"{would}{change.verb}: {change.path}"
    yield from (f"left alone, not written by bggen: {path}" for path in outcome.left_alone)
    if not outcome.changes:
        yield (
            "nothing to do"
            if not outcome.rendered
            else f"nothing to do: {outcome.rendered} manifests are as they should be"
        )
    yield from outcome.notes


def _files(changes: Sequence[object]) -> str:
    return f"{len(changes)} file{'s' * (len(changes) != 1)}"
