"""Read and change git tree objects; only the trees on the way to a change are touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bggen.git.objects import make
from bggen.workspace import not_a

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from bggen.git.objects import Made

# Trees of thousands of apps pass through here, so an entry is a bare pair: git's octal mode, and the id in binary.
Entry = tuple[bytes, bytes]
Tree = dict[bytes, Entry]

# A search compiles a pattern for each name: it pays for a folder of thousands of apps, not for one of a few manifests.
_LARGE, _FEW = 20_000, 6
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


def lookup(body: bytes, names: Collection[bytes], width: int) -> Tree:
    """Return the entries of these names, and perhaps others; of a large tree not every line becomes an object."""
    if not _is_worth_a_search(body, names):
        return parse(body, width)
    matches = ((name, _line(name, width).match(body)) for name in names)
    return {name: (match[2], match[3]) for name, match in matches if match}


def patch(body: bytes, entries: Mapping[bytes, Entry | None], width: int) -> bytes:
    """Return the tree with these entries put in, or taken out where they are None."""
    if _is_worth_a_search(body, entries):
        patched: bytes | None = body
        for name, entry in entries.items():
            match = _line(name, width).match(patched or b"")
            if match and patched is not None:
                line = serialise({name: entry}) if entry else b""
                patched = patched[: match.start(1)] + line + patched[match.end(1) :]
            elif entry:
                # A new name needs its place in the order.
                patched = None
        if patched is not None:
            return patched
    tree = parse(body, width)
    for name, entry in entries.items():
        if entry:
            tree[name] = entry
        else:
            tree.pop(name, None)
    return serialise(tree)


def _is_worth_a_search(body: bytes, names: Collection[bytes]) -> bool:
    return len(body) > _LARGE and len(names) <= _FEW


def _line(name: bytes, width: int) -> re.Pattern[bytes]:
    """Return the pattern of everything up to the line of that name: group 1 is the line, 2 its mode, 3 its id.

    It steps from line to line, since an id may hold any bytes, also those of a name.
    """
    raw, oid = re.escape(name), rb"\0.{%d}" % (width // 2)
    return re.compile(rb"(?:[0-7]+ (?!%s\0)[^\0]+%s)*+(([0-7]+) %s\0(.{%d}))" % (raw, oid, raw, width // 2), re.DOTALL)


@cache
def _pattern(width: int) -> re.Pattern[bytes]:
    return re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % (width // 2), re.DOTALL)


def entry_at(read: Callable[[str], bytes], top: str, path: str, width: int) -> Entry | None:
    """Return what stands at a path below the tree with the id `top`; None where nothing does."""
    entry: Entry | None = (_FOLDER, bytes.fromhex(top))
    for name in path.split("/"):
        if entry is None or entry[0] != _FOLDER:
            return None
        entry = lookup(read(entry[1].hex()), [name.encode()], width).get(name.encode())
    return entry


def graft(read: Callable[[str], bytes], top: str, entries: Mapping[str, Entry | None], width: int) -> str:
    """Return the id that the tree `top` has with these entries in it, by path; None takes one out. Nothing is written.

    A folder that becomes empty goes, as it does in Git.
    """
    return _graft(read, top, entries, width) or make("tree", b"", width).oid


def _graft(
    read: Callable[[str], bytes], oid: str | None, entries: Mapping[str, Entry | None], width: int
) -> str | None:
    body = read(oid) if oid else b""
    new: dict[bytes, Entry | None] = {}
    inner: dict[str, dict[str, Entry | None]] = {}
    for path, entry in entries.items():
        name, slash, rest = path.partition("/")
        if slash:
            inner.setdefault(name, {})[rest] = entry
        else:
            new[name.encode()] = entry
    tree = lookup(body, {name.encode() for name in inner}, width)
    for name, below in inner.items():
        old = tree.get(name.encode())
        found = _graft(read, old[1].hex() if old and old[0] == _FOLDER else None, below, width)
        new[name.encode()] = (_FOLDER, bytes.fromhex(found)) if found else None
    body = patch(body, new, width)
    return make("tree", body, width).oid if body else None


def differences(
    read: Callable[[str], bytes], old: str | None, new: str | None, width: int, here: str = ""
) -> Iterator[tuple[str, File]]:
    """Yield the path of everything that differs between two trees, and what becomes of it; equal trees are not read."""
    before, after = (parse(read(oid), width) if oid else {} for oid in (old, new))
    for name in before.keys() | after.keys():
        pair = before.get(name), after.get(name)
        if pair[0] == pair[1]:
            continue
        path = here + name.decode("utf-8", "surrogateescape")
        folders = [entry[1].hex() if entry and entry[0] == _FOLDER else None for entry in pair]
        files = [entry[1].hex() if entry and entry[0] != _FOLDER else None for entry in pair]
        if any(files):
            mode = next(entry[0] for entry in reversed(pair) if entry and entry[0] != _FOLDER)
            yield path, File(files[0], files[1], mode == b"100755")
        if any(folders):
            yield from differences(read, folders[0], folders[1], width, f"{path}/")


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

    def __init__(
        self, top: str, contents: Mapping[str, bytes | None], read: Callable[[str], bytes], width: int
    ) -> None:
        """Work out the new tree.

        Args:
            top: the id of the tree to start from, in hex.
            contents: path → new bytes, or None for a file that goes. A file keeps its mode.
            read: gives the bytes of the tree with that id.
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
        body = self._read(oid) if oid else b""
        files: dict[str, bytes | None] = {}
        folders: dict[str, dict[str, bytes | None]] = {}
        for path, content in contents.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = content
            else:
                files[name] = content
        tree = lookup(body, {name.encode() for name in files.keys() | folders.keys()}, self._width)
        entries: dict[bytes, Entry | None] = {}
        for name, content in files.items():
            entries[name.encode()] = self._file(tree.get(name.encode()), here + name, content)
        for name, inner in folders.items():
            old = tree.get(name.encode())
            if old and kind_of(old) != "folder":
                raise not_a(here + name, kind_of(old), "folder")
            new = self._folder(old[1].hex() if old else None, f"{here}{name}/", inner)
            entries[name.encode()] = (_FOLDER, bytes.fromhex(new)) if new else None
        body = patch(body, entries, self._width)
        if not body and here:
            return None
        made = make("tree", body, self._width)
        if made.oid != oid:
            self.objects.append(made)
        return made.oid

    def _file(self, old: Entry | None, path: str, content: bytes | None) -> Entry | None:
        if old and kind_of(old) != "file":
            raise not_a(path, kind_of(old), "file")
        new = None
        if content is not None:
            made = make("blob", content, self._width)
            new = (old[0] if old else _FILE, bytes.fromhex(made.oid))
            self.objects += [made] if new != old else []
        mode = (new or old or (_FILE, b""))[0]
        self.files[path] = File(old[1].hex() if old else None, new[1].hex() if new else None, mode == b"100755")
        return new
