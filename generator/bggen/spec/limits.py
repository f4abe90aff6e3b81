"""What is too much for Kubernetes, and for a release's own file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen import yamlio
from bggen.spec.layers import mapping
from bggen.yamlio.nodes import MOST_NODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

# Kubernetes allows 256 KiB of annotations in an object; bggen adds some of its own.
_MOST_ANNOTATIONS = 255 * 1024
# Of what a YAML file of bggen may have, some is for what a release says beside its spec.
_MOST_BYTES = 1_000_000
_MOST_VALUES = MOST_NODES - 1000
# Less text than this cannot make a file too large, whatever characters it holds.
_HARMLESS = 100_000


def check_annotations(layers: Layers, where: Path, annotations: Any) -> None:
    """Report more annotations than an object may have."""
    size = sum(len(key.encode()) + len(str(value).encode()) for key, value in mapping(annotations).items())
    if size > _MOST_ANNOTATIONS:
        layers.report(where, f"are {size // 1024} kB; Kubernetes takes 256 kB")


def too_large(spec: Mapping[str, Any]) -> str | None:
    """Return what to say of a spec whose release could be written, but never read again; None of all others.

    Aliases and defaults make more of three files than each of them holds.
    """
    values, text = _amount(spec)
    if values > _MOST_VALUES:
        return f"the spec comes to {values:,} values with the defaults; a release takes {_MOST_VALUES:,}"
    if text < _HARMLESS:
        return None
    size = len(yamlio.dump({"spec": spec}).encode())
    if size <= _MOST_BYTES:
        return None
    return f"the spec comes to {size // 1000:,} kB with the defaults; a release takes {_MOST_BYTES // 1000:,} kB"


def _amount(value: Any) -> tuple[int, int]:
    """Return the number of keys and values, and of characters in them."""
    values = text = 0
    todo = [value]
    while todo:
        item = todo.pop()
        values += 1
        if isinstance(item, str):
            text += len(item)
        elif isinstance(item, dict):
            todo += item
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return values, text
