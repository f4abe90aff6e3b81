"""One decision on one (app, env): read what is, decide, and plan the files; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bggen.app.inputs import REPO_FILE, Source
from bggen.app.outcomes import Part
from bggen.app.verdicts import DiskVerdicts
from bggen.checks import check
from bggen.errors import BggenError, InvalidError, RefusedError
from bggen.plan import compare_manifests, env_folder, make_plan
from bggen.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from bggen.git.target import Target
    from bggen.model import EnvState, Release
    from bggen.plan import Plan
    from bggen.transitions import Transition


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision is made on: the newest state, and ways to learn more.

    Attributes:
        source: the files.
        target: where the change goes.
        state: what is.
        meant: what was decided when this was decided first, where the branch has moved since.
        proposed: the release that our own request's branch holds, where it is newer than all of `state`.
    """

    source: Source
    target: Target
    state: EnvState
    meant: Transition | None = None
    proposed: Release | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A changing command, before it is decided.

    Attributes:
        action: the command's name.
        decide: the decision, made anew on every tip.
        drift: what becomes of manifests that differ from what the state renders.
        urgent: whether uncommitted specs, which it does not read, are no reason to refuse it.
    """

    action: str
    decide: Callable[[Situation], Transition]
    drift: Literal["refuse", "overwrite"] = "refuse"
    urgent: bool = False


def source_of(target: Target) -> Source:
    """Return the files that the target's decisions are made on."""
    return Source(target.files(), DiskVerdicts(target.scratch))


def decide(order: Order, target: Target, source: Source, pair: tuple[str, str], meant: Transition | None) -> Part:
    """Decide for one (app, env).

    Raises:
        BggenError: with the part as far as it is known in `known`.
    """
    app, env = pair
    part = Part(app, env)
    try:
        state, state_files = source.state(app, env)
        part = replace(part, before=state)
        proposed = _proposed(target, state)
        transition = order.decide(Situation(source, target, state, meant, proposed))
        plan = _plan(order, source.manifests(app, env), state_files, transition)
    except BggenError as error:
        error.known = part
        raise
    return replace(part, plan=plan)


def refuse_uncommitted(order: Order, dirty: Collection[str], plan: Plan) -> None:
    """Refuse to overwrite what is not committed, and to decide on files that the user has changed since.

    Raises:
        RefusedError: `uncommitted`.
    """
    after = plan.transition.after
    read = {REPO_FILE, f"apps/{after.app}/app.yaml", f"{env_folder(after.app, after.env)}/overlay.yaml"}
    specs = [] if order.urgent else sorted(read.intersection(dirty))
    if specs:
        raise RefusedError(
            f"{_some(specs)}: not committed, and {order.action} reads the commit",
            hint=f"git commit {' '.join(specs)}, or git stash",
            kind="uncommitted",
        )
    planned = sorted({change.path for change in plan.changes}.intersection(dirty))
    if planned:
        raise RefusedError(
            f"{_some(planned)}: has uncommitted changes, and {order.action} would overwrite them",
            hint="commit them, or git stash",
            kind="uncommitted",
        )


def _proposed(target: Target, state: EnvState) -> Release | None:
    files = target.proposed()
    if files is None:
        return None
    from bggen.spec import FORGETFUL  # noqa: PLC0415 - only a request of our own needs it

    try:
        there, _ = Source(files, FORGETFUL).state(state.app, state.env)
    except InvalidError:
        # What cannot be read is no proposal; the branch is made anew.
        return None
    newest = max((each for each in (there.blue, there.green) if each), key=lambda each: each.number, default=None)
    return newest if newest and newest.number > state.last else None


def _plan(
    order: Order,
    manifests: Mapping[str, bytes],
    state_files: Mapping[str, bytes],
    transition: Transition,
) -> Plan:
    before, after = transition.before, transition.after
    folder = env_folder(after.app, after.env)
    drift = [change.path for change in compare_manifests(folder, manifests, render(before)).changes]
    if drift and order.drift == "refuse":
        raise RefusedError(
            f"{_some(drift)}: not what the state renders",
            hint="bggen render lets the state win; flip --to COLOUR --accept-drift takes over a switch edited by hand",
            kind="drift",
        )
    if drift:
        verb = "overwrote" if transition.changed else "bggen render would set right"
        transition = replace(
            transition, notes=(*transition.notes, f"{verb} what did not fit the state: {_some(drift)}")
        )
    rendered = render(after)
    problems = check(after, rendered)
    if problems:
        raise InvalidError(str(problems[0]), problems=problems)
    return make_plan(transition, state_files, compare_manifests(folder, manifests, rendered))


def _some(paths: Sequence[str]) -> str:
    """Name a few of the paths."""
    shown = 3
    more = f" and {len(paths) - shown} more" if len(paths) > shown else ""
    return ", ".join(paths[:shown]) + more
