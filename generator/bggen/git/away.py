"""A branch of a remote, as a target: nothing is checked out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bggen.git.signature import identity
from bggen.git.target import PLAIN, Delivered
from bggen.git.turns import turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bggen.git.history import PastRelease
    from bggen.git.signature import Signature
    from bggen.git.store import Store
    from bggen.git.target import Posting
    from bggen.git.tip import TipFiles
    from bggen.model import Change
    from bggen.remotes import RemoteUrl


class Clean:
    """Nothing is uncommitted where nothing is checked out."""

    def result(self) -> frozenset[str]:
        """Return no path."""
        return frozenset()


class Away:
    """One branch of a remote; what is committed on its tip is pushed to it at once."""

    def __init__(self, store: Store, ref: str, signature: Signature) -> None:
        """Look at nothing yet.

        Args:
            store: a repository that holds, or fetches, the objects.
            ref: the branch, in full.
            signature: author and signature of the commit.
        """
        self._store = store
        self._ref = ref
        self._signature = signature
        self._tip = ""

    @property
    def branch(self) -> str:
        """See Target."""
        return self._ref.removeprefix("refs/heads/")

    @property
    def base(self) -> str:
        """See Target."""
        return self.branch

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
        with turn(f"{self._store.name} {self._ref}") if writing else contextlib.nullcontext():
            self.renew(surely=True)
            yield []

    def files(self) -> TipFiles:
        """See Target."""
        return self._store.files(self._tip)

    def bring(self, paths: Sequence[str]) -> None:
        """See Target."""
        self._store.bring(self._tip, paths)

    def start(self, reads: Sequence[str], writes: Sequence[str], branch: str) -> Clean:  # noqa: ARG002 - there is a branch
        """See Target."""
        self.bring(reads)
        return Clean()

    def renew(self, *, surely: bool) -> bool:
        """See Target."""
        if not surely:
            return False
        before, self._tip = self._tip, self._store.refs.fetch(self._ref)[self._ref]
        return self._tip != before

    def proposed(self) -> None:
        """See Target; nothing but a request has a branch of our own."""

    def deliver(self, changes: Sequence[Change], message: str, posting: Posting = PLAIN) -> Delivered:
        """See Target."""
        commit = self._store.commit(self._tip, changes, message, self._signature)
        self._store.refs.push(commit, self._ref, was=self._tip, options=posting.options)
        return Delivered(commit, pushed=True)

    def past_release(self, folder: str, number: int) -> PastRelease | None:
        """See Target."""
        from bggen.git.distant import past_release  # noqa: PLC0415 - it brings GitPython

        return past_release(self._store, self._ref, self._tip, folder, number)

    def identity(self) -> str:
        """See Target."""
        return identity(self._store.git, self._signature)
