"""Which spec files are known to fit their schema, so that an unchanged file is not checked twice."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 1_000
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class DiskVerdicts:
    """Verdicts as empty files in a folder, named by the digest of schema and file.

    It only saves time: a folder that cannot be written, or that was emptied, changes no result.
    """

    def __init__(self, scratch: Path) -> None:
        self._folder = scratch / "valid"

    def known(self, digest: str) -> bool:
        """Whether the file with this digest was found to be valid before."""
        return bool(_DIGEST.match(digest)) and (self._folder / digest).is_file()

    def remember(self, digest: str) -> None:
        """Note that the file with this digest is valid."""
        if not _DIGEST.match(digest):
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            old = list(self._folder.iterdir())
            for path in old if len(old) >= _MOST else ():
                path.unlink()
            (self._folder / digest).touch()
