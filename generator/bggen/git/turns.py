"""Take turns with other writers: those on this machine by a lock, those elsewhere by chance."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import random
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# In seconds. A writer that hangs holds the others up no longer than this: the remote tells who was first, anyway.
PATIENCE = 20.0
_LOOK = 0.02
_LEAST, _MOST = 0.1, 20.0
_DOUBLINGS = 6


@contextlib.contextmanager
def turn(what: str) -> Iterator[None]:
    """Wait until no other bggen of this user on this machine works on `what`; after PATIENCE go on without.

    It spares lost races, nothing depends on it: without a folder for its lock it does nothing.
    """
    descriptor = _lock_file(what)
    if descriptor is None:
        yield
        return
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    break
                time.sleep(random.uniform(_LOOK / 2, _LOOK))  # noqa: S311 - chance is all that is wanted
            except OSError:
                # A file system without locks.
                break
            else:
                break
        yield
    finally:
        os.close(descriptor)


def pause(attempt: int, took: float) -> None:
    """Wait by chance (full jitter) before the next attempt: up to what the last one took, doubled with each.

    Args:
        attempt: how many were made, from 1.
        took: how long the last one was, in seconds.
    """
    window = min(_MOST, max(_LEAST, took) * 2 ** min(attempt, _DOUBLINGS))
    time.sleep(random.uniform(0, window))  # noqa: S311 - as above


def _lock_file(what: str) -> int | None:
    """Open the lock's file in a folder that nobody else can write to."""
    folder = Path(tempfile.gettempdir()) / f"bggen-{os.getuid()}"
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o022:
            return None
        name = hashlib.sha256(what.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        return os.open(folder / f"turn-{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
