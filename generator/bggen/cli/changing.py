"""The commands that change what runs where: each makes one commit."""

from __future__ import annotations

from typing import Annotated

import typer

from bggen.cli.delivering import CHANGES, Asked
from bggen.cli.group import app as group
from bggen.cli.session import Outcome, Session, command, complete_env
from bggen.model import Color

LessCapacity = Annotated[
    bool, typer.Option("--allow-less-capacity", help="Flip even where the idle colour has fewer replicas.")
]
OverrideHold = Annotated[
    str | None,
    typer.Option("--override-hold", metavar="REASON", help="Flip in spite of a hold; the reason goes into the commit."),
]
NoSmoke = Annotated[
    bool,
    typer.Option(
        "--no-smoke",
        help="Switch without the smoke test of the spec; for a flip that waits for it already, with --to or --release.",
    ),
]
FlipWithoutSmoke = Annotated[bool, typer.Option("--no-smoke", help="Flip without the smoke test of the spec.")]


@command(group, also=CHANGES)
def bump(
    session: Session,
    asked: Asked,
    *,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image",
            metavar="REF",
            help="The new image: a tag (v2), tag@digest, @digest, a full reference, or one of these for one component"
            " (web=v2); repeatable.",
        ),
    ] = None,
    sequence: Annotated[
        list[str] | None,
        typer.Option(
            "--sequence", metavar="COMPONENT=INT", help="A build number: an older one changes nothing; repeatable."
        ),
    ] = None,
    flip: Annotated[bool, typer.Option("--flip", help="Flip to it in the same commit.")] = False,
    keep_config: Annotated[
        bool, typer.Option("--keep-config", help="Take all but the images from the active release, not from the spec.")
    ] = False,
    as_active: Annotated[
        bool,
        typer.Option("--as-active", help="Take all, images too, from the active release: for the other of two halves."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Make the release even where it changes nothing.")] = False,
    allow_less_capacity: LessCapacity = False,
    override_hold: OverrideHold = None,
    no_smoke: FlipWithoutSmoke = False,
) -> Outcome:
    """Give the idle colour a new release: spec, overlay and images as they are now."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.bump(
        asked.wish(session),
        changing.BumpOptions(
            images=tuple(image or ()),
            sequences=tuple(sequence or ()),
            keep_config=keep_config,
            as_active=as_active,
            force=force,
            flip=changing.FlipOptions(
                allow_less_capacity=allow_less_capacity, override_hold=override_hold, smoke=not no_smoke
            )
            if flip
            else None,
        ),
    )


@command(group, also=CHANGES)
def promote(
    session: Session,
    asked: Asked,
    *,
    from_env: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ENV",
            help="The environment whose active images are taken; the one before --env in bggen.yaml by default.",
            autocompletion=complete_env,
        ),
    ] = None,
    flip: Annotated[bool, typer.Option("--flip", help="Flip to it in the same commit.")] = False,
    allow_less_capacity: LessCapacity = False,
    override_hold: OverrideHold = None,
    no_smoke: FlipWithoutSmoke = False,
) -> Outcome:
    """Give the idle colour a new release with the active images of the environment before."""
    from bggen.app import changing, promoting  # noqa: PLC0415 - help must not wait for it

    options = changing.FlipOptions(
        allow_less_capacity=allow_less_capacity, override_hold=override_hold, smoke=not no_smoke
    )
    then = options if flip else None
    return promoting.promote(asked.wish(session), from_env, then)


@command(group, also=CHANGES)
def flip(
    session: Session,
    asked: Asked,
    *,
    to: Annotated[Color | None, typer.Option("--to", help="The colour that is to be active.")] = None,
    release: Annotated[
        int | None, typer.Option("--release", metavar="N", help="The release that is to be active; for CI.")
    ] = None,
    if_active: Annotated[
        Color | None, typer.Option("--if-active", help="Only where this colour is active now.")
    ] = None,
    allow_less_capacity: LessCapacity = False,
    override_hold: OverrideHold = None,
    no_smoke: NoSmoke = False,
    accept_drift: Annotated[
        bool, typer.Option("--accept-drift", help="With --to: take over a switch that somebody edited by hand.")
    ] = False,
) -> Outcome:
    """Make the idle colour active: it takes the traffic."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.flip(
        asked.wish(session),
        changing.FlipOptions(
            to=to,
            release=release,
            if_active=if_active,
            allow_less_capacity=allow_less_capacity,
            override_hold=override_hold,
            accept_drift=accept_drift,
            smoke=not no_smoke,
        ),
    )


@command(group, also=CHANGES)
def rollback(
    session: Session,
    asked: Asked,
    *,
    to: Annotated[
        int | None, typer.Option("--to", metavar="RELEASE", help="An older release, from Git's history if need be.")
    ] = None,
) -> Outcome:
    """Go back to the release that was active before, whatever stands in the way."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.rollback(asked.wish(session), to)


@command(group, also=CHANGES)
def park(session: Session, asked: Asked) -> Outcome:
    """Stop the idle colour's workloads; its release stays known."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.park(asked.wish(session))


@command(group, also=CHANGES)
def wake(session: Session, asked: Asked) -> Outcome:
    """Start the idle colour's workloads again."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.wake(asked.wish(session))


@command(group, also=CHANGES)
def scale(
    session: Session,
    asked: Asked,
    replicas: Annotated[
        list[str],
        typer.Argument(
            metavar="COMPONENT=N...",
            help="The number of replicas of a component, from 1; MIN..MAX are the bounds of one that is autoscaled.",
        ),
    ],
    *,
    on: Annotated[Color | None, typer.Option("--on", help="Only this colour; both by default.")] = None,
) -> Outcome:
    """Change numbers of replicas and nothing else; it lasts until that colour's next bump."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.scale(asked.wish(session), replicas, on)


@command(group, also=CHANGES)
def hold(
    session: Session,
    asked: Asked,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="REASON", help="Why; everybody who is refused reads it.")],
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="When it ends, as 2026-12-24T08:00+01:00; without it, by unhold."),
    ] = None,
) -> Outcome:
    """Refuse flips (never bumps) until it ends."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.hold(asked.wish(session), reason, until)


@command(group, also=CHANGES)
def unhold(session: Session, asked: Asked) -> Outcome:
    """End a hold."""
    from bggen.app import changing  # noqa: PLC0415 - help must not wait for it

    return changing.unhold(asked.wish(session))
