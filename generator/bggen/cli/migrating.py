"""`bggen migrate`: what each release needs of the database, and the third phase of a migration."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bggen.cli.delivering import CHANGES, Asked
from bggen.cli.group import app as group
from bggen.cli.session import Outcome, Session, command


class Phase(StrEnum):
    """What can be asked for; the other phases are a bump and a flip."""

    CONTRACT = "contract"


@command(group, also=CHANGES)
def migrate(
    session: Session,
    asked: Asked,
    phase: Annotated[
        Phase | None,
        typer.Argument(
            metavar="[contract]",
            help="contract: run the third phase of the active release, which takes away what only the old schema has.",
        ),
    ] = None,
    *,
    again: Annotated[
        bool,
        typer.Option("--again", help="With contract: also where another release did it, and failed."),
    ] = False,
) -> Outcome:
    """Show the database's schema and which releases run on it; with contract, take away what nothing needs any more."""
    from bggen.app import migrating  # noqa: PLC0415 - help must not wait for it

    if phase is None:
        name, env, base = asked.one(again=again)
        return migrating.show(session.place(base), name, env)
    return migrating.contract(asked.wish(session), again=again)
