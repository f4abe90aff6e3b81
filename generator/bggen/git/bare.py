"""A bare repository of our own for one remote: temporary, or in a cache that many processes share."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bggen.errors import ContentionError, GitError
from bggen.git.process import Git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.remotes import RemoteUrl

_MOST_PACKS = 100
_MOST_BYTES = 300_000_000
_PATIENCE = 300.0
_CONFIG = (
    "[core]\n\trepositoryformatversion = {version}\n\tbare = true\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
)
_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"


@dataclass(frozen=True, slots=True)
class Bare:
    """A bare repository without hooks, attributes, remotes or secrets; nothing but fetches and our commits go in."""

    git_dir: Path
    cached: bool

    @property
    def git(self) -> Git:
        """Git in it; it never fetches a missing object by itself."""
        return Git(self.git_dir, settings=(f"--git-dir={self.git_dir}",), environment={"GIT_NO_LAZY_FETCH": "1"})

    @property
    def scratch(self) -> Path:
        """A folder for what bggen remembers; it may be lost."""
        return self.git_dir / "bggen"

    @classmethod
    @contextlib.contextmanager
    def open(cls, url: RemoteUrl, cache: Path | None = None) -> Iterator[Bare]:
        """Give a repository for that remote; without a cache it is gone afterwards.

        Raises:
            GitError: the file system fails.
        """
        try:
            if cache is None:
                with tempfile.TemporaryDirectory(prefix="bggen-", ignore_cleanup_errors=True) as folder:
                    yield _make(cls(Path(folder).resolve() / "repo.git", cached=False))
                return
            bare, held = _generation(cache, url)
        except OSError as error:
            raise GitError(f"cannot make a folder for the repository: {error.strerror}") from error
        try:
            yield bare
        finally:
            os.close(held)

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[int, ...]]:
        """Take turns with the other processes that fetch into it; git inherits the descriptors that this gives.

        So a git whose bggen was killed holds the lock until it has ended, and what lies around afterwards is garbage.

        Raises:
            ContentionError: another process did not end in time.
            GitError: the file system fails.
        """
        descriptor = os.open(self.git_dir / "bggen" / "writing", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _wait(descriptor)
            _sweep(self.git_dir)
            yield (descriptor,)
        finally:
            os.close(descriptor)

    def spoil(self) -> None:
        """Let nobody start to use this one: something in it does not work."""
        with contextlib.suppress(OSError):
            (self.scratch / "spoilt").touch()

    def use_sha256(self) -> None:
        """Make it a repository of SHA-256 objects; it must be empty."""
        (self.git_dir / "config").write_text(_CONFIG.format(version=1) + _SHA256, encoding="ascii")


def _make(bare: Bare) -> Bare:
    """Write what `git init --bare` would, without its templates: hooks and the like."""
    for folder in ("objects/info", "objects/pack", "refs/heads", "bggen"):
        (bare.git_dir / folder).mkdir(mode=0o700, parents=True)
    (bare.git_dir / "config").write_text(_CONFIG.format(version=0), encoding="ascii")
    (bare.git_dir / "HEAD").write_text("ref: refs/heads/bggen-none\n", encoding="ascii")
    return bare


def _generation(cache: Path, url: RemoteUrl) -> tuple[Bare, int]:
    """Return the newest generation that is fit for use, and the descriptor that keeps others from removing it."""
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = cache.resolve() / hashlib.sha256(url.text.encode()).hexdigest()[:32]
    folder.mkdir(mode=0o700, exist_ok=True)
    turn = os.open(folder / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _wait(turn)
        numbers = sorted(int(name) for name in os.listdir(folder) if name.isdigit())
        last = numbers[-1] if numbers else 0
        bare = Bare(folder / str(last), cached=True)
        if not numbers or not _is_fit(bare.git_dir):
            last += 1
            fresh = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
            _make(Bare(fresh / "git", cached=True))
            (fresh / "git").rename(folder / str(last))
            bare = Bare(folder / str(last), cached=True)
        held = os.open(bare.scratch / "use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(held, fcntl.LOCK_SH)
        _drop_old(folder, keep=str(last))
        return bare, held
    finally:
        os.close(turn)


def _drop_old(folder: Path, *, keep: str) -> None:
    """Remove the generations that nobody uses any more; the caller has the turn."""
    for path in folder.iterdir():
        if path.name in {keep, "turn"}:
            continue
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                used = os.open(path / "bggen" / "use", os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                finally:
                    os.close(used)
        shutil.rmtree(path, ignore_errors=True)


def _is_fit(git_dir: Path) -> bool:
    """Whether it is whole as far as a glance tells, and small enough.

    A pack ends in the checksum that its index repeats, so a pack that was cut off is found without reading it.
    Source: gitformat-pack(5).
    """
    try:
        if (git_dir / "bggen" / "spoilt").exists() or not (git_dir / "HEAD").read_bytes().startswith(b"ref: "):
            return False
        wide = b"sha256" in (git_dir / "config").read_bytes()
        packs = [path for path in (git_dir / "objects" / "pack").iterdir() if path.suffix == ".pack"]
        if len(packs) > _MOST_PACKS or sum(path.stat().st_size for path in packs) > _MOST_BYTES:
            return False
        width = 32 if wide else 20
        return all(
            _tail(path, width) == _tail(path.with_suffix(".idx"), 2 * width)[:width]
            for path in packs
            if path.name.startswith("pack-") and path.with_suffix(".idx").exists()
        )
    except OSError:
        return False


def _tail(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(-size, os.SEEK_END)
        return file.read()


def _sweep(git_dir: Path) -> None:
    """Remove what a killed git left behind; only who has the lock of `writing` may."""
    for path in [*git_dir.glob("*.lock"), *git_dir.glob("refs/**/*.lock"), *git_dir.glob("shallow_*")]:
        path.unlink(missing_ok=True)
    for path in (git_dir / "objects" / "pack").iterdir():
        if path.name.startswith(("tmp_", ".tmp-")):
            path.unlink(missing_ok=True)


def _wait(descriptor: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise ContentionError("another bggen has held the cache for minutes", hint="try again") from None
            time.sleep(0.005)
        else:
            return
