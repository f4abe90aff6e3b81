"""Ask the branch's first-parent history: since when a colour is active, what past releases and states were.

The only module that uses GitPython, and only to run commands: its objects know no SHA-256 repositories. It is imported
when it is needed, because that takes longer than all of git's work for a flip.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bggen.errors import GitError
from bggen.git.objects import Objects
from bggen.git.place import locate
from bggen.git.process import OUTER_GIT, SETTINGS, path_arguments, reason
from bggen.git.told import FORMAT, read_log
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from bggen.git.place import Place
    from bggen.git.told import Told

MOST_COMMITS = 10_000
MAX_STATE = 1024 * 1024
_MANY = 100
_SPECIAL = re.compile(r"[*?\[\\]")
_ACTIVE = re.compile(rb"^active: (blue|green)$", re.MULTILINE)
_RELEASE = re.compile(rb"^release: ([0-9]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PastRelease:
    """A release that was active once: the newest commit that had it so, and its colour file's bytes."""

    commit: str
    date: datetime
    color: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PastState:
    """A commit that changed the state, who made it, and the state files that it left, by name.

    Names and words are those of a line: nothing in them moves a terminal's cursor. `source` is as the commit's trailers
    have it, unchecked: the id of the source commit and its repository, "" for what they do not name.
    """

    commit: str
    date: datetime
    author: str
    subject: str
    files: Mapping[str, bytes]
    source: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Past:
    """What the history that is here tells of one state.

    Attributes:
        states: newest first.
        before: the files before the oldest of them.
        cut: what hides the states before that; None where there are none.
    """

    states: tuple[PastState, ...]
    before: Mapping[str, bytes]
    cut: Literal["limit", "shallow"] | None


def active_since(root: Path, paths: Sequence[str]) -> dict[str, datetime | None]:
    """Return when the `active:` line of each release.yaml last changed on the branch, by one walk.

    Args:
        root: the folder of bggen.yaml.
        paths: release.yaml files, relative to it.

    Returns:
        path → the committer date of that commit; None where history is too shallow to tell, or has no such file.

    Raises:
        GitError: git failed.
        RefusedError: the branch has no commit yet.
    """
    since: dict[str, datetime | None] = dict.fromkeys(paths)
    missing = set(paths)
    place, _ = locate(root)
    shallow = _shallow(place)
    # Git itself stops at the newest change where only one file is asked about.
    newest = ["--max-count=1"] if len(paths) == 1 else []
    for commit in _log(place, paths, "-G^active: ", *newest, pattern=len(paths) > _MANY):
        for path in missing.intersection(commit.changed):
            # The oldest commit of a shallow clone seems to add every file.
            since[path] = None if commit.id in shallow else commit.date
        missing.difference_update(commit.changed)
        if not missing:
            break
    return since


def past_release(
    root: Path, folder: str, number: int, *, most: int = MOST_COMMITS, tip: str = "HEAD"
) -> PastRelease | None:
    """Return the release of that number, out of the newest commit in which it was active.

    Args:
        root: the folder of bggen.yaml.
        folder: the (app, env)'s folder, relative to it.
        number: the release's number.
        most: how many commits that touch the state are looked at.
        tip: the commit that the history ends with.

    Returns:
        None where no commit of the history that is here had it active.

    Raises:
        GitError: git failed.
        RefusedError: the branch has no commit yet.
    """
    place, _ = locate(root)
    objects = Objects(place.git)
    try:
        for commit in _log(place, [f"{folder}/release.yaml"], f"--max-count={most}", tip=tip):
            at = f"{commit.id}:{place.prefix}{folder}"
            color = active_color(_content(objects, f"{at}/release.yaml"))
            content = _content(objects, f"{at}/{color}.yaml") if color else b""
            if is_release(content, number):
                return PastRelease(commit.id, commit.date, color, content)
    finally:
        objects.close()
    return None


def past_states(root: Path, folder: str, names: Sequence[str], *, most: int) -> Past:
    """Return the commits that changed any of the state files, with the files as each left them.

    Args:
        root: the folder of bggen.yaml.
        folder: the (app, env)'s folder, relative to it.
        names: the state files in it.
        most: how many commits are returned.

    Raises:
        GitError: git failed.
        RefusedError: the branch has no commit yet.
    """
    place, _ = locate(root)
    # One more than is wanted: what the oldest one found.
    commits = list(_log(place, [f"{folder}/{name}" for name in names], f"--max-count={most + 1}"))
    objects = Objects(place.git)
    try:
        states = [
            PastState(
                commit.id,
                commit.date,
                printable(commit.author),
                printable(commit.subject),
                _files(objects, f"{commit.id}:{place.prefix}{folder}", names),
                commit.source,
            )
            for commit in commits
        ]
    finally:
        objects.close()
    if len(states) > most:
        return Past(tuple(states[:most]), states[most].files, "limit")
    if states and states[-1].commit in _shallow(place):
        # The oldest commit of a shallow clone seems to add every file: it tells what was, and not who did it.
        return Past(tuple(states[:-1]), states[-1].files, "shallow")
    return Past(tuple(states), {}, None)


def active_color(release: bytes) -> str:
    """Return the colour that a release.yaml says is active; "" where it says none."""
    found = _ACTIVE.search(release)
    return found[1].decode() if found else ""


def is_release(content: bytes, number: int) -> bool:
    """Whether a colour's file holds the release of that number."""
    found = _RELEASE.search(content)
    return found is not None and int(found[1]) == number


def _files(objects: Objects, at: str, names: Sequence[str]) -> dict[str, bytes]:
    """Return the files that exist; what is no readable file is empty."""
    found = {name: objects.get(f"{at}/{name}", limit=MAX_STATE) for name in names}
    return {
        name: (entry.body or b"") if entry.kind == "blob" else b"" for name, entry in found.items() if entry is not None
    }


def _content(objects: Objects, name: str) -> bytes:
    found = objects.get(name, limit=MAX_STATE)
    return (found.body or b"") if found is not None and found.kind == "blob" else b""


def _shallow(place: Place) -> frozenset[str]:
    """Return the commits at which a shallow clone ends."""
    path = place.root / os.fsdecode(_run(place, "rev-parse", "--git-path", "shallow"))
    return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()


def _log(place: Place, paths: Sequence[str], *options: str, pattern: bool = False, tip: str = "HEAD") -> Iterator[Told]:
    """Yield commits with the paths they change, newest first; no path stands for every path.

    With `pattern`, git is asked for whatever looks like the paths, other paths included: it compares each path that it
    meets with every one that it is given, and takes minutes where those are thousands.
    """
    wanted = ["--no-literal-pathspecs"] if pattern else []
    out = _run(
        place,
        *wanted,
        "-c",
        "core.quotePath=false",
        "-c",
        "log.follow=false",
        "-c",
        "log.diffMerges=first-parent",
        "log",
        # A merge is compared with its first parent alone: what came with it happened when it was merged.
        "--first-parent",
        "-m",
        "--encoding=UTF-8",
        FORMAT,
        "--name-only",
        "--relative",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--no-notes",
        *options,
        tip,
        "--",
        *([f":(glob){_pattern(paths)}"] if pattern else path_arguments(paths)),
    )
    yield from read_log(out)


def _pattern(paths: Sequence[str]) -> str:
    """Return a pattern that all the paths match, which all have as many names: `apps/*/*/release.yaml`."""
    columns = (set(names) for names in zip(*(path.split("/") for path in paths), strict=True))
    return "/".join("*" if len(names) > 1 else _SPECIAL.sub(r"\\\g<0>", names.pop()) for names in columns)


def _run(place: Place, *arguments: str) -> bytes:
    import git  # noqa: PLC0415 - slow, see above; and it fails where there is no git, which `locate` says better

    with _without_outer_git():
        code, out, err = git.Git(place.root).execute(
            ["git", *SETTINGS, *arguments], with_extended_output=True, with_exceptions=False, stdout_as_string=False
        )
    if code != 0:
        raise GitError(f"cannot read the history: {reason(err.encode())}")
    return out


@contextlib.contextmanager
def _without_outer_git() -> Iterator[None]:
    """Hide the variables of an outer git from GitPython, which always hands on the whole environment."""
    hidden = {name: os.environ.pop(name) for name in OUTER_GIT & os.environ.keys()}
    try:
        yield
    finally:
        os.environ.update(hidden)
