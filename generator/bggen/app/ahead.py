"""Import what a decision will need, while git waits for a remote."""

from __future__ import annotations

import contextlib
from importlib import import_module
from threading import Thread

# What is imported late elsewhere because not every command needs it; a change of a remote's files mostly does.
_LATE = ("bggen.spec", "yaml", "jinja2")


def import_ahead() -> None:
    """Start to import; who needs one of the modules meanwhile waits for it as for its own import."""
    Thread(target=_import, name="imports", daemon=True).start()


def _import() -> None:
    for name in _LATE:
        # What is wrong with a module is told where it is needed.
        with contextlib.suppress(Exception):
            import_module(name)
