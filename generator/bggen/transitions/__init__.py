"""The decisions: every command that changes something is a function from state to state, or a refusal."""

from bggen.transitions.bump import BumpRequest, bump
from bggen.transitions.flip import FlipRequest, flip
from bggen.transitions.idle import hold, park, unhold, wake
from bggen.transitions.result import Transition
from bggen.transitions.rollback import RollbackTarget, rollback, rollback_target

__all__ = [
    "BumpRequest",
    "FlipRequest",
    "RollbackTarget",
    "Transition",
    "bump",
    "flip",
    "hold",
    "park",
    "rollback",
    "rollback_target",
    "unhold",
    "wake",
]
