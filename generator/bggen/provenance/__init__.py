"""Who makes a commit, and which source commit its images were built from: from the command line and CI's variables."""

from __future__ import annotations

from bggen.provenance.people import Author, find_author
from bggen.provenance.references import reference_lines, with_references
from bggen.provenance.source import SOURCE_OPTIONS, SourceCommit, find_source, read_source

__all__ = [
    "SOURCE_OPTIONS",
    "Author",
    "SourceCommit",
    "find_author",
    "find_source",
    "read_source",
    "reference_lines",
    "with_references",
]
