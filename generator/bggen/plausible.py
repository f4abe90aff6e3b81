"""Whether commands lead from one state of an (app, env) to another: what an edit or a merge by hand may get wrong.

A digest only tells that a state is whole. Whoever settles a conflict by hand may write a whole state that no command
would, in which an untested release takes traffic, or a number means two releases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bggen.events import without_sizes
from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import EnvState, Release
    from bggen.model.migrating import Window


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that no sequence of commands does, in words, and the state file that it stands in.

    Attributes:
        wanted: a release of the past that would explain it: then it is one of `rollback --to`. None where only a
            revert of the whole state would.
    """

    file: str
    message: str
    wanted: Release | None = None


def doubts(before: EnvState, after: EnvState) -> tuple[Doubt, ...]:
    """Return why no commands lead from `before` to `after`; nothing where they may have.

    A revert in Git, which makes the whole state an earlier one of its history, explains every doubt. Only releases that
    may take traffic, or would be rolled back to, are looked at: numbers that are merely wrong do no harm.

    Args:
        before: the state on the branch that is merged into.
        after: the state that is merged; one of a removed (app, env) raises no doubt.
    """
    if after.active is None or after.active_release is None:
        return ()
    return (
        *_unserved(after),
        *_backwards(before, after),
        *_edited(before, after),
        *_replaced_in_place(before, after),
        *_come_back(before, after),
        *_unmigrated(before, after),
    )


def same_release(one: Release, other: Release) -> bool:
    """Whether both are one release, whatever `scale` and `rollback` did to its sizes."""
    return without_sizes(one) == without_sizes(other)


def _unserved(after: EnvState) -> Iterator[Doubt]:
    release = after.active_release
    if release is not None and release.number > after.served:
        yield Doubt(
            "release.yaml",
            f"{after.active} takes traffic with release {release.number}, but served says that none after"
            f" {after.served} ever did",
        )


def _backwards(before: EnvState, after: EnvState) -> Iterator[Doubt]:
    for key, was, now in (("last", before.last, after.last), ("served", before.served, after.served)):
        if now < was:
            yield Doubt("release.yaml", f"{key} goes back from {was} to {now}, which only a revert does")


def stranded(before: EnvState | None, after: EnvState) -> tuple[Doubt, ...]:
    """Return why a release that runs cannot run on what the database has; nothing that was so before.

    Whatever Git goes back to, the database has what it had.

    Args:
        before: the state on the branch that is merged into; None where nobody knows it.
        after: the state that is merged.
    """
    schema = max(_schema(state) for state in (before, after) if state is not None)
    known = {each.release.number for each in _unfit(before, _schema(before))} if before is not None else set()
    return tuple(
        Doubt(
            f"{each.color}.yaml",
            f"release {each.release.number} runs on {each.window}, and the database has schema {schema}",
        )
        for each in _unfit(after, schema)
        if each.release.number not in known
    )


class _Unfit(NamedTuple):
    color: Color
    release: Release
    window: Window


def _unfit(state: EnvState, schema: int) -> Iterator[_Unfit]:
    for color in Color:
        release = state.release(color)
        window = release.spec.compatible if release and state.runs(color) else None
        if release is not None and window is not None and schema and not window.holds(schema):
            yield _Unfit(color, release, window)


def _schema(state: EnvState) -> int:
    return state.database.schema if state.database else 0


def _unmigrated(before: EnvState, after: EnvState) -> Iterator[Doubt]:
    old, new = _schema(before), _schema(after)
    if new < old:
        yield Doubt("release.yaml", f"schema goes back from {old} to {new or 'none'}, which only a revert does")


def _edited(before: EnvState, after: EnvState) -> Iterator[Doubt]:
    known = {release.number: release for release in (before.blue, before.green, before.saved) if release}
    for file, release in _held(after):
        was = known.get(release.number)
        if was is not None and not same_release(was, release):
            yield Doubt(file, f"release {release.number} is another one than before: a number is never given twice")


def _replaced_in_place(before: EnvState, after: EnvState) -> Iterator[Doubt]:
    for color in Color:
        old, new = before.release(color), after.release(color)
        if not (before.serves(color) and after.serves(color)) or old is None or new is None:
            continue
        # A rollback may need the colour that serves beside the active one.
        back = color is not before.active and color is after.active and new.number <= before.served
        if old.number != new.number and not back:
            yield Doubt(
                f"{color}.yaml",
                f"{color} takes traffic before and after, and its release changes from {old.number} to {new.number}:"
                " the pods that serve users would be replaced in place; bump and flip in requests of their own",
            )


def _come_back(before: EnvState, after: EnvState) -> Iterator[Doubt]:
    known = {release.number for release in (before.blue, before.green, before.saved) if release}
    for file, release in _held(after):
        if release.number <= before.last and release.number not in known:
            if release.number > before.served:
                yield Doubt(file, f"release {release.number} comes back, but it was never active")
            else:
                message = f"release {release.number} comes back, but no earlier state of the base holds it like that"
                yield Doubt(file, message, release)


def _held(state: EnvState) -> Iterator[tuple[str, Release]]:
    for file, release in (("blue.yaml", state.blue), ("green.yaml", state.green), ("previous.yaml", state.saved)):
        if release is not None:
            yield file, release
