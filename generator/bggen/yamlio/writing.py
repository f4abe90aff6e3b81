"""Data → YAML that readers of version 1.1 (Kubernetes, PyYAML) and 1.2 (ruamel) read the same."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from bggen.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Surely text in every version, in block and in flow context: words of harmless characters with single spaces or colons
# between them, and Kubernetes quantities such as 100m and 1Gi.
_WORD = r"[A-Za-z0-9_./@$()+-]+"
_PLAIN = re.compile(rf"[A-Za-z_/$][A-Za-z0-9_./@$()+-]*(?:[ :]{_WORD})*|[0-9]+(?:m|k|[KMGTPE]i|[MGTP])")
# The same with `${component.url}`: braces are harmless within a plain scalar of block context.
_BLOCK_WORD = r"[A-Za-z0-9_./@$()+{}-]+"
_PLAIN_BLOCK = re.compile(rf"[A-Za-z_/$][A-Za-z0-9_./@$()+{{}}-]*(?:[ :]{_BLOCK_WORD})*")
# What some reader takes for a boolean, null or a number: https://yaml.org/type/bool.html, and Go's strconv.
_OTHER_TYPE = re.compile(r"y|n|yes|no|on|off|true|false|null|nan|inf|infinity", re.IGNORECASE)
# Not readable raw (YAML 1.2 §5.1), or not visible to a reviewer: controls, breaks, format and bidi characters.
_HIDDEN_RANGES = (
    "\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff0-\uffff\U000e0000-\U000e0fff"
)
_ESCAPED_ASCII = re.compile(r'["\\\x00-\x1f\x7f]')
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
# A key that is not announced by `? ` must end within 1024 characters.
_LONGEST_IMPLICIT_KEY = 1000

Scalar = str | int | float | bool | None


def scalar(value: Scalar) -> str:
    """Return the value as one YAML scalar on one line, for block and flow context, as a value or as a key.

    Raises:
        InvalidError: for text that no UTF-8 file can hold.
    """
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and not _OTHER_TYPE.fullmatch(value):
            return str(value)
        escaped = _ESCAPED_ASCII if value.isascii() else _escaped()
        return f'"{escaped.sub(_escape, value)}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return _number(value)


def dump(data: Mapping[str, Any]) -> str:
    """Return the data as a YAML file in block style.

    Args:
        data: mappings, lists, tuples and scalars; keys keep their order.

    Raises:
        InvalidError: for text that no UTF-8 file can hold.
    """
    if not data:
        return "{}\n"
    return "\n".join(_mapping(data, "")) + "\n"


@cache
def _escaped() -> re.Pattern[str]:
    # A class that reaches beyond ASCII takes a millisecond to compile, and most files need none.
    return re.compile(rf'["\\{_HIDDEN_RANGES}]')


@cache
def _hidden() -> re.Pattern[str]:
    return re.compile(f"[{_HIDDEN_RANGES}]")


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the range of surrogates
        raise InvalidError(f"a text holds half of a character (the surrogate U+{code:04X}), which no file can hold")
    if code <= 0xFF:  # noqa: PLR2004 - \x has two digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - \u has four digits


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    # YAML 1.1 reads `1e+16` as text: its floats have a dot.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        name = scalar(key)
        if len(name) > _LONGEST_IMPLICIT_KEY:
            yield f"{indent}? {name}"
            name = ""
        yield from _entry(f"{indent}{name}:", value, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value:
            yield head
            yield from _mapping(value, indent + "  ")
        else:
            yield f"{head} {{}}"
    elif isinstance(value, (list, tuple)):
        if value:
            yield head
            yield from _items(value, indent)
        else:
            yield f"{head} []"
    else:
        yield from _leaf(head, value, indent + "  ")


def _items(items: list[Any] | tuple[Any, ...], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, (Mapping, list, tuple)) and item:
            inside = indent + "  "
            lines = _mapping(item, inside) if isinstance(item, Mapping) else _items(item, inside)
            first = next(lines)
            yield f"{indent}- {first[len(inside) :]}"
            yield from lines
        elif isinstance(item, (Mapping, list, tuple)):
            yield f"{indent}- {'{}' if isinstance(item, Mapping) else '[]'}"
        else:
            yield from _leaf(f"{indent}-", item, indent + "  ")


def _leaf(head: str, value: Scalar, indent: str) -> Iterator[str]:
    if isinstance(value, str):
        if "\n" in value and _literal(value):
            body = value.removesuffix("\n")
            yield f"{head} |{'' if value.endswith(chr(10)) else '-'}"
            for line in body.split("\n"):
                yield indent + line if line else ""
            return
        if _PLAIN_BLOCK.fullmatch(value) and not _OTHER_TYPE.fullmatch(value):
            yield f"{head} {value}"
            return
    yield f"{head} {scalar(value)}"


def _literal(value: str) -> bool:
    """Whether a literal block gives back exactly this text, and shows all of it to a reviewer."""
    lines = value.removesuffix("\n").split("\n")
    if not lines[0] or lines[0].startswith(" ") or not lines[-1]:
        return False
    return not any(line.endswith(" ") or _hidden().search(line) for line in lines)
