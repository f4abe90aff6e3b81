"""YAML that others wrote for Kubernetes → documents with places: many in a stream, numbers as Kubernetes reads them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from bggen.yamlio.document import Document
from bggen.yamlio.nodes import Composer, invalid
from bggen.yamlio.reading import NO_RULES, Builder, is_nothing, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.yamlio.document import Path
    from bggen.yamlio.nodes import Node
    from bggen.yamlio.writing import Scalar

# What `kubectl get -o yaml` prints of a namespace is one document.
MOST_MIB = 4
_MOST_VALUES = 100_000

# At the beginning of a line they end a document, whatever is open.
_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r]|$)", re.MULTILINE)
_COMMENTS = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*(?:#.*)?\Z")
_DIRECTIVES = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*(?:%.*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*)+\Z")

# Kubernetes reads YAML 1.1 (https://github.com/kubernetes-sigs/yaml): a mode of 0644 is 420, and `yes` is true.
_OCTAL = re.compile(r"[-+]?0[0-7]+")
_WORDS = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}


def parse_stream(content: bytes, path: str) -> tuple[Document, ...]:
    """Read a file of one or several documents, as `kubectl` prints and takes them; JSON is YAML as well.

    Args:
        content: the file's bytes.
        path: the file as errors show it.

    Returns:
        every document that holds something; places are those in the file.

    Raises:
        InvalidError: with every problem of the first document that cannot be read.
    """
    found = []
    for text in _pieces(readable(content, path, MOST_MIB)):
        composer = _Composer(path, text)
        composer.compose()
        root = composer.root
        if root is None or is_nothing(root):
            continue
        builder = _Builder(path, composer.problems, NO_RULES)
        data = builder.build(root)
        if builder.problems:
            raise invalid(builder.problems)
        found.append(Document(path, data, builder.marks))
    return tuple(found)


def _pieces(text: str) -> Iterator[str]:
    """Yield the text of each document, with so many empty lines before it that its lines keep their numbers."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text)), len(text)]
    for start, end in pairwise(starts):
        piece = text[start:end].removeprefix("...")
        # A line of directives belongs to the document that follows, to which it says nothing that counts.
        if not _COMMENTS.match(piece) and not _DIRECTIVES.match(piece):
            yield "\n" * text.count("\n", 0, start) + piece


class _Composer(Composer):
    most = _MOST_VALUES


class _Builder(Builder):
    most = _MOST_VALUES

    def scalar(self, node: Node, where: Path, *, as_text: bool) -> Scalar:
        if node.plain and node.tag is None:
            if node.text in _WORDS:
                return _WORDS[node.text]
            if _OCTAL.fullmatch(node.text):
                return int(node.text, 8)
        return super().scalar(node, where, as_text=as_text)
