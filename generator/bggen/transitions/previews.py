"""What two releases must have in common so that each can be reached by a header; imported late, few apps need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import RefusedError
from bggen.spec.gateway import misfit

if TYPE_CHECKING:
    from bggen.model import Release


def refuse_unfit(current: Release, target: Release) -> None:
    """Refuse a release that the active one cannot be previewed beside, by header, through Gateway API.

    Raises:
        RefusedError: with the way to do it.
    """
    old, new = current.spec.route, target.spec.route
    if old is None or new is None or old.switch != "gateway" or new.switch != "gateway":
        return
    named = [route for route in (old, new) if route.preview and route.preview.header]
    if named and (reason := misfit(old, new)):
        raise RefusedError(
            f"{target.spec.name}: a preview by header leads to release {current.number} and to this one side by side,"
            f" but {reason}",
            hint="bump and flip without `route.preview.header` first, then change the hosts or paths"
            if old.preview and old.preview.header
            else "leave `route.preview.header` out until the active release has these hosts and paths",
            kind="preview",
        )
