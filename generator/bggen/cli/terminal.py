"""Where output goes to: a terminal or not, how wide, and whether its user wants colours."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TextIO

from bggen.report.look import Look

if TYPE_CHECKING:
    from bggen.app.progress import Progress

_NO = {"", "0", "false"}
_DUMB = {"", "dumb", "unknown"}
_USUAL_WIDTH = 80


def look_of(stream: TextIO) -> Look:
    """Return how text on this stream is to look.

    NO_COLOR has the last word (https://no-color.org). FORCE_COLOR (https://force-color.org) and CLICOLOR_FORCE ask for
    colours without a terminal, and CLICOLOR=0 for none on one (https://bixense.com/clicolors). Colours that are forced
    into a file or a log bring no ages and no narrow tables: nobody knows when, and how wide, that is read.
    """
    terminal = stream.isatty()
    if _set("NO_COLOR"):
        return Look(terminal=terminal)
    forced = any(os.environ.get(name, "").lower() not in _NO for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if not _obeys(stream):
        return Look(colors=forced, terminal=terminal)
    if os.environ.get("CLICOLOR") == "0" and not forced:
        return Look(terminal=True)
    from datetime import UTC, datetime  # noqa: PLC0415 - in CI nobody needs it

    return Look(colors=True, terminal=True, width=_width(stream), now=datetime.now(UTC))


def progress(stream: TextIO, doing: str) -> AbstractContextManager[Progress]:
    """Return what shows progress on this stream: nothing where that is no terminal, or one that cannot take it back."""
    if not _obeys(stream):
        from bggen.app.progress import SILENT  # noqa: PLC0415 - a flip has no progress to tell

        return nullcontext(SILENT)
    from bggen.report.bar import Bar  # noqa: PLC0415 - the same

    return Bar(stream, doing, colors=look_of(stream).colors, width=lambda: _width(stream))


def _set(name: str) -> bool:
    return os.environ.get(name, "") != ""


def _obeys(stream: TextIO) -> bool:
    """Whether it is a terminal that understands codes."""
    return stream.isatty() and os.environ.get("TERM", "") not in _DUMB


def _width(stream: TextIO) -> int:
    """Return the columns: COLUMNS where somebody set it, else what the terminal says, which may be nothing."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH
