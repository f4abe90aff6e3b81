"""The files of a commit of which little is here: what is read is fetched, an app at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from bggen.errors import GitError
from bggen.git.objects import Objects
from bggen.git.tip import TipFiles
from bggen.git.trees import kind_of, parse
from bggen.workspace import not_a, segments

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bggen.git.objects import Found
    from bggen.git.process import Git
    from bggen.git.trees import Entry, Tree

_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_MAX_TREE = 64 * 1024 * 1024
# `apps/<app>`: the folder that is fetched whole.
_APP = 2
_FEW = 4


class Giver(Protocol):
    """Where missing objects come from."""

    def bring(self, oids: Collection[str], *, alone: bool = False, trees: bool = False) -> None:
        """Get objects by their ids; see `bggen.git.remote.Remote.bring`."""
        ...


class Nobody:
    """Gives nothing: all that is read was fetched before."""

    def bring(
        self,
        oids: Collection[str],
        *,
        alone: bool = False,  # noqa: ARG002 - none is given either way
        trees: bool = False,  # noqa: ARG002 - the same
    ) -> None:
        """See Giver."""
        raise GitError(f"cannot read {next(iter(oids), '')[:10]}: the remote does not give it")


class PartialObjects(Objects):
    """Objects that are fetched where they are missing."""

    def __init__(self, git: Git, giver: Giver) -> None:
        """Read through `git`, and fetch what is missing."""
        super().__init__(git, own=True)
        self._giver = giver

    def get(self, name: str, *, limit: int = _MAX_TREE) -> Found | None:
        """Return the object; one that is missing is fetched, alone, where it is named by its id."""
        found = self.here(name, limit=limit)
        if found is None and _ID.match(name):
            self.bring([name], alone=True)
            found = self.here(name, limit=limit)
        return found

    def here(self, name: str, *, limit: int = _MAX_TREE) -> Found | None:
        """Return the object where it is here."""
        return super().get(name, limit=limit)

    def missing(self, oids: Sequence[str]) -> list[str]:
        """Return those of the ids whose objects are not here."""
        if len(oids) <= _FEW:
            # They are read soon, anyway, and by a program that runs.
            return [oid for oid in oids if self.here(oid) is None]
        asked = "".join(f"{oid}\n" for oid in oids).encode()
        out = self._git.output("look at the objects", "cat-file", "--batch-check", stdin=asked)
        return [line.partition(" ")[0] for line in out.decode().splitlines() if line.endswith(" missing")]

    def bring(self, oids: Collection[str], *, alone: bool = False, trees: bool = False) -> None:
        """Fetch objects; see Giver."""
        self._giver.bring(oids, alone=alone, trees=trees)


class RemoteFiles(TipFiles):
    """The files of a commit; it goes from tree to tree by their ids, and fetches the folder of an app as a whole."""

    def __init__(self, objects: PartialObjects, commit: str, *, whole: bool = False) -> None:
        """Read nothing yet.

        Args:
            objects: of the repository; the commit itself is here.
            commit: its full id.
            whole: whether all that is read is here already.
        """
        super().__init__(objects, commit, "")
        self._partial = objects
        self._brought: set[str] = {""} if whole else set()

    def bring(self, paths: Sequence[str], *, names_only: bool = False) -> None:
        """Fetch files and folders, in one go; see Files."""
        wanted = [path for path in dict.fromkeys(paths) if not self._is_brought(path)]
        if not wanted:
            return
        if names_only:
            trees = {entry[1].hex() for path in wanted if (entry := self._entry(path)) and kind_of(entry) == "folder"}
            missing = self._partial.missing(sorted(trees))
            if missing:
                self._partial.bring(missing, alone=True)
            return
        found = (self._entry(path) for path in wanted)
        missing = self._missing([entry for entry in found if entry and kind_of(entry) in {"file", "folder"}])
        if missing:
            self._partial.bring(missing)
        self._brought.update(wanted)

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; see Files."""
        self._bring_app(segments(path))
        return super().read(path)

    def _folder(self, names: Sequence[str]) -> Tree | None:
        folder = "/".join(names)
        if folder not in self._trees:
            if len(names) > _APP:
                self._bring_app(names)
            entry = self._entry(folder) if names else None
            if entry is not None and len(names) == _APP and self._partial.here(entry[1].hex()) is None:
                self._bring_app(names)
            if names and entry is None:
                self._trees[folder] = None
            elif entry is not None and kind_of(entry) != "folder":
                raise not_a(folder, kind_of(entry), "folder")
            else:
                self._trees[folder] = self._tree(entry[1].hex() if entry else self._top())
        return self._trees[folder]

    def _is_brought(self, path: str) -> bool:
        names = path.split("/")
        return any("/".join(names[:depth]) in self._brought for depth in range(len(names) + 1))

    def _bring_app(self, names: Sequence[str]) -> None:
        if len(names) >= _APP and names[0] == "apps":
            self.bring(["/".join(names[:_APP])])

    def _entry(self, path: str) -> Entry | None:
        above, _, name = path.rpartition("/")
        return (self._folder(segments(above)) or {}).get(name.encode("utf-8", "surrogateescape"))

    def _top(self) -> str:
        found = self._partial.get(self._commit)
        if found is None or found.body is None or not found.body.startswith(b"tree "):
            raise GitError(f"cannot read the commit {self._commit[:10]}")
        return found.body[len(b"tree ") :].partition(b"\n")[0].decode()

    def _tree(self, oid: str) -> Tree:
        found = self._partial.get(oid)
        if found is None or found.body is None:
            raise GitError(f"cannot read the tree {oid[:10]}: the remote does not give it")
        return parse(found.body, len(self._commit))

    def _missing(self, entries: Sequence[Entry]) -> list[str]:
        """Return what has to be fetched so that everything below the entries is here."""
        blobs: list[str] = []
        wanted: list[str] = []
        waiting = list(entries)
        while waiting:
            entry = waiting.pop()
            oid = entry[1].hex()
            if kind_of(entry) == "file":
                blobs.append(oid)
            elif kind_of(entry) == "folder":
                found = self._partial.here(oid)
                if found is None or found.body is None:
                    wanted.append(oid)
                else:
                    waiting += parse(found.body, len(self._commit)).values()
        return wanted + self._partial.missing(blobs)
