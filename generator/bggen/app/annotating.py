"""Where a config repo lies in its repository: GitHub names files from the top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import BggenError
from bggen.git.place import locate

if TYPE_CHECKING:
    from pathlib import Path


def prefix_in_repository(root: Path) -> str:
    """Return the way from the top of the repository: "", or with a `/` at its end; "" where there is no repository."""
    try:
        return locate(root)[0].prefix
    except BggenError:
        return ""
