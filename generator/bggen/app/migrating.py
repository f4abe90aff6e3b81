"""`migrate`: the schema that an environment has, which releases run on it, and the third phase of a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.deciding import Order
from bggen.app.delivery import carry_out
from bggen.app.inputs import Source, choose
from bggen.app.reading import open_reading
from bggen.app.views import Migrations, Runner
from bggen.spec import FORGETFUL
from bggen.transitions import migrating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.outcomes import Changed
    from bggen.app.place import Place
    from bggen.app.views import Role
    from bggen.app.wish import Wish
    from bggen.model import Color, EnvState, Release


def contract(wish: Wish, *, again: bool) -> Changed:
    """Run the third phase of the active release."""
    order = Order("migrate", lambda now: migrating.contract(now.state, again=again))
    return carry_out(order, wish)


def show(place: Place, app: str | None, env: str | None) -> Migrations:
    """Return what an (app, env) knows of its database.

    Raises:
        InvalidError: its state is wrong.
    """
    with open_reading(place) as reading:
        source = Source(reading.files, FORGETFUL)
        name, environment = choose(source, place, app, env)
        state, _ = source.state(name, environment)
    due = migrating.due(state)
    return Migrations(
        app=name,
        env=environment,
        schema=state.database.schema if state.database else None,
        runners=tuple(_runners(state)),
        phase=due.phase,
        words=due.words,
        needs=tuple(map(str, due.needs)),
    )


def _runners(state: EnvState) -> Iterator[Runner]:
    known = state.database
    held: list[tuple[Color | None, Release | None, Role]] = [
        (state.active, state.active_release, "active"),
        (state.idle_color, state.idle_release if state.active else None, "parked" if state.parked else "idle"),
        (state.previous.color if state.previous else None, state.saved, "previous"),
    ]
    for color, release, role in held:
        if color is None or release is None:
            continue
        migrate, window = release.spec.migrate, release.spec.compatible
        colored = role != "previous" and known is not None
        yield Runner(
            color=color,
            role=role,
            release=release.number,
            window=(window.min, window.max) if window else None,
            makes=migrate.schema if migrate else None,
            contracts=migrate.contract.schema if migrate and migrate.contract else None,
            migrates=bool(colored and known and known.migration == release.number),
            contracted=bool(colored and known and known.contraction == release.number),
        )
