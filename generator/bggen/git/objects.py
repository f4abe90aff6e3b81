"""Read git objects through one `git cat-file --batch` that stays, and write many at once as a pack."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.process import end, finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.git.process import Git

_MAX_TREE = 64 * 1024 * 1024
_PACK_TYPE = {"tree": 2, "blob": 3}
# As git's own fetch.unpackLimit: so many objects stay the pack that they come as, and fewer become a file each, which
# takes git a good quarter of a millisecond a file.
_KEPT_AS_PACK = 100
# So few names fit into a pipe, whoever waits for whom.
_ASKED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Found:
    """An object; `body` is None where it is larger than was asked for."""

    oid: str
    kind: str
    size: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Made:
    """A new object and its id."""

    oid: str
    kind: str
    body: bytes


def make(kind: str, body: bytes, width: int) -> Made:
    """Return the object with the id that git gives it; `width` is the length of ids in hex (40: SHA-1, 64: SHA-256)."""
    digest = hashlib.new("sha1" if width == 40 else "sha256", usedforsecurity=False)  # noqa: PLR2004 - said above
    digest.update(b"%s %d\0" % (kind.encode(), len(body)))
    digest.update(body)
    return Made(digest.hexdigest(), kind, body)


class Objects:
    """The objects of one repository."""

    def __init__(self, git: Git, *, own: bool = False) -> None:
        """Start nothing yet.

        Args:
            git: runs in the repository.
            own: whether that is bggen's alone: what is written there is soon pushed, and need not be small or tidy.
        """
        self._git = git
        self._own = own
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the reader, so that it is ready when the first object is asked for."""
        if self._process is None:
            self._process = self._git.start("cat-file", "--batch", stderr=subprocess.DEVNULL)

    def get(self, name: str, *, limit: int = _MAX_TREE) -> Found | None:
        """Return the object of that name (`<id>`, `<commit>:<path>`…), or None where there is none.

        Raises:
            GitError: git ended before it answered.
        """
        self._ask([name])
        return self._answer(name, limit)

    def several(self, names: Sequence[str], *, limit: int) -> dict[str, Found]:
        """Return objects by their names, without those that are missing or larger; git reads on while we do.

        Raises:
            GitError: git ended before it answered.
        """
        found: dict[str, Found] = {}
        for start in range(0, len(names), _ASKED_AT_ONCE):
            asked = names[start : start + _ASKED_AT_ONCE]
            self._ask(asked)
            for name in asked:
                answer = self._answer(name, limit)
                if answer is not None and answer.body is None:
                    # The reader was ended, and the rest of its answers with it.
                    return found
                if answer is not None:
                    found[name] = answer
        return found

    def _ask(self, names: Sequence[str]) -> None:
        self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise GitError("git cat-file has no pipes")
        # A reader that ended early shows by its answers.
        with contextlib.suppress(OSError):
            process.stdin.write("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))
            process.stdin.flush()

    def _answer(self, name: str, limit: int) -> Found | None:
        process = self._process
        if process is None or process.stdout is None:
            raise GitError("git cat-file has no pipes")
        try:
            header = process.stdout.readline()
        except OSError:
            header = b""
        if not header.endswith(b"\n"):
            self.close()
            raise GitError(f"cannot read {name}: git cat-file ended early", hint="run `git fsck` in the config repo")
        oid, _, rest = header.decode("utf-8", "surrogateescape").rstrip("\n").partition(" ")
        kind, _, size = rest.partition(" ")
        if kind not in {"blob", "tree", "commit", "tag"} or not size.isdigit():
            return None
        if int(size) > limit:
            self.close()
            return Found(oid, kind, int(size), None)
        body = process.stdout.read(int(size))
        process.stdout.read(1)
        # Git dies in the middle of what it cannot unpack, and does not look whether what it reads is what was stored.
        if make(kind, body, len(oid)).oid != oid:
            self.close()
            raise GitError(f"the object {oid[:10]} is damaged", hint="run `git fsck` in the config repo")
        return Found(oid, kind, int(size), body)

    def write(self, objects: Sequence[Made]) -> None:
        """Write blobs and trees, in one process.

        Source of the format: git's gitformat-pack(5). What git stores as files, it compresses itself.

        Raises:
            GitError: git could not.
        """
        if not objects:
            return
        as_pack = self._own or len(objects) >= _KEPT_AS_PACK
        level = 1 if as_pack and not self._own else 0
        parts = [b"PACK" + (2).to_bytes(4) + len(objects).to_bytes(4)]
        for made in objects:
            parts += [_pack_header(_PACK_TYPE[made.kind], len(made.body)), zlib.compress(made.body, level)]
        pack = b"".join(parts)
        width = len(objects[0].oid)
        checksum = hashlib.new("sha1" if width == 40 else "sha256", pack, usedforsecurity=False)  # noqa: PLR2004 - see make
        command = ["index-pack", "--stdin"] if as_pack else ["unpack-objects", "-q"]
        done = finish(self._git.start(*command), pack + checksum.digest())
        if done.code != 0:
            raise done.error("write to the repository")

    def close(self) -> None:
        """End the reader; the next `get` starts it again."""
        process, self._process = self._process, None
        if process is not None:
            end(process)


def _pack_header(kind: int, size: int) -> bytes:
    byte, size = kind << 4 | size & 0x0F, size >> 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header)
