"""Keep compiled templates beside them, as Python keeps compiled modules: compiling is most of rendering one app."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2.bccache import Bucket


class BesideTemplates(BytecodeCache):
    """Jinja's bytecode in `__pycache__` of the templates' folder.

    Jinja writes its own version, Python's, and a checksum of the template into each file and refuses any other; the
    names hold both versions, so that two of them do not take turns. A folder that cannot be written costs time only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "__pycache__"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket from its file, if there is one."""
        with contextlib.suppress(OSError), self._path(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the bucket's file whole or not at all."""
        if sys.dont_write_bytecode:
            return
        path = self._path(bucket)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            try:
                with temporary.open("wb") as file:
                    bucket.write_bytecode(file)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.{sys.implementation.cache_tag}.jinja"
