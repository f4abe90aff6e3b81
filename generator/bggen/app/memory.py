"""What earlier runs found out, by content: a file in git's folder that only saves time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bggen.resources import resource_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A repo of 10,000 (app, env) pairs fills a quarter of it, and every change adds half a kilobyte.
_LARGEST = 24 * 1024 * 1024
_DIGEST_BYTES = 20
_VALID = "valid"


class Memory:
    """Answers by the digest of everything that they follow from, bggen's own code included.

    An entry is never out of date, only unused. What is wrong with the file (cut off, of another version, not readable,
    of another user) makes it empty. Whoever can write into git's folder can forge it; so what others rely on
    (`render --check`, `validate`, every changing command) never asks it. See docs/decisions/0016.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known = _load(path) if path else {}
        self._learnt: dict[str, str] = {}

    def answer(self, question: str) -> str | None:
        """Return what is known of a question of `asked`."""
        return self._known.get(question) or self._learnt.get(question)

    def note(self, question: str, answer: str) -> None:
        """Keep an answer: ASCII on one line."""
        if self._known.get(question) != answer:
            self._learnt[question] = answer

    def take(self) -> Mapping[str, str]:
        """Return what was learnt since the last time: what a worker process gives back."""
        learnt, self._learnt = self._learnt, {}
        self._known.update(learnt)
        return learnt

    def known(self, digest: str) -> bool:
        """Whether a file was found valid before; this makes it the Verdicts of `bggen.spec`."""
        return self.answer(asked(_VALID, digest.encode())) == _VALID

    def remember(self, digest: str) -> None:
        """Keep that a file is valid; see `known`."""
        self.note(asked(_VALID, digest.encode()), _VALID)

    def save(self, learnt: Iterable[Mapping[str, str]]) -> None:
        """Write what was learnt, with what other processes have written meanwhile; where that fails, forget it."""
        new = {question: answer for each in (*learnt, self.take()) for question, answer in each.items()}
        if self._path is None or not new:
            return
        text = _text({**_load(self._path), **new})
        if len(text) > _LARGEST:
            text = _text(new)
        if len(text) > _LARGEST:
            return
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(_head(text) + text)
                temporary.replace(self._path)
            finally:
                temporary.unlink(missing_ok=True)


def known_file(root: Path) -> Path | None:
    """Return the file of a checkout's memory; None where git's folder is not ours: then it lasts as long as the run."""
    folder = _git_folder(root)
    return folder / "bggen" / "known" if folder else None


def _git_folder(root: Path) -> Path | None:
    """Return git's folder of the work tree, found without a git process; None where it belongs to another user."""
    for above in (root, *root.parents):
        path = above / ".git"
        with contextlib.suppress(OSError, ValueError):
            if path.is_file():
                # A linked work tree. Source: gitrepository-layout(5).
                path = above / path.read_text(encoding="utf-8").removeprefix("gitdir: ").rstrip("\n")
            if (path / "HEAD").is_file():
                return path if path.stat().st_uid == os.geteuid() else None
    return None


def asked(what: str, *parts: bytes) -> str:
    """Return the name of a question: what is asked, of which content, by which code."""
    digest = hashlib.blake2b(_code(), digest_size=_DIGEST_BYTES)
    for part in (what.encode(), *parts):
        digest.update(b"%d\n" % len(part))
        digest.update(part)
    return digest.hexdigest()


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the digest of files by their names and contents."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for name in sorted(files):
        digest.update(b"%s\n%d\n" % (name.encode("utf-8", "surrogateescape"), len(files[name])))
        digest.update(files[name])
    return digest.hexdigest()


def _load(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            head = file.readline(200)
            text = file.read(_LARGEST)
        if head != _head(text):
            return {}
        return dict(line.split(" ", 1) for line in text.decode("ascii").split("\n")[:-1])
    except (OSError, ValueError):
        return {}


def _text(entries: Mapping[str, str]) -> bytes:
    return "".join(f"{question} {answer}\n" for question, answer in entries.items()).encode()


def _head(text: bytes) -> bytes:
    return b"bggen 1 %s\n" % hashlib.blake2b(text, digest_size=_DIGEST_BYTES).hexdigest().encode()


@cache
def _code() -> bytes:
    """Return what tells this bggen, with what it renders by, from any other: a checkout changes between two runs."""
    digest = hashlib.blake2b(f"{sys.version_info} {sys.implementation.name}".encode())
    package = Path(__file__).parents[1]
    for path in _files([package, resource_dir("templates"), resource_dir("schemas")]):
        digest.update(b"%s\n" % os.fsencode(path))
        digest.update(path.read_bytes())
    jinja = find_spec("jinja2")
    for path in _files([Path(folder) for folder in (jinja and jinja.submodule_search_locations) or ()]):
        facts = path.stat()
        digest.update(b"%s %d %d\n" % (os.fsencode(path), facts.st_size, facts.st_mtime_ns))
    return digest.digest()


def _files(folders: Iterable[Path]) -> list[Path]:
    suffixes = {".py", ".j2", ".json"}
    found = [
        Path(folder, name)
        for top in folders
        for folder, _, names in os.walk(top)
        for name in names
        if os.path.splitext(name)[1] in suffixes  # noqa: PTH122 - a Path for each of 200 names takes longer than reading
    ]
    return sorted(found)
