"""Outcome → the text that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.outcomes import Changed, Failed, Stream, Written
from bggen.report.look import BAD, DIM, GOOD, HINT, PLAIN, PLAIN_LOOK, STRONG, WARNING, labelled, spans
from bggen.report.table import table
from bggen.report.words import patch, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.outcomes import FileChange, Outcome, Part, PullRequest
    from bggen.model import EnvState
    from bggen.report.look import Line, Look, Style
    from bggen.transitions import Transition

# The actions that make a release.
_RELEASING = {"bump", "promote"}


def text(outcome: Outcome, look: Look = PLAIN_LOOK, *, verbose: bool = False) -> str:
    """Return what goes to standard output, each line ended."""
    match outcome:
        case Stream():
            return outcome.text
        case Changed():
            lines = _changed(outcome, look, verbose=verbose)
        case Written():
            lines = _written(outcome)
        case Failed(known=known):
            # A change that failed came to nothing; what was found out is worth showing.
            return "" if known is None or isinstance(known, Changed) else text(known, look)
        case _:
            from bggen.report.view_text import view_lines  # noqa: PLC0415 - a flip has nothing to look at

            lines = view_lines(outcome, look, verbose=verbose)
    return "".join(f"{look.paint(line)}\n" for line in lines)


def _changed(outcome: Changed, look: Look, *, verbose: bool) -> Iterator[Line]:
    for note in outcome.notes:
        yield ((note, WARNING),)
    for part in outcome.parts:
        yield from _decided(part, look)
    if outcome.dry_run:
        yield from _planned(outcome) if outcome.changes else ()
        return
    if verbose:
        yield from (((f"  {change.path}", DIM),) for change in outcome.changes)
    if outcome.commit:
        yield _landed(outcome)
    if outcome.request is not None:
        yield from _requested(outcome.request)
    elif outcome.commit:
        yield from (labelled("next", HINT, line) for line in _next(outcome))


def _planned(outcome: Changed) -> Iterator[Line]:
    yield ""
    yield (("message:", STRONG),)
    yield from (f"  {line}".rstrip() for line in outcome.message.splitlines())
    yield ""
    yield from patch(outcome.diff)
    yield ""
    yield labelled("dry run", WARNING, f"{_files(outcome.changes)} would change, nothing was done")


def _decided(part: Part, look: Look) -> Iterator[Line]:
    plan = part.plan
    if plan is None:
        return
    transition = plan.transition
    where = (f"{part.app}/{part.env}:", STRONG)
    if not transition.changed:
        yield (where, (" nothing to do:", GOOD), (f" {transition.reason}", PLAIN))
    else:
        yield (where, (" ", PLAIN), *spans(subject(transition.subject, look)))
    if transition.changed and transition.action in _RELEASING:
        yield from _origins(transition.after, look)
    yield from (labelled("  note", HINT, note) for note in transition.notes)
    yield from (labelled("  left alone, not written by bggen", WARNING, path) for path in plan.left_alone)


def _landed(outcome: Changed) -> Line:
    commit = (outcome.commit or "")[:12]
    if not outcome.made:
        return (("stands already", GOOD), (f" as {commit} on {outcome.branch}", PLAIN))
    where = f" {commit} on {outcome.branch}, {_files(outcome.changes)}"
    if outcome.pushed:
        return (("committed and pushed", GOOD), (where, PLAIN))
    return (
        ("committed", GOOD),
        (f"{where}; ", PLAIN),
        ("not pushed: Argo CD does not see it yet", WARNING),
    )


_DONE = {
    "opened": "opened a pull request",
    "updated": "updated the pull request",
    "unchanged": "the pull request stands as it is",
    "pushed": "the push opened the pull request, or brought it up to date",
    "closed": "closed the pull request, there is nothing left to change",
}


def _requested(request: PullRequest) -> Iterator[Line]:
    if request.action == "page":
        yield labelled("next", HINT, f"open the pull request: {request.url}" if request.url else "open a pull request")
    else:
        number = "" if request.number is None else f" {request.number}"
        yield ((_DONE[request.action], GOOD), (f"{number}: {request.url}" if request.url else number, PLAIN))
    yield from (labelled("  note", HINT, note) for note in request.notes)


def _origins(state: EnvState, look: Look) -> Iterator[Line]:
    release = max(
        (release for release in (state.blue, state.green) if release),
        key=lambda release: release.number,
    )
    components = sorted(release.spec.components.items())
    return table(
        [
            [f"  {name}", str(component.image), ((_origin(release.origins.get(name, "")), DIM),)]
            for name, component in components
        ],
        look=look,
    )


def _origin(origin: str) -> str:
    return {"pinned": "pinned in the spec"}.get(origin, f"as in {origin}" if origin.startswith("release ") else origin)


def _next(outcome: Changed) -> Iterator[str]:
    if not outcome.pushed:
        yield "git push" if outcome.branch == outcome.base else f"git push REMOTE {outcome.branch}"
    if outcome.many or outcome.branch != outcome.base:
        return
    for part in outcome.parts:
        if part.plan:
            yield from _after(part.plan.transition)


def _after(transition: Transition) -> Iterator[str]:
    action, state = transition.action, transition.after
    idle = state.idle_release
    option = f"--app {state.app} --env {state.env}"
    if action == "join":
        yield f"bggen drain {option}, before the next bump"
    elif action in _RELEASING and idle and _may_join(state):
        yield f"bggen join {option}, once {state.idle_color} is healthy, where both are to serve"
    elif action in _RELEASING and idle and state.pending:
        yield f"bggen flip {option} --release {idle.number}, once {state.idle_color} is healthy"
    if state.gate and state.active is not transition.before.active:
        yield f"bggen rollback {option}, if the smoke test fails: traffic has not moved then, and Git says so again"
    if action == "rollback":
        yield f"argocd app terminate-op APP, where a sync of {state.app} hangs: then this one starts"
        yield f"bggen unhold {option}, once flips may go on"


def _may_join(state: EnvState) -> bool:
    """Whether both colours hold the same, behind a route that can weigh them."""
    active, idle = state.active_release, state.idle_release
    if active is None or idle is None or not idle.same_content(active):
        return False
    from bggen.spec.joining import why_alone  # noqa: PLC0415 - few bumps make a second half

    return why_alone(active.spec.route) is None


def _written(outcome: Written) -> Iterator[Line]:
    for change in outcome.changes:
        yield from patch(change.diff)
    yield from (_file(change, check=outcome.check) for change in outcome.changes)
    yield from (labelled("left alone, not written by bggen", WARNING, path) for path in outcome.left_alone)
    if not outcome.changes and outcome.rendered:
        yield labelled("nothing to do", GOOD, f"{outcome.rendered} manifests are as they should be")
    elif not outcome.changes:
        yield (("nothing to do", GOOD),)
    for note in outcome.notes:
        label, colon, rest = note.partition(": ")
        yield labelled(label, HINT, rest) if colon else note


_STYLES: dict[str, Style] = {"removed": BAD, "written": GOOD, "changed": WARNING}


def _file(change: FileChange, *, check: bool) -> Line:
    return labelled(f"would be {change.verb}" if check else change.verb, _STYLES[change.verb], change.path)


def _files(changes: Sequence[object]) -> str:
    return f"{len(changes)} file{'s' * (len(changes) != 1)}"
