"""Names and labels that only tell two colours apart → one form, so that equal objects read the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bggen.model import Color

if TYPE_CHECKING:
    from bggen.model import Release

_COLOR_LABEL = "bggen.dev/color"
_OF_JOBS = re.compile(r"((?:cron|smoke|migrate)-)(blue|green)")


@dataclass(frozen=True, slots=True)
class Evened:
    """What turns the names of a release's objects, and the labels of its colour, into those that are shown.

    Attributes:
        names: finds the names that end in a colour.
        hashes: what is left out of names, with the hyphen before it.
        swapped: whether each colour is shown as the other one.
    """

    names: re.Pattern[str]
    hashes: list[str]
    swapped: bool

    @classmethod
    def of(cls, release: Release, hashes: list[str], *, swapped: bool) -> Evened:
        """Return what evens the objects of a release."""
        own = [release.spec.base_name(name) for name in release.spec.components]
        bases = sorted({*own, *_of_routes(release)}, key=len, reverse=True)
        # What names both colours is the name of neither one's object.
        names = rf"(?<![-a-z0-9])((?:{'|'.join(map(re.escape, bases))})-)(blue|green)(?![a-z0-9]|-green)"
        return cls(re.compile(names), hashes, swapped)

    def color(self, text: str) -> str:
        """Return the colour as it is shown; any other text stays."""
        return str(Color(text).other) if self.swapped and text in {"blue", "green"} else text

    def text(self, text: str) -> str:
        """Return a text with all names in it evened, such as that of a Service in a URL."""
        for each in self.hashes:
            text = text.replace(each, "")
        pattern = _OF_JOBS if _OF_JOBS.fullmatch(text) else self.names
        return pattern.sub(lambda found: found[1] + self.color(found[2]), text)

    def data(self, value: Any, *, colors: bool = False) -> Any:
        """Return data with all of its texts evened; with `colors` they are values of the colour's label."""
        if isinstance(value, dict):
            named = value.get("key") == _COLOR_LABEL
            return {
                key: self.data(item, colors=key == _COLOR_LABEL or (named and key == "values") or _tells(key, value))
                for key, item in value.items()
            }
        if isinstance(value, list):
            evened = [self.data(item, colors=colors) for item in value]
            return sorted(evened, key=lambda each: str(each["name"])) if _weighted(value) else evened
        if isinstance(value, str):
            return self.color(value) if colors else self.text(value)
        return value


def _of_routes(release: Release) -> list[str]:
    """Return the name of the HTTPRoute whose likes end in a colour."""
    route = release.spec.route
    if route is None or route.switch != "gateway":
        return []
    from bggen.spec.gateway import route_name  # noqa: PLC0415 - most apps do without

    return [route_name(release.spec)]


def _tells(key: str, match: dict[str, Any]) -> bool:
    """Whether it is the value of a header that a request names a colour by, in an HTTPRoute or of a canary."""
    if key == "nginx.ingress.kubernetes.io/canary-by-header-value":
        return True
    return key == "value" and match.get("type") == "Exact" and "name" in match


def _weighted(items: list[Any]) -> bool:
    """Whether these are backends of both colours, of which the order says nothing."""
    return bool(items) and all(isinstance(item, dict) and {"name", "weight"} <= item.keys() for item in items)
