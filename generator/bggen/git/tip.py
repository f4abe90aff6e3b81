"""The files of a config repo as a commit holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.trees import Tree, kind_of, parse
from bggen.workspace import MAX_BYTES, not_a, printable, segments, too_large

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.git.objects import Objects


class TipFiles:
    """The files below one folder of a commit's tree; fits `bggen.workspace.Files`."""

    def __init__(self, objects: Objects, commit: str, prefix: str) -> None:
        """Read nothing yet.

        Args:
            objects: the repository's objects.
            commit: the commit's full id.
            prefix: the config repo's folder inside the repository, "" or with a `/` at its end.
        """
        self._objects = objects
        self._commit = commit
        self._prefix = prefix
        self._trees: dict[str, Tree | None] = {}

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; see Files."""
        *folder, name = segments(path)
        entry = (self._folder(folder) or {}).get(name.encode())
        if entry is None:
            return None
        if kind_of(entry) != "file":
            raise not_a(path, kind_of(entry), "file")
        found = self._objects.get(entry[1].hex(), limit=MAX_BYTES)
        if found is None:
            raise GitError(f"cannot read {printable(path)}: its content is missing from the repository")
        if found.body is None:
            raise too_large(path, found.size)
        return found.body

    def names(self, folder: str) -> Mapping[str, str]:
        """Return what the folder holds; see Files."""
        tree = self._folder(segments(folder)) or {}
        return {name.decode("utf-8", "surrogateescape"): kind_of(entry) for name, entry in tree.items()}

    def contents(self, folder: str) -> Mapping[str, bytes]:
        """Return the folder's regular files; see Files."""
        tree = self._folder(segments(folder)) or {}
        oids = {
            name.decode("utf-8", "surrogateescape"): entry[1].hex()
            for name, entry in sorted(tree.items())
            if kind_of(entry) == "file"
        }
        here = self._objects.several(list(dict.fromkeys(oids.values())), limit=MAX_BYTES)
        bodies = {name: here[oid].body if oid in here else self.read(f"{folder}/{name}") for name, oid in oids.items()}
        return {name: body for name, body in bodies.items() if body is not None}

    def forget(self, folder: str) -> None:
        """Let go of what was read below the folder: who walks over all apps need not hold all of them."""
        for known in [known for known in self._trees if known == folder or known.startswith(f"{folder}/")]:
            del self._trees[known]

    def bring(self, paths: Sequence[str], *, names_only: bool = False) -> None:
        """Do nothing: all is here; see Files."""

    def _folder(self, names: Sequence[str]) -> Tree | None:
        folder = "/".join(names)
        if folder not in self._trees:
            found = self._objects.get(self._known_id(names) or f"{self._commit}:{self._prefix}{folder}".rstrip("/"))
            if found is not None and found.kind == "tree" and found.body is not None:
                self._trees[folder] = parse(found.body, len(self._commit))
            else:
                self._refuse_detour(names)
                self._trees[folder] = None
        return self._trees[folder]

    def _known_id(self, names: Sequence[str]) -> str | None:
        """Return the folder's id where the tree above it was read already.

        Otherwise git itself walks from the commit to the folder, through folders only: the trees on the way may be
        large, and a walk for every folder of an app adds up.
        """
        above = self._trees.get("/".join(names[:-1])) if names else None
        entry = above.get(names[-1].encode()) if above else None
        return entry[1].hex() if entry is not None and kind_of(entry) == "folder" else None

    def _refuse_detour(self, names: Sequence[str]) -> None:
        """Raise where the folder is absent because something else than a folder stands on the way."""
        if not names:
            return
        entry = (self._folder(names[:-1]) or {}).get(names[-1].encode())
        if entry is not None:
            raise not_a("/".join(names), kind_of(entry), "folder")
