"""The files of a config repo as they lie on disk, read and written without git."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING, Protocol

from bggen.errors import GitError, InvalidError
from bggen.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bggen.model import Change

MARKER = "bggen.yaml"
MAX_BYTES = 1024 * 1024
_OUTSIDE = re.compile(r"(?:\A|/)(?:\.{0,2}|\.git)(?=/|\Z)|[\0\n]", re.IGNORECASE)
_WHAT = {"link": "a symbolic link", "submodule": "a submodule", "folder": "a folder", "file": "a file"}


class Files(Protocol):
    """The reading side of a config repo: a work tree, or the tree of a commit."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where there is no such file.

        Raises:
            InvalidError: a symbolic link or a submodule stands anywhere on the way, something else than a regular
                file stands there, or it is larger than MAX_BYTES.
        """
        ...

    def names(self, folder: str) -> Mapping[str, str]:
        """Return what the folder holds: name → file, folder, link, submodule or other; {} where it is absent.

        `""` is the root. Raises InvalidError as `read` does.
        """
        ...

    def contents(self, folder: str) -> Mapping[str, bytes]:
        """Return the bytes of every regular file that lies in the folder, by name, sorted; {} where it is absent.

        What is no regular file is left out. Raises InvalidError as `read` does.
        """
        ...

    def bring(self, paths: Sequence[str], *, names_only: bool = False) -> None:
        """Say what is about to be read, of the folders perhaps only the names, so that it is fetched in one go."""
        ...


def not_a(path: str, found: str, wanted: str) -> InvalidError:
    """Return the error for `found` (a word of `Files.names`) that stands where a `wanted` should."""
    what = _WHAT.get(found, "neither a file nor a folder")
    tail = "; bggen follows no links" if found == "link" else f"; it must be a {wanted}"
    return _invalid(path, f"is {what}{tail}")


def too_large(path: str, size: int) -> InvalidError:
    """Return the error for a file of `size` bytes."""
    return _invalid(path, f"is {size:,} bytes long; bggen reads files up to {MAX_BYTES:,} bytes")


def _invalid(path: str, message: str) -> InvalidError:
    shown = printable(path)
    return InvalidError(f"{shown}: {message}", problems=[Problem(shown, 0, 0, "", message)])


def printable(text: str) -> str:
    """Return the text with everything that a terminal could act on replaced by `?`."""
    return "".join(char if char.isprintable() else "?" for char in text)


def segments(path: str) -> list[str]:
    """Return the names that the path is made of; `""` has none.

    Raises:
        InvalidError: the path is absolute, leaves its root, or reaches into git's own folder.
    """
    if not path:
        return []
    if _OUTSIDE.search(path):
        raise _invalid(path, "is not a path inside the config repo")
    return path.split("/")


def find_root(start: Path) -> Path | None:
    """Return the nearest folder from `start` upwards that holds bggen.yaml, with links in its own path resolved."""
    here = start.resolve()
    return next((folder for folder in (here, *here.parents) if os.path.lexists(folder / MARKER)), None)


class WorkTree:
    """The files below `root` on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Taking paths apart is most of what reading or writing every file of a large repo would cost with pathlib.
        self.top = f"{root}/"
        self._folders: set[str] = set()

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; see Files."""
        names = segments(path)
        if not self._has_folder(names[:-1]):
            return None
        return self._read(path)

    def contents(self, folder: str) -> Mapping[str, bytes]:
        """Return the folder's regular files; see Files."""
        names = sorted(name for name, kind in self.names(folder).items() if kind == "file")
        # The way there was looked at with the names.
        segments("/".join(names))
        found = {name: self._read(f"{folder}/{name}") for name in names}
        return {name: content for name, content in found.items() if content is not None}

    def bring(self, paths: Sequence[str], *, names_only: bool = False) -> None:
        """Do nothing: all is here; see Files."""

    def _read(self, path: str) -> bytes | None:
        try:
            return _read_regular(self.top + path, path)
        except FileNotFoundError:
            return None
        except OSError as error:
            kind = _kind_of(self.top + path)
            if kind is not None and kind != "file":
                raise not_a(path, kind, "file") from error
            raise _failed(path, "read", error) from error

    def names(self, folder: str) -> Mapping[str, str]:
        """Return what the folder holds; see Files."""
        if not self._has_folder(segments(folder)):
            return {}
        with _says(folder, "read"), os.scandir(self.root / folder) as entries:
            return {entry.name: _kind_of_entry(entry) for entry in entries}

    def write(self, changes: Sequence[Change]) -> None:
        """Write and remove the changes' files, each at once: a reader sees the old bytes or the new ones.

        Every new file is written before the first one takes its place, so a full disk changes nothing. Folders that
        become empty are removed.

        Raises:
            InvalidError: a symbolic link stands on the way.
            GitError: the file system fails.
        """
        staged = Staged(self, {change.path: change.after for change in changes}, token=f"{os.getpid():x}")
        try:
            staged.write()
            staged.place()
        except BaseException:
            staged.discard()
            raise

    def check(self, path: str) -> str | None:
        """Return what stands at the path (a word of `Files.names`), or None; the way to it must be plain folders."""
        names = segments(path)
        return _kind_of(self.top + path) if self._has_folder(names[:-1]) else None

    def missing_folders(self, path: str) -> Iterator[str]:
        """Yield the folders above the path that do not exist, outermost first."""
        names = segments(path)
        for depth in range(1, len(names)):
            if not self._has_folder(names[:depth]):
                yield "/".join(names[:depth])

    def forget(self) -> None:
        """Look at every folder again from now on."""
        self._folders.clear()

    def _has_folder(self, names: Sequence[str]) -> bool:
        if "/".join(names) in self._folders:
            return True
        for depth in range(1, len(names) + 1):
            folder = "/".join(names[:depth])
            if folder in self._folders:
                continue
            kind = _kind_of(self.top + folder)
            if kind is None:
                return False
            if kind != "folder":
                raise not_a(folder, kind, "folder")
            self._folders.add(folder)
        return True


class Staged:
    """New contents of files, written beside their targets and then moved into place.

    Attributes:
        temps: path → its temporary file, for every path that is written and not removed.
        folders: the folders that had to be made, outermost first.
    """

    def __init__(
        self,
        tree: WorkTree,
        contents: Mapping[str, bytes | None],
        *,
        token: str = "",
        names: Mapping[str, str] | None = None,
        executable: frozenset[str] = frozenset(),
    ) -> None:
        """Look whether everything can be put where it belongs; write nothing.

        Args:
            tree: where.
            contents: path → new bytes, or None for a file that goes.
            token: becomes part of the temporary files' names.
            names: path → temporary file, where the names are settled already.
            executable: the paths that become executable.

        Raises:
            InvalidError: a symbolic link, or something else than a file, stands in the way.
        """
        self._tree = tree
        self._contents = contents
        self._executable = executable
        self.folders: list[str] = []
        self.temps: dict[str, str] = {}
        seen: set[str] = set()
        for number, (path, content) in enumerate(contents.items()):
            kind = tree.check(path)
            if kind not in {None, "file"}:
                raise not_a(path, str(kind), "file")
            if content is not None:
                head = path.rpartition("/")[0]
                if head not in seen:
                    seen.add(head)
                    self.folders += [folder for folder in tree.missing_folders(path) if folder not in self.folders]
                # Short and made of nothing from the path, so that it never exceeds what a file name may have.
                self.temps[path] = names[path] if names else f"{head}{'/' if head else ''}.bggen-{token}-{number}.tmp"

    def write(self) -> None:
        """Write every temporary file; after a failure call `discard`."""
        top = self._tree.top
        for folder in self.folders:
            with _says(folder, "make"):
                os.mkdir(top + folder)  # noqa: PTH102 - see WorkTree.top
        for path, temp in self.temps.items():
            mode = 0o777 if path in self._executable else 0o666
            with _says(path, "write"):
                descriptor = os.open(top + temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
                with os.fdopen(descriptor, "wb", buffering=0) as file:
                    left = memoryview(self._contents[path] or b"")
                    while left:
                        left = left[file.write(left) :]

    def place(self) -> None:
        """Move every temporary file into place, remove what is to go, and the folders that this leaves empty."""
        top = self._tree.top
        for path, content in self._contents.items():
            with _says(path, "write"):
                if content is not None:
                    os.replace(top + self.temps[path], top + path)  # noqa: PTH105 - see WorkTree.top
                else:
                    (self._tree.root / path).unlink(missing_ok=True)
                    self._remove_empty(path)

    def discard(self) -> None:
        """Remove what `write` made and `place` did not use; never fails."""
        remove_leftovers(self._tree.root, self.temps.values(), self.folders)

    def _remove_empty(self, path: str) -> None:
        names = segments(path)
        for depth in range(len(names) - 1, 0, -1):
            try:
                (self._tree.root / "/".join(names[:depth])).rmdir()
            except OSError:
                return
            self._tree.forget()


def remove_leftovers(root: Path, temps: Iterable[str], folders: Iterable[str]) -> None:
    """Remove temporary files, and of `folders` (outermost first) the empty ones; never fails, follows no links."""
    work = WorkTree(root)
    for temp in temps:
        with contextlib.suppress(OSError, InvalidError):
            if work.check(temp) == "file":
                (root / temp).unlink()
    for folder in reversed(list(folders)):
        with contextlib.suppress(OSError, InvalidError):
            if work.check(folder) == "folder":
                (root / folder).rmdir()
                work.forget()


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _kind_of(path: str) -> str | None:
    try:
        return _kind(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _kind_of_entry(entry: os.DirEntry[str]) -> str:
    # Told by the folder itself, where its file system knows.
    if entry.is_symlink():
        return "link"
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "folder" if entry.is_dir(follow_symlinks=False) else "other"


def _read_regular(full: str, path: str) -> bytes:
    # A pipe that took the file's place since it was looked at must not make us wait, nor a link lead us away.
    descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise not_a(path, _kind(facts.st_mode), "file")
        if facts.st_size > MAX_BYTES:
            raise too_large(path, facts.st_size)
        content = b""
        # One byte more, so that the end shows without another look, unless the file grows meanwhile.
        while more := os.read(descriptor, max(facts.st_size - len(content), 0) + 1):
            content += more
            if len(content) > MAX_BYTES:
                raise too_large(path, len(content))
            if len(content) == facts.st_size:
                break
        return content
    finally:
        os.close(descriptor)


def _failed(path: str, verb: str, error: OSError) -> GitError:
    return GitError(f"cannot {verb} {printable(path) or 'the config repo'}: {error.strerror}")


@contextlib.contextmanager
def _says(path: str, verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _failed(path, verb, error) from error
