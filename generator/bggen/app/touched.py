"""Which apps and environments a list of changed paths is about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bggen.app.inputs import REPO_FILE
from bggen.app.place import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEPTH_OF_APP = 3
OVERLAY = "overlay.yaml"


@dataclass(frozen=True, slots=True)
class TouchedApp:
    """What of an app is changed.

    Attributes:
        whole: whether a file outside of its environments is: app.yaml above all, which all of them come from.
        spec: the environments whose overlay is changed.
        envs: the folders in it that hold a changed file.
    """

    whole: bool = False
    spec: frozenset[str] = frozenset()
    envs: frozenset[str] = frozenset()


@dataclass(slots=True)
class Touched:
    """What a request changes.

    Attributes:
        settings: whether bggen.yaml is changed, which everything comes from.
        apps: by name.
    """

    settings: bool = False
    apps: dict[str, TouchedApp] = field(default_factory=dict)


def touched_by(paths: Iterable[str]) -> Touched:
    """Return what these files, relative to the config repo, belong to; files of nobody are left out."""
    found = Touched()
    for path in paths:
        if path == REPO_FILE:
            found.settings = True
        top, *rest = path.split("/")
        if top != "apps" or len(rest) < _DEPTH_OF_APP - 1 or not NAME.match(rest[0]):
            continue
        app, *rest = rest
        before = found.apps.get(app, TouchedApp())
        if len(rest) == 1:
            found.apps[app] = replace(before, whole=True)
        elif NAME.match(rest[0]):
            spec = before.spec | {rest[0]} if rest[1:] == [OVERLAY] else before.spec
            found.apps[app] = replace(before, spec=spec, envs=before.envs | {rest[0]})
    return found
