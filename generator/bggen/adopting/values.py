"""What `$(NAME)` in the values of environment variables comes to, which depends on their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import text

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")


def expanded(variables: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return what a program sees of each variable with a plain value.

    A variable stands for another only below it in the list; what has no plain value is shown by its name:
    https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/.
    """
    known: dict[str, str] = {}
    for variable in variables:
        name, value = str(variable.get("name")), text(variable, "value")
        if value is None and variable.get("valueFrom") is not None:
            known[name] = f"\0{name}\0"
        else:
            known[name] = _filled(value or "", known)
    return known


def _filled(value: str, known: dict[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return known.get(match[1], match[0])

    return _REFERENCE.sub(one, value)
