"""Run a command on pseudo-terminals, and tell what it wrote to each."""

from __future__ import annotations

import os
import pty
import selectors
import subprocess
import termios
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LONGEST = 120.0
_LINES = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command wrote, with the codes in it, and its exit code."""

    code: int
    out: str
    err: str


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    columns: int = 100,
    out: bool = True,
    err: bool = True,
) -> Shown:
    """Run a command to its end, with standard output and error on a terminal each, or on a pipe.

    Raises:
        TimeoutError: it did not end.
    """
    ends = [_terminal(columns) if terminal else os.pipe() for terminal in (out, err)]
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=ends[0][1], stderr=ends[1][1]
    )
    for _, theirs in ends:
        os.close(theirs)
    try:
        written = _read_all([ours for ours, _ in ends])
        code = process.wait(_LONGEST)
    finally:
        process.kill()
        process.wait()
        for ours, _ in ends:
            os.close(ours)
    # The terminal's driver puts a carriage return before each line's end.
    texts = [content.decode().replace("\r\n", "\n") for content in written]
    return Shown(code, *texts)


def _terminal(columns: int) -> tuple[int, int]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (_LINES, columns))
    return ours, theirs


def _read_all(ends: Sequence[int]) -> list[bytes]:
    written = dict.fromkeys(ends, b"")
    deadline = time.monotonic() + _LONGEST
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise TimeoutError
            for key, _ in selector.select(1.0):
                try:
                    content = os.read(key.fd, 65536)
                except OSError:
                    # What Linux says once nobody has the terminal's other end any more.
                    content = b""
                if content:
                    written[key.fd] += content
                else:
                    selector.unregister(key.fd)
    return [written[end] for end in ends]
