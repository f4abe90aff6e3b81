"""Paths that a component sees: files, mounts and writable directories, and where they get in each other's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.spec.layers import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

# An object of Kubernetes may have 1 MiB, and names and labels need some of it.
_MOST_TEXT = 1_000_000
_CLOSED = ("a file", "a mounted key", "a mounted Secret", "a mounted ConfigMap")


def check_paths(layers: Layers, fields: Mapping[str, Any]) -> None:
    """Report paths that are given twice, lie within something that is read-only, or beneath a file.

    Args:
        layers: where the component's fields came from.
        fields: the merged fields.
    """
    files = {path: text for path, text in mapping(fields.get("files")).items() if isinstance(text, str)}
    size = sum(len(text.encode(errors="replace")) for text in files.values())
    if size > _MOST_TEXT:
        layers.report(("files",), f"are {size // 1000:,} kB; Kubernetes takes 1,000 kB in all: mount what is larger")
    seen: dict[str, str] = {}
    for path, where, what in _places(fields):
        if path in seen:
            layers.report(where, f"{path} is given twice: {seen[path]} and {what}")
        seen.setdefault(path, what)
    for path, where, _ in _places(fields):
        above = next((each for each in _above(path) if seen.get(each) in _CLOSED), None)
        if above is not None:
            layers.report(where, f"lies within {above}, {seen[above]}: nothing can be put there")


def _above(path: str) -> Iterator[str]:
    """Yield the directories that a path lies in, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


def _places(fields: Mapping[str, Any]) -> Iterator[tuple[str, Path, str]]:
    """Yield every path with its place in the spec and what stands there."""
    for path in mapping(fields.get("files")):
        yield path, ("files", path), "a file"
    for path, value in mapping(fields.get("mounts")).items():
        mount = mapping(value)
        kinds = {"secret": "a mounted Secret", "configMap": "a mounted ConfigMap"}
        what = next((word for key, word in kinds.items() if key in mount), "a mounted directory")
        yield path, ("mounts", path), "a mounted key" if "key" in mount else what
    writable = fields.get("writable")
    for index, path in enumerate(writable if isinstance(writable, list) else ()):
        if isinstance(path, str):
            yield path, ("writable", index), "a writable directory"
