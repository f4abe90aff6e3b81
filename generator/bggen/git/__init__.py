"""The only place that knows git: read a branch's tip, commit a plan, ask history."""

from bggen.git.checkout import Checkout
from bggen.git.target import Moved

__all__ = ["Checkout", "Moved"]
