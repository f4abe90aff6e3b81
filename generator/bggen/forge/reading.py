"""Reading the answers of forges: what is not there, or of another type, is empty rather than a traceback."""

from __future__ import annotations

from typing import Any

from bggen.errors import ForgeError


def dig(data: Any, *path: str) -> Any:
    """Return what stands at the path of names, or None where it does not go that far."""
    for name in path:
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def text(data: Any, *path: str) -> str:
    """Return the text at the path, or ""."""
    found = dig(data, *path)
    return found if isinstance(found, str) else ""


def entries(data: Any, *path: str) -> list[Any]:
    """Return the list at the path, or an empty one."""
    found = dig(data, *path)
    return found if isinstance(found, list) else []


def number(data: Any, name: str, forge: str) -> int:
    """Return the number of a request.

    Raises:
        ForgeError: there is none, so the answer is no request.
    """
    found = dig(data, name)
    if not isinstance(found, int) or isinstance(found, bool):
        raise ForgeError(f"{forge}'s answer is not a pull request", hint="set forge.type and forge.api in bggen.yaml")
    return found
