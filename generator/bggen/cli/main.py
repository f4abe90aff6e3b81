"""The entry point: the error boundary around the commands."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from bggen.cli import changing, checking, converting, importing, joining, migrating, reading, smoking, starting
from bggen.cli.delivering import DEFAULT_BRANCH
from bggen.cli.group import app, needed
from bggen.cli.session import Format, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.errors import BggenError

EXIT_INTERRUPTED = 130
# Importing these registers their commands.
COMMANDS = (starting, importing, changing, joining, migrating, smoking, reading, checking, converting)

_SHARED_WITH_VALUE = ("-C", "--repo", "-o", "--output", "--cache-dir")
_SHARED = (*_SHARED_WITH_VALUE, "--quiet", "--verbose")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; an expected failure is never a traceback."""
    # What we print holds arrows and people's own text, whatever the locale says.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    args = _named_branch(_shared_last(list(sys.argv[1:] if arguments is None else arguments))) or ["--help"]
    session = _session(args)
    try:
        code: object = needed(args)(args, prog_name="bggen", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        from bggen.errors import UsageError  # noqa: PLC0415 - only a failure needs it

        return _fail(UsageError(error.format_message(), hint=f"{_help_for(args)} lists what there is"), args, session)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `| head` does. What is left in the buffer must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the boundary: whatever comes here is a failure or a bug
        return _boundary(error, args, session)
    return code if isinstance(code, int) else 0


def _boundary(error: Exception, args: Sequence[str], session: Session) -> int:
    from bggen.errors import BggenError, BugError, GitError  # noqa: PLC0415 - only a failure needs it

    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        error = GitError(f"{where}{error.strerror or error}", kind="files")
    if isinstance(error, BggenError):
        return _fail(error, args, session)
    if session.verbose:
        import traceback  # noqa: PLC0415 - only a bug needs it

        traceback.print_exception(error)
    bug = BugError(
        f"this is a bug in bggen: {type(error).__name__}: {error}",
        hint="please report it with the command line" + ("" if session.verbose else " and what --verbose prints"),
    )
    return _fail(bug, args, session)


def _fail(error: BggenError, args: Sequence[str], session: Session) -> int:
    from bggen.app.outcomes import Changed, Failed  # noqa: PLC0415 - only a failure needs it
    from bggen.app.views import Smoked, Status  # noqa: PLC0415 - the same
    from bggen.cli.output import finish  # noqa: PLC0415 - the same

    known = error.known if isinstance(error.known, Changed | Status | Smoked) else None
    action = next((arg for arg in args if not arg.startswith("-")), None)
    return finish(Failed(action, error, known), session)


def _shared_last(args: list[str]) -> list[str]:
    """Move what all commands share behind the command, so that `bggen -C DIR flip` works as `bggen flip -C DIR`."""
    moved: list[str] = []
    while args and args[0].split("=")[0] in _SHARED:
        count = 2 if args[0] in _SHARED_WITH_VALUE else 1
        moved += args[:count]
        args = args[count:]
    return args + moved if args else moved


def _named_branch(args: list[str]) -> list[str]:
    """Give a `--branch` without a name the one that stands for the default; options cannot do without a value.

    What holds a `=`, as `web=3` of `scale` does, is not taken for its name.
    """
    named: list[str] = []
    for here, following in zip(args, [*args[1:], "-"], strict=False):
        bare = here == "--branch" and (following.startswith("-") or "=" in following)
        named.append(f"--branch={DEFAULT_BRANCH}" if bare else here)
    return named


def _session(args: Sequence[str]) -> Session:
    """Read how to print from the raw arguments: a failure to parse them must still print as it was asked to."""
    output = _raw(args, "-o", "--output", os.environ.get("BGGEN_OUTPUT"))
    return Session(
        # By it, annotations find the way from the top of the repository.
        repo=_raw(args, "-C", "--repo", os.environ.get("BGGEN_REPO")),
        output=Format(output) if output in set(Format) else Format.TEXT,
        verbose="--verbose" in args,
    )


def _raw(args: Sequence[str], short: str, long: str, default: str | None) -> str | None:
    value = default
    for here, following in zip(args, [*args[1:], ""], strict=True):
        if here in {short, long}:
            value = following
        elif here.startswith(f"{long}="):
            value = here.removeprefix(f"{long}=")
        elif here.startswith(short):
            value = here.removeprefix(short)
    return value


def _help_for(args: Sequence[str]) -> str:
    known = {info.name or info.callback.__name__ for info in app.registered_commands if info.callback}
    command = next((arg for arg in args if arg in known), None)
    return f"bggen {command} --help" if command else "bggen --help"
