"""Files as plans see them: an object of `manifests/`, and a change of any file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bggen.model import Color


@dataclass(frozen=True, slots=True)
class Manifest:
    """One Kubernetes object as bggen writes it: a file of `manifests/`.

    `color` and `component` are those that it belongs to; None for what stands between or in front of all.
    """

    file: str
    text: str
    kind: str
    name: str
    namespace: str | None
    color: Color | None
    wave: int
    component: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One file that a plan writes or removes.

    `path` is relative to the config repo's root, with `/`. `before` is what the branch's tip holds, `after` what it is
    to hold; None means that there is no such file.
    """

    path: str
    before: bytes | None
    after: bytes | None
