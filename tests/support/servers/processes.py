"""Servers that are programs of their own: started on a free port, waited for, and ended with all their children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from tests.support.many import children_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

TRIES = 5
PATIENCE = 10


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: Callable[[int], Sequence[str]], env: Mapping[str, str], log: Path) -> Iterator[int]:
    """Run a server on a free port, which the block gets.

    Args:
        command: port → the server's command line; it must stay in the foreground.
        env: its environment.
        log: the file that gets what it says.
    """
    for attempt in range(1, TRIES + 1):
        port = free_port()
        with log.open("ab") as said:
            process = subprocess.Popen(
                command(port), env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        with process:
            try:
                if _listens(port, process):
                    yield port
                    return
            finally:
                _end(process)
        # Somebody else may have taken the port in between.
        assert attempt < TRIES, log.read_text(errors="replace")


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(PATIENCE * 100):
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.01)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    # sshd gives every connection a process group of its own.
    for child in _descendants(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


def _descendants(pid: int) -> list[int]:
    found = children_of(pid)
    for child in list(found):
        found += _descendants(child)
    return found
