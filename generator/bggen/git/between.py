"""What lies between two commits, and which files a commit holds: one process each, whatever the size of the repo."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.git.process import Git


def changed_paths(git: Git, before: str, after: str) -> list[str]:
    """Return the files below git's folder that differ between two commits, relative to it."""
    out = git.output(
        "compare the commits",
        *("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--relative", before, after),
    )
    return [name for name in out.decode("utf-8", "surrogateescape").split("\0") if name]


def all_paths(git: Git, commit: str, folder: str) -> list[str]:
    """Return every file below a folder of a commit, by one walk."""
    out = git.output("list the files", "ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder}/")
    return [name for name in out.decode("utf-8", "surrogateescape").split("\0") if name]


def files_with(git: Git, commit: str, words: Sequence[str], folder: str) -> list[str]:
    """Return the files below a folder of a commit that hold any of the words."""
    asked = [part for word in words for part in ("-e", word)]
    done = git.run("grep", "--no-color", "-l", "-z", "-F", *asked, commit, "--", folder)
    names = done.out.decode("utf-8", "surrogateescape").split("\0")
    return [name.removeprefix(f"{commit}:") for name in names if name]


def uncommitted(git: Git, paths: Sequence[str]) -> int:
    """Return how many files of these paths differ between HEAD and the work tree; new files count."""
    out = git.output("read the status", "status", "--porcelain=v1", "-z", "--no-renames", "--", *paths)
    return sum(1 for line in out.split(b"\0") if line)
