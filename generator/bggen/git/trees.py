"""Read and change git tree objects; only the trees on the way to a change are touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bggen.git.objects import make
from bggen.workspace import not_a

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.git.objects import Made

# Trees of thousands of apps pass through here, so an entry is a bare pair: git's octal mode, and the id in binary.
Entry = tuple[bytes, bytes]
Tree = dict[bytes, Entry]

_FOLDER, _FILE = b"40000", b"100644"
_KINDS = {_FOLDER: "folder", b"120000": "link", b"160000": "submodule"}


def kind_of(entry: Entry) -> str:
    """Return one of the words of `Files.names`."""
    return _KINDS.get(entry[0], "file" if entry[0].startswith(b"100") else "other")


def parse(body: bytes, width: int) -> Tree:
    """Return the tree's entries by name, in git's order; `width` is the length of ids in hex."""
    return {name: (mode, oid) for mode, name, oid in _pattern(width).findall(body)}


def serialise(tree: Tree) -> bytes:
    """Return the tree object's bytes. Git orders a folder as if its name ended in `/`."""
    ordered = sorted(tree.items(), key=lambda item: item[0] + b"/" if item[1][0] == _FOLDER else item[0])
    return b"".join([b"%s %s\0%s" % (mode, name, oid) for name, (mode, oid) in ordered])


@cache
def _pattern(width: int) -> re.Pattern[bytes]:
    return re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % (width // 2), re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """What becomes of one file: the ids of its old and new content in hex, None where there is none."""

    old: str | None
    new: str | None
    executable: bool


class Rewrite:
    """Puts files into a tree, or takes them out, and drops the folders that become empty.

    Attributes:
        top: the id of the new tree in hex.
        objects: every object that has to be written for it.
        files: path → what becomes of it.
    """

    def __init__(self, top: str, contents: Mapping[str, bytes | None], read: Callable[[str], Tree], width: int) -> None:
        """Work out the new tree.

        Args:
            top: the id of the tree to start from, in hex.
            contents: path → new bytes, or None for a file that goes. A file keeps its mode.
            read: gives the entries of the tree with that id.
            width: the length of ids in hex.

        Raises:
            InvalidError: a link, a submodule or a file stands where a folder should, or something else than a file
                where a file should.
        """
        self._read = read
        self._width = width
        self.objects: list[Made] = []
        self.files: dict[str, File] = {}
        self.top = self._folder(top, "", contents) or make("tree", b"", width).oid

    def _folder(self, oid: str | None, here: str, contents: Mapping[str, bytes | None]) -> str | None:
        tree = dict(self._read(oid)) if oid else {}
        below: dict[str, dict[str, bytes | None]] = {}
        for path, content in contents.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = content
            else:
                self._file(tree, here, name, content)
        for name, inner in below.items():
            raw = name.encode()
            old = tree.get(raw)
            if old and kind_of(old) != "folder":
                raise not_a(here + name, kind_of(old), "folder")
            new = self._folder(old[1].hex() if old else None, f"{here}{name}/", inner)
            _put(tree, raw, (_FOLDER, bytes.fromhex(new)) if new else None)
        if not tree and here:
            return None
        made = make("tree", serialise(tree), self._width)
        if made.oid != oid:
            self.objects.append(made)
        return made.oid

    def _file(self, tree: Tree, here: str, name: str, content: bytes | None) -> None:
        raw = name.encode()
        old = tree.get(raw)
        if old and kind_of(old) != "file":
            raise not_a(here + name, kind_of(old), "file")
        new = None
        if content is not None:
            made = make("blob", content, self._width)
            new = (old[0] if old else _FILE, bytes.fromhex(made.oid))
            self.objects += [made] if new != old else []
        _put(tree, raw, new)
        mode = (new or old or (_FILE, b""))[0]
        self.files[here + name] = File(old[1].hex() if old else None, new[1].hex() if new else None, mode == b"100755")


def _put(tree: Tree, name: bytes, entry: Entry | None) -> None:
    if entry:
        tree[name] = entry
    else:
        tree.pop(name, None)
