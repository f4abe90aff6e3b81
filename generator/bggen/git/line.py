"""The first-parent line of a remote's branch, fetched in growing steps: commits, then the trees on the way to paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.trees import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.git.partial import PartialObjects
    from bggen.git.store import Refs
    from bggen.git.trees import Entry, Tree

# How much history is fetched, one after the other, while what was asked for is not found; at last, all of it.
_DEPTHS = (50, 200, 1000)
# Beyond the last of them, of how many times as many commits the trees are fetched.
_GROWTH = 5
# Of more commits than this, all trees are fetched instead of those on the way: what a server does for a tree alone
# grows with the entries of it (14 ms for 10,000), while a walk through all of them meets most a second time.
_FEW = 60
_FOLDER = b"40000"

Sides = dict[str, "Entry | None"]


@dataclass(frozen=True, slots=True)
class Step:
    """A commit that changes a path, against its first parent.

    Attributes:
        before: path → what stood there; None for nothing.
        after: path → what stands there.
        cut: whether it has a parent that nobody has: then it seems to add everything.
    """

    commit: str
    before: Sides
    after: Sides
    cut: bool

    def changes(self, path: str) -> bool:
        """Whether it changes this path."""
        return self.before[path] != self.after[path]


class Line:
    """Goes from parent to parent by the commits themselves.

    Git's own walk would heed the file `shallow`, which another process of the same cache may write meanwhile, and fail
    at trees that are missing.
    """

    def __init__(self, refs: Refs, objects: PartialObjects, ref: str, tip: str, paths: Sequence[str]) -> None:
        """Fetch nothing yet.

        Args:
            refs: the remote's.
            objects: what is here of it.
            ref: the branch, in full.
            tip: the commit of it to begin with, which is here.
            paths: the files that are looked at.
        """
        self._refs = refs
        self._objects = objects
        self._ref = ref
        self._paths = list(dict.fromkeys(paths))
        self._depths: Iterator[int | None] = iter((*_DEPTHS, None))
        # Commits and their trees, newest first; and the parent of the last of them, as long as it may be got.
        self._line: list[tuple[str, str]] = []
        self._next: str | None = tip
        self._cut = False
        self._known: dict[tuple[str, tuple[str, ...]], Tree] = {}
        self._wanted = _by_folder(self._paths)

    def windows(self, most: int | None = None) -> Iterator[list[Step]]:
        """Yield the commits that change any of the paths, newest first, as many together as were fetched together.

        Args:
            most: how many commits are looked at; None for all.

        Raises:
            GitError: the remote does not give them.
        """
        size, done = _DEPTHS[0], 0
        while True:
            self._grow(size if most is None else min(size, most))
            sides = self._sides([tree for _, tree in self._line[done:]])
            steps = []
            for number, after in enumerate(sides, done):
                last = number + 1 == len(self._line)
                if last and self._next is not None:
                    # Its parent comes with the next window.
                    break
                before: Sides = dict.fromkeys(self._paths) if last else sides[number + 1 - done]
                if before != after:
                    steps.append(Step(self._line[number][0], before, after, cut=last and self._cut))
            yield steps
            if self._next is None or (most is not None and len(self._line) >= most):
                return
            done = len(self._line) - 1
            size = next((depth for depth in _DEPTHS if depth > size), size * _GROWTH)

    def _grow(self, size: int) -> None:
        """Have so many commits of the line, or all."""
        while self._next is not None and len(self._line) < size:
            found = self._objects.here(self._next)
            if found is None or found.body is None:
                try:
                    self._refs.fetch(self._ref, depth=next(self._depths))
                except StopIteration:
                    self._next, self._cut = None, True
                continue
            fields = [line.split(b" ", 1) for line in found.body.partition(b"\n\n")[0].split(b"\n")]
            parents = [words[1].decode() for words in fields if words[0] == b"parent"]
            self._line.append((self._next, fields[0][1].decode()))
            self._next = parents[0] if parents else None

    def _sides(self, tops: Sequence[str]) -> list[Sides]:
        """Return what stands at the paths below each of the trees, with a fetch for each depth of folders at most."""
        places = [{"": top} for top in tops]
        found: list[Sides] = [dict.fromkeys(self._paths) for _ in tops]
        for folders in self._wanted:
            self._bring({place[folder] for place in places for folder in folders if folder in place})
            below: list[dict[str, str]] = []
            for place, sides in zip(places, found, strict=True):
                inner = {}
                for folder, names in folders.items():
                    tree = self._tree(place[folder], names) if folder in place else {}
                    for name in names:
                        entry = tree.get(name.encode())
                        path = f"{folder}/{name}" if folder else name
                        if path in sides:
                            sides[path] = entry
                        if entry is not None and entry[0] == _FOLDER:
                            inner[path] = entry[1].hex()
                below.append(inner)
            places = below
        # Trees are met again within a window, and hardly ever later.
        self._known.clear()
        return found

    def _bring(self, oids: set[str]) -> None:
        missing = self._objects.missing(sorted(oids))
        if missing:
            many = len(missing) > _FEW
            self._objects.bring(missing, alone=not many, trees=many)

    def _tree(self, oid: str, names: tuple[str, ...]) -> Tree:
        known = self._known.get((oid, names))
        if known is None:
            found = self._objects.here(oid)
            if found is None or found.body is None:
                raise GitError("cannot read the history: the remote does not give all of it")
            wanted = [name.encode() for name in names]
            tree = lookup(found.body, wanted, len(oid))
            known = self._known[oid, names] = {name: tree[name] for name in wanted if name in tree}
        return known


def _by_folder(paths: Sequence[str]) -> list[Mapping[str, tuple[str, ...]]]:
    """Return for each depth of folders which names are looked for in which folders."""
    levels: list[dict[str, dict[str, None]]] = []
    for path in paths:
        names = path.split("/")
        for depth, name in enumerate(names):
            if len(levels) <= depth:
                levels.append({})
            levels[depth].setdefault("/".join(names[:depth]), {})[name] = None
    return [{folder: tuple(names) for folder, names in level.items()} for level in levels]
