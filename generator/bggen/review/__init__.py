"""Plans → the title and the body of a pull request that a reviewer can decide on from its text alone."""

from bggen.review.composing import LEAST, Review, review
from bggen.review.machine import read_machine_block

__all__ = ["LEAST", "Review", "read_machine_block", "review"]
