"""The group that all commands are registered with."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.models import CommandInfo

app = typer.Typer(
    name="bggen",
    help="Blue/green releases for GitOps: a release for the idle colour, and a flip, are commits in a config repo.",
    # Plain help: Rich would double the time that `bggen --help` takes.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(value: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag's value
    if value:
        from bggen import __version__  # noqa: PLC0415 - one word, for one flag

        typer.echo(f"bggen {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def needed(args: Sequence[str]) -> typer.Typer:
    """Return the group with as much of its commands as a command line needs: Typer builds the options of all it has.

    A command that is named comes alone, and help lists them all without their options. Anything else, and the shell's
    completion, gets the whole group.
    """
    if "_BGGEN_COMPLETE" in os.environ:
        return app
    first = args[0] if args else ""
    chosen = [info for info in app.registered_commands if _name(info) == first]
    if first in {"--help", "-h"}:
        chosen = [_listed(info) for info in app.registered_commands]
    if not chosen:
        return app
    part = copy.copy(app)
    part.registered_commands = chosen
    return part


def _name(info: CommandInfo) -> str:
    return info.name or (info.callback.__name__.replace("_", "-") if info.callback else "")


def _listed(info: CommandInfo) -> CommandInfo:
    def command() -> None:
        pass

    command.__doc__ = info.callback.__doc__ if info.callback else None
    listed = copy.copy(info)
    listed.name, listed.callback = _name(info), command
    return listed
