"""The commit that a pull request is compared with: the newest one of its base branch, and where the two parted.

All fetching of `bggen check` happens here. It works in the user's clone, so it deepens a shallow one, but moves no
branch and no remote-tracking branch.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from bggen.errors import GitError, RefusedError, UsageError
from bggen.git.process import reason
from bggen.git.remote import remote_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.git.place import Place
    from bggen.git.process import Done

# How many commits more each step brings; None: all of them. A pull request that is younger than 50 commits of its base
# needs one step, and the last one always finds what there is.
_STEPS: tuple[int | None, ...] = (50, 500, None)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,}\Z")
_HEADS = "refs/heads/"
# Git repeats it with a scheme before it, and without.
_USER = re.compile(r"[^\s/'\"]+@")
# Servers of protocol 0 take only few commits by their ids, or none.
_MOST_CUTS = 20


@dataclass(frozen=True, slots=True)
class Base:
    """What is compared with.

    Attributes:
        name: as people write it: a branch, or a commit's id.
        commit: its newest commit, as far as is known here.
        fetched: whether the remote was asked just now.
    """

    name: str
    commit: str
    fetched: bool


class BaseSide:
    """Finds commits of the base branch, and brings what is missing here from its remote. Close it."""

    def __init__(self, place: Place, *, fetch: bool) -> None:
        """Read nothing yet; without `fetch` no remote is ever asked."""
        self._git = place.git
        self._fetch = fetch
        self._remote: str | None = None
        self._wanted: str | None = None
        self._temporary = f"refs/bggen/check-{os.getpid():x}-{os.urandom(4).hex()}"
        self._steps = list(_STEPS)
        self._brought = False
        self._failed: GitError | None = None
        #: What the user should know: what could not be fetched, and why.
        self.warnings: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the reference that kept what was fetched."""
        if self._brought:
            self._git.run("update-ref", "-d", self._temporary)

    def remotes(self) -> list[str]:
        """Return the names of the remotes, `origin` first."""
        names = self._git.run("remote").out.decode("utf-8", "replace").split()
        plain = [name for name in names if not name.startswith("-") and name.isprintable()]
        return sorted(plain, key=lambda name: name != "origin")

    def default_branch(self) -> str | None:
        """Return the default branch: as the clone noted it, as the remote says, or the usual name; None: neither."""
        remote = next(iter(self.remotes()), None)
        if remote is not None:
            noted = self._git.run("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD")
            if noted.code == 0:
                return noted.out.decode("utf-8", "replace").strip().removeprefix(f"refs/remotes/{remote}/")
            if self._fetch:
                asked = self._talk(remote, "ls-remote", "--quiet", "--symref", "--", remote, "HEAD")
                found = re.match(r"ref: refs/heads/(\S+)\tHEAD\n", asked.out.decode("utf-8", "replace"))
                if asked.code == 0 and found:
                    return found[1]
        return next((name for name in ("main", "master") if self._local(remote, name)), None)

    def resolve(self, name: str) -> Base:
        """Return the newest commit of a branch, or the commit itself.

        Args:
            name: a branch, `remote/branch`, a full reference or a commit's id, which was looked at before: nothing
                that git takes for an option or an expression.

        Raises:
            RefusedError: there is no such branch or commit (`branch`).
            GitError: the remote cannot be asked, and nothing is here.
        """
        remotes = self.remotes()
        branch = name.removeprefix("refs/remotes/").removeprefix(_HEADS)
        remote = next((each for each in remotes if branch.startswith(f"{each}/")), None)
        branch = branch.removeprefix(f"{remote}/")
        remote = self._remote = remote or next(iter(remotes), None)
        if _COMMIT.match(name):
            return self._commit(name)
        if remote is not None and self._fetch and not name.startswith("refs/tags/"):
            newest = self._newest(remote, branch)
            if newest is not None:
                return Base(branch, newest, fetched=True)
        here = self._local(remote, branch) or self._named(f"refs/tags/{branch.removeprefix('refs/tags/')}")
        if here is None and _SHORT_COMMIT.match(name):
            here = self._named(name)
        if here is None and self._failed is not None:
            raise self._failed
        if here is None:
            where = f"neither here nor on {remote}" if remote else "not here"
            raise RefusedError(
                f"there is no branch {branch} to compare with: {where}",
                hint="--base BRANCH names another one" + ("" if self._fetch else ", and git fetch brings it"),
                kind="branch",
            )
        return Base(branch, here, fetched=False)

    def merge_base(self, head: str, base: Base) -> str:
        """Return the newest commit that both have in their history; a shallow clone is deepened as far as it takes.

        Raises:
            RefusedError: they have none, or none that can be seen here (`branch`).
        """
        if base.commit in (head, *self._parents(head)):
            # Also where a shallow clone hides it: the forge's merge commit, checked out alone, names both sides.
            return base.commit
        while True:
            done = self._git.run("merge-base", head, base.commit)
            found = done.out.decode().strip() or None
            if found is not None and not self._is_cut_above(found, head, base.commit):
                return found
            if not self.deepen():
                break
        if found is None:
            shallow = bool(self._cuts())
            raise RefusedError(
                f"HEAD and {base.name} have no commit in common" + (" in this shallow clone" if shallow else ""),
                hint="git fetch --unshallow" if shallow else "--base BRANCH names another branch",
                kind="branch",
            )
        self.warnings.append("this clone is shallow: HEAD and the base may have parted later than can be seen here")
        return found

    def deepen(self) -> bool:
        """Bring more of both histories; False where there is no more, or it cannot be had."""
        cuts = self._cuts()
        if not cuts or not self._steps or self._remote is None or self._wanted is None or not self._fetch:
            return False
        step = self._steps.pop(0)
        depth = "--unshallow" if step is None else f"--deepen={step}"
        sides = [*cuts] if len(cuts) <= _MOST_CUTS else []
        done = self._bring(self._remote, depth, self._wanted, *sides)
        if done.code != 0 and sides:
            done = self._bring(self._remote, depth, self._wanted)
        if done.code != 0:
            self._steps.clear()
            self.warnings.append(f"could not deepen this shallow clone from {self._remote}: {_words(done)}")
        return done.code == 0

    def past(self, commit: str, paths: list[str]) -> Iterator[str]:
        """Yield the commits that changed any of these files before, newest first; deeper ones are brought if need be.

        A commit may come again after the history was deepened.
        """
        while True:
            out = self._git.output("read the history", "rev-list", "--full-history", commit, "--", *paths)
            yield from out.decode().split()
            if not self.deepen():
                return

    def _newest(self, remote: str, branch: str) -> str | None:
        """Return the remote's newest commit of the branch, brought here; None, with a warning, where that fails."""
        ref = f"{_HEADS}{branch}"
        asked = self._talk(remote, "ls-remote", "--quiet", "--", remote, ref)
        lines = (line.split("\t") for line in asked.out.decode("utf-8", "replace").splitlines())
        tip = next((oid for oid, name in lines if name == ref), None)
        if asked.code != 0:
            self._go_without(f"ask {remote} for {branch}", asked)
            return None
        if tip is None:
            if self._local(None, branch):
                self.warnings.append(f"{remote} has no branch {branch}, compared with the one that is here")
            return None
        self._wanted = f"+{ref}:{self._temporary}"
        if self._named(tip) is None:
            # All that a shallow clone lacks would be all of the history.
            done = self._bring(remote, *(["--depth=1"] if self._cuts() else []), self._wanted)
            if done.code != 0:
                self.warnings.append(
                    f"could not fetch {branch} from {remote}, compared with what is here: {_words(done)}"
                )
                return None
            return self._named(self._temporary)
        return tip

    def _go_without(self, doing: str, done: Done) -> None:
        self._failed = GitError(f"cannot {doing}: {_words(done)}", hint="--no-fetch compares with what is here")
        self.warnings.append(f"could not {doing}, compared with what is here: {_words(done)}")

    def _commit(self, oid: str) -> Base:
        self._wanted = oid
        if self._named(oid) is None and self._remote is not None and self._fetch:
            done = self._bring(self._remote, *(["--depth=1"] if self._cuts() else []), oid)
            if done.code != 0:
                self.warnings.append(f"could not fetch {oid[:10]} from {self._remote}: {_words(done)}")
        if self._named(oid) is None:
            raise RefusedError(f"there is no commit {oid[:10]} here", hint="git fetch brings it", kind="branch")
        return Base(oid[:10], oid, fetched=False)

    def _bring(self, remote: str, *arguments: str) -> Done:
        self._brought = True
        options = [argument for argument in arguments if argument.startswith("--")]
        refs = [argument for argument in arguments if not argument.startswith("--")]
        return self._talk(
            remote,
            *("fetch", "--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-auto-gc", "--refmap="),
            *options,
            "--",
            remote,
            *refs,
        )

    def _talk(self, remote: str, *arguments: str) -> Done:
        """Run git on a remote, signed in as the environment says; what bggen has no words for is git's own affair."""
        try:
            return remote_named(self._git, remote).talk(*arguments)
        except UsageError:
            return self._git.run(*arguments)

    def _local(self, remote: str | None, branch: str) -> str | None:
        tracked = self._named(f"refs/remotes/{remote}/{branch}") if remote else None
        return tracked or self._named(f"{_HEADS}{branch}")

    def _named(self, name: str) -> str | None:
        done = self._git.run("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
        return done.out.decode().strip() if done.code == 0 else None

    def _parents(self, commit: str) -> list[str]:
        # As the object itself has them: a shallow clone shows none at its edge.
        text = self._git.output("read HEAD", "cat-file", "commit", commit).partition(b"\n\n")[0]
        return [line.removeprefix(b"parent ").decode() for line in text.split(b"\n") if line.startswith(b"parent ")]

    def _is_cut_above(self, found: str, *sides: str) -> bool:
        """Whether the history that is here ends before `found` on any way to it: then there may be a newer one."""
        cuts = set(self._cuts())
        if not cuts:
            return False
        out = self._git.output("read the history", "rev-list", *sides, f"^{found}")
        return not cuts.isdisjoint(out.decode().split())

    def _cuts(self) -> list[str]:
        """Return the commits at which a shallow clone ends; none where it is whole."""
        path = self._git.output("read the repository", "rev-parse", "--git-path", "shallow").decode().strip()
        with contextlib.suppress(OSError):
            return (self._git.cwd / path).read_text(encoding="ascii").split()
        return []


def _words(done: Done) -> str:
    """Return why git failed, without the secrets that a remote's URL may hold."""
    return _USER.sub("***@", reason(done.err))
