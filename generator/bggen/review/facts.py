"""A plan → what a reviewer asks about it first: whether traffic moves, and which two releases to compare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.model import EnvState
from bggen.plan import env_folder
from bggen.state import RELEASE_FILE

if TYPE_CHECKING:
    from bggen.model import Color, Release
    from bggen.plan import Plan

_DIGEST = re.compile(rb"^state: ([0-9a-f]{16})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two releases to compare.

    Attributes:
        old: what takes traffic before; None where nothing did.
        new: what takes it afterwards, or with the next flip.
        old_name: how the first one is called.
        new_name: how the second one is called.
    """

    old: Release | None
    new: Release
    old_name: str
    new_name: str


def moves(plan: Plan) -> bool:
    """Whether traffic goes from one colour to the other."""
    before, after = plan.transition.before, plan.transition.after
    return before.active is not None and before.active is not after.active


def is_first(plan: Plan) -> bool:
    """Whether it makes the first release of all."""
    return plan.transition.before.active is None and plan.transition.after.active is not None


def pair(plan: Plan) -> Pair | None:
    """Return the two releases whose difference is what the plan is about; None where it is not about releases."""
    before, after = plan.transition.before, plan.transition.after
    old, new = before.active_release, after.active_release
    if new is None or after.active is None:
        return None
    if old is None or before.active is None:
        return Pair(None, new, "nothing", named(after.active, new))
    if moves(plan) or old != new:
        return Pair(old, new, named(before.active, old), named(after.active, new))
    idle, was = after.idle_release, before.idle_release
    if idle is None or idle == was:
        return None
    if was is not None and was.number == idle.number:
        return Pair(was, idle, f"{named(after.idle_color, was)} before", "after")
    return Pair(new, idle, named(after.active, new), named(after.idle_color, idle))


def named(color: Color, release: Release) -> str:
    """Name a colour with its release."""
    return f"{color} (release {release.number})"


def side_by_side(plan: Plan, two: Pair) -> EnvState | None:
    """Return a state with the old release active and the new one idle, for comparing them."""
    color = plan.transition.before.active
    if two.old is None or color is None:
        return None
    blue, green = (two.old, two.new) if color == "blue" else (two.new, two.old)
    most = max(two.old.number, two.new.number)
    state = plan.transition.after
    return EnvState(state.app, state.env, active=color, blue=blue, green=green, last=most, served=most)


def state_digests(plan: Plan) -> tuple[str | None, str | None]:
    """Return the last line of `release.yaml` as it was and as it will be; None where there is none, or no change."""
    state = plan.transition.after
    path = f"{env_folder(state.app, state.env)}/{RELEASE_FILE}"
    change = next((change for change in plan.changes if change.path == path), None)
    return (_digest(change.before), _digest(change.after)) if change else (None, None)


def _digest(content: bytes | None) -> str | None:
    found = _DIGEST.findall(content or b"")
    return found[-1].decode() if found else None
