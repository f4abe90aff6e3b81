"""The commands that read the repo, and `render`, which writes manifests into the work tree."""

from __future__ import annotations

from typing import Annotated

import typer

from bggen.cli.group import app as group
from bggen.cli.session import App, Apps, Base, Env, Envs, Outcome, Session, command


@command(group)
def status(session: Session, *, app: Apps = None, env: Envs = None, base: Base = None) -> Outcome:
    """Show what runs where, and since when."""
    from bggen.app.status import status as read  # noqa: PLC0415 - help must not wait for it

    with session.progress("reading") as progress:
        return read(session.place(base), app, env, progress=progress)


@command(group)
def diff(session: Session, *, app: App = None, env: Env = None, base: Base = None) -> Outcome:
    """Show what a flip would change for users: the active release against the idle one."""
    from bggen.app.showing import diff as read  # noqa: PLC0415 - help must not wait for it

    return read(session.place(base), app, env)


@command(group)
def history(
    session: Session,
    *,
    app: App = None,
    env: Env = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="How many commits to show, the newest first.")
    ] = 20,
    base: Base = None,
) -> Outcome:
    """Show who did what when, told from the state files in Git's history."""
    from bggen.app.history import history as read  # noqa: PLC0415 - help must not wait for it

    return read(session.place(base), app, env, limit=limit)


@command(group)
def show(session: Session, *, app: App = None, env: Env = None, base: Base = None) -> Outcome:
    """Show the resolved spec: what the next bump would freeze, images aside."""
    from bggen.app.showing import show as read  # noqa: PLC0415 - help must not wait for it

    return read(session.place(base), app, env)


@command(group, annotates=True)
def validate(session: Session, *, app: Apps = None, env: Envs = None, base: Base = None) -> Outcome:
    """Check specs, state and rendered objects, and report every problem."""
    from bggen.app.validate import validate as read  # noqa: PLC0415 - help must not wait for it

    with session.progress("checking") as progress:
        return read(session.place(base), app, env, progress=progress)


@command(group, annotates=True)
def render(
    session: Session,
    *,
    app: Apps = None,
    env: Envs = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 4 where anything differs.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the differences.")] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Write nothing; print the objects as a YAML stream.")
    ] = False,
    base: Base = None,
) -> Outcome:
    """Write manifests/ as the state says; hand-made files in it are left alone."""
    from bggen.app.rendering import render as write  # noqa: PLC0415 - help must not wait for it
    from bggen.app.rendering import stream  # noqa: PLC0415 - the same

    if not check or stdout:
        session.refuse_annotations("render without --check" if not check else "render --stdout")
    if stdout and (check or diff):
        from bggen.errors import UsageError  # noqa: PLC0415 - help must not wait for it

        other = "--check" if check else "--diff"
        raise UsageError(f"--stdout compares nothing, so {other} does not go with it", hint=f"bggen render {other}")
    if stdout:
        return stream(session.place(base), app, env)
    with session.progress("rendering") as progress:
        return write(session.place(base), app, env, check=check, show_diff=diff, progress=progress)


@command(group)
def schema(
    session: Session,  # noqa: ARG001 - a schema is the same everywhere
    name: Annotated[str | None, typer.Argument(metavar="[app|overlay|repo|release|color|…]")] = None,
) -> Outcome:
    """Print a published JSON Schema, the same file that validates; without a name, list them."""
    from bggen.app.showing import schema as read  # noqa: PLC0415 - help must not wait for it

    return read(name)
