"""`convert`, which plans a move and changes nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bggen.cli.group import app as group
from bggen.cli.session import App, Base, Env, Outcome, Session, command


class To(StrEnum):
    """Where an app can be moved."""

    ROLLOUTS = "rollouts"
    DEPLOYMENTS = "deployments"


@command(group)
def convert(
    session: Session,
    *,
    to: Annotated[To, typer.Option("--to", help="`rollouts`: a Rollout of Argo Rollouts; `deployments`: two colours.")],
    app: App = None,
    env: Env = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The new app's name; by default APP-rollouts or APP-colors."),
    ] = None,
    base: Base = None,
) -> Outcome:
    """Show how to move an app between Deployments and a Rollout: edits, objects, steps and ways back.

    It changes nothing. The app runs under a new name beside the old one until users have moved.
    """
    from bggen.app.converting import convert as read  # noqa: PLC0415 - help must not wait for it

    return read(session.place(base), app, env, to=to.value, name=name)
