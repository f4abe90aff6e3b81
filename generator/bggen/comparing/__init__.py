"""Two releases side by side: what differs between their specs, and between what is rendered of them."""

from bggen.comparing.objects import ObjectDifference, compare_objects
from bggen.comparing.specs import Comparison, Difference, compare
from bggen.comparing.words import Row, rows

__all__ = ["Comparison", "Difference", "ObjectDifference", "Row", "compare", "compare_objects", "rows"]
