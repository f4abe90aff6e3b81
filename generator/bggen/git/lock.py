"""Two bggen in one checkout take turns."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from bggen.errors import ContentionError, GitError

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0


def acquire(folder: Path, patience: float = PATIENCE) -> int:
    """Return the descriptor of the lock in `folder`, which is made where needed; closing it lets go.

    A git that inherits the descriptor holds the lock as well: so a killed bggen's last `git update-ref` is over before
    the next bggen looks at what is left.

    Raises:
        ContentionError: another bggen held it for all of `patience` seconds.
        GitError: the file system fails.
    """
    try:
        folder.mkdir(exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise GitError(f"cannot write to git's own folder: {error.strerror}") from error
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise ContentionError(
                    f"another bggen has been at work in this checkout for {patience:.0f} seconds", hint="try again"
                ) from None
            time.sleep(0.01)
        except OSError as error:
            os.close(descriptor)
            raise GitError(f"cannot lock this checkout: {error.strerror}") from error
        else:
            return descriptor
