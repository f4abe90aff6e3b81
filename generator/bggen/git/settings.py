"""The few settings of the user's that decide how a commit is made."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.git.process import end, finish

if TYPE_CHECKING:
    from bggen.git.process import Git

_WANTED = r"^(commit\.gpgsign|filter\..*\.(clean|process))$"
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0", ""}
_NOT_FOUND = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """Whether commits are signed, and whether any filter program is set up that .gitattributes could name."""

    sign: bool
    filters: bool


class PendingSettings:
    """Reads the settings in the background."""

    def __init__(self, git: Git) -> None:
        """Start to read."""
        self._git = git
        self._process = git.start("config", "-z", "--get-regexp", _WANTED, stdin=subprocess.DEVNULL)

    def result(self) -> Settings:
        """Return the settings.

        Raises:
            GitError: a configuration file cannot be read, or a value is wrong.
        """
        done = finish(self._process)
        if done.code not in {0, _NOT_FOUND}:
            raise done.error("read git's configuration")
        sign, filters = False, False
        for record in done.out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            key, has_value, value = record.partition("\n")
            if key.startswith("filter."):
                filters = filters or bool(value)
            else:
                # A key without a value means true; the last one of several counts.
                sign = self._bool(value.lower()) if has_value else True
        return Settings(sign, filters)

    def close(self) -> None:
        """End it, where nobody wants its result any more."""
        end(self._process)

    def _bool(self, value: str) -> bool:
        if value in _TRUE | _FALSE:
            return value in _TRUE
        # A number, or a mistake; git knows.
        out = self._git.output("read commit.gpgsign", "config", "--type=bool", "--get", "commit.gpgsign")
        return out.strip() == b"true"
