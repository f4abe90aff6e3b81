"""A branch of our own with one commit on the newest base, as a target: what a pull request is opened for."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bggen.errors import RefusedError
from bggen.git.away import Clean
from bggen.git.commits import commit_on, rewrite
from bggen.git.signature import identity
from bggen.git.standing import digest_of, look, plan_line
from bggen.git.target import PLAIN, Delivered
from bggen.git.turns import turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bggen.git.history import PastRelease
    from bggen.git.signature import Signature
    from bggen.git.standing import Standing
    from bggen.git.store import Store
    from bggen.git.target import Posting
    from bggen.git.tip import TipFiles
    from bggen.model import Change
    from bggen.remotes import RemoteUrl

_HEADS = "refs/heads/"


class Proposal:
    """A branch that bggen makes, and makes anew when what it would hold, or what it is based on, has changed.

    As long as neither has, it stays where it is, so that approvals and the results of checks stay with it. The base
    may have been merged into it meanwhile, as forges offer at a click. With anybody else's commits on it, it is left
    alone.
    """

    def __init__(self, store: Store, base: str, name: str | None, signature: Signature) -> None:
        """Look at nothing yet.

        Args:
            store: a repository that holds, or fetches, the objects.
            base: the branch that is decided on, in full.
            name: of the branch; None for the one that `start` is told.
            signature: author and signature of the commit.
        """
        self._store = store
        self._base = base
        self._name = name
        self._signature = signature
        self._tip = ""
        self._head: str | None = None
        self._standing: Standing | None = None

    @property
    def branch(self) -> str:
        """See Target; "" as long as nobody has said it."""
        return self._name or ""

    @property
    def base(self) -> str:
        """See Target."""
        return self._base.removeprefix(_HEADS)

    @property
    def head(self) -> str | None:
        """The commit that the branch stands at; None where there is none."""
        return self._head

    @property
    def url(self) -> RemoteUrl | None:
        """See Target."""
        return self._store.remote.url if self._store.remote is not None else None

    @property
    def scratch(self) -> Path:
        """See Target."""
        return self._store.scratch

    @contextlib.contextmanager
    def turn(self, *, writing: bool) -> Iterator[Sequence[str]]:
        """See Target."""
        with turn(f"{self._store.name} {self._base} {self._name}") if writing else contextlib.nullcontext():
            self.renew(surely=True)
            yield []

    def files(self) -> TipFiles:
        """See Target."""
        return self._store.files(self._tip)

    def bring(self, paths: Sequence[str]) -> None:
        """See Target."""
        self._store.bring(self._tip, paths)

    def start(self, reads: Sequence[str], writes: Sequence[str], branch: str) -> Clean:
        """See Target."""
        self._name = self._name or branch
        if self._name == self.base:
            raise RefusedError(
                f"{self.base} is the branch that is decided on: a pull request needs another one",
                hint="leave out --branch, or --pr",
                kind="branch",
            )
        self.bring(reads)
        self._head = self._store.refs.tips(_HEADS + self._name)[_HEADS + self._name]
        self._standing = None
        if self._head is not None:
            # It may have moved since it was asked for.
            self._head = self._store.refs.fetch(_HEADS + self._name)[_HEADS + self._name]
            self._standing = look(
                self._store, _HEADS + self._name, self._head, base=self._base, tip=self._tip, folders=writes
            )
        return Clean()

    def proposed(self) -> TipFiles | None:
        """See Target."""
        standing = self._standing
        return self._store.files(standing.own) if standing is not None and standing.own else None

    def renew(self, *, surely: bool) -> bool:
        """See Target."""
        if not surely:
            return False
        before, self._tip = self._tip, self._store.refs.fetch(self._base)[self._base]
        return self._tip != before

    def deliver(self, changes: Sequence[Change], message: str, posting: Posting = PLAIN) -> Delivered:
        """See Target; a branch that holds these changes of this base already stays as it is.

        Raises:
            RefusedError: `foreign`: somebody else's commits are on the branch.
        """
        store = self._store
        contents = {store.prefix + change.path: change.after for change in changes}
        planned = rewrite(store.objects, self._tip, contents)
        digest = digest_of(planned.files)
        standing = self._standing
        if standing is not None and self._head is not None:
            if standing.foreign is not None and not standing.holds(planned.top, self._tip):
                raise RefusedError(
                    f"{self.branch} holds what bggen did not put there: {standing.foreign}",
                    hint="merge or close its request, or take another --branch NAME; then delete this one",
                    kind="foreign",
                )
            if standing.digest == digest or standing.holds(planned.top, self._tip):
                return Delivered(self._head, made=False, pushed=store.remote is not None)
        signed = f"{message}{plan_line(digest, planned.top)}"
        commit = commit_on(store.git, store.objects, self._tip, contents, message=signed, signature=self._signature)
        if posting.ref is not None:
            store.refs.push(commit, posting.ref, was=None, options=posting.options)
            return Delivered(commit, pushed=True)
        store.refs.push(commit, _HEADS + self.branch, was=self._head, forced=True, options=posting.options)
        self._head = commit
        return Delivered(commit, pushed=store.remote is not None)

    def past_release(self, folder: str, number: int) -> PastRelease | None:
        """See Target."""
        from bggen.git.distant import past_release  # noqa: PLC0415 - it brings GitPython

        return past_release(self._store, self._base, self._tip, folder, number)

    def identity(self) -> str:
        """See Target."""
        return identity(self._store.git, self._signature)
