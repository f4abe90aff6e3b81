"""The command that makes an app of what runs already; it writes files and does not commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bggen.cli.group import app as group
from bggen.cli.session import Env, Outcome, Session, command


@command(group, name="import")
def import_(
    session: Session,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="YAML or JSON of Kubernetes objects: files, folders, or - for standard input.",
        ),
    ],
    *,
    app: Annotated[
        str | None,
        typer.Option("--app", "-a", metavar="NAME", help="The app's name; that of its Service by default."),
    ] = None,
    env: Env = None,
    color_label: Annotated[
        str | None,
        typer.Option(
            "--color-label", metavar="KEY", help="The label that tells two colours apart; found by itself by default."
        ),
    ] = None,
    active: Annotated[
        str | None,
        typer.Option(
            "--active", metavar="VALUE", help="Its value on the colour that takes traffic; by default seen by Services."
        ),
    ] = None,
    pending: Annotated[
        bool,
        typer.Option("--pending", help="The idle colour is newer and waits to be flipped to; by default it is older."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print what would be written.")] = False,
) -> Outcome:
    """Make an app of what runs already, and say what the first sync would change. Overwrites and commits nothing."""
    from bggen.adopting.parts import Asked  # noqa: PLC0415 - help must not wait for it
    from bggen.app.importing import adopted  # noqa: PLC0415 - the same

    asked = Asked(env or "", app, color_label, active, pending)
    return adopted(session.place(), Path.cwd(), files, asked, dry_run=dry_run)
