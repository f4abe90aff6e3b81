"""The group that all commands are registered with."""

from __future__ import annotations

from typing import Annotated

import typer

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
