"""What tells a release in a colour from every other that may have its number."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from bggen.spec.codec import spec_to_data

if TYPE_CHECKING:
    from bggen.model import Color, Release

# What a release may change of itself without becoming another one: `scale` and `rollback` do.
SIZES = ("replicas", "autoscale")


def identity(release: Release, color: Color) -> str:
    """Return four hex digits for objects that cannot be changed once they exist.

    A number alone does not do: `git revert` of a bump gives it free for another release, and `rollback --to` may bring
    a release back in the other colour.
    """
    return _digest(release, color)[:4]


def job_digest(release: Release, color: Color, what: str) -> str:
    """Return eight hex digits that tell a Job of a release in a colour from every other one.

    The number is part of it: a release that is made once more, by `bump --force`, runs its Job once more.

    Args:
        release: the release.
        color: the colour.
        what: which of its Jobs.
    """
    return hashlib.sha256(f"{_digest(release, color)} {release.number} {what}".encode()).hexdigest()[:8]


def _digest(release: Release, color: Color) -> str:
    spec = spec_to_data(release.spec)
    for component in spec["components"].values():
        for key in SIZES:
            component.pop(key, None)
    content = json.dumps([release.renderer, str(color), spec], sort_keys=True)
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()


def shortened(name: str, longest: int) -> str:
    """Return a name that has at most so many characters, and that no other name gets; the same one where it fits."""
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: longest - len(digest) - 1].rstrip('-')}-{digest}"
