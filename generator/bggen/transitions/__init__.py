"""The decisions: every command that changes something is a function from state to state, or a refusal."""

from bggen.transitions.bump import BumpRequest, bump
from bggen.transitions.flip import FlipRequest, flip
from bggen.transitions.idle import hold, park, unhold, wake
from bggen.transitions.pinning import refuse_other_idle, same_release, same_target
from bggen.transitions.promote import env_before, promote
from bggen.transitions.result import Transition
from bggen.transitions.rollback import RollbackTarget, rollback, rollback_target
from bggen.transitions.scale import Replicas, parse_replicas, scale

__all__ = [
    "BumpRequest",
    "FlipRequest",
    "Replicas",
    "RollbackTarget",
    "Transition",
    "bump",
    "env_before",
    "flip",
    "hold",
    "park",
    "parse_replicas",
    "promote",
    "refuse_other_idle",
    "rollback",
    "rollback_target",
    "same_release",
    "same_target",
    "scale",
    "unhold",
    "wake",
]
