"""Talk to one remote from inside one repository: ask for branches, fetch what is read, push by compare-and-swap."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bggen.credentials import find_credential
from bggen.errors import GitError, RefusedError, UnknownOutcomeError, UsageError
from bggen.git.outcome import failure_kind, gives_by_ref_only, has_other_ids, outcome_of
from bggen.git.speaking import Speaker
from bggen.git.target import Moved
from bggen.remotes import parse_branch, parse_remote

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bggen.credentials import Credential
    from bggen.git.outcome import Outcome
    from bggen.git.process import Done, Git
    from bggen.remotes import RemoteUrl

_PUSHES = 3
_DEEP_ENOUGH = 50
_MOST_WANTS = 20_000
# By falling thrift: the newest commit with the trees and files of the top two levels; all trees; everything.
_FILTERS = ("tree:2", "blob:none", None)
# The same for what is fetched by its id, where only the objects themselves are wanted; and for commits of history.
_ALONE = ("tree:0", "blob:none", None)


class Remote(Speaker):
    """One remote. A repository of our own gets no more than is read; a checkout gets what `git fetch` gets."""

    def __init__(
        self, git: Git, name: str, url: RemoteUrl, credential: Credential | None = None, *, own: bool = False
    ) -> None:
        """Ask nothing yet; see Speaker."""
        super().__init__(git, name, url, credential, own=own)
        self._rung = 0
        self._refs: Sequence[str] = ()

    def tips(self, *refs: str) -> dict[str, str | None]:
        """Return each full ref's commit, None where there is no such ref; one round trip.

        Raises:
            GitError: the remote cannot be asked.
        """
        done = self._run("ls-remote", "--quiet", self._name, *refs)
        if done.code != 0:
            raise self._failure("read the remote", done)
        lines = (line.partition("\t") for line in done.out.decode("utf-8", "surrogateescape").splitlines())
        found = {ref: oid for oid, _, ref in lines}
        return {ref: found.get(ref) for ref in refs}

    def default_branch(self) -> str:
        """Return the branch that the remote's HEAD names, in full.

        Raises:
            RefusedError: it names none: the repository is empty.
            GitError: the remote cannot be asked.
        """
        done = self._run("ls-remote", "--quiet", "--symref", self._name, "HEAD")
        if done.code != 0:
            raise self._failure("read the remote", done)
        for line in done.out.decode("utf-8", "surrogateescape").splitlines():
            ref, tab, name = line.partition("\t")
            if tab and name == "HEAD" and ref.startswith("ref: refs/heads/"):
                return _known_branch(ref.removeprefix("ref: "))
        raise RefusedError(
            "the remote says of no branch that it is the usual one", hint="name it with --base BRANCH", kind="branch"
        )

    def fetch(self, *refs: str, depth: int | None = 1) -> dict[str, str]:
        """Get the newest commits of branches, and return them by full ref; one round trip.

        Args:
            refs: in full.
            depth: how many commits of history come along, without their files; None for all. A checkout gets all.

        Raises:
            RefusedError: there is no such branch.
            GitError: the remote cannot be read.
        """
        deep = [] if not self._own else ["--unshallow"] if depth is None and self._shallow() else []
        deep += [f"--depth={depth}"] if self._own and depth is not None else []
        done = self._fetch_thriftily(deep, refs, _FILTERS if depth == 1 else _ALONE)
        if self._own and has_other_ids(done.err.decode("utf-8", "replace")) and self._lengthen_ids():
            done = self._fetch_thriftily(deep, refs, _FILTERS if depth == 1 else _ALONE)
        if done.code == 0:
            self._refs = refs
            return self._fetched(refs)
        if b"couldn't find remote ref" in done.err:
            missing = next((ref for ref in refs if ref.encode() in done.err), refs[0])
            raise RefusedError(
                f"the remote has no branch {missing.removeprefix('refs/heads/')}", hint="see --base", kind="branch"
            )
        raise self._failure("fetch from the remote", done)

    def _fetch_thriftily(self, deep: Sequence[str], refs: Sequence[str], filters: Sequence[str | None]) -> Done:
        if not self._own:
            return self._fetch(deep, refs)
        while True:
            done = self._fetch(deep, refs, filters[self._rung])
            if done.code == 0 or b"filter" not in done.err or self._rung == len(filters) - 1:
                return done
            self._rung += 1

    def _lengthen_ids(self) -> bool:
        """Let the repository have the ids of SHA-256, and return whether it could; see `bggen.git.bare`."""
        return False

    def bring(self, oids: Collection[str], *, alone: bool = False, trees: bool = False) -> None:
        """Get objects by their ids, with everything below them, only the trees of that, or alone; one round trip.

        Raises:
            GitError: the remote does not give them.
        """
        wanted = sorted(oids)
        for start in range(0, len(wanted), _MOST_WANTS):
            for chosen in _ALONE if alone else _ALONE[1:] if trees else _ALONE[-1:]:
                done = self._fetch([], wanted[start : start + _MOST_WANTS], chosen)
                if done.code == 0 or b"filter" not in done.err:
                    break
            if done.code != 0 and self._refs and gives_by_ref_only(done.err.decode("utf-8", "replace")):
                # All of the newest commits then, now and for every later one.
                self._rung = len(_FILTERS) - 1
                done = self._fetch(["--depth=1"], self._refs)
            if done.code != 0:
                raise self._failure("fetch from the remote", done)

    def push(
        self, commit: str, ref: str, *, was: str | None, forced: bool = False, options: Sequence[str] = ()
    ) -> None:
        """Move a branch of the remote from where it was to a commit, or not at all, and see that it is there.

        Args:
            commit: is here with all that the remote lacks of it.
            ref: in full.
            was: the commit that the branch is at; None where there is none, or where a plain push has to see to that.
            forced: go there from exactly `was`, which need not be in the commit's history. Only for a branch of our
                own; everything else moves forward.
            options: for the server.

        Raises:
            Moved: the branch is elsewhere.
            UnknownOutcomeError: the answer was lost, and the remote cannot be asked.
            GitError: the remote refused it (`rejected`), or could not be reached.
        """
        lease = [f"--force-with-lease={ref}:{was or ''}"] if forced else []
        told = [word for option in options for word in ("-o", option)]
        arguments = ["--porcelain", "--no-verify", "--recurse-submodules=no", *lease, *told]
        for _ in range(_PUSHES):
            done = self._run("push", *arguments, self._name, f"{commit}:{ref}")
            err = done.err.decode("utf-8", "replace")
            outcome = outcome_of(done.code, done.out.decode("utf-8", "replace"), err, ref)
            if self._is_over(outcome, commit, ref, was, forced=forced):
                return
            if failure_kind(err) in {"auth", "missing"}:
                break
        raise self._failure("push to the remote", done)

    def _is_over(self, outcome: Outcome, commit: str, ref: str, was: str | None, *, forced: bool) -> bool:
        """Whether the branch holds the commit; not, where the push was never heard of, or nobody can say so."""
        if outcome.kind == "rejected":
            raise self._refusal(ref, outcome, "a rule or a hook of the remote decides that; --pr opens a pull request")
        moved = Moved(self._clean(outcome.reason))
        if outcome.kind == "race" and not outcome.sent:
            raise moved
        landed = outcome.kind == "landed"
        if landed and not ref.startswith("refs/heads/"):
            return True
        there = self._read_back(ref, outcome.reason, surely=landed)
        if there == commit or (landed and there != was):
            # Elsewhere although it landed: somebody has pushed on top of it already.
            return True
        if forced and there == was and "non-fast-forward" in outcome.reason:
            raise self._refusal(ref, outcome, "the remote lets nobody make a branch anew: delete it there, and repeat")
        if landed:
            raise GitError(
                f"the remote took the push, and {_short(ref)} is still where it was",
                hint="it may be a mirror: push to the repository that it is made from",
                kind="rejected",
            )
        # A transport may send a push again whose answer it missed, and then lose against itself.
        if there not in {was, None} and self.contains(commit, ref):
            return True
        if outcome.kind == "race" or (was is not None and there != was):
            raise moved
        return False

    def contains(self, commit: str, ref: str) -> bool:
        """Whether the newest commit of a branch has a commit in its near history."""
        tip = self.fetch(ref, depth=_DEEP_ENOUGH)[ref]
        return self._git.run("merge-base", "--is-ancestor", commit, tip).code == 0

    def _refusal(self, ref: str, outcome: Outcome, hint: str) -> GitError:
        words = self._clean(f"the remote refused the push to {_short(ref)}: {outcome.reason}")
        return GitError(words, hint=hint, kind="rejected")

    def _read_back(self, ref: str, reason: str, *, surely: bool) -> str | None:
        try:
            return self.tips(ref)[ref]
        except GitError as error:
            if surely:
                # The remote said that it has it; that counts.
                return ""
            raise UnknownOutcomeError(
                self._clean(f"the answer to the push was lost ({reason}), and the remote cannot be asked"),
                hint="look at the branch; running it again does nothing where the change has arrived",
            ) from error

    def _fetch(self, options: Sequence[str], wanted: Sequence[str], chosen: str | None = None) -> Done:
        """Fetch, into a repository of our own with a filter.

        As a setting: git up to 2.29 writes what `--filter` says to the repository's configuration, and everything that
        meets a missing object there would then fetch it.
        """
        ours = [f"remote.{self._name}.promisor=true", f"remote.{self._name}.partialclonefilter={chosen or 'blob:none'}"]
        thrift = [word for setting in ours for word in ("-c", setting)]
        return self._run(
            *(thrift if self._own else []),
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            *(["--no-filter"] if self._own and chosen is None else []),
            *options,
            self._name,
            *wanted,
        )

    def _fetched(self, refs: Sequence[str]) -> dict[str, str]:
        """Read what a fetch has brought. Source of the form: git's builtin/fetch.c, `append_fetch_head`."""
        path = "FETCH_HEAD"
        if not self._own:
            path = self._git.output("find what was fetched", "rev-parse", "--git-path", path).decode().strip()
        lines = (self._git.cwd / path).read_text("utf-8", "surrogateescape").splitlines()
        found = {}
        for ref in refs:
            note = f"\tbranch '{_short(ref)}' of "
            found[ref] = next((line.partition("\t")[0] for line in lines if note in line), "")
        if not all(found.values()):
            raise GitError("cannot tell what git fetched")
        return found

    def _shallow(self) -> bool:
        return (self._git.cwd / "shallow").exists()


def remote_named(git: Git, name: str) -> Remote:
    """Return a checkout's remote, signed in to as the environment says.

    Raises:
        UsageError: its URL is none that bggen talks to; a token cannot be used.
        GitError: there is no such remote.
    """
    out = git.output("read the remote's URL", "remote", "get-url", "--push", name)
    url = parse_remote(out.decode("utf-8", "surrogateescape").strip())
    return Remote(git, name, url, find_credential(url, os.environ, None))


def _known_branch(ref: str) -> str:
    """Return the ref, if it is one that a refspec may hold: the remote has named it."""
    try:
        return f"refs/heads/{parse_branch(_short(ref))}"
    except UsageError as error:
        raise RefusedError(f"the remote's usual branch: {error.message}", hint="see --base", kind="branch") from error


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
