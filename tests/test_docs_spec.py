"""docs/spec.md keeps its word: its tables are those of the schema, and its examples are valid."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bggen.spec import resolve

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n"


def test_the_tables_are_as_the_schema_has_them() -> None:
    command = [sys.executable, str(ROOT / "tools" / "spec_reference.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0, "run python tools/spec_reference.py"


def test_every_field_has_a_row() -> None:
    schema = json.loads((ROOT / "schemas" / "app.schema.json").read_text(encoding="utf-8"))
    rows = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))
    assert set(schema["properties"]) <= rows
    assert set(schema["$defs"]["component"]["properties"]) <= rows
    assert {"preview.host", "from[].pods", "health.startSeconds", "mounts.*.claim", "env.*.configMap"} <= rows
    assert {"json[].op", "tolerations[].effect", "target.kind"} <= rows


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_valid(example: str) -> None:
    name = re.findall(r"^name: (\w+)$", example, re.MULTILINE)[0]
    assert resolve(REPO, example.encode(), None, app=name, env="prod").name == name
