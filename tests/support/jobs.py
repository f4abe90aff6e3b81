"""Jobs for worker processes, which must be able to import them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(slots=True)
class Lengths:
    """Gives back how long a name is, and writes on finishing; what else it does, the names say."""

    folder: Path
    seen: list[str] = field(default_factory=list)

    def look(self, app: str) -> int:
        if app.startswith("bad"):
            raise GitError(f"cannot read {app}", hint="h")
        if app.startswith("bug"):
            raise ZeroDivisionError(app)
        if app.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen.append(app)
        return len(app)

    def finish(self) -> Iterator[None]:
        for app in self.seen:
            if app.startswith("full"):
                raise GitError(f"cannot write {app}")
            (self.folder / app).write_text(str(os.getpid()))
            yield


@dataclass(slots=True)
class Steps:
    """A Progress that counts."""

    total: int = 0
    done: int = 0

    def start(self, total: int) -> None:
        assert self.total == 0
        self.total = total

    def advance(self) -> None:
        self.done += 1
