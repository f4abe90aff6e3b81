"""The objects of the active release against those of the idle one, without what only tells the colours apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from bggen import yamlio
from bggen.comparing.evening import Evened
from bggen.model import Change, Color, EnvState
from bggen.plan import unified
from bggen.render import render

if TYPE_CHECKING:
    from bggen.model import Manifest, Release

_HASHED = re.compile(r"-[0-9a-f]{10}\Z")


@dataclass(frozen=True, slots=True)
class ObjectDifference:
    """One object that differs.

    Attributes:
        kind: of the object.
        name: with the active colour's name in it, and without a hash.
        change: what became of it.
        diff: as a unified diff.
    """

    kind: str
    name: str
    change: Literal["added", "removed", "changed"]
    diff: str


def compare_objects(state: EnvState) -> tuple[ObjectDifference, ...]:
    """Compare what is rendered of the active release with what would be of the idle one if it were active.

    Each is rendered alone and as the active one, so that waves, suspended crons and stopped workers are no differences.
    Names and labels of the idle colour then read as those of the active one.
    """
    active, before, after = state.active, state.active_release, state.idle_release
    if active is None or before is None or after is None:
        return ()
    old = _objects(state, active, before, active)
    # Under one number, which would otherwise be a difference in every Deployment.
    new = _objects(state, active.other, replace(after, number=before.number), active)
    found = []
    for key in sorted(old.keys() | new.keys()):
        one, two = old.get(key), new.get(key)
        if one != two:
            file = f"{key[0].lower()}-{key[1]}.yaml"
            found.append(
                ObjectDifference(
                    *key,
                    "added" if one is None else "removed" if two is None else "changed",
                    unified(Change(file, *(None if text is None else text.encode() for text in (one, two)))),
                )
            )
    return tuple(found)


def _objects(state: EnvState, color: Color, release: Release, shown: Color) -> dict[tuple[str, str], str]:
    alone = EnvState(state.app, state.env, active=color, last=release.number, served=release.number)
    alone = replace(alone, blue=release) if color is Color.BLUE else replace(alone, green=release)
    # The other colour's objects are there for the Services' sake, and say nothing about this release.
    manifests = [each for each in render(alone) if each.color in (None, color)]
    found = (_HASHED.search(each.name) for each in manifests if each.kind == "ConfigMap")
    evened = Evened.of(release, [match[0] for match in found if match], swapped=color is not shown)
    return {(each.kind, evened.text(each.name)): yamlio.dump(_evened(each, evened)) for each in manifests}


def _evened(manifest: Manifest, evened: Evened) -> Any:
    data: Any = yamlio.parse(manifest.text.encode(), manifest.file).data
    if manifest.kind != "Ingress" or "use-annotation" not in manifest.text:
        return evened.data(data)
    from bggen.comparing.albs import ordered, spread  # noqa: PLC0415 - few apps have an ALB

    return ordered(evened.data(spread(data)))
