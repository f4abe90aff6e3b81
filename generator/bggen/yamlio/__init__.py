"""Text to data with positions, and data to text that every YAML reader reads the same."""

from bggen.yamlio.document import Document, Path, dotted
from bggen.yamlio.reading import parse
from bggen.yamlio.rules import Rules
from bggen.yamlio.writing import Scalar, dump, scalar

__all__ = ["Document", "Path", "Rules", "Scalar", "dotted", "dump", "parse", "scalar"]
