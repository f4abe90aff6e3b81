"""Runs one bggen command again and again, each time on a fresh copy of a folder, killed at another moment.

Started as a program with the folder, the first step, how many steps to go on by, `group` (the kill takes every process
of the group) or `alone`, and the command, in which `{}` stands for the copy. Each child kills itself before its n-th
step: see Countdown. What it left is told on standard output, and the next one waits for a line. Stops after the first
child that got through.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import yaml

from bggen.cli.main import main as bggen
from tests.support.killed import Countdown


def work(copy: Path, command: list[str], left: int, *, group: bool) -> None:
    """Run the command, and die before the step with this number."""
    countdown = Countdown(left, group=group)
    communicate = subprocess.Popen.communicate

    def fed(
        process: subprocess.Popen[bytes], words: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        countdown.step()
        answer: tuple[bytes, bytes] = communicate(process, words, timeout)
        countdown.step()
        return answer

    sys.addaudithook(countdown.audit)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    with mock.patch.object(subprocess.Popen, "communicate", fed):
        countdown.armed = True
        code = bggen([word.replace("{}", str(copy)) for word in command])
        countdown.armed = False
    os._exit(code)


def main(template: Path, first: int, stride: int, how: str, command: list[str]) -> None:
    """Kill at each step in turn."""
    number, killed = first, True
    while killed:
        copy = template.with_name(f"{template.name}-{number}")
        shutil.copytree(template, copy, symlinks=True)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            work(copy, command, number, group=how == "group")
        _, status = os.waitpid(child, 0)
        if status not in {0, signal.SIGKILL}:
            raise SystemExit(f"step {number} ended with {status}")
        killed = status != 0
        sys.stdout.write(f"{copy}\t{'killed' if killed else 'done'}\n")
        sys.stdout.flush()
        if not sys.stdin.readline():
            return
        number += stride


if __name__ == "__main__":
    # Every child needs it, and the first would be slow.
    assert yaml.__with_libyaml__
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])
