"""`smoke`, which asks what runs."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from bggen.cli.group import app as group
from bggen.cli.session import App, Base, Env, Outcome, Session, command
from bggen.model import Color


@command(group)
def smoke(
    session: Session,
    *,
    app: App = None,
    env: Env = None,
    color: Annotated[
        Color | None,
        typer.Option("--color", help="The colour to ask; by default the one that holds --release, else the idle one."),
    ] = None,
    release: Annotated[
        int | None,
        typer.Option("--release", metavar="N", min=1, help="The release that it must hold; refused where it does not."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="BASE",
            help="Where the app is reached, as http[s]://HOST[:PORT][/PATH]; by default what the release's route says.",
        ),
    ] = None,
    connect_to: Annotated[
        str | None,
        typer.Option(
            "--connect-to",
            metavar="HOST[:PORT]",
            help="Connect there and ask for the same URL: for a host that DNS does not know yet. No proxy is used.",
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            metavar="NAME=VARIABLE",
            help="Send this header, too, with the value of that environment variable; repeatable.",
        ),
    ] = None,
    timeout: Annotated[
        int | None,
        typer.Option(
            "--timeout", metavar="SECONDS", min=1, max=3600, help="In which time it must pass; by default the spec's."
        ),
    ] = None,
    base: Base = None,
) -> Outcome:
    """Run the smoke test of a colour from here, against its preview host or by its preview header.

    It asks again until the answer is as it must be; exit code 8 where it is not when the time is over. A redirect is an
    answer, too, and certificates are verified (SSL_CERT_FILE names a private authority).
    """
    from bggen.app.smoking import smoke as run  # noqa: PLC0415 - help must not wait for it

    return run(
        session.place(base),
        app,
        env,
        os.environ,
        color=color,
        release=release,
        url=url,
        connect_to=connect_to,
        headers=header or (),
        seconds=timeout,
    )
