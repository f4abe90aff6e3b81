"""What the reading commands read: the work tree of a checkout, or the newest commit of a remote's branch."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bggen.app.memory import Memory, known_file
from bggen.app.place import NAME
from bggen.errors import UsageError
from bggen.workspace import MARKER, WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from bggen.app.place import Place
    from bggen.git.distant import Distant
    from bggen.git.history import Past
    from bggen.git.tip import TipFiles
    from bggen.workspace import Files

# Each pair's state files have to be fetched as they were, commit for commit: for many, that is most of a repo.
_MOST_PAIRS = 20


class Origin(Protocol):
    """Where files are, in a form fit for pickling: worker processes open it for themselves."""

    def files(self) -> Files:
        """Return the files, as this process reads them."""
        ...


class History(Protocol):
    """What was, on the first-parent line that leads to what is read."""

    def active_since(self, paths: Sequence[str]) -> dict[str, datetime | None]:
        """Return when the `active:` line of each release.yaml last changed; see `bggen.git.history`."""
        ...

    def past_states(self, folder: str, names: Sequence[str], *, most: int) -> Past:
        """Return the commits that changed any of the state files; see `bggen.git.history`."""
        ...


@dataclass(frozen=True, slots=True)
class _CheckoutHistory:
    root: Path

    def active_since(self, paths: Sequence[str]) -> dict[str, datetime | None]:
        from bggen.git.history import active_since  # noqa: PLC0415 - it brings GitPython

        return active_since(self.root, paths)

    def past_states(self, folder: str, names: Sequence[str], *, most: int) -> Past:
        from bggen.git.history import past_states  # noqa: PLC0415 - it brings GitPython

        return past_states(self.root, folder, names, most=most)


@dataclass(frozen=True, slots=True)
class _RemoteHistory:
    distant: Distant

    def active_since(self, paths: Sequence[str]) -> dict[str, datetime | None]:
        return self.distant.active_since(paths) if len(paths) <= _MOST_PAIRS else {}

    def past_states(self, folder: str, names: Sequence[str], *, most: int) -> Past:
        return self.distant.past_states(folder, names, most=most)


@dataclass(frozen=True, slots=True)
class InFolder:
    """A work tree."""

    root: Path

    def files(self) -> WorkTree:
        """See Origin."""
        return WorkTree(self.root)


class InCommit:
    """A commit of a repository of our own, which holds all that is read of it by the time workers begin."""

    def __init__(self, folder: Path, commit: str, files: TipFiles | None = None) -> None:
        """Open nothing yet.

        Args:
            folder: the repository.
            commit: its full id.
            files: the files as this process, and no other, reads them; they may fetch.
        """
        self._folder = folder
        self._commit = commit
        self._own = (os.getpid(), files)

    def __reduce__(self) -> tuple[type[InCommit], tuple[Path, str]]:
        return InCommit, (self._folder, self._commit)

    def files(self) -> TipFiles:
        """See Origin."""
        process, files = self._own
        if files is None or process != os.getpid():
            from bggen.git.bare import reader  # noqa: PLC0415 - only a remote repo needs it

            files = reader(self._folder, self._commit)
            self._own = (os.getpid(), files)
        return files


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read, for as long as it is open.

    Attributes:
        files: the files; of a remote, they are fetched when they are read, or before, by `files.bring`.
        origin: where they are, for worker processes.
        history: what was before.
        known: where what earlier runs found out is kept; None for nowhere.
    """

    files: Files
    origin: Origin
    history: History
    known: Path | None

    def memory(self) -> Memory:
        """Return what earlier runs found out."""
        return Memory(self.known)

    def bring_apps(self, names: Sequence[str] | None = None) -> None:
        """Say which apps are about to be read, with bggen.yaml; None for all."""
        # What is no name becomes no part of a path; it is refused where it is looked at.
        folders = ["apps"] if names is None else [f"apps/{name}" for name in names if NAME.match(name)]
        self.files.bring([MARKER, *folders])


@contextlib.contextmanager
def open_reading(place: Place) -> Iterator[Reading]:
    """Open what a reading command reads.

    Raises:
        UsageError: a branch of a checkout was named.
        RefusedError: the remote has no such branch, or no branch at all.
        GitError: the remote cannot be read.
    """
    if place.url is None:
        if place.base is not None:
            raise UsageError("--base is for a remote repo: of a checkout, its files are read", hint="git switch BRANCH")
        yield Reading(WorkTree(place.root), InFolder(place.root), _CheckoutHistory(place.root), known_file(place.root))
        return
    from bggen.app.remoting import open_store  # noqa: PLC0415 - only a remote repo needs it
    from bggen.git.distant import Distant  # noqa: PLC0415 - the same

    with open_store(place) as store:
        ref = f"refs/heads/{place.base}" if place.base is not None else store.default_branch()
        tip = store.refs.fetch(ref)[ref]
        files = store.files(tip)
        origin = InCommit(store.git.cwd, tip, files)
        known = store.scratch / "known" if place.cache is not None else None
        yield Reading(files, origin, _RemoteHistory(Distant(store, ref, tip)), known)
