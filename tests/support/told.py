"""Which commands a decided change stands for, as `bggen.events` has to tell them from the two states alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bggen.transitions import Transition


def commanded(transition: Transition) -> list[str]:
    """Return the commands that a transition stands for; traffic that moves to an older release is a rollback."""
    before, after = transition.before, transition.after
    old, new = before.active_release, after.active_release
    assert new
    bump = ["bump"] if after.last > before.last else []
    if transition.action not in {"bump", "flip", "promote", "rollback"}:
        return [transition.action]
    if old is None:
        return bump
    if old.number == new.number:
        # `flip --no-smoke` takes away the smoke test that the switch waits for.
        return ["flip"] if transition.action == "flip" else bump
    return [*bump, "rollback" if transition.action == "rollback" or new.number < old.number else "flip"]
