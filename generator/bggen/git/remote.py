"""One remote, from inside one repository: ask where its refs are, fetch little, push by compare-and-swap."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from typing import TYPE_CHECKING

from bggen.errors import RefusedError
from bggen.git.network import PATIENCE, Network
from bggen.git.push import push

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bggen.credentials import Credential
    from bggen.git.bare import Bare
    from bggen.git.process import Done, Git
    from bggen.remotes import RemoteUrl

OWN_NAME = "bggen-own"
_FILTERS = ("tree:2", "blob:none", "")
_REFUSES_FILTER = re.compile(rb"filter", re.IGNORECASE)
_MOST_WANTS = 1000
_DEEPEST = 2_147_483_647
_LOOK_BACK = 200


class Remote:
    """One remote. In a checkout, git's own configuration of that name decides; in a Bare, the address does."""

    def __init__(
        self,
        git: Git,
        name: str,
        url: RemoteUrl,
        credential: Credential | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        bare: Bare | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Ask nothing yet.

        Args:
            git: in the repository.
            name: what git is given: `origin` in a checkout; OWN_NAME with `bare`.
            url: where the remote is.
            credential: what bggen itself says when the remote asks; None leaves that to git.
            environ: whose secrets are kept out of messages.
            bare: the repository of our own that `git` works in; None: a checkout of the user's.
            patience: the longest that one command may take, in seconds.
        """
        self._git = git
        self._bare = bare
        self._network = Network(git, name, url, credential, environ or {}, own=bare is not None, patience=patience)
        self._filters = list(_FILTERS)

    @classmethod
    def of(
        cls,
        bare: Bare,
        url: RemoteUrl,
        credential: Credential | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> Remote:
        """Return the remote that a repository of our own is for."""
        return cls(bare.git, OWN_NAME, url, credential, environ=environ, bare=bare, patience=patience)

    def tips(self, *refs: str) -> dict[str, str | None]:
        """Return where these refs are, by their full names; None where there is none.

        Raises:
            GitError: the remote does not answer.
        """
        done = self._network.run("ls-remote", "--quiet", "--", self._network.name, *refs)
        if done.code != 0:
            raise self._network.error(done, "ask the remote for its branches")
        lines = (line.partition("\t") for line in done.out.decode("utf-8", "surrogateescape").splitlines())
        found = {name: oid for oid, _, name in lines}
        return {ref: found.get(ref) for ref in refs}

    def default_branch(self) -> str:
        """Return the name of the branch that the remote's HEAD names, as people write it.

        Raises:
            RefusedError: there is none: the repository is empty, or its HEAD is detached.
            GitError: the remote does not answer.
        """
        done = self._network.run("ls-remote", "--quiet", "--symref", "--", self._network.name, "HEAD")
        if done.code != 0:
            raise self._network.error(done, "ask the remote for its branches")
        found = re.search(rb"^ref: refs/heads/([^\t\n]+)\tHEAD$", done.out, re.MULTILINE)
        if not found:
            raise RefusedError("the remote has no default branch with a commit", hint="--branch NAME", kind="branch")
        return found[1].decode("utf-8", "surrogateescape")

    def fetch(self, *refs: str) -> dict[str, str]:
        """Bring the newest commit of these refs, by their full names; into a Bare only its upper two levels of trees.

        Returns:
            ref → the commit's id.

        Raises:
            RefusedError: the remote has no such ref.
            GitError: the remote does not answer.
        """
        local = {ref: self._own_ref(ref) for ref in refs}
        refspecs = [f"+{ref}:{own}" for ref, own in local.items()]
        done = self._checkout_fetch(refspecs) if self._bare is None else self._filtered(["--depth=1"], refspecs)
        if done.code != 0:
            missing = re.search(rb"couldn't find remote ref (\S+)", done.err)
            if missing:
                ref = missing[1].decode("utf-8", "replace").removeprefix("refs/heads/")
                raise RefusedError(f"the remote has no branch {ref}", hint="--branch NAME", kind="branch")
            if self._bare is not None:
                self._bare.spoil()
            raise self._network.error(done, "fetch from the remote")
        return self._read(local)

    def bring(self, oids: Collection[str]) -> None:
        """Bring these objects with everything below them, in one fetch; Bare only.

        Raises:
            GitError: the remote does not answer, or does not have them.
        """
        wanted = sorted(oids)
        for start in range(0, len(wanted), _MOST_WANTS):
            with self._turn() as held:
                done = self._network.run(
                    *_FETCH, "--no-filter", "--", self._network.name, *wanted[start : start + _MOST_WANTS],
                    settings=[*self._promisor("blob:none"), "fetch.negotiationAlgorithm=noop"], keep_open=held,
                )  # fmt: skip
            if done.code != 0:
                if self._bare is not None:
                    self._bare.spoil()
                raise self._network.error(done, "fetch files from the remote")

    def deepen(self, ref: str, depth: int | None) -> str:
        """Bring so many of the ref's newest commits, alone (None: all of them), and return the newest one's id.

        Raises:
            RefusedError: the remote has no such ref.
            GitError: the remote does not answer.
        """
        if self._bare is None:
            return self.fetch(ref)[ref]
        own = self._own_ref(ref)
        kept, self._filters = self._filters, ["tree:0", *self._filters[1:]]
        try:
            done = self._filtered([f"--depth={depth or _DEEPEST}"], [f"+{ref}:{own}"])
        finally:
            self._filters = kept
        if done.code != 0:
            raise self._network.error(done, "fetch history from the remote")
        return self._read({ref: own})[ref]

    def contains(self, commit: str, ref: str) -> bool:
        """Whether the newest commits of the ref, a few hundred, have that one among them.

        Raises:
            RefusedError: the remote has no such ref.
            GitError: the remote does not answer.
        """
        tip = self.deepen(ref, _LOOK_BACK)
        return self._git.run("merge-base", "--is-ancestor", commit, tip).code == 0

    def push(
        self,
        commit: str,
        ref: str,
        *,
        lease: str | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """Put the ref where the commit is, if it is still where the commit was planned on; see `bggen.git.push`."""
        push(self._network, self, commit, ref, lease=lease, options=options)

    def _filtered(self, options: Sequence[str], refspecs: Sequence[str]) -> Done:
        """Fetch with the narrowest filter that the remote takes."""
        told = False
        while True:
            rung = self._filters[0]
            wish = [f"--filter={rung}"] if rung else []
            with self._turn() as held:
                done = self._network.run(
                    *_FETCH, *options, *wish, "--", self._network.name, *refspecs,
                    settings=self._promisor(rung), keep_open=held,
                )  # fmt: skip
            if done.code == 0:
                return done
            if rung and _REFUSES_FILTER.search(done.err):
                del self._filters[0]
            elif not told and self._bare is not None and re.search(rb"mismatched algorithms|object format", done.err):
                told = True
                self._bare.use_sha256()
            else:
                return done

    def _checkout_fetch(self, refspecs: Sequence[str]) -> Done:
        """Fetch as the checkout's user would: neither shallower nor narrower, and no FETCH_HEAD."""
        done = self._network.run(*_FETCH, "--no-write-fetch-head", "--", self._network.name, *refspecs)
        if done.code == 129:  # noqa: PLR2004 - git's usage error: it is older than 2.29
            done = self._network.run(*_FETCH, "--", self._network.name, *refspecs)
        return done

    def _promisor(self, rung: str) -> list[str]:
        """Return the settings by which git takes it that objects are missing, for this one command."""
        name = self._network.name
        return [f"remote.{name}.promisor=true", f"remote.{name}.partialclonefilter={rung}"] if rung else []

    def _own_ref(self, ref: str) -> str:
        # A hash: `a` and `a/b` cannot both be refs. In a checkout a name that no other process uses.
        digest = hashlib.sha256(ref.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        return f"refs/bggen/{digest}" + ("" if self._bare else f"-{os.urandom(6).hex()}")

    def _read(self, local: Mapping[str, str]) -> dict[str, str]:
        """Return where our own refs are; in a checkout they go again."""
        found = {}
        for ref, own in local.items():
            found[ref] = self._git.output("read what was fetched", "rev-parse", "--verify", f"{own}^{{commit}}")
            if self._bare is None:
                self._git.run("update-ref", "-d", own)
        return {ref: oid.decode().strip() for ref, oid in found.items()}

    @contextlib.contextmanager
    def _turn(self) -> Iterator[Sequence[int]]:
        if self._bare is None:
            yield ()
        else:
            with self._bare.writing() as held:
                yield held


_FETCH = ("fetch", "--quiet", "--no-tags", "--no-auto-gc", "--no-recurse-submodules", "--no-show-forced-updates")
