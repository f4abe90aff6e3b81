"""Writes the tables of docs/spec.md from schemas/app.schema.json; the text around them is people's."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "spec.md"
_TABLE = re.compile(r"(<!-- fields: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TYPES = {"string": "text", "integer": "number", "boolean": "true or false", "object": "mapping", "array": "list"}
_HEAD = "\n| field | value | meaning |\n|---|---|---|\n"


def main() -> int:
    """Write the page; with `--check` only say whether it is as it should be."""
    before = PAGE.read_text(encoding="utf-8")
    after = written(before)
    if "--check" in sys.argv:
        return int(before != after)
    PAGE.write_text(after, encoding="utf-8")
    return 0


def written(page: str) -> str:
    """Return the page with every table as the schema has it."""
    schema = json.loads((ROOT / "schemas" / "app.schema.json").read_text(encoding="utf-8"))
    return _TABLE.sub(lambda found: f"{found[1]}{_table(schema, found[2])}\n{found[3]}", page)


def _table(schema: dict[str, Any], name: str) -> str:
    if name == "app":
        # The fields of a component stand there, too: they are the shorthand.
        whole = schema["$defs"]["component"]["properties"]
        fields = {key: value for key, value in schema["properties"].items() if key not in whole or key == "kind"}
        return _HEAD + "".join(_rows(schema, fields, "", inside=False))
    part = schema["$defs"][name]
    fields = part["items"]["properties"] if "items" in part else part["properties"]
    return _HEAD + "".join(_rows(schema, fields, "", inside=True))


def _rows(schema: dict[str, Any], fields: dict[str, Any], prefix: str, *, inside: bool) -> list[str]:
    rows: list[str] = []
    for key, given in fields.items():
        field = schema["$defs"][given["$ref"].rpartition("/")[2]] | given if "$ref" in given else given
        rows.append(f"| `{prefix}{key}` | {_value(field)} | {_meaning(field)} |\n")
        if not inside:
            continue
        items = field.get("items", {})
        named = field.get("additionalProperties")
        rows += _rows(schema, field.get("properties", {}), f"{prefix}{key}.", inside=True)
        rows += _rows(schema, items.get("properties", {}), f"{prefix}{key}[].", inside=True)
        if isinstance(named, dict):
            within = named.get("properties") or named.get("then", {}).get("properties", {})
            rows += _rows(schema, within, f"{prefix}{key}.*.", inside=True)
    return rows


def _value(field: dict[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"] if word is not None)
    types = field.get("type", [])
    names = [types] if isinstance(types, str) else types
    shown = [_TYPES[name] for name in names if name in _TYPES]
    if "minimum" in field:
        return f"{field['minimum']} to {field['maximum']}"
    return " or ".join(shown) or "anything"


def _meaning(field: dict[str, Any]) -> str:
    default = field.get("default")
    words = str(field["description"])
    shown = json.dumps(default) if isinstance(default, bool) else default
    return words.replace("|", "\\|") + ("" if default is None else f" Default: `{shown}`.")


if __name__ == "__main__":
    sys.exit(main())
