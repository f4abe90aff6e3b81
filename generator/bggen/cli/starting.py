"""The commands that start a config repo and its apps; they write files and do not commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bggen.cli.group import app as group
from bggen.cli.session import Outcome, Session, command


@command(group)
def init(
    session: Session,
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where; here by default.")] = None,
) -> Outcome:
    """Start a config repo: bggen.yaml and one sample app. Overwrites nothing, commits nothing."""
    from bggen.app.starting import init as write  # noqa: PLC0415 - help must not wait for it

    return write(Path.cwd(), session.repo, directory)


@command(group)
def new(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The app's name, and its folder's.")],
    image: Annotated[str, typer.Option("--image", metavar="REPO", help="The image's repository, or a pinned image.")],
    port: Annotated[int | None, typer.Option("--port", metavar="N", help="The port that it serves HTTP on.")] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="The host that users reach it by.")] = None,
) -> Outcome:
    """Add an app. Overwrites nothing, commits nothing."""
    from bggen.app.starting import new as write  # noqa: PLC0415 - help must not wait for it

    return write(session.place(), name, image, port, host)
