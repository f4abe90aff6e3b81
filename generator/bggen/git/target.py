"""Where a change can go: one face for a checkout, a branch of a remote, and a branch of our own for a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bggen.git.history import PastRelease
    from bggen.model import Change
    from bggen.remotes import RemoteUrl
    from bggen.workspace import Files


class Moved(Exception):  # noqa: N818 - not an error: the caller decides again on the new tip
    """The branch is not at the commit that the change was planned on, or is locked.

    Args:
        reason: what the remote said of it.
        behind: whether that is no wonder, because nobody had asked the remote before.
    """

    def __init__(self, reason: str = "", *, behind: bool = False) -> None:
        super().__init__(reason)
        self.behind = behind


@dataclass(frozen=True, slots=True)
class Posting:
    """What a push takes along, by which some forges open a request themselves.

    Attributes:
        options: for the server, as `git push -o` takes them.
        ref: where the commit is pushed to instead of its branch, in full; None for the branch.
    """

    options: tuple[str, ...] = ()
    ref: str | None = None


PLAIN = Posting()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a change.

    Attributes:
        commit: the one that holds it.
        made: whether it is new.
        pushed: whether the remote has it.
        note: what else the user should know.
    """

    commit: str
    made: bool = True
    pushed: bool = False
    note: str | None = None


class Pending(Protocol):
    """A look for uncommitted changes under way."""

    def result(self) -> Collection[str]:
        """Return the paths that have some."""
        ...


class Target(Protocol):
    """A branch that decisions are made on, and the way that a commit takes from there."""

    @property
    def branch(self) -> str:
        """The branch that the commit goes to, as people write it."""
        ...

    @property
    def base(self) -> str:
        """The branch that is decided on; mostly the same."""
        ...

    @property
    def url(self) -> RemoteUrl | None:
        """The remote that the commit is pushed to; None where it stays here."""
        ...

    @property
    def scratch(self) -> Path:
        """A folder for what may be lost."""
        ...

    def turn(self, *, writing: bool) -> AbstractContextManager[Sequence[str]]:
        """Take turns with every other bggen on this machine that works there; yields what the user should know.

        Without `writing` nothing is to be changed: nobody is kept waiting, and nothing is repaired.

        Raises:
            ContentionError: another one did not end in time.
        """
        ...

    def files(self) -> Files:
        """Return the files that are decided on."""
        ...

    def bring(self, paths: Sequence[str]) -> None:
        """Get files and folders that are about to be read, in one go."""
        ...

    def start(self, reads: Sequence[str], writes: Sequence[str], branch: str) -> Pending:
        """Say what is about to be decided, and look meanwhile for uncommitted changes of it.

        Args:
            reads: the files and folders that are read.
            writes: the folders that the change is made in.
            branch: the name that a branch of our own has, unless the user named one.
        """
        ...

    def renew(self, *, surely: bool) -> bool:
        """Look again where the branch is, and return whether it moved.

        Args:
            surely: also where nobody can have moved it, for all that is known.
        """
        ...

    def proposed(self) -> Files | None:
        """Return the files of a request's branch of our own, as it is now; None where there is none."""
        ...

    def deliver(self, changes: Sequence[Change], message: str, posting: Posting = PLAIN) -> Delivered:
        """Make one commit of the changes on the newest state.

        Args:
            changes: the files.
            message: the commit's.
            posting: what the push takes along.

        Raises:
            Moved: the branch is elsewhere by now; renew, and decide again.
            UnknownOutcomeError: it was sent, and nobody can say whether it arrived.
            BggenError: it cannot be.
        """
        ...

    def past_release(self, folder: str, number: int) -> PastRelease | None:
        """Return a release out of the branch's history; see `bggen.git.history.past_release`."""
        ...

    def identity(self) -> str:
        """Return who commits, as `Name <mail>`."""
        ...
