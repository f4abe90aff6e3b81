"""The branch that is checked out, as a target; with a remote, a commit is pushed before the checkout follows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bggen.errors import BggenError, GitError, RefusedError
from bggen.git.commits import commit_on
from bggen.git.target import PLAIN, Delivered, Moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bggen.git.checkout import Checkout
    from bggen.git.history import PastRelease
    from bggen.git.remote import Remote
    from bggen.git.signature import Signature
    from bggen.git.status import PendingStatus
    from bggen.git.target import Posting
    from bggen.git.tip import TipFiles
    from bggen.model import Change
    from bggen.remotes import RemoteUrl


class Here:
    """The checkout's branch. Nothing of the user's moves before the remote has taken the commit."""

    def __init__(self, checkout: Checkout, signature: Signature, remote: Remote | None = None, ref: str = "") -> None:
        """Look at nothing yet.

        Args:
            checkout: open for a change.
            signature: author and signature of the commit.
            remote: where it is pushed to; None where it is not.
            ref: the branch there, in full.
        """
        self._checkout = checkout
        self._signature = signature
        self._remote = remote
        self._ref = ref
        # What is decided on: HEAD, until the remote turns out to be further.
        self._tip = checkout.tip
        self._asked = remote is None
        self._there: str | None = None

    @property
    def branch(self) -> str:
        """See Target."""
        return self._checkout.branch

    @property
    def base(self) -> str:
        """See Target."""
        return self._checkout.branch

    @property
    def url(self) -> RemoteUrl | None:
        """See Target."""
        return self._remote.url if self._remote is not None else None

    @property
    def scratch(self) -> Path:
        """See Target."""
        return self._checkout.scratch

    @contextlib.contextmanager
    def turn(self, *, writing: bool) -> Iterator[Sequence[str]]:
        """See Target."""
        if not writing:
            yield []
            return
        with self._checkout.lock():
            repaired = self._checkout.recover()
            self._tip = self._checkout.tip
            self._checkout.prepare()
            yield [repaired] if repaired else []

    def files(self) -> TipFiles:
        """See Target."""
        return self._checkout.tip_files(self._tip)

    def bring(self, paths: Sequence[str]) -> None:
        """Do nothing: a checkout has its files."""

    def start(self, reads: Sequence[str], writes: Sequence[str], branch: str) -> PendingStatus:  # noqa: ARG002 - there is a branch
        """See Target; what is compared is the work tree with HEAD, also where the remote is further."""
        return self._checkout.watch(reads)

    def renew(self, *, surely: bool) -> bool:
        """See Target."""
        if self._remote is None:
            if surely:
                self._checkout.refresh()
                self._tip = self._checkout.tip
            return surely
        if self._asked and not surely:
            return False
        before, self._asked = self._tip, True
        self._checkout.refresh()
        self._there = self._fetched(self._remote)
        self._tip = self._newer(self._checkout.tip, self._there or self._checkout.tip)
        return self._tip != before

    def proposed(self) -> None:
        """See Target; nothing but a request has a branch of our own."""

    def deliver(self, changes: Sequence[Change], message: str, posting: Posting = PLAIN) -> Delivered:
        """See Target."""
        reflog = f"bggen: {message.splitlines()[0]}"
        if self._tip != self._checkout.tip:
            return self._beyond(changes, message, posting)
        pushed: list[str] = []

        def publish(commit: str) -> None:
            if self._remote is None:
                return
            try:
                self._remote.push(commit, self._ref, was=self._there, options=posting.options)
            except Moved as moved:
                raise Moved(str(moved), behind=not self._asked) from moved
            pushed.append(commit)

        try:
            commit = self._checkout.deliver(
                self._tip, changes, message, reflog, signature=self._signature, publish=publish
            )
        except (Moved, BggenError) as error:
            if not pushed:
                raise
            why = error.message if isinstance(error, BggenError) else "the branch moved meanwhile"
            note = f"the remote has it, this checkout does not: {why}; git pull brings it here"
            return Delivered(pushed[0], pushed=True, note=note)
        return Delivered(commit, pushed=bool(pushed))

    def past_release(self, folder: str, number: int) -> PastRelease | None:
        """See Target."""
        from bggen.git.history import past_release  # noqa: PLC0415 - it brings GitPython

        return past_release(self._checkout.root, folder, number, tip=self._tip)

    def identity(self) -> str:
        """See Target."""
        return self._checkout.identity(self._signature)

    def _fetched(self, remote: Remote) -> str | None:
        try:
            return remote.fetch(self._ref)[self._ref]
        except RefusedError as error:
            if error.kind != "branch":
                raise
            # The first push makes it.
            return None

    def _newer(self, here: str, there: str) -> str:
        if here == there or self._checkout.is_ancestor(there, here):
            return here
        if self._checkout.is_ancestor(here, there):
            return there
        raise RefusedError(
            f"{self.branch} and the remote's branch have both moved on: this checkout has commits that are not there",
            hint="git pull --rebase, then run it again",
            kind="diverged",
        )

    def _beyond(self, changes: Sequence[Change], message: str, posting: Posting) -> Delivered:
        """Commit on the remote's tip, which is further than this checkout, and take the checkout along."""
        if self._remote is None:
            raise GitError("there is no remote to push to")
        objects, prefix = self._checkout.objects, self._checkout.prefix
        contents = {prefix + change.path: change.after for change in changes}
        commit = commit_on(self._checkout.git, objects, self._tip, contents, message=message, signature=self._signature)
        self._remote.push(commit, self._ref, was=self._tip, options=posting.options)
        why = self._checkout.fast_forward(commit)
        note = f"the remote has it; this checkout stays behind: {why}" if why else None
        return Delivered(commit, pushed=True, note=note)
