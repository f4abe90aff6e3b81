"""The changing commands: what the user said → a decision to carry out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen import transitions
from bggen.app.deciding import Order
from bggen.app.delivery import carry_out
from bggen.app.patching import refuse_unfit
from bggen.errors import RefusedError, UsageError
from bggen.images import parse_image_arg
from bggen.plan import env_folder
from bggen.render import LATEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.app.deciding import Situation
    from bggen.app.outcomes import Changed
    from bggen.app.wish import Wish
    from bggen.model import Color, Release
    from bggen.transitions import Transition

_STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class FlipOptions:
    """The options of `flip`; `bump --flip` has some of them."""

    to: Color | None = None
    release: int | None = None
    if_active: Color | None = None
    allow_less_capacity: bool = False
    override_hold: str | None = None
    accept_drift: bool = False
    smoke: bool = True

    def request(self) -> transitions.FlipRequest:
        """Return what `transitions.flip` is asked; the clock is read here."""
        return transitions.FlipRequest(
            now=now_in_utc(),
            to=self.to,
            release=self.release,
            if_active=self.if_active,
            allow_less_capacity=self.allow_less_capacity,
            override_hold=self.override_hold,
            smoke=self.smoke,
        )


@dataclass(frozen=True, slots=True)
class BumpOptions:
    """The options of `bump`, as the user wrote them."""

    images: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    keep_config: bool = False
    as_active: bool = False
    force: bool = False
    flip: FlipOptions | None = None


def now_in_utc() -> str:
    """Return the time as `transitions` compares it; the clock is read here."""
    return datetime.now(tz=UTC).strftime(_STAMP)


def bump(wish: Wish, options: BumpOptions) -> Changed:
    """Give the idle colour a new release.

    Raises:
        UsageError: `--as-active` beside what says otherwise, or an option cannot be read.
    """
    frozen = options.keep_config or options.as_active
    if options.as_active and (options.images or options.sequences or options.keep_config or options.flip):
        raise UsageError(
            "--as-active takes all from the active release, images too: no --image, --sequence, --keep-config or --flip"
            " goes with it",
            hint="bggen bump --as-active",
        )
    images = tuple(parse_image_arg(text) for text in options.images)
    sequences = dict(_sequence(text) for text in options.sequences)

    def decide(now: Situation) -> Transition:
        spec = None if frozen else now.source.spec(now.state.app, now.state.env)
        request = transitions.BumpRequest(
            spec=spec,
            renderer=LATEST,
            images=images,
            sequences=sequences,
            as_active=options.as_active,
            force=options.force,
            proposed=now.proposed,
            then_flip=options.flip.request() if options.flip else None,
        )
        decided = transitions.bump(now.state, request)
        if decided.changed:
            # What is there already is done, whichever colour it went to.
            transitions.refuse_other_idle(now.meant, now.state, retarget=wish.delivery.retarget)
        refuse_unfit(now.source, decided, frozen=frozen)
        return decided

    return carry_out(Order("bump", decide), wish)


def flip(wish: Wish, options: FlipOptions) -> Changed:
    """Make the idle colour active."""
    if options.accept_drift and options.to is None:
        raise UsageError("--accept-drift goes with --to COLOUR: say which colour was made active by hand")

    def decide(now: Situation) -> Transition:
        return transitions.flip(now.state, transitions.same_target(now.meant, options.request()))

    order = Order("flip", decide, drift="overwrite" if options.accept_drift else "refuse")
    return carry_out(order, wish)


def rollback(wish: Wish, to: int | None) -> Changed:
    """Go back to a release that was active before."""

    def decide(now: Situation) -> Transition:
        target = transitions.rollback_target(now.state, transitions.same_release(now.meant, to))
        found = _from_history(now, target.number) if target.source == "history" else None
        return transitions.rollback(now.state, target, by=now.target.identity(), found=found)

    order = Order("rollback", decide, drift="overwrite", urgent=True)
    return carry_out(order, wish)


def park(wish: Wish) -> Changed:
    """Stop the idle colour's workloads."""

    def decide(now: Situation) -> Transition:
        transitions.refuse_other_idle(now.meant, now.state, retarget=wish.delivery.retarget)
        return transitions.park(now.state)

    return carry_out(Order("park", decide), wish)


def wake(wish: Wish) -> Changed:
    """Start the idle colour's workloads."""

    def decide(now: Situation) -> Transition:
        transitions.refuse_other_idle(now.meant, now.state, retarget=wish.delivery.retarget)
        return transitions.wake(now.state)

    return carry_out(Order("wake", decide), wish)


def scale(wish: Wish, replicas: Sequence[str], on: Color | None) -> Changed:
    """Give components other numbers of replicas, until their colour's next bump."""
    wanted = transitions.parse_replicas(replicas)
    order = Order("scale", lambda now: transitions.scale(now.state, wanted, on))
    return carry_out(order, wish)


def hold(wish: Wish, reason: str, until: str | None) -> Changed:
    """Refuse flips until it ends."""
    ends = _time(until) if until else None
    if not reason.strip():
        raise UsageError("--reason is empty: everybody who is refused reads it")

    def decide(now: Situation) -> Transition:
        return transitions.hold(now.state, reason=reason.strip(), by=now.target.identity(), until=ends)

    return carry_out(Order("hold", decide), wish)


def unhold(wish: Wish) -> Changed:
    """End a hold."""
    order = Order("unhold", lambda now: transitions.unhold(now.state))
    return carry_out(order, wish)


def _from_history(now: Situation, number: int) -> Release:
    state = now.state
    folder = env_folder(state.app, state.env)
    found = now.target.past_release(folder, number)
    if found is None:
        raise RefusedError(
            f"release {number} is in no commit of this branch's history as an active one",
            hint="git fetch --unshallow, if this is a shallow clone",
            kind="no-previous",
        )
    return state_files.decode_release(found.content, f"{folder}/{found.color}.yaml in {found.commit[:10]}", state)


def _sequence(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"([a-z0-9-]+)=([0-9]{1,18})", text)
    if match is None:
        raise UsageError(f"--sequence {text!r}: not COMPONENT=INT", hint="--sequence web=1234")
    return match[1], int(match[2])


def _time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text!r} is not a time", hint="--until 2026-12-24T08:00+01:00") from None
    if moment.tzinfo is None:
        raise UsageError(
            f"--until {text} has no time zone", hint=f"--until {text}Z is UTC; or add an offset, as +01:00"
        )
    if moment <= datetime.now(tz=UTC):
        raise UsageError(f"--until {text} is over already")
    return moment.astimezone(UTC).strftime(_STAMP)
