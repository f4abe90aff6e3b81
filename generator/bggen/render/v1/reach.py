"""Renderer 1: where a request that names a colour ends, for every path that either colour has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.spec.prefixes import component_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Color
    from bggen.render.face import Sides


def reach(own: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return for each path of two releases the component of the first one that answers there, sorted by path.

    A rule for a header loses to a rule without one that has a longer path. So a preview by header needs a rule for
    every path that users are led by, also those that only the other release has.

    Args:
        own: the paths of the colour's own release, each with its component.
        other: the paths of the other colour's release.

    Returns:
        Each path with the component of its longest own prefix. Where the own release has none, with the component
        that the other one has there: that component's Service of this colour exists then, and what answers behind it
        is of this colour or nothing at all.
    """
    return {path: component_at(path, own) or other[path] for path in sorted({*own, *other})}


def reach_of(sides: Sides, color: Color) -> dict[str, str]:
    """Return what `reach` does for a colour; the active release stands in for a colour that is empty."""
    own = sides.releases.get(color, sides.releases[sides.active])
    other = sides.releases.get(color.other, own)
    first, second = (release.spec.route.paths if release.spec.route else {} for release in (own, other))
    return reach(first, second)
