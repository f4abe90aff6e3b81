"""A repository's objects together with the refs that a change is pushed to: a remote's, or its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bggen.errors import GitError, RefusedError
from bggen.git.commits import commit_on
from bggen.git.partial import PartialObjects, RemoteFiles
from bggen.git.target import Moved
from bggen.git.tip import TipFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bggen.git.objects import Objects
    from bggen.git.process import Git
    from bggen.git.remote import Remote
    from bggen.git.signature import Signature
    from bggen.model import Change


class Refs(Protocol):
    """The branches that a change may go to."""

    def tips(self, *refs: str) -> Mapping[str, str | None]:
        """Return each full ref's commit, None where there is no such ref."""
        ...

    def fetch(self, *refs: str, depth: int | None = 1) -> Mapping[str, str]:
        """Return each full ref's commit, and have it here, with so many commits of its history (None: all).

        Raises:
            RefusedError: there is no such ref.
        """
        ...

    def push(
        self, commit: str, ref: str, *, was: str | None, forced: bool = False, options: Sequence[str] = ()
    ) -> None:
        """Move a ref to a commit; see `bggen.git.remote.Remote.push`.

        Raises:
            Moved: it is elsewhere.
        """
        ...


class Store:
    """What a change is made in: the objects of a checkout's repository, or of one of our own that fetches them."""

    def __init__(
        self,
        name: str,
        git: Git,
        objects: Objects,
        refs: Refs,
        *,
        scratch: Path,
        prefix: str = "",
        remote: Remote | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            name: tells places that changes go to apart, for turns.
            git: runs in the repository.
            objects: its objects.
            refs: where changes go.
            scratch: a folder for what may be lost.
            prefix: the config repo's folder inside the repository, "" or with a `/` at its end.
            remote: what `refs` is, where that is a remote.
        """
        self.name = name
        self.git = git
        self.objects = objects
        self.refs = refs
        self.scratch = scratch
        self.prefix = prefix
        self.remote = remote
        self._files: dict[str, TipFiles] = {}

    def default_branch(self) -> str:
        """Return the usual branch of the remote, in full.

        Raises:
            GitError: there is no remote.
        """
        if self.remote is None:
            raise GitError("there is no remote to ask for its usual branch")
        return self.remote.default_branch()

    def files(self, commit: str) -> TipFiles:
        """Return the files of a commit."""
        if commit not in self._files:
            self._files[commit] = self._open(commit)
        return self._files[commit]

    def bring(self, commit: str, paths: Sequence[str]) -> None:
        """Get files and folders of a commit that are about to be read, in one go."""
        self.files(commit).bring(paths)

    def commit(self, base: str, changes: Sequence[Change], message: str, signature: Signature) -> str:
        """Make a commit of the changes on top of another, in the objects alone."""
        contents = {self.prefix + change.path: change.after for change in changes}
        return commit_on(self.git, self.objects, base, contents, message=message, signature=signature)

    def _open(self, commit: str) -> TipFiles:
        if isinstance(self.objects, PartialObjects):
            return RemoteFiles(self.objects, commit)
        return TipFiles(self.objects, commit, self.prefix)


class OwnRefs:
    """The branches of a repository that has no remote: a change goes to one of its own."""

    def __init__(self, git: Git) -> None:
        """Work in the repository that `git` runs in."""
        self._git = git

    def tips(self, *refs: str) -> dict[str, str | None]:
        """See Refs."""
        found = {ref: self._git.run("rev-parse", "--verify", "-q", f"{ref}^{{commit}}") for ref in refs}
        return {ref: done.out.decode().strip() if done.code == 0 else None for ref, done in found.items()}

    def fetch(self, *refs: str, depth: int | None = 1) -> dict[str, str]:  # noqa: ARG002 - all is here
        """See Refs."""
        found = {}
        for ref, commit in self.tips(*refs).items():
            if commit is None:
                raise RefusedError(f"there is no branch {ref.removeprefix('refs/heads/')}", kind="branch")
            found[ref] = commit
        return found

    def push(
        self,
        commit: str,
        ref: str,
        *,
        was: str | None,
        forced: bool = False,  # noqa: ARG002 - it always moves from exactly `was`
        options: Sequence[str] = (),  # noqa: ARG002 - there is no server
    ) -> None:
        """See Refs."""
        done = self._git.run("update-ref", "-m", "bggen", ref, commit, was or "0" * len(commit))
        if done.code == 0:
            return
        if self.tips(ref)[ref] != was:
            raise Moved
        raise done.error(f"move {ref}")
