"""`join` and `drain`: what the user said → a decision to carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.changing import now_in_utc
from bggen.app.deciding import Order
from bggen.app.delivery import carry_out
from bggen.transitions import joining, refuse_other_idle

if TYPE_CHECKING:
    from bggen.app.deciding import Situation
    from bggen.app.outcomes import Changed
    from bggen.app.wish import Wish
    from bggen.transitions import Transition


def join(wish: Wish, override_hold: str | None) -> Changed:
    """Let the idle colour serve beside the active one."""

    def decide(now: Situation) -> Transition:
        refuse_other_idle(now.meant, now.state, retarget=wish.delivery.retarget)
        return joining.join(now.state, joining.JoinRequest(now_in_utc(), override_hold))

    return carry_out(Order("join", decide), wish)


def drain(wish: Wish) -> Changed:
    """Take the joined colour out of the traffic."""

    def decide(now: Situation) -> Transition:
        refuse_other_idle(now.meant, now.state, retarget=wish.delivery.retarget)
        return joining.drain(now.state)

    return carry_out(Order("drain", decide), wish)
