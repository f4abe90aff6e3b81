"""Hooks on the server's side: refuse some pushes, let somebody else be faster, or take their time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.repos import BareRepo
    from tests.support.servers.verdicts import Verdict

Hook = Literal["pre-receive", "update", "post-receive"]
PATIENCE = 60

# Every time is taken by exactly one push, however many come at once: mkdir is atomic.
_ONE_OF = """\
taken=
i=0
while [ $i -lt {times} ]; do
    i=$((i + 1))
    if mkdir "$GIT_DIR/hooks/{hook}.$i" 2>/dev/null; then taken=yes; break; fi
done
[ -n "$taken" ] || exit 0
"""
# Refs may not move within the quarantine of a push, so the other push has to be one of its own.
_OTHER = """\
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
GIT_DIR=$(cd "$GIT_DIR" && pwd); export GIT_DIR
GIT_INDEX_FILE="$GIT_DIR/hooks/index.$$"; export GIT_INDEX_FILE
GIT_AUTHOR_NAME=Eve GIT_AUTHOR_EMAIL=eve@example.com GIT_COMMITTER_NAME=Eve GIT_COMMITTER_EMAIL=eve@example.com
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
tip=$(git rev-parse --verify {ref}) || exit 1
git read-tree "$tip" || exit 1
blob=$(printf '%s %s\\n' "$tip" "$$" | git hash-object -w --stdin) || exit 1
git update-index --add --cacheinfo "100644,$blob,{path}" || exit 1
commit=$(git commit-tree "$(git write-tree)" -p "$tip" -m 'somebody else') || exit 1
rm -f "$GIT_INDEX_FILE"
git update-ref {ref} "$commit" "$tip" || exit 1
"""
_HELD = """\
: > "$GIT_DIR/hooks/gate/held.$$"
i=0
while [ ! -e "$GIT_DIR/hooks/gate/open" ] && [ $i -lt {most} ]; do
    i=$((i + 1))
    sleep 0.02
done
"""


def refuse_pushes(repo: BareRepo, verdict: Verdict, times: int = 1, hook: Hook = "pre-receive") -> None:
    """Refuse the first pushes with a server's words; the reason is git's own (`pre-receive hook declined`)."""
    words = repo.path / "hooks" / f"{hook}.words"
    words.parent.mkdir(exist_ok=True)
    words.write_text("".join(f"{line}\n" for line in verdict.lines or [verdict.reason]))
    _install(repo, hook, _ONE_OF.format(times=times, hook=hook) + f'cat "$GIT_DIR/hooks/{words.name}" >&2\nexit 1\n')


def outrun_pushes(repo: BareRepo, times: int = 1, path: str = "somebody", branch: str = "main") -> None:
    """Let somebody else's commit land while each of the first pushes is under way.

    A real lost race: git has accepted the push's old value before, and fails to lock the ref after.
    """
    script = _ONE_OF.format(times=times, hook="pre-receive") + _OTHER.format(ref=f"refs/heads/{branch}", path=path)
    _install(repo, "pre-receive", script)


def delay_pushes(repo: BareRepo, seconds: float, hook: Hook = "pre-receive") -> None:
    """Let every push take so much longer; in `post-receive` it has landed by then."""
    _install(repo, hook, f"sleep {seconds}\n")


@dataclass(frozen=True, slots=True)
class Gate:
    """Where pushes wait until they are let through."""

    folder: Path

    def waiting(self) -> int:
        """Return how many pushes have come so far."""
        return len(list(self.folder.glob("held.*")))

    def wait_for(self, pushes: int = 1) -> None:
        """Wait until so many pushes have come."""
        for _ in range(PATIENCE * 100):
            if self.waiting() >= pushes:
                return
            time.sleep(0.01)
        raise AssertionError(f"only {self.waiting()} pushes came")

    def open(self) -> None:
        """Let everybody through, from now on."""
        (self.folder / "open").touch()


def hold_pushes(repo: BareRepo, hook: Hook = "pre-receive") -> Gate:
    """Let every push wait at a gate; in `post-receive` it has landed by then."""
    gate = Gate(repo.path / "hooks" / "gate")
    gate.folder.mkdir(parents=True, exist_ok=True)
    _install(repo, hook, _HELD.format(most=PATIENCE * 50))
    return gate


def remove_hooks(repo: BareRepo) -> None:
    """Take every push again."""
    for name in ("pre-receive", "update", "post-receive"):
        (repo.path / "hooks" / name).unlink(missing_ok=True)


def _install(repo: BareRepo, hook: Hook, script: str) -> None:
    path = repo.path / "hooks" / hook
    path.parent.mkdir(exist_ok=True)
    for left in path.parent.glob(f"{hook}.[0-9]*"):
        left.rmdir()
    # Written aside and renamed: a program that another process is just starting cannot be written to.
    fresh = path.with_suffix(".new")
    fresh.write_text("#!/bin/sh\n" + script)
    fresh.chmod(0o755)
    fresh.replace(path)
