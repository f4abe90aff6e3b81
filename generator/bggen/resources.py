"""Find the templates and schemas, in an installed wheel and in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def resource_dir(kind: Literal["templates", "schemas"]) -> Path:
    """Return the folder that holds `kind`.

    A wheel carries them inside the package; an editable install runs from a checkout, where they stand at its top.
    """
    packaged = Path(__file__).parent / kind
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / kind
