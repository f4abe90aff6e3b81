"""What neither Kubernetes nor the nodes take of any text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.spec.layers import mapping

if TYPE_CHECKING:
    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

# Kubernetes allows 256 KiB of annotations in an object; bggen adds some of its own.
_MOST_ANNOTATIONS = 255 * 1024
# The kernel ends a program's variables and arguments there, so that containers with one do not start.
NUL = "holds the character U+0000, which no program can be given"


def check_annotations(layers: Layers, where: Path, annotations: Any) -> None:
    """Report more annotations than an object may have."""
    size = sum(len(key.encode()) + len(str(value).encode()) for key, value in mapping(annotations).items())
    if size > _MOST_ANNOTATIONS:
        layers.report(where, f"are {size // 1024} kB; Kubernetes takes 256 kB")
