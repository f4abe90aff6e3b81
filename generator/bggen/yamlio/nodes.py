"""YAML text as a graph of nodes, every node with its place; what bggen does not accept of YAML is found here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from bggen.errors import InvalidError
from bggen.model import Problem
from bggen.yamlio.document import Path, dotted

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

MOST_NODES = 20_000
DEEPEST = 64
_LONGEST_SHOWN = 60
STANDARD_TAG = "tag:yaml.org,2002:"
_TAGS = {
    "scalar": frozenset(STANDARD_TAG + name for name in ("str", "int", "bool", "null", "float")),
    "map": frozenset((STANDARD_TAG + "map",)),
    "seq": frozenset((STANDARD_TAG + "seq",)),
}

Kind = Literal["scalar", "map", "seq"]
Place = tuple[int, int]

_PLAINLY = {
    "mapping values are not allowed in this context": "a `key: value` cannot stand here: check the indentation, "
    "and quote a value that holds `: `",
    "block sequence entries are not allowed in this context": "a `- item` cannot stand here: begin a new line",
    "did not find expected key": "expected a key here: check the indentation, and the quotes before",
    "did not find expected '-' indicator": "expected `- ` here: check the indentation",
    "could not find expected ':'": "a key without `:`",
    "found unexpected end of stream": "a quote is opened here and never closed",
    "found unexpected document indicator": "a quote is still open where a line begins with `---` or `...`",
    "found unknown escape character": "an unknown escape after `\\`: use single quotes for text with a backslash",
    "found invalid Unicode character escape code": "an escape that stands for no character",
    "did not find expected ',' or ']'": "a `[` is not closed, or a `,` is missing",
    "did not find expected ',' or '}'": "a `{` is not closed, or a `,` is missing",
    "found undefined tag handle": "tags (`!name`) are not supported",
}
_BREAK = re.compile(r"\r\n?|\n")
_AT_THE_OPENING = frozenset(("found unexpected end of stream", "found unexpected document indicator"))


class Node:
    """A scalar with its source text, or a collection with the nodes in it.

    `items` holds (key, value, place of the value); the key is None in a list. The place of a value differs from the
    place of its node where an alias stands for the node.
    """

    __slots__ = ("closed", "items", "kind", "pending", "place", "plain", "tag", "text")

    def __init__(self, kind: Kind, place: Place, tag: str | None, text: str = "", *, plain: bool = False) -> None:
        self.kind = kind
        self.place = place
        self.tag = tag
        self.text = text
        self.plain = plain
        self.items: list[tuple[Node | None, Node, Place]] = []
        self.pending: Node | None = None
        self.closed = kind == "scalar"


class Composer:
    """Builds the graph from libyaml's events, one after another, without recursion."""

    most = MOST_NODES

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[Node] = []
        self._seen: list[dict[str, Place]] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def compose(self) -> None:
        """Read the whole text into `root` and `problems`.

        Raises:
            InvalidError: where reading further makes no sense; it holds the problems found so far.
        """
        import yaml  # noqa: PLC0415 - importing it costs more than most commands need

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(self.text, Loader=loader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # PyYAML's own scanner, where there is no libyaml, lets chr() fail on an escape beyond Unicode.
            raise self.fatal((0, 0), f"is not valid YAML: {' '.join(str(error).split())[:120]}", ()) from error

    def fatal(self, place: Place, message: str, where: Path | None = None) -> InvalidError:
        """Return the error that ends the reading; it stands at `where`, or at what comes next in the file."""
        self._report(place, message, where)
        return invalid(self.problems)

    def _report(self, place: Place, message: str, where: Path | None = None) -> None:
        shown = dotted(self._where() if where is None else where)
        self.problems.append(Problem(self.path, place[0], place[1], shown, message))

    def _take(self, event: Any) -> None:
        kind = type(event).__name__
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        if kind == "ScalarEvent":
            tag = None if event.tag is None else str(event.tag)
            node = Node("scalar", place, tag, event.value, plain=not event.style)
            self._add(node, place, event.anchor)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            tag = None if event.tag is None else str(event.tag)
            self._start(Node("map" if kind == "MappingStartEvent" else "seq", place, tag), event.anchor)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop().closed = True
            self._seen.pop()
        elif kind == "AliasEvent":
            self._alias(event.anchor, place)
        elif kind == "DocumentStartEvent" and self.root is not None:
            raise self.fatal(place, "a second document begins here: one file holds one", ())

    def _start(self, node: Node, anchor: str | None) -> None:
        self._add(node, node.place, anchor)
        self._open.append(node)
        self._seen.append({})
        if len(self._open) > DEEPEST:
            raise self.fatal(node.place, f"nested more than {DEEPEST} levels deep", ())

    def _alias(self, name: str, place: Place) -> None:
        node = self._anchors.get(name)
        name = name[:_LONGEST_SHOWN]
        if node is None:
            raise self.fatal(place, f"the alias *{name} stands for no anchor before it")
        if not node.closed:
            raise self.fatal(place, f"the alias *{name} stands inside of what it stands for")
        self._add(node, place, None)

    def _add(self, node: Node, place: Place, anchor: str | None) -> None:
        self._count += 1
        if self._count > self.most:
            raise self.fatal(place, f"holds more than {self.most:,} values", ())
        if anchor is not None:
            self._anchors[anchor] = node
        if node.tag is not None and node.tag not in _TAGS[node.kind]:
            self._report(place, f"the tag {shown_tag(node.tag)} is not supported")
        parent = self._open[-1] if self._open else None
        if parent is None:
            self.root = node
        elif parent.kind == "seq":
            parent.items.append((None, node, place))
        elif parent.pending is None:
            self._key(parent, node, place)
        else:
            # An empty value has no place of its own: libyaml gives that of the next token.
            empty = node.plain and not node.text
            parent.items.append((parent.pending, node, parent.pending.place if empty else place))
            parent.pending = None

    def _key(self, parent: Node, node: Node, place: Place) -> None:
        if node.kind != "scalar":
            self._report(place, "a key must be text: put quotes around a value that begins with `{` or `[`")
        elif node.text == "<<" and node.plain:
            self._report(place, "merge keys (`<<`) are not supported: write the keys out")
        else:
            first = self._seen[-1].setdefault(node.text, place)
            if first is not place:
                where = (*self._where(), node.text)
                self._report(place, f"the key is given twice: the first is on line {first[0]}", where)
        parent.pending = Node("scalar", place, None, node.text)

    def _where(self) -> Path:
        """Return the path of what comes next: a value whose key is known, an item, else the collection itself."""
        parts: list[str | int] = []
        for node in self._open:
            innermost = node is self._open[-1]
            if node.kind == "seq":
                parts.append(len(node.items) - (0 if innermost else 1))
            elif node.pending is not None:
                parts.append(node.pending.text)
            elif not innermost and node.items and node.items[-1][0] is not None:
                parts.append(node.items[-1][0].text)
        return tuple(parts)

    def _syntax(self, error: MarkedYAMLError) -> None:
        problem = error.problem or "it cannot be read"
        mark = (error.context_mark if problem in _AT_THE_OPENING else None) or error.problem_mark
        if mark is None:
            raise self.fatal((0, 0), f"is not valid YAML: {problem}", ()) from error
        lines = self.text.splitlines()
        conflict = next((number for number, each in enumerate(lines, 1) if each.startswith("<<<<<<< ")), None)
        if conflict is not None:
            raise self.fatal((conflict, 1), "Git left a merge conflict here: settle it first", ()) from error
        line = lines[mark.line] if mark.line < len(lines) else ""
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indentation:
            place = (mark.line + 1, indentation.index("\t") + 1)
            raise self.fatal(place, "tabs cannot indent YAML: use spaces", ()) from error
        if problem == "found character that cannot start any token" and mark.column < len(line):
            message = f"a value cannot begin with `{line[mark.column]}`: put quotes around it"
        else:
            message = _PLAINLY.get(problem, problem)
        # Where the last line has no break, libyaml's end of the file is on a line that is not there.
        place = min((mark.line + 1, mark.column + 1), after(self.text))
        raise self.fatal(place, f"is not valid YAML: {message}", ()) from error


def after(text: str) -> Place:
    """Return the place that follows the text; a carriage return ends a line, too."""
    lines = _BREAK.split(text)
    return len(lines), len(lines[-1]) + 1


def shown_tag(tag: str) -> str:
    """Return the tag as it is written in a file."""
    short = f"!!{tag.removeprefix(STANDARD_TAG)}" if tag.startswith(STANDARD_TAG) else tag
    return short[:_LONGEST_SHOWN] if short.isprintable() else ascii(short[:_LONGEST_SHOWN])


def invalid(problems: list[Problem]) -> InvalidError:
    """Return the error that carries the problems, sorted."""
    found = sorted(set(problems))
    return InvalidError(str(found[0]), problems=found)
