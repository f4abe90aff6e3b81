"""Golden cases: each folder is what an environment's folder in a config repo looks like, state files and `manifests/`.

A bug report can become a case: copy the folder. `UPDATE_GOLDEN=1` writes the manifests anew; look at the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bggen.checks import check
from bggen.kubeschema import validate_objects
from bggen.render import render
from bggen.state import FILES, decode

if TYPE_CHECKING:
    from bggen.model import EnvState

CASES = Path(__file__).parents[1] / "golden"


def state_of(case: Path) -> EnvState:
    files = {name: (case / name).read_bytes() for name in FILES if (case / name).exists()}
    head = files["release.yaml"].decode()
    app, env = (re.search(rf"^{key}: (\S+)$", head, re.MULTILINE) for key in ("app", "env"))
    assert app
    assert env
    return decode(app.group(1), env.group(1), str(case), files)


def test_there_are_cases() -> None:
    assert len(list(CASES.iterdir())) >= 10


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_case_renders_as_it_did(case: Path) -> None:
    state = state_of(case)
    rendered = render(state)
    folder = case / "manifests"
    if os.environ.get("UPDATE_GOLDEN"):
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for manifest in rendered:
            (folder / manifest.file).write_bytes(manifest.text.encode())
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        manifest.file: manifest.text.encode() for manifest in rendered
    }
    assert check(state, rendered) == ()
    assert state.active_release is not None
    assert validate_objects(rendered, state.active_release.spec.kubernetes) == ()
