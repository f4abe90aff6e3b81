"""Find the repository around a config repo, and say in one line why a change cannot be made in it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from bggen.errors import BggenError, GitError, RefusedError
from bggen.git.process import OLDEST_GIT, Done, Git, reason
from bggen.workspace import printable

_PATIENCE = 3.0
_HEADS = "refs/heads/"
_BUSY = {
    "MERGE_HEAD": ("a merge", "git merge --abort"),
    "rebase-merge": ("a rebase", "git rebase --abort"),
    "rebase-apply": ("a rebase or `git am`", "git rebase --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --abort"),
    "REVERT_HEAD": ("a revert", "git revert --abort"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a config repo lies in its repository.

    Attributes:
        root: the folder of bggen.yaml.
        git_dir: the git folder of this work tree; a linked work tree has its own.
        prefix: from the top of the work tree to `root`: "" or with a `/` at its end.
        git: runs git in `root`.
    """

    root: Path
    git_dir: Path
    prefix: str
    git: Git


@dataclass(frozen=True, slots=True)
class Head:
    """Where HEAD stands: the branch's full ref name (None: detached), its commit, and HEAD's own text."""

    ref: str | None
    commit: str
    text: bytes


def locate(root: Path) -> tuple[Place, Head]:
    """Return the place of the config repo and where its HEAD stands, by one process.

    Raises:
        GitError: no git, no repository, a bare one, or one that git refuses to work in.
        RefusedError: the branch has no commit yet.
    """
    root = root.resolve()
    git = Git(root)
    done = git.run(
        "rev-parse",
        "--is-bare-repository",
        "--absolute-git-dir",
        "--show-prefix",
        "--show-toplevel",
        "HEAD",
        "--symbolic-full-name",
        "HEAD",
    )
    if done.code != 0:
        raise _why_not(root, git, done, bare=done.out.startswith(b"true"))
    *facts, commit, ref = _answers(done, 6)
    place = Place(root, Path(facts[1]), facts[2], git)
    return place, Head(ref if ref.startswith(_HEADS) else None, commit, _head_text(place))


def read_head(place: Place) -> Head:
    """Return where HEAD stands now."""
    done = place.git.run("rev-parse", "HEAD", "--symbolic-full-name", "HEAD")
    if done.code != 0:
        raise _why_not(place.root, place.git, done, bare=False)
    commit, ref = _answers(done, 2)
    return Head(ref if ref.startswith(_HEADS) else None, commit, _head_text(place))


def same_branch(place: Place, head: Head) -> bool:
    """Whether HEAD still names what it named, without a process."""
    return _head_text(place) == head.text


def short(ref: str) -> str:
    """Return the branch's name as people write it."""
    return ref.removeprefix(_HEADS)


def refuse_unready(place: Place, head: Head) -> str:
    """Return the branch's full ref name where a commit can be made on it.

    Raises:
        RefusedError: HEAD is detached, or a merge or the like is under way: a commit made below it would be undone by
            the index that it has prepared.
    """
    for name, (what, way_out) in _BUSY.items():
        if (place.git_dir / name).exists():
            raise RefusedError(
                f"{what} is in progress in this checkout", hint=f"finish it, or `{way_out}`", kind="busy"
            )
    if head.ref is None:
        raise RefusedError(
            f"HEAD is detached at {head.commit[:10]}: there is no branch to commit to",
            hint="git switch BRANCH",
            kind="branch",
        )
    return head.ref


def wait_for_index(place: Place) -> None:
    """Wait until no other git holds the index; an editor's short look must not fail a release.

    Raises:
        GitError: it is still held after a few seconds.
    """
    lock = place.git_dir / "index.lock"
    deadline = time.monotonic() + _PATIENCE
    while lock.exists():
        if time.monotonic() >= deadline:
            raise GitError(
                f"another git works in this checkout: {printable(str(lock))} exists",
                hint="wait for it; if none runs any more, remove that file",
            )
        time.sleep(0.02)


def _head_text(place: Place) -> bytes:
    try:
        return (place.git_dir / "HEAD").read_bytes()
    except OSError:
        return b""


def _answers(done: Done, expected: int) -> list[str]:
    """Return the lines of `git rev-parse`, the last of which is the branch."""
    lines = done.out.decode("utf-8", "surrogateescape").split("\n")[:-1]
    if len(lines) < expected:
        raise RefusedError("HEAD is ambiguous: a branch or a tag has that name", hint="rename it", kind="branch")
    if len(lines) > expected:
        raise GitError("cannot work here: the path of the repository has a line break in it")
    return lines


def _why_not(root: Path, git: Git, done: Done, *, bare: bool) -> BggenError:
    """Return the error for a `git rev-parse` that failed."""
    where = printable(str(root))
    words = done.err.decode("utf-8", "replace")
    if bare or "must be run in a work tree" in words:
        return GitError(f"{where} is not a work tree: the repository is bare", hint="clone it and work in the clone")
    if "not a git repository" in words:
        return GitError(f"{where} is not in a git repository", hint="git init, and commit what is there")
    if "dubious ownership" in words or "unsafe repository" in words:
        called = re.search(r"git config --global --add safe\.directory .*", words)
        return GitError(f"git refuses to work in {where}: it belongs to another user", hint=called and called.group())
    named = git.run("symbolic-ref", "-q", "HEAD")
    if named.code == 0 and "unknown revision" in words:
        branch = short(printable(named.out.decode("utf-8", "replace").strip()))
        return RefusedError(
            f"the branch {branch} has no commit yet", hint="git add . && git commit -m 'Start'", kind="branch"
        )
    version = re.search(rb"git version (\d+)\.(\d+)", git.run("version").out)
    if version and (int(version[1]), int(version[2])) < OLDEST_GIT:
        return GitError(f"git {int(version[1])}.{int(version[2])} is too old", hint="install git 2.25 or newer")
    return GitError(f"cannot read the repository of {where}: {reason(done.err)}")
