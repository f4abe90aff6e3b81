"""`${component.url}` in a value: how a component reaches another of its own colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.errors import InvalidError
from bggen.spec.references import REFERENCE

if TYPE_CHECKING:
    import re

    from bggen.model import AppSpec, Color


# Of every Service, in every release. A colour's Services change before its pods do, while pods may still call them, so
# a release that listens elsewhere must change no Service. `targetPort` is a name, which each pod resolves for itself.
SERVICE_PORT: Final = 80


def resolve(text: str, spec: AppSpec, color: Color | None) -> str:
    """Return the text with every reference replaced by what it stands for in that colour.

    Without colours, what is tested is behind the preview Service.

    Raises:
        InvalidError: a reference names no component with a port, or an attribute that there is not.
    """
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return "${"
        component = spec.components.get(match.group(1))
        if component is None or component.port is None:
            raise InvalidError(f"{match.group(0)} names no component of {spec.name} that has a port")
        host = f"{spec.base_name(component.name)}-{color or 'preview'}"
        values = {"host": host, "port": str(SERVICE_PORT), "url": f"http://{host}"}
        if match.group(2) not in values:
            raise InvalidError(f"{match.group(0)}: there is no {match.group(2)!r}, only url, host and port")
        return values[match.group(2)]

    return REFERENCE.sub(value, text)
