"""How an app moves between Deployments of two colours and one Rollout: as a plan, and never by itself."""

from bggen.converting.edits import Edit
from bggen.converting.plan import Conversion, convert
from bggen.converting.steps import Step

__all__ = ["Conversion", "Edit", "Step", "convert"]
