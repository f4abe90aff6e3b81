"""Run bggen: the `bggen` command and `python -m bggen`."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and leave.

    The process is as short as the command: collecting its garbage, and taking the interpreter apart afterwards, would
    take a sixth of a flip's time for nothing.
    """
    gc.disable()
    from bggen.cli.main import main  # noqa: PLC0415 - imports leave garbage, too

    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    run()
