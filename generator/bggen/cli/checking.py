"""`check`, for pull requests in a config repo."""

from __future__ import annotations

from typing import Annotated

import typer

from bggen.cli.group import app as group
from bggen.cli.session import Outcome, Session, command


@command(group, annotates=True)
def check(
    session: Session,
    *,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REF",
            help="The branch that is merged into, or a commit; by default what CI's variables say, or the remote's"
            " default branch.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Check all apps, not only those that are changed.")] = False,
    no_fetch: Annotated[
        bool, typer.Option("--no-fetch", help="Ask no remote: compare with what this clone has.")
    ] = False,
) -> Outcome:
    """Check a pull request: the commit HEAD, never the work tree, against the newest commit of its base.

    Exit code 1: a spec, a state or an object is wrong, or no bggen command leads to this state. Else 4: manifests
    differ from what the state renders. Else 3: stale, somebody decided something else meanwhile; run the command again.
    """
    from bggen.app.checking import check as read  # noqa: PLC0415 - help must not wait for it

    with session.progress("checking") as progress:
        return read(session.place(), base, everything=everything, fetch=not no_fetch, progress=progress)
