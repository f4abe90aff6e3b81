"""Bytes of a YAML file → plain data with places, or every problem of the file."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from bggen.model import Position, Problem
from bggen.yamlio import simple
from bggen.yamlio.document import Document, LateMarks, Path, dotted
from bggen.yamlio.nodes import DEEPEST, MOST_NODES, STANDARD_TAG, Composer, Node, Place, after, invalid, shown_tag
from bggen.yamlio.rules import TOP, Inside, Rules

if TYPE_CHECKING:
    from bggen.errors import InvalidError
    from bggen.yamlio.writing import Scalar

NO_RULES = Rules()
_MIB = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_LONGEST_NUMBER = 40

# YAML 1.2 core schema, https://yaml.org/spec/1.2.2/#103-core-schema
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
# Control characters, which YAML forbids.
_UNREADABLE_ASCII = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse(
    content: bytes,
    path: str,
    rules: Rules = NO_RULES,
) -> Document:
    """Read one YAML file by the rules of YAML 1.2: `yes`, `12:30` and `2026-01-01` are text.

    Args:
        content: the file's bytes.
        path: the file as errors show it.
        rules: which values are text that would be something else.

    Raises:
        InvalidError: with every problem of the file; after a mistake in the syntax nothing more can be found.
    """
    data = simple.read(content, rules) if len(content) <= _MIB else None
    if data is not None:
        # Who asks for a place has found a mistake, and can wait for it.
        return Document(path, data, LateMarks(lambda: _parse(content, path, rules).marks))
    return _parse(content, path, rules)


def _parse(content: bytes, path: str, rules: Rules = NO_RULES) -> Document:
    text = readable(content, path)
    composer = Composer(path, text)
    composer.compose()
    root = composer.root
    if root is None or is_nothing(root):
        raise composer.fatal((0, 0), "is empty", ())
    if root.kind != "map":
        kind = "a list" if root.kind == "seq" else "a single value"
        raise composer.fatal(root.place, f"the file must hold `key: value` lines, not {kind}")
    builder = Builder(path, composer.problems, rules)
    data = builder.build(root)
    if builder.problems:
        raise invalid(builder.problems)
    return Document(path, data, builder.marks)


def is_nothing(root: Node) -> bool:
    """Whether a document holds no value at all."""
    return root.kind == "scalar" and root.plain and root.text == ""


def readable(content: bytes, path: str, most: int = 1) -> str:
    """Return the text of a file.

    Args:
        content: its bytes.
        path: the file as errors show it.
        most: how many MB it may have.

    Raises:
        InvalidError: it is too large, or no text that YAML may be.
    """
    if len(content) > most * _MIB:
        # Never "is 1.0 MB; the limit is 1 MB".
        megabytes = max(len(content) / _MIB, most + 0.1)
        raise _refused(path, f"is {megabytes:,.1f} MB; the limit is {most} MB")
    if b"\0" in content:
        raise _refused(path, "is not a text file")
    content = content.removeprefix(_BOM)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        message = f"is not UTF-8: a byte 0x{content[error.start]:02x} stands here"
        raise _refused(path, message, after(content[: error.start].decode())) from error
    if found := (_UNREADABLE_ASCII if text.isascii() else _unreadable_anywhere()).search(text):
        code = ord(found.group())
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - \x has two digits
        message = f'the character U+{code:04X} cannot stand in YAML: write it as "{escape}" between double quotes'
        raise _refused(path, message, after(text[: found.start()]))
    return text


@cache
def _unreadable_anywhere() -> re.Pattern[str]:
    # NEL, LS and PS are line breaks in YAML 1.1 alone. Compiled late: it takes a millisecond, and few files need it.
    return re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def _refused(path: str, message: str, place: Place = (0, 0)) -> InvalidError:
    return invalid([Problem(path, *place, "", message)])


class Builder:
    """Turns nodes into data, without recursion, within the budget for what aliases expand to."""

    most = MOST_NODES

    def __init__(self, path: str, problems: list[Problem], rules: Rules) -> None:
        self.path = path
        self.problems = problems
        self.marks: dict[Path, tuple[Position, Position]] = {}
        self._rules = rules

    def build(self, root: Node) -> Any:
        """Return what a document holds; its problems and its places are kept beside."""
        data: list[Any] = []
        start = Position(*root.place)
        self.marks[()] = (start, start)
        # (node, its path, what counts in it, where the value goes, the alias on the way to it)
        todo: list[tuple[Node, Path, Inside, Any, Place | None]] = [(root, (), TOP, data, None)]
        count = 0
        while todo:
            node, where, counts, target, alias = todo.pop()
            count += 1
            if count > self.most or len(where) > DEEPEST:
                raise self._too_much(count, alias or node.place)
            value: Any
            if node.kind == "scalar":
                value = self.scalar(node, where, as_text=bool(counts.as_text))
            elif node.kind == "seq":
                value = []
            else:
                value = {}
            if isinstance(target, list):
                target.append(value)
            else:
                target[where[-1]] = value
            for index, (key, child, place) in reversed(list(enumerate(node.items))):
                part: str | int = index if key is None else key.text
                inside = (*where, part)
                after = Position(*place)
                self.marks[inside] = (after if key is None else Position(*key.place), after)
                below = self._rules.below(counts, None if key is None else key.text)
                through = alias or (place if place != child.place and child.items else None)
                todo.append((child, inside, below, value, through))
        return data[0]

    def _too_much(self, count: int, place: Place) -> InvalidError:
        if count > self.most:
            message = f"aliases make more than {self.most:,} values of this file"
        else:
            message = f"nested more than {DEEPEST} levels deep"
        return invalid([*self.problems, Problem(self.path, *place, "", message)])

    def scalar(self, node: Node, where: Path, *, as_text: bool) -> Scalar:
        """Return the value of a scalar; `where` is its place for problems."""
        text = node.text
        if node.tag is not None:
            return self._tagged(node, where)
        if not node.plain or (as_text and text not in _NULL):
            return text
        if text in _NULL or text in _BOOL:
            return _BOOL.get(text)
        if text[0] in "+-.0123456789":
            return self._number(node, where)
        return text

    def _number(self, node: Node, where: Path) -> Scalar:
        if _INT.fullmatch(node.text):
            return self._int(node, where)
        return _float(node.text) if _FLOAT.fullmatch(node.text) else node.text

    def _int(self, node: Node, where: Path) -> int:
        text = node.text
        if len(text) > _LONGEST_NUMBER:
            self._report(node, where, "a number of so many digits: put quotes around it if it is meant as text")
            return 0
        if text.startswith(("0o", "0x")):
            return int(text, 0)
        return int(text)

    def _tagged(self, node: Node, where: Path) -> Scalar:
        tag = str(node.tag).removeprefix(STANDARD_TAG)
        text = node.text
        if tag == "int" and _INT.fullmatch(text):
            return self._int(node, where)
        if tag == "float" and (_FLOAT.fullmatch(text) or _INT.fullmatch(text)) and not text.startswith(("0o", "0x")):
            return _float(text)
        if tag == "bool" and text in _BOOL:
            return _BOOL[text]
        if tag == "null" and text in _NULL:
            return None
        if tag in ("int", "float", "bool", "null"):
            self._report(node, where, f"the value does not fit its tag {shown_tag(str(node.tag))}")
        return text

    def _report(self, node: Node, where: Path, message: str) -> None:
        self.problems.append(Problem(self.path, *node.place, dotted(where), message))


def _float(text: str) -> float:
    # Python writes them without the dot.
    return float(
        text.replace(".inf", "inf")
        .replace(".Inf", "inf")
        .replace(".INF", "inf")
        .replace(".nan", "nan")
        .replace(".NaN", "nan")
        .replace(".NAN", "nan")
    )
