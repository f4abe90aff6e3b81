"""Migrations: what each command makes of the database's schema, and which releases cannot run on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from bggen.errors import RefusedError
from bggen.model.migrating import Database, knows, runs_on
from bggen.transitions.result import Transition, active_of, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, EnvState, Release
    from bggen.model.migrating import Contract

_SEE = "bggen migrate shows every number"


class Told(NamedTuple):
    """What a bump makes of the database, and what the user should know of it."""

    database: Database | None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Need(NamedTuple):
    """A release that a schema would strand: its colour, where it is held, and what it says of itself."""

    color: Color
    release: Release
    where: str

    def __str__(self) -> str:
        """Return who needs what."""
        window = self.release.spec.compatible
        says = f"runs on {window}" if window else "does not say which schemas it can run on"
        return f"release {self.release.number} ({self.where}) {says}"


class Due(NamedTuple):
    """The next phase of a migration: `use` is a flip, `remove` the third one; why, and who still needs the old."""

    phase: Literal["use", "remove"] | None
    words: str
    needs: tuple[Need, ...]


def filled(state: EnvState, release: Release) -> Told:
    """Return what becomes of the database when the idle colour gets a release.

    Args:
        state: as it is before.
        release: the new one.

    Raises:
        RefusedError: `schema`: the new release could not run on what the database will have, or the active one could
            not, or a migration that may have run by halves would be dropped.
    """
    before, migrate = state.database, release.spec.migrate
    old = before.schema if before else 0
    schema = max(old, migrate.schema if migrate else 0)
    if not schema:
        return Told(None)
    _refuse_unable(release, schema, old)
    expands = old < schema
    if expands:
        _refuse_stranding(state, schema)
    contraction = before.contraction if before and _holds(state, release, before.contraction) else None
    database = Database(schema, _migration(state, release, schema), contraction)
    if not knows(release, schema):
        return Told(database)
    notes = (
        f"a migration of release {release.number} takes the database to schema {schema} before its pods start"
        if expands
        else f"the migration of release {release.number} runs before its pods start; schema {schema} should be there",
    )
    return Told(database, notes, (*_no_way_back(state, schema), *_uncontracted(state, schema)))


def flipped(state: EnvState, target: Release) -> Database | None:
    """Return what becomes of the database when the idle colour becomes active.

    A rollback dropped the migration, and nobody knows whether it had run: then it comes back with its release.

    Raises:
        RefusedError: `schema`: the release cannot run on it.
    """
    database = state.database
    if database is None:
        return None
    refuse_unfit(state, target)
    if database.migration is None and knows(target, database.schema):
        return replace(database, migration=target.number)
    return database


def rolled_back(state: EnvState, target: Release, held: tuple[Release | None, ...]) -> Database | None:
    """Return what becomes of the database with a rollback: its schema stays, the migration goes.

    Args:
        state: as it is before.
        target: the release that becomes active.
        held: the releases that both colours have afterwards.

    Raises:
        RefusedError: `schema`: the release cannot run on it.
    """
    database = state.database
    if database is None:
        return None
    refuse_unfit(state, target)
    kept = any(release and release.number == database.contraction for release in held)
    return Database(database.schema, None, database.contraction if kept else None)


def refuse_unfit(state: EnvState, target: Release) -> None:
    """Refuse a release that cannot run on the environment's schema.

    Raises:
        RefusedError: `schema`, with the way out.
    """
    if state.database is None or runs_on(target, state.database.schema):
        return
    schema = state.database.schema
    raise RefusedError(
        f"release {target.number} runs on {target.spec.compatible}, and {state.app}/{state.env} has schema {schema}",
        hint=f"bggen bump a release whose `compatible` holds {schema}: the database does not go back; {_SEE}",
        kind="schema",
    )


def contract(state: EnvState, *, again: bool = False) -> Transition:
    """Run the third phase of the active release: take away what only the old schema has.

    Args:
        state: what is.
        again: run it also where the schema is there already, but was made by another release.

    Raises:
        RefusedError: `empty-idle` where nothing was released, or `schema`: the active release has no third phase, or
            another release that may take traffic again could not run on what it leaves.
    """
    color, current = active_of(state)
    phase = current.spec.migrate.contract if current.spec.migrate else None
    if phase is None:
        raise RefusedError(
            f"release {current.number}, which is active in {color}, has no third phase",
            hint="give `migrate` in app.yaml a `contract: {command, schema}`, then bump and flip",
            kind="schema",
        )
    database = state.database or Database(current.spec.migrate.schema if current.spec.migrate else phase.schema)
    if database.schema >= phase.schema and not _may_repeat(database, current, phase, again=again):
        own = database.contraction == current.number
        how = "" if own else ": --again runs the third phase of this release, too"
        return unchanged("migrate", state, f"the database has schema {database.schema} already{how}")
    _refuse_needed(state, phase.schema)
    return Transition(
        "migrate",
        state,
        replace(state, database=Database(phase.schema, database.migration, current.number)),
        subject=f"contract the schema {_way(database.schema, phase.schema)} (release {current.number})",
        notes=("nothing that needs the old schema is left to go back to",),
    )


def due(state: EnvState) -> Due:
    """Say which phase of a migration comes next."""
    active, idle, known = state.active_release, state.idle_release, state.database
    if known is None or active is None:
        return Due(None, "no release has a migration", ())
    if idle is not None and state.pending and known.migration == idle.number:
        words = f"release {idle.number} is to be used: once its migration is done, bggen flip"
        return Due("use", words, ())
    phase = active.spec.migrate.contract if active.spec.migrate else None
    if phase is None or phase.schema <= known.schema:
        return Due(None, "nothing is left to do", ())
    needs = tuple(needing(state, phase.schema))
    how = "bggen migrate contract"
    if needs:
        how = "wait until nothing that could take traffic again needs the old schema"
    return Due("remove", f"the third phase of release {active.number}, to schema {phase.schema}: {how}", needs)


def needing(state: EnvState, schema: int) -> Iterator[Need]:
    """Yield the releases beside the active one that could take traffic again, and may not run on a schema."""
    idle, saved, previous = state.idle_release, state.saved, state.previous
    if idle is not None and not _declared(idle, schema):
        back = previous is not None and previous.release == idle.number
        what = "what bggen rollback returns to" if back else "parked" if state.parked else "idle"
        yield Need(state.idle_color, idle, f"{state.idle_color}, {what}")
    if saved is not None and previous is not None and not _declared(saved, schema):
        yield Need(previous.color, saved, "what bggen rollback returns to")


def _declared(release: Release, schema: int) -> bool:
    """Whether a release says that it can run on a schema: what cannot be undone needs more than silence."""
    return release.spec.compatible is not None and release.spec.compatible.holds(schema)


def _may_repeat(database: Database, current: Release, phase: Contract, *, again: bool) -> bool:
    return again and database.schema == phase.schema and database.contraction != current.number


def _way(old: int, new: int) -> str:
    return f"{old} → {new}" if old != new else f"{new} again"


def _refuse_needed(state: EnvState, schema: int) -> None:
    needed = list(needing(state, schema))
    if not needed:
        return
    back = state.previous is not None and any(each.release.number == state.previous.release for each in needed)
    raise RefusedError(
        f"{'; '.join(map(str, needed))}: the third phase would make it schema {schema}",
        hint="bump and flip a newer release first: rollback then returns to one that needs nothing old"
        if back
        else f"bggen bump fills {state.idle_color} with a release whose `compatible` holds {schema}",
        kind="schema",
    )


def _refuse_unable(release: Release, schema: int, old: int) -> None:
    if runs_on(release, schema):
        return
    raise RefusedError(
        f"the new release runs on {release.spec.compatible}, and the database has schema {old}, and does not go back",
        hint=f"let `compatible` in app.yaml hold {schema}, if it can run on it; {_SEE}",
        kind="schema",
    )


def _refuse_stranding(state: EnvState, schema: int) -> None:
    active = state.active_release
    if active is None or runs_on(active, schema):
        return
    raise RefusedError(
        f"the migration to schema {schema} would run under release {active.number}, which takes traffic and runs on"
        f" {active.spec.compatible}",
        hint=f"first bump and flip a release that runs on both: `migrate` as it was, and `compatible` up to {schema}",
        kind="schema",
    )


def _migration(state: EnvState, release: Release, schema: int) -> int | None:
    """Return the release whose migration is rendered from now on.

    Argo CD may have seen no tree of the releases before: whatever needs the schema comes with a Job that makes it.

    Raises:
        RefusedError: the migration of the release that is replaced would be dropped, and nothing comes instead.
    """
    if knows(release, schema):
        return release.number
    known, active, replaced = state.database, state.active_release, state.idle_release
    if known is None or known.migration is None:
        return None
    if active is not None and knows(active, schema):
        return active.number
    if replaced is not None and known.migration == replaced.number and state.pending:
        raise RefusedError(
            f"release {replaced.number}, which this replaces, takes the database to schema {schema}, and this release"
            " would not: nobody knows then what the database has",
            hint=f"keep `migrate` with schema {schema} in app.yaml (a migration only adds), or git revert that bump",
            kind="schema",
        )
    return None


def _holds(state: EnvState, release: Release, number: int | None) -> bool:
    """Whether a colour still holds a release once the idle one got another."""
    active = state.active_release
    return number is not None and number in (release.number, active and active.number)


def _no_way_back(state: EnvState, schema: int) -> Iterator[str]:
    """Say so where `rollback`, before the flip, would go to a release that cannot run on the new schema."""
    previous = state.previous
    back = next(
        (each for each in (state.idle_release, state.saved) if each and previous and each.number == previous.release),
        None,
    )
    if back is not None and not runs_on(back, schema):
        yield f"there is no rollback to release {back.number} any more: it runs on {back.spec.compatible}"


def _uncontracted(state: EnvState, schema: int) -> Iterator[str]:
    """Say so where the active release's third phase was never run, and the new schema comes after it."""
    active, known = state.active_release, state.database
    phase = active.spec.migrate.contract if active and active.spec.migrate else None
    if active and phase and known and known.schema < phase.schema <= schema:
        yield (
            f"the third phase of release {active.number}, to schema {phase.schema}, was never run: schema {schema}"
            " counts as later"
        )
