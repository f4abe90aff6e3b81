"""A repository of our own for one remote: temporary, or in a cache that many processes share."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.partial import Nobody, PartialObjects, RemoteFiles
from bggen.git.process import Git
from bggen.git.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bggen.credentials import Credential
    from bggen.remotes import RemoteUrl

# A generation of a cache is left behind when it has grown so much: every fetch adds a pack, and nothing is removed.
# In seconds: longer than any transfer takes.
_ABANDONED = 3600.0
_MOST_PACKS, _MOST_BYTES = 400, 256 * 1024 * 1024
_CONFIG = "[core]\n\trepositoryformatversion = {version}\n\tbare = true\n\thooksPath = /dev/null\n"
_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"


class Bare:
    """A bare repository without hooks, attributes, alternates and branches, which holds what was fetched for a purpose.

    Attributes:
        git: runs in it.
        objects: its objects; what is missing is fetched.
        remote: the one remote.
        scratch: a folder for what may be lost.
    """

    def __init__(self, folder: Path, url: RemoteUrl, credential: Credential | None, lock: int | None) -> None:
        """Use `open`."""
        self.git = Git(folder).with_variables({"GIT_DIR": str(folder)})
        self.remote: Remote = (
            _Own(self.git, url, credential) if lock is None else _Shared(self.git, url, credential, lock)
        )
        self.objects = PartialObjects(self.git, self.remote)
        self.scratch = folder / "bggen"

    @classmethod
    @contextlib.contextmanager
    def open(cls, url: RemoteUrl, cache: Path | None, credential: Credential | None) -> Iterator[Bare]:
        """Make the repository, or take the one that the cache holds.

        Args:
            url: of the remote.
            cache: the folder of all caches; None for a temporary one, which is removed at the end.
            credential: what git signs in with.

        Raises:
            GitError: the folder cannot be written.
        """
        with contextlib.ExitStack() as stack:
            try:
                if cache is None:
                    made = stack.enter_context(tempfile.TemporaryDirectory(prefix="bggen-", ignore_cleanup_errors=True))
                    folder, lock = Path(made) / "repo.git", None
                    _make(folder)
                else:
                    folder, lock = stack.enter_context(_generation(cache, url))
            except OSError as error:
                where = cache or tempfile.gettempdir()
                raise GitError(f"cannot write to {where}: {error.strerror}", kind="files") from error
            bare = cls(folder, url, credential, lock)
            stack.callback(bare.objects.close)
            try:
                yield bare
            except GitError as error:
                if lock is not None and error.kind == "git":
                    # It may be the cache: the next run starts a new generation.
                    with contextlib.suppress(OSError):
                        (folder.parent / "suspect").touch()
                raise


class _Own(Remote):
    """A remote that is fetched from into a repository of our own."""

    def __init__(self, git: Git, url: RemoteUrl, credential: Credential | None) -> None:
        # No name that a user's own settings could say something of.
        super().__init__(git, f"bggen-{_digest(url)}", url, credential, own=True)

    def _lengthen_ids(self) -> bool:
        """See Remote; only where nothing was fetched yet."""
        folder = self._git.cwd
        if any((folder / "objects" / "pack").glob("*.pack")) or "sha256" in (folder / "config").read_text("ascii"):
            return False
        fresh = folder / "bggen" / "config"
        fresh.write_text(_CONFIG.format(version=1) + _SHA256, encoding="ascii")
        # At once: others may be reading it.
        fresh.replace(folder / "config")
        return True


def reader(folder: Path, commit: str) -> RemoteFiles:
    """Return the files of a commit for another process than the one that fetches: all that is read is there."""
    git = Git(folder).with_variables({"GIT_DIR": str(folder)})
    return RemoteFiles(PartialObjects(git, Nobody()), commit, whole=True)


class _Shared(_Own):
    """A remote that is fetched from into a repository which others use as well."""

    def __init__(self, git: Git, url: RemoteUrl, credential: Credential | None, lock: int) -> None:
        super().__init__(git, url, credential)
        self._lock = lock

    def fetch(self, *refs: str, depth: int | None = 1) -> dict[str, str]:
        """See Remote; what git notes of a fetch is read before another one takes place."""
        with self._alone():
            return super().fetch(*refs, depth=depth)

    def bring(self, oids: Collection[str], *, alone: bool = False, trees: bool = False) -> None:
        """See Remote."""
        with self._alone():
            super().bring(oids, alone=alone, trees=trees)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            # Git's children inherit the lock: whoever has it knows that what is locked here is a killed one's.
            for left in self._git.cwd.glob("*.lock"):
                left.unlink(missing_ok=True)
            # Packs of our own making are written without it.
            for left in self._git.cwd.glob("objects/pack/tmp_*"):
                _remove_old(left)
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _inherited(self) -> Sequence[int]:
        return (self._lock,)


def _remove_old(path: Path) -> None:
    """Remove what nobody can be writing any more; it may be gone, or be given its name, at any moment."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _ABANDONED:
            path.unlink()


@contextlib.contextmanager
def _generation(cache: Path, url: RemoteUrl) -> Iterator[tuple[Path, int]]:
    """Yield the repository that the cache has for the remote, and the descriptor of the lock for fetches into it."""
    # Absolute: git works in the folder itself.
    home = cache.absolute() / _digest(url)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(_opened(home / "lock"))
        fcntl.flock(door, fcntl.LOCK_EX)
        numbers = sorted(int(each.name) for each in home.iterdir() if each.name.isdecimal())
        number = numbers[-1] if numbers else 1
        if _is_used_up(home / str(number)):
            number += 1
        place = home / str(number)
        if not (place / "repo.git" / "config").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            _make(place / "repo.git")
        # Whoever works in a generation keeps a shared lock on it, so that it is not removed below them.
        use = stack.enter_context(_opened(place / "use"))
        fcntl.flock(use, fcntl.LOCK_SH)
        for old in numbers:
            if old < number:
                _remove(home / str(old))
        fcntl.flock(door, fcntl.LOCK_UN)
        yield place / "repo.git", stack.enter_context(_opened(place / "fetch"))


def _is_used_up(place: Path) -> bool:
    packs = place / "repo.git" / "objects" / "pack"
    if (place / "suspect").exists():
        return True
    try:
        with os.scandir(packs) as entries:
            sizes = [entry.stat().st_size for entry in entries if entry.name.endswith(".pack")]
    except FileNotFoundError:
        return False
    return len(sizes) > _MOST_PACKS or sum(sizes) > _MOST_BYTES


def _remove(place: Path) -> None:
    """Remove an old generation, unless somebody still works in it."""
    with contextlib.suppress(OSError), _opened(place / "use") as use:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _digest(url: RemoteUrl) -> str:
    return hashlib.sha256(url.text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _make(folder: Path) -> None:
    """Write the few files of an empty repository, the configuration last: without it, there is none."""
    for part in ("objects/info", "objects/pack", "refs/heads", "bggen"):
        (folder / part).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    (folder / "config").write_text(_CONFIG.format(version=0), encoding="ascii")
