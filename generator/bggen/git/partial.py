"""Read a config repo from a repository that lacks most objects; what is missing is brought, a folder at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.git.objects import Objects
from bggen.git.tip import TipFiles
from bggen.git.trees import kind_of, parse
from bggen.workspace import segments

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bggen.git.objects import Found
    from bggen.git.process import Git
    from bggen.git.remote import Remote
    from bggen.git.trees import Tree

_APPS = "apps"
_MAX_TREE = 64 * 1024 * 1024


class PartialObjects(Objects):
    """The objects of a repository that lacks some, which its remote has."""

    def __init__(self, git: Git, remote: Remote) -> None:
        super().__init__(git)
        self._remote = remote

    def get(self, name: str, *, limit: int = _MAX_TREE) -> Found | None:
        """Return the object; one that is missing is brought, with everything below it. See Objects.

        Raises:
            GitError: git or the remote fails.
        """
        found = super().get(name, limit=limit)
        if found is None and _is_id(name):
            self._remote.bring([name])
            found = super().get(name, limit=limit)
        return found

    def bring_below(self, oids: Collection[str]) -> None:
        """Bring what is missing of these trees and blobs and of all that is below them, in one fetch."""
        missing, waiting = set[str](), list(oids)
        while waiting:
            oid = waiting.pop()
            found = super().get(oid)
            if found is None:
                missing.add(oid)
            elif found.kind == "tree" and found.body is not None:
                entries = parse(found.body, len(oid)).values()
                waiting += [entry[1].hex() for entry in entries if kind_of(entry) != "submodule"]
        if missing:
            self._remote.bring(missing)


class RemoteFiles(TipFiles):
    """The files of a commit, walked from tree to tree; an app's folder is brought whole when it is first touched."""

    def __init__(self, objects: PartialObjects, commit: str) -> None:
        """Read nothing yet.

        Args:
            objects: the repository's objects.
            commit: the commit's full id.
        """
        super().__init__(objects, commit, "")
        self._partial = objects
        self._brought: set[str] = set()

    def bring(self, paths: Collection[str]) -> None:
        """Bring these files and folders ahead, all in one fetch; what does not exist is left out.

        Raises:
            InvalidError: something else than a folder stands on the way.
            GitError: git or the remote fails.
        """
        self._brought.update(paths)
        oids = []
        for path in paths:
            *folder, name = segments(path)
            entry = (self._folder(folder) or {}).get(name.encode("utf-8", "surrogateescape"))
            if entry is not None and kind_of(entry) in {"file", "folder"}:
                oids.append(entry[1].hex())
        self._partial.bring_below(oids)

    def _folder(self, names: Sequence[str]) -> Tree | None:
        if names:
            app = "/".join(names[:2])
            if len(names) > 1 and names[0] == _APPS and app not in self._brought:
                self.bring([app])
            # The tree above first: its entry is the id, and git need not walk through trees that are not there.
            self._folder(names[:-1])
        return super()._folder(names)
