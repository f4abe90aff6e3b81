"""A changing command from end to end: read the tip, decide, plan, deliver; again if the branch moved meanwhile."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.app.deciding import decide, refuse_uncommitted, source_of
from bggen.app.inputs import REPO_FILE, choose_pairs
from bggen.app.outcomes import Changed, Part
from bggen.app.signing import with_source
from bggen.app.targets import open_target
from bggen.batch import branch_of, message_of
from bggen.errors import BggenError, ContentionError, SeveralError, UnknownOutcomeError
from bggen.git.target import PLAIN, Moved
from bggen.plan import env_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.app.deciding import Order
    from bggen.app.wish import Wish
    from bggen.git.target import Target
    from bggen.transitions import Transition


def carry_out(order: Order, wish: Wish) -> Changed:
    """Decide and deliver one change of one (app, env), or of several, as one commit.

    Raises:
        BggenError: of any kind; `known` then holds what was known by then.
    """
    known = Changed(order.action, many=wish.selection.many, dry_run=wish.delivery.dry_run)
    try:
        with open_target(wish) as target:
            known = replace(known, branch=target.branch or None, base=target.base)
            return _until_it_lands(order, wish, target, known)
    except BggenError as error:
        _remember(error, known)
        raise


def _remember(error: BggenError, known: Changed) -> None:
    """Let the error tell what was known, unless it does already."""
    if isinstance(error.known, Part):
        error.known = replace(known, parts=(error.known,))
    error.known = error.known or known


def _until_it_lands(order: Order, wish: Wish, target: Target, known: Changed) -> Changed:
    meant: dict[tuple[str, str], Transition] = {}
    why = ""
    began = time.monotonic()
    with target.turn(writing=not wish.delivery.dry_run) as notes:
        known = replace(known, notes=tuple(notes))
        attempt, most = 0, wish.delivery.retries + 1
        while attempt < most:
            attempt += 1
            known = replace(known, attempts=attempt)
            try:
                done = _attempt(order, wish, target, known, meant)
                if done is not None:
                    return done
                # That a checkout is behind is no contention, and happens once.
                most += 1
            except Moved as moved:
                why = f" ({moved})" if str(moved) else ""
                most += moved.behind
                if attempt < most:
                    if not moved.behind:
                        from bggen.git.turns import pause  # noqa: PLC0415 - only a lost race needs it

                        pause(attempt, time.monotonic() - began)
                    target.renew(surely=True)
                    began = time.monotonic()
            except BggenError as error:
                _remember(error, replace(known, branch=target.branch or None))
                raise
    failure = ContentionError(
        f"{target.branch} moved {known.attempts} times while this was decided{why}",
        hint="run it again, or more --retries",
    )
    _remember(failure, replace(known, branch=target.branch or None))
    raise failure


def _attempt(
    order: Order, wish: Wish, target: Target, known: Changed, meant: dict[tuple[str, str], Transition]
) -> Changed | None:
    """Decide, and deliver what was decided; None where the remote turned out to be further than what is here.

    Raises:
        Moved: the branch is elsewhere by now.
        BggenError: it cannot be.
    """
    try:
        planned = _planned(order, wish, target, known, meant)
    except BggenError:
        # It may be refused only because what is here is old.
        if not wish.delivery.dry_run and target.renew(surely=False):
            return None
        raise
    if wish.delivery.dry_run:
        return planned
    if not planned.changes:
        return None if target.renew(surely=False) else _empty(wish, target, planned)
    for part in planned.parts:
        if part.plan and part.app and part.env:
            meant.setdefault((part.app, part.env), part.plan.transition)
    return _delivered(wish, target, planned)


def _empty(wish: Wish, target: Target, planned: Changed) -> Changed:
    """Nothing is to be changed: a request that was open for it is over."""
    if wish.delivery.request is None:
        return planned
    from bggen.app.requesting import close_empty  # noqa: PLC0415 - as in _delivered

    return replace(planned, request=close_empty(wish.delivery.request, target))


def _delivered(wish: Wish, target: Target, planned: Changed) -> Changed:
    """Deliver the plan, and open or update its request.

    Raises:
        Moved: the branch is elsewhere by now.
        BggenError: with what was done by then in `known`.
    """
    request = None
    if wish.delivery.request is not None:
        from bggen.app.requesting import prepare  # noqa: PLC0415 - most changes have none, and forges bring httpx

        request = prepare(wish.delivery.request, target, planned)
    try:
        delivered = target.deliver(planned.changes, planned.message, request.posting if request else PLAIN)
    except BggenError as error:
        error.known = replace(planned, unknown=isinstance(error, UnknownOutcomeError))
        raise
    notes = (*planned.notes, *([delivered.note] if delivered.note else []))
    done = replace(planned, commit=delivered.commit, made=delivered.made, pushed=delivered.pushed, notes=notes)
    if request is None:
        return done
    try:
        return replace(done, request=request.settle(moved=delivered.made))
    except BggenError as error:
        error.known = done
        raise


def _planned(
    order: Order, wish: Wish, target: Target, known: Changed, meant: Mapping[tuple[str, str], Transition]
) -> Changed:
    """Read the tip and decide on it, for every pair; nothing is written.

    Raises:
        BggenError: one pair's refusal, or `SeveralError` with all of them, where several apps were asked for.
    """
    source = source_of(target)
    target.bring([REPO_FILE, *(f"apps/{app}" for app in wish.selection.apps)])
    pairs = choose_pairs(source, wish.place, wish.selection, target.bring)
    # Git compares the work tree with the tip while we decide.
    status = target.start(
        [REPO_FILE, *(f"apps/{app}" for app, _ in pairs)],
        [env_folder(*pair) for pair in pairs],
        branch_of(order.action, pairs, wish.selection.words),
    )
    known = replace(known, branch=target.branch)
    parts = []
    for pair in pairs:
        try:
            parts.append(decide(order, target, source, pair, meant.get(pair)))
        except BggenError as error:
            if not known.many:
                raise
            part = error.known if isinstance(error.known, Part) else Part(*pair)
            parts.append(replace(part, error=error))
    dirty = status.result()
    for index, part in enumerate(parts):
        try:
            if part.plan:
                refuse_uncommitted(order, dirty, part.plan)
        except BggenError as error:
            if not known.many:
                error.known = replace(known, parts=(replace(part, plan=None),))
                raise
            parts[index] = replace(part, error=error)
    found = replace(known, parts=tuple(parts))
    errors = [(f"{part.app}/{part.env}", part.error) for part in parts if part.error]
    if errors:
        failure = SeveralError(errors, of=len(parts))
        failure.known = found
        raise failure
    message = message_of(order.action, [part.plan for part in parts if part.plan])
    return replace(
        found, message=with_source(message, wish.delivery, os.environ, target.url.text if target.url else None)
    )
