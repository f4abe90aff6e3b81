"""Runs deliveries, or recoveries, that are killed at each moment in turn.

Started as a program with the folder of a config repo, `deliver`, `deliver-group` (the kill takes every process of the
group) or `recover`, and the first n: copies the folder to
`<folder>-<n>`, works on the copy in a child that kills itself before its n-th step, says so on standard output, and
goes on when it reads a line. Stops after the first child that got through.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from bggen.git import Checkout
from tests.support.repos import standard_changes

_STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Countdown:
    """Kills this process before its n-th step: a file opened for writing, moved or removed, a git started or fed."""

    def __init__(self, left: int, *, group: bool) -> None:
        self._left = left
        self._group = group
        self.armed = False

    def step(self) -> None:
        """Count one step."""
        if self.armed:
            if self._left == 0:
                (os.killpg if self._group else os.kill)(os.getpid(), signal.SIGKILL)
            self._left -= 1

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take what Python reports about itself; see `sys.addaudithook`."""
        if event in _STEPS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING):
            self.step()


def work(root: Path, what: str, left: int) -> None:
    """Deliver the standard changes, or recover, and die before the step with this number."""
    countdown = Countdown(left, group=what == "deliver-group")
    communicate = subprocess.Popen.communicate

    def fed(
        process: subprocess.Popen[bytes], words: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        countdown.step()
        if process.stdin is not None:
            process.stdin.write(words or b"")
            process.stdin.close()
            process.stdin = None
        countdown.step()
        answer: tuple[bytes, bytes] = communicate(process, timeout=timeout)
        countdown.step()
        return answer

    sys.addaudithook(countdown.audit)
    with (
        mock.patch.object(subprocess.Popen, "communicate", fed),
        Checkout.open(root) as checkout,
        checkout.lock(),
    ):
        countdown.armed = True
        if what == "recover":
            checkout.recover()
        else:
            checkout.deliver(checkout.tip, standard_changes(), "subject", "reflog")
        countdown.armed = False


def main(template: Path, what: str, first: int) -> None:
    """Kill at every step, one after the other."""
    number, killed = first, True
    while killed:
        root = template.with_name(f"{template.name}-{number}")
        shutil.copytree(template, root, symlinks=True)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            work(root, what, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status not in {0, signal.SIGKILL}:
            raise SystemExit(f"step {number} ended with {status}")
        killed = status != 0
        sys.stdout.write(f"{root}\t{'killed' if killed else 'done'}\n")
        sys.stdout.flush()
        if not sys.stdin.readline():
            return
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
