"""Migrations: what each command makes of the schema, whose Job is rendered, and who is refused with which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bggen import transitions
from bggen.errors import InvalidError, RefusedError
from bggen.events import events
from bggen.model import Color, EnvState
from bggen.model.migrating import Database
from bggen.state import decode, encode
from bggen.transitions.migrating import contract
from tests.support.migrating import (
    ADD,
    BUMPED,
    CONTRACTED,
    FLIPPED,
    NEXT,
    ROLLED_BACK,
    USE,
    bump,
    flip,
    migrating,
    released,
    rollback,
    with_database,
)

PLAIN = migrating(None, None)


def refused(error: pytest.ExceptionInfo[RefusedError]) -> str:
    assert error.value.kind == "schema"
    assert error.value.hint
    return error.value.message


def test_an_app_without_migrations_knows_of_no_database() -> None:
    state = released(PLAIN, migrating(None, None, tag="v2"), "flip", "rollback")
    assert state.database is None
    assert b"schema" not in encode(state)["release.yaml"]
    assert released(migrating(None, (1, 2)), migrating(None, (5, 9), tag="v2"), "flip").database is None


def test_the_first_release_makes_the_schema() -> None:
    assert released(migrating()).database == Database(1, 1)


def test_an_expansion_is_rendered_from_the_bump_on_and_after_the_flip_until_a_newer_bump() -> None:
    assert BUMPED.database == Database(2, 2)
    assert FLIPPED.database == Database(2, 2)
    assert released(migrating(), ADD, "flip", "park").database == Database(2, 2)
    assert released(migrating(), ADD, "flip", USE).database == Database(2, 3)


def test_a_bump_says_what_its_migration_does() -> None:
    said = "a migration of release 2 takes the database to schema 2 before its pods start"
    assert bump(released(migrating()), ADD).notes == (said,)
    again = bump(released(migrating()), migrating(1, (1, 2), tag="v2"))
    assert again.notes == ("the migration of release 2 runs before its pods start; schema 1 should be there",)
    assert again.after.database == Database(1, 2)


def test_a_release_without_migration_keeps_the_one_that_the_active_release_came_with() -> None:
    assert released(migrating(), ADD, "flip", migrating(None, (2, 2), tag="v3")).database == Database(2, 2)
    assert released(migrating(), ADD, "flip", migrating(1, (1, 2), tag="v3")).database == Database(2, 2)
    # Its third phase made the schema, so its commands know it.
    after = released(migrating(), ADD, "flip", USE, "flip", NEXT, "flip", "contract", migrating(None, (3, 3), tag="v5"))
    assert after.database == Database(3, 4, 4)
    # A command that knows only an older schema must not run any more.
    older = with_database(FLIPPED, Database(3, 2))
    assert bump(older, migrating(None, (3, 3), tag="v3")).after.database == Database(3)


def test_a_rollback_drops_the_migration_and_not_the_schema() -> None:
    assert ROLLED_BACK.database == Database(2)
    (note,) = [note for note in rollback(FLIPPED).notes if "migration" in note]
    assert note == "the migration of release 2 is dropped: the database keeps what it did, and counts as schema 2"
    assert not [note for note in rollback(released(PLAIN, PLAIN_V2, "flip")).notes if "migration" in note]


PLAIN_V2 = migrating(None, None, tag="v2")


def test_after_a_rollback_a_flip_brings_the_migration_back_with_its_release_since_it_may_have_failed() -> None:
    assert flip(ROLLED_BACK).after.database == Database(2, 2)
    # One that has an older schema's migration needs none.
    older = released(migrating(), migrating(1, (1, 2), tag="v2"), "flip", ADD, "flip", "rollback")
    assert older.database == Database(2)
    assert flip(with_database(older, Database(2))).after.database == Database(2, 3)
    assert flip(with_database(ROLLED_BACK, Database(3))).after.database == Database(3)


def test_the_same_migration_is_retried_by_a_release_of_its_own() -> None:
    forced = bump(BUMPED, ADD, force=True).after
    assert forced.database == Database(2, 3)
    fixed = bump(ROLLED_BACK, migrating(2, (1, 2), tag="v3")).after
    assert fixed.database == Database(2, 3)


def test_a_bump_before_the_flip_takes_the_migration_over_or_further() -> None:
    assert bump(BUMPED, migrating(2, (2, 2), tag="v3")).after.database == Database(2, 3)
    state = released(migrating(1, (1, 9)), ADD)
    assert bump(state, migrating(3, (3, 3), tag="v3")).after.database == Database(3, 3)


def test_a_migration_that_may_have_run_is_not_dropped_by_a_bump() -> None:
    for spec in (migrating(1, (1, 2), tag="v3"), migrating(None, (1, 2), tag="v3"), PLAIN_V2):
        with pytest.raises(RefusedError) as error:
            bump(BUMPED, spec)
        assert refused(error) == (
            "release 2, which this replaces, takes the database to schema 2, and this release would not:"
            " nobody knows then what the database has"
        )


def test_no_database_is_moved_away_under_what_takes_traffic() -> None:
    with pytest.raises(RefusedError) as error:
        bump(released(migrating(1, (1, 1))), ADD)
    assert refused(error) == (
        "the migration to schema 2 would run under release 1, which takes traffic and runs on schema 1"
    )
    assert error.value.hint == (
        "first bump and flip a release that runs on both: `migrate` as it was, and `compatible` up to 2"
    )
    # Who claims nothing is never refused.
    assert released(migrating(None, None), ADD).database == Database(2, 2)


def test_no_release_comes_that_cannot_run_on_what_is_there() -> None:
    with pytest.raises(RefusedError) as error:
        bump(FLIPPED, migrating(1, (1, 1), tag="v3"))
    assert refused(error) == "the new release runs on schema 1, and the database has schema 2, and does not go back"
    assert "let `compatible` in app.yaml hold 2" in str(error.value.hint)


def test_a_bump_warns_where_the_way_back_ends() -> None:
    state = released(migrating(1, (1, 1)), migrating(1, (1, 2), tag="v2"), "flip")
    assert bump(state, migrating(2, (2, 2), tag="v3")).warnings == (
        "there is no rollback to release 1 any more: it runs on schema 1",
    )


def test_a_bump_warns_where_the_third_phase_was_forgotten() -> None:
    state = released(migrating(1, (1, 9)), migrating(2, (2, 9), tag="v2", after=3), "flip")
    assert bump(state, migrating(4, (2, 9), tag="v3")).warnings == (
        "the third phase of release 2, to schema 3, was never run: schema 4 counts as later",
    )


def test_flip_rollback_wake_and_promote_refuse_what_cannot_run_on_the_schema() -> None:
    words = "release 1 runs on schema 1 to 2, and shop/prod has schema 3"
    back = with_database(replace(FLIPPED, parked=True), Database(3))
    for refuse in (flip, rollback, transitions.wake):
        with pytest.raises(RefusedError) as error:
            refuse(back)
        assert refused(error) == words
        assert error.value.hint == (
            "bggen bump a release whose `compatible` holds 3: the database does not go back;"
            " bggen migrate shows every number"
        )
    source = replace(released(migrating(1, (1, 1))), env="staging")
    with pytest.raises(RefusedError) as error:
        transitions.promote(FLIPPED, source, transitions.BumpRequest(spec=migrating(1, (1, 1), tag="v1"), renderer=1))
    assert "runs on schema 1, and the database has schema 2" in refused(error)


def test_a_rollback_to_an_old_release_of_history_is_refused_too() -> None:
    old = released(migrating(1, (1, 1))).blue
    target = transitions.RollbackTarget(1, "history")
    with pytest.raises(RefusedError) as error:
        transitions.rollback(CONTRACTED, target, by="Ada", found=old)
    assert refused(error) == "release 1 runs on schema 1, and shop/prod has schema 3"


def test_park_and_hold_are_nobodys_business() -> None:
    state = with_database(FLIPPED, Database(9))
    assert transitions.park(state).changed
    assert transitions.hold(state, reason="x", by="Ada").changed


def test_keep_config_keeps_the_migration() -> None:
    kept = bump(FLIPPED, None, force=True).after
    assert kept.blue
    assert kept.green
    assert kept.blue.spec.migrate == kept.green.spec.migrate
    assert kept.database == Database(2, 3)


def test_the_third_phase_comes_once_rollback_needs_nothing_old() -> None:
    state = released(migrating(), ADD, "flip", USE, "flip")
    assert contract(replace(state, previous=None, blue=state.green and state.blue, green=None)).after.database == (
        Database(3, 3, 3)
    )
    done = contract(released(migrating(), migrating(2, (1, 2), tag="v2"), "flip", USE, "flip", NEXT, "flip"))
    assert done.subject == "contract the schema 2 → 3 (release 4)"
    assert done.after.database == Database(3, 4, 4)
    assert done.after.active is Color.GREEN


OLD = migrating(2, (1, 2), tag="v2")


def test_the_third_phase_is_refused_while_the_other_colour_or_a_rollback_needs_the_old_schema() -> None:
    state = released(migrating(), OLD, "flip", USE, "flip")
    for parked in (False, True):
        with pytest.raises(RefusedError) as error:
            contract(replace(state, parked=parked))
        assert refused(error) == (
            "release 2 (green, what bggen rollback returns to) runs on schema 1 to 2:"
            " the third phase would make it schema 3"
        )
        assert error.value.hint == (
            "bump and flip a newer release first: rollback then returns to one that needs nothing old"
        )
    with pytest.raises(RefusedError) as error:
        contract(bump(state, NEXT).after)
    assert "release 2 (what bggen rollback returns to) runs on schema 1 to 2" in refused(error)
    idle = released(migrating(), OLD, "flip", USE, "flip", NEXT, "flip", migrating(2, (2, 2), tag="v5"))
    with pytest.raises(RefusedError) as error:
        contract(idle)
    assert refused(error) == "release 5 (blue, idle) runs on schema 2: the third phase would make it schema 3"
    unknown = released(PLAIN, USE, "flip")
    with pytest.raises(RefusedError) as error:
        contract(unknown)
    assert "does not say which schemas it can run on" in refused(error)


def test_the_third_phase_is_done_once_and_again_only_by_another_release() -> None:
    done = contract(CONTRACTED)
    assert (done.changed, done.reason) == (False, "the database has schema 3 already")
    assert not contract(CONTRACTED, again=True).changed
    newer = released(
        migrating(), ADD, "flip", USE, "flip", NEXT, "flip", "contract", migrating(2, (2, 3), tag="v5", after=3), "flip"
    )
    assert newer.database == Database(3, 5, 4)
    assert contract(newer).reason == (
        "the database has schema 3 already: --again runs the third phase of this release, too"
    )
    again = contract(newer, again=True)
    assert again.subject == "contract the schema 3 again (release 5)"
    assert again.after.database == Database(3, 5, 5)


def test_without_a_third_phase_there_is_nothing_to_run() -> None:
    with pytest.raises(RefusedError) as error:
        contract(FLIPPED)
    assert refused(error) == "release 2, which is active in green, has no third phase"
    with pytest.raises(RefusedError) as nothing:
        contract(EnvState("shop", "prod"))
    assert nothing.value.kind == "empty-idle"


def test_the_third_phase_stays_while_a_colour_holds_its_release() -> None:
    assert rollback(CONTRACTED).after.database == Database(3, None, 4)
    bumped = bump(CONTRACTED, migrating(2, (2, 3), tag="v5", after=3)).after
    assert bumped.database == Database(3, 5, 4)
    assert bump(flip(bumped).after, migrating(2, (2, 3), tag="v6", after=3)).after.database == Database(3, 6)


@pytest.mark.parametrize("state", [BUMPED, FLIPPED, ROLLED_BACK, CONTRACTED])
def test_the_files_hold_it_all(state: EnvState) -> None:
    files = encode(state)
    assert decode("shop", "prod", "apps/shop/prod", files) == state


@pytest.mark.parametrize(
    ("database", "words"),
    [
        (Database(2, 9), "migration is 9, but no colour holds that release with a migration"),
        (Database(1, 2), "migration is 2, but no colour holds that release with a migration"),
        (Database(2, 2, 2), "contraction is 2, but no colour holds that release with a third phase"),
        (Database(0), "schema must be a whole number from 1"),
    ],
)
def test_what_no_command_leads_to_is_refused(database: Database, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        decode("shop", "prod", "apps/shop/prod", encode(with_database(FLIPPED, database)))


def told(before: EnvState, after: EnvState) -> list[str]:
    return [f"{event.action}: {event.phrase}" for event in events(before, after)]


def test_history_tells_of_the_schema() -> None:
    nothing, one = EnvState("shop", "prod"), released(migrating())
    assert told(nothing, one) == ["bump: first release: blue v1 (release 1), schema 1"]
    assert told(one, BUMPED) == ["bump: bump green to v2 (release 2), schema 2"]
    assert told(BUMPED, bump(BUMPED, ADD, force=True).after) == ["bump: bump green to v2 (release 3)"]
    ready = released(migrating(), ADD, "flip", USE, "flip", NEXT, "flip")
    assert told(ready, CONTRACTED) == ["migrate: contract the schema 2 → 3 (release 4)"]
    assert told(CONTRACTED, ready) == ["revert: reverted: schema 3 never was, but the database keeps it"]
    newer = bump(CONTRACTED, migrating(2, (2, 3), tag="v5", after=3)).after
    again = contract(flip(newer).after, again=True).after
    assert told(flip(newer).after, again) == ["migrate: contract the schema 3 again (release 5)"]
    assert told(newer, again) == [
        "migrate: contract the schema 3 again (release 5)",
        "flip: flip green → blue (v5)",
    ]
