"""Where a config repo lies in its repository: GitHub names files from the top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import BggenError
from bggen.git.place import locate

if TYPE_CHECKING:
    from bggen.app.place import Place


def prefix_in_repository(place: Place) -> str:
    """Return the way from the top of the repository: "", or with a `/` at its end; "" where there is no repository."""
    if place.url is not None:
        return ""
    try:
        return locate(place.root)[0].prefix
    except BggenError:
        return ""
