"""Which component the paths of a route lead a request to, and what a canary of ingress-nginx can say of two of them.

Rendered bytes hang on it: what it says stays as it is for as long as there are renderers that ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def component_at(path: str, paths: Mapping[str, str]) -> str | None:
    """Return the component of the longest of the paths that are a prefix of that one; None where none is.

    Prefixes are made of whole segments, and a slash at the end says nothing, as in Kubernetes' Ingress and in Gateway
    API: https://gateway-api.sigs.k8s.io/reference/spec/#pathmatchtype.
    """
    asked = _closed(path)
    fits = [each for each in paths if asked.startswith(_closed(each))]
    return paths[max(fits, key=len)] if fits else None


def canary_paths(live: Mapping[str, str], idle: Mapping[str, str]) -> dict[str, str] | None:
    """Return for each path of users the idle release's component, sorted; None where a canary cannot say it.

    ingress-nginx hangs a canary's Service onto the **Service** that a path of users leads to, and takes the first one
    of them for all paths with that Service; and a path that users do not have, it drops: `mergeAlternativeBackends` of
    its `internal/ingress/controller/controller.go`.

    Args:
        live: the active release's paths, each with its component.
        idle: the idle release's.
    """
    answers = {path: component_at(path, idle) or component for path, component in live.items()}
    hung: dict[str, str] = {}
    if any(hung.setdefault(component, answers[path]) != answers[path] for path, component in live.items()):
        return None
    for path, component in idle.items():
        location = component_at(path, {each: each for each in live})
        if location is None or answers[location] != component:
            return None
    return dict(sorted(answers.items()))


def _closed(path: str) -> str:
    return f"{path.rstrip('/')}/"
