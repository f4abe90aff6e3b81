"""A changing command from end to end: read the tip, decide, plan, commit; again if the branch moved meanwhile."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bggen.app.inputs import REPO_FILE, Source, choose
from bggen.app.outcomes import Changed
from bggen.app.verdicts import DiskVerdicts
from bggen.checks import check
from bggen.errors import BggenError, ContentionError, InvalidError, RefusedError
from bggen.git.checkout import Checkout
from bggen.git.deliver import Moved
from bggen.plan import compare_manifests, env_folder, make_plan
from bggen.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from bggen.app.place import Place
    from bggen.model import EnvState
    from bggen.plan import Plan
    from bggen.transitions import Transition

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision is made on: the newest state, and ways to learn more."""

    source: Source
    checkout: Checkout
    state: EnvState


@dataclass(frozen=True, slots=True)
class Order:
    """A changing command, before it is decided.

    Attributes:
        action: the command's name.
        place: the config repo.
        app: as the user named it.
        env: the same.
        decide: the decision, made anew on every tip.
        drift: what becomes of manifests that differ from what the state renders.
        urgent: whether uncommitted specs, which it does not read, are no reason to refuse it.
    """

    action: str
    place: Place
    app: str | None
    env: str | None
    decide: Callable[[Situation], Transition]
    drift: Literal["refuse", "overwrite"] = "refuse"
    urgent: bool = False


def carry_out(order: Order, *, dry_run: bool) -> Changed:
    """Decide and deliver one change of one (app, env), as one commit on the current branch.

    Raises:
        BggenError: of any kind; `known` then holds what was known by then.
    """
    known = Changed(order.action, dry_run=dry_run)
    try:
        with Checkout.open(order.place.root) as checkout:
            known = replace(known, branch=checkout.branch)
            if dry_run:
                return _planned(order, checkout, replace(known, attempts=1))
            with checkout.lock():
                known = replace(known, recovered=checkout.recover())
                checkout.prepare()
                return _until_it_lands(order, checkout, known)
    except BggenError as error:
        error.known = error.known or known
        raise


def _until_it_lands(order: Order, checkout: Checkout, known: Changed) -> Changed:
    for attempt in range(1, ATTEMPTS + 1):
        planned = _planned(order, checkout, replace(known, attempts=attempt))
        plan = planned.plan
        if plan is None or not plan.changes:
            return planned
        subject = plan.message.splitlines()[0]
        with contextlib.suppress(Moved):
            commit = checkout.deliver(checkout.tip, plan.changes, plan.message, f"bggen: {subject}")
            return replace(planned, commit=commit)
        checkout.refresh()
    raise ContentionError(f"{checkout.branch} moved {ATTEMPTS} times while this was decided", hint="run it again")


def _planned(order: Order, checkout: Checkout, known: Changed) -> Changed:
    """Read the tip and decide on it; nothing is written."""
    source = Source(checkout.tip_files(), DiskVerdicts(checkout.scratch))
    app, env = choose(source, order.place, order.app, order.env)
    # Git compares the work tree with the tip while we decide.
    status = checkout.watch([REPO_FILE, f"apps/{app}"])
    known = replace(known, app=app, env=env)
    try:
        state, state_files = source.state(app, env)
        known = replace(known, before=state)
        transition = order.decide(Situation(source, checkout, state))
        plan = _plan(order, source.manifests(app, env), state_files, transition)
        _refuse_uncommitted(order, status.result(), plan)
    except BggenError as error:
        error.known = known
        raise
    return replace(known, plan=plan)


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


def _refuse_uncommitted(order: Order, dirty: Collection[str], plan: Plan) -> None:
    """Refuse to overwrite what is not committed, and to decide on files that the user has changed since."""
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


def _some(paths: Sequence[str]) -> str:
    """Name a few of the paths."""
    shown = 3
    more = f" and {len(paths) - shown} more" if len(paths) > shown else ""
    return ", ".join(paths[:shown]) + more
