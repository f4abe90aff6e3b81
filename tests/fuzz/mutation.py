"""Small damage to files: to their bytes, and to the data in them."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import strategies as st

from bggen import yamlio
from bggen.errors import InvalidError
from tests.fuzz.grammar import JUNK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.yamlio import Path

# What means something to a YAML reader, or to one that counts lines, characters and digits.
_TOKENS = [
    *(
        b"&a ",
        b"*a",
        b"!!str ",
        b"!!binary ",
        b"!x ",
        b"<<: *a\n",
        b"? ",
        b": ",
        b"- ",
        b"---\n",
        b"...\n",
        b"|",
        b">-\n",
    ),
    *(b"%YAML 1.1\n", b"\t", b" ", b"  ", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"#", b'"', b"'"),
    *(b"\xc2\x85", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"{", b"}", b"[", b"]", b",", b"~", b"null", b"\\x41"),
    *(b"0x1F", b"1e3", b".nan", b"-.inf", b"9" * 50, b"a" * 3000, b"[" * 70, b"- " * 70, b"${api.url}", b"\x1b[31m"),
]


@st.composite
def damaged(draw: st.DrawFn, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """The content with a few bytes cut, moved, doubled, inserted, or taken from another file."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 2, 8, 40, 400])))
        match draw(st.sampled_from(["insert", "insert", "cut", "double", "line", "bytes", "splice", "end"])):
            case "insert":
                content = content[:start] + draw(st.sampled_from(_TOKENS)) + content[start:]
            case "cut":
                content = content[:start] + content[end:]
            case "double":
                content = content[:end] + content[start:]
            case "line":
                content = _lines_changed(draw, content)
            case "bytes":
                content = content[:start] + draw(st.binary(max_size=8)) + content[end:]
            case "splice" if others:
                other = draw(st.sampled_from(list(others)))
                content = content[:start] + other[draw(st.integers(0, len(other))) :][:400] + content[end:]
            case "end":
                content = content[:start]
    return content


def _lines_changed(draw: st.DrawFn, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    index, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match draw(st.sampled_from(["drop", "swap", "double", "indent", "outdent"])):
        case "drop":
            del lines[index]
        case "swap":
            lines[index], lines[other] = lines[other], lines[index]
        case "double":
            lines.insert(other, lines[index])
        case "indent":
            lines[index] = b"  " + lines[index]
        case _:
            lines[index] = lines[index].lstrip(b" ")
    return b"".join(lines)


@st.composite
def altered(draw: st.DrawFn, data: Any) -> Any:
    """The data with a few values replaced, moved, renamed or gone."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        places = [where for where in paths(data) if where]
        if not places:
            return draw(JUNK)
        where = draw(st.sampled_from(places))
        holder = at(data, where[:-1])
        match draw(st.sampled_from(["replace", "remove", "copy", "rename"])):
            case "remove":
                del holder[where[-1]]
            case "copy":
                holder[where[-1]] = copy.deepcopy(at(data, draw(st.sampled_from(places))))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "name", "", "web", "a b", "-"]))] = holder.pop(where[-1])
            case _:
                holder[where[-1]] = draw(JUNK)
    return data


def paths(data: Any, above: Path = ()) -> Iterator[Path]:
    """Yield the path of everything in the data."""
    yield above
    if isinstance(data, dict):
        for key, value in data.items():
            yield from paths(value, (*above, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from paths(value, (*above, index))


def at(data: Any, where: Path) -> Any:
    """Return what stands at the path."""
    for part in where:
        data = data[part]
    return data


@st.composite
def written(draw: st.DrawFn, data: Any) -> bytes:
    """The data as a YAML file, in one of many styles."""
    style = draw(st.sampled_from(["ours", "ours", "json", "block", "flow", "quoted"]))
    if style == "ours" and isinstance(data, dict):
        try:
            return yamlio.dump(data).encode()
        except InvalidError:
            # What no file of ours can hold, NaN for instance.
            style = "json"
    if style in ("ours", "json"):
        return json.dumps(data, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))).encode(
            "utf-8", "surrogatepass"
        )
    return yaml.safe_dump(
        data,
        default_flow_style={"block": False, "flow": True}.get(style),
        default_style='"' if style == "quoted" else None,
        allow_unicode=draw(st.booleans()),
        width=draw(st.sampled_from([20, 80, 10_000])),
        sort_keys=False,
    ).encode()
