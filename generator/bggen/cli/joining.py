"""The commands for two colours that serve side by side: each makes one commit."""

from __future__ import annotations

from typing import Annotated

import typer

from bggen.cli.delivering import CHANGES, Asked
from bggen.cli.group import app as group
from bggen.cli.session import Outcome, Session, command


@command(group, also=CHANGES)
def join(
    session: Session,
    asked: Asked,
    *,
    override_hold: Annotated[
        str | None,
        typer.Option(
            "--override-hold", metavar="REASON", help="Join in spite of a hold; the reason goes into the commit."
        ),
    ] = None,
) -> Outcome:
    """Let the idle colour, which holds the same release, serve beside the active one."""
    from bggen.app import joining  # noqa: PLC0415 - help must not wait for it

    return joining.join(asked.wish(session), override_hold)


@command(group, also=CHANGES)
def drain(session: Session, asked: Asked) -> Outcome:
    """Take the joined colour out of the traffic: the active one serves alone."""
    from bggen.app import joining  # noqa: PLC0415 - help must not wait for it

    return joining.drain(asked.wish(session))
