"""What a shell may complete: the apps and environments of the repo around the working directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.inputs import Source
from bggen.app.place import app_names, find_place
from bggen.errors import BggenError
from bggen.spec import FORGETFUL
from bggen.workspace import WorkTree

if TYPE_CHECKING:
    from pathlib import Path


def apps(cwd: Path) -> list[str]:
    """Return the apps; none where there is no readable repo, since a shell shows no errors."""
    try:
        return app_names(_source(cwd).files)
    except BggenError:
        return []


def environments(cwd: Path) -> list[str]:
    """Return the environments; none where there is no readable repo."""
    try:
        return list(_source(cwd).repo().environments)
    except BggenError:
        return []


def _source(cwd: Path) -> Source:
    return Source(WorkTree(find_place(None, cwd).root), FORGETFUL)
