"""What the files of a component are called in a ConfigMap, said a second time, apart from the renderers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Color, Component

_KEPT_OF_A_NAME = 240


def keys(files: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every path: the file's name in letters that a key may have, with a number where it is taken."""
    found: dict[str, str] = {}
    for path in sorted(files):
        name = "".join(letter if re.match(r"[-._a-zA-Z0-9]", letter) else "_" for letter in path.split("/")[-1])
        name = name[max(len(name) - _KEPT_OF_A_NAME, 0) :]
        name = re.sub(r"^\.(?=\.|$)", "_", name)
        candidates = [name, *(f"{number}-{name}" for number in range(1, len(files) + 1))]
        found[path] = next(each for each in candidates if each not in found.values())
    return found


def config_name(spec: AppSpec, component: Component, color: Color | None) -> str:
    """Return the name of the ConfigMap of a component in a colour, which follows from all that it holds."""
    import hashlib  # noqa: PLC0415 - rare, and the import is not free
    import json  # noqa: PLC0415 - the same

    named = keys(component.files)
    rows = [[named[path], path, text] for path, text in sorted(component.files.items())]
    digest = hashlib.sha256(json.dumps({"files": rows}, separators=(",", ":")).encode()).hexdigest()
    return "-".join(filter(None, (spec.base_name(component.name), color, digest[:10])))
