"""app.yaml, overlay.yaml and bggen.yaml → the resolved spec, or every problem of all of them with its place.

What reads state files needs `bggen.spec.codec` alone, so the rest is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bggen.spec.codec import spec_from_data, spec_to_data
    from bggen.spec.repo import load_repo
    from bggen.spec.resolving import environments_of, resolve
    from bggen.spec.schema import FORGETFUL, Verdicts

__all__ = ["FORGETFUL", "Verdicts", "environments_of", "load_repo", "resolve", "spec_from_data", "spec_to_data"]

_HOMES = {
    "FORGETFUL": "schema",
    "Verdicts": "schema",
    "environments_of": "resolving",
    "load_repo": "repo",
    "resolve": "resolving",
    "spec_from_data": "codec",
    "spec_to_data": "codec",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
