"""What happened between two states of one (app, env), told from the states alone.

Commit messages are not asked: after a squash merge, a revert by hand or an edit, only the files tell the truth. So this
tells what came of it: a flip to an older release is a rollback here, as it was for users.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from bggen.model import Color
from bggen.spec.codec import spec_to_data
from bggen.spec.identity import SIZES
from bggen.transitions.result import version
from bggen.transitions.rollback import HELD_BY_ROLLBACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import EnvState, Release

Command = Literal["bump", "flip", "rollback", "park", "wake", "scale", "join", "drain", "hold", "unhold", "migrate"]
Action = Command | Literal["revert", "edit", "remove", "repair", "unreadable", "other"]
# The first bump of all makes this one, and it is active at once.
_FIRST = 1


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: the command that does it, or another word, and a phrase for people."""

    action: Action
    phrase: str


def events(before: EnvState, after: EnvState) -> tuple[Event, ...]:
    """Return what happened, in the order in which commands would have done it; nothing where both states are one.

    What several commands did in one commit is told by what came of it: of two bumps of one colour the last.
    """
    if before == after:
        return ()
    if after.active is None:
        return (Event("remove", "the state was removed"),)
    moved = _moved(before, after)
    found = (
        *_reverted(before, after),
        *_drained(before, after, moved),
        *_bumped(before, after),
        *_changed_in_place(before, after, moved),
        *_contracted(before, after),
        *([moved] if moved else []),
        *_parked(before, after, moved),
        *_gated(before, after, moved),
        *_joined(before, after),
        *_held(before, after, moved),
    )
    return found or (Event("other", "a change of nothing that runs"),)


def changed_images(before: EnvState, after: EnvState) -> dict[Color, dict[str, tuple[str | None, str | None]]]:
    """Return, for each colour, component → the images that it had and has, where they differ."""
    changed = {}
    for color in Color:
        old, new = (release.images if release else {} for release in (before.release(color), after.release(color)))
        names = sorted(old.keys() | new.keys())
        changed[color] = {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}
    return changed


def _reverted(before: EnvState, after: EnvState) -> Iterator[Event]:
    """Tell a revert: no command ever lowers these numbers."""
    if after.last < before.last:
        several = before.last - after.last > 1
        gone = (
            f"releases {after.last + 1} to {before.last} never were" if several else f"release {before.last} never was"
        )
        yield Event("revert", f"reverted: {gone}")
    elif after.served < before.served:
        yield Event("revert", f"reverted: release {before.served} never was active")
    elif _schema(after) < _schema(before):
        yield Event("revert", f"reverted: schema {_schema(before)} never was, but the database keeps it")


def _bumped(before: EnvState, after: EnvState) -> Iterator[Event]:
    if after.last <= before.last:
        return
    releases = [(color, after.release(color)) for color in Color]
    new = [(color, release) for color, release in releases if release and release.number > before.last]
    for color, release in sorted(new, key=lambda pair: pair[1].number):
        schema = f", schema {_schema(after)}" if release.number == after.last and _expanded(before, after) else ""
        if release.number == _FIRST:
            yield Event("bump", f"first release: {color} {_label(release, None)}{schema}")
        else:
            yield Event("bump", f"bump {color} to {_label(release, before.active_release)}{schema}")
    if not new:
        yield Event("bump", f"release {after.last} came, and went again")


def _contracted(before: EnvState, after: EnvState) -> Iterator[Event]:
    """Tell the third phase of a migration."""
    old, new = before.database, after.database
    if new is None or new.contraction is None or (old is not None and old.contraction == new.contraction):
        return
    if _schema(after) < _schema(before):
        return
    way = f"{_schema(before)} → {new.schema}" if _schema(before) != new.schema else f"{new.schema} again"
    yield Event("migrate", f"contract the schema {way} (release {new.contraction})")


def _expanded(before: EnvState, after: EnvState) -> bool:
    """Whether the schema is a newer one, and no third phase made it so."""
    return _schema(after) > _schema(before) and not [*_contracted(before, after)]


def _schema(state: EnvState) -> int:
    return state.database.schema if state.database else 0


def _label(release: Release, active: Release | None) -> str:
    """Return what people know the release by: its images' common tag, or what it changes of the active ones."""
    name = version(release)
    if name != f"release {release.number}":
        return f"{name} (release {release.number})"
    old = active.images if active else {}
    new = [
        f"{component} {spec.image.tag or spec.image.digest}"
        for component, spec in sorted(release.spec.components.items())
        if old.get(component) != str(spec.image)
    ]
    return f"{name} ({', '.join(new)})" if new else name


def _moved(before: EnvState, after: EnvState) -> Event | None:
    """Return how traffic moved; None where it did not."""
    old, new = before.active_release, after.active_release
    if new is None or after.active is None:
        return None
    number, color = (old.number, before.active) if old else (_FIRST, after.active)
    if number == new.number and color is after.active:
        return None
    # Only `rollback` leaves no `previous`; with --to it may go to a release that was rolled back before.
    back = new.number < number or (after.previous is None and new.number <= before.served)
    name = "rollback" if back else "flip"
    way = f"{color} → {after.active}" if color is not after.active else f"to {after.active}"
    return Event("rollback" if back else "flip", f"{name} {way} ({version(new)})")


def _changed_in_place(before: EnvState, after: EnvState, moved: Event | None) -> Iterator[Event]:
    """Tell what changed in a release that kept its number: `scale` may do that, and hands."""
    old = {release.number: release for release in (before.blue, before.green, before.saved) if release}
    for place, release in (("blue", after.blue), ("green", after.green), ("previous", after.saved)):
        was = old.get(release.number) if release else None
        if release is None or was is None or was == release:
            continue
        if without_sizes(was) != without_sizes(release):
            yield Event("edit", f"release {release.number} in {place} was edited")
        elif moved is None or moved.action != "rollback" or release is not after.active_release:
            # A rollback raises replicas itself, where the other colour has more.
            yield Event("scale", f"scale {place}: {', '.join(_sizes(was, release))}")


def without_sizes(release: Release) -> tuple[Release, Mapping[str, Any]]:
    """Return what of a release must stay as it is as long as it has its number; to be compared, and nothing else."""
    data = spec_to_data(release.spec)
    for component in data["components"].values():
        for key in SIZES:
            component.pop(key, None)
    return replace(release, spec=replace(release.spec, components={})), data


def _sizes(was: Release, now: Release) -> Iterator[str]:
    old, new = (spec_to_data(release.spec)["components"] for release in (was, now))
    for name in new:
        if _size(old[name]) != _size(new[name]):
            yield f"{name} {_size(old[name])} → {_size(new[name])}"


def _size(component: Mapping[str, Any]) -> str:
    autoscale = component.get("autoscale")
    return f"{autoscale['min']}..{autoscale['max']}" if autoscale else str(component.get("replicas", 1))


def _parked(before: EnvState, after: EnvState, moved: Event | None) -> Iterator[Event]:
    """Tell park and wake, but not the waking that is a part of bump, flip and rollback."""
    old, new = before.idle_release, after.idle_release
    if new is None:
        return
    same = moved is None and old is not None and old.number == new.number
    if after.parked and not (before.parked and same):
        yield Event("park", f"park {after.idle_color} (release {new.number})")
    elif before.parked and not after.parked and same:
        yield Event("wake", f"wake {after.idle_color} (release {new.number})")


def _drained(before: EnvState, after: EnvState, moved: Event | None) -> Iterator[Event]:
    """Tell that a colour stopped to serve beside the other one; a rollback does that by itself."""
    stays = after.joined and _releases(before) == _releases(after)
    if before.joined and not stays and (moved is None or moved.action != "rollback"):
        yield Event("drain", f"drain {before.idle_color}: {before.active} serves alone")


def _joined(before: EnvState, after: EnvState) -> Iterator[Event]:
    if after.joined and not (before.joined and _releases(before) == _releases(after)):
        yield Event("join", f"join {after.idle_color} to {after.active}")


def _releases(state: EnvState) -> list[object]:
    """Return what cannot change while two colours serve: which is active, and the number of each one's release."""
    return [state.active, *(release and release.number for release in (state.blue, state.green))]


def _gated(before: EnvState, after: EnvState, moved: Event | None) -> Iterator[Event]:
    """Tell what `flip --no-smoke` does to a flip that waits for its smoke test, and the revert of that."""
    release = after.active_release
    if moved or before.gate == after.gate or release is None:
        return
    if after.gate:
        yield Event("other", f"the smoke test of {after.active} stands before its switch again")
    else:
        yield Event("flip", f"flip to {after.active} ({version(release)}) without its smoke test")


def _held(before: EnvState, after: EnvState, moved: Event | None) -> Iterator[Event]:
    hold = after.hold
    if before.hold == hold:
        return
    if hold is None:
        yield Event("unhold", "unhold")
    elif moved is None or moved.action != "rollback" or not hold.reason.startswith(HELD_BY_ROLLBACK):
        until = f" until {hold.until}" if hold.until else ""
        yield Event("hold", f"hold flips{until}: {hold.reason}")
