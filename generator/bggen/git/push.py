"""Push one commit to one ref by compare-and-swap, and find out what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bggen.errors import BggenError, GitError, UnknownOutcomeError
from bggen.git.deliver import Moved
from bggen.git.outcome import push_outcome
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.git.network import Network

_TRIES = 3
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")


class Refs(Protocol):
    """What is asked of the remote afterwards."""

    def tips(self, *refs: str) -> dict[str, str | None]:
        """See Remote."""
        ...

    def contains(self, commit: str, ref: str) -> bool:
        """See Remote."""
        ...


def push(
    network: Network, refs: Refs, commit: str, ref: str, *, lease: str | None, options: Sequence[str] = ()
) -> None:
    """Push the commit, and return when it is on the remote.

    Args:
        network: the way to the remote.
        refs: the same remote, to read back.
        commit: the full id.
        ref: the full name of the ref.
        lease: None: only where the ref can be fast-forwarded. Else the id that the ref has to have, "" for none; it is
            overwritten then, so it is for branches of bggen's own alone.
        options: push options for the server.

    Raises:
        Moved: somebody else was faster.
        UnknownOutcomeError: the answer was lost, and the remote cannot be asked.
        GitError: `rejected` by a hook or a rule, with the remote's words; `auth`, `network` or `git`.
    """
    branch = printable(ref.removeprefix("refs/heads/"))
    arguments = [*_PUSH, *(f"--push-option={option}" for option in options)]
    arguments += [] if lease is None else [f"--force-with-lease={ref}:{lease}"]
    lost = False
    for _ in range(_TRIES):
        done = network.run(*arguments, "--", network.name, f"{commit}:{ref}")
        outcome = push_outcome(done.code, done.out, done.err, ref=ref, lease=lease is not None)
        if outcome.verdict == "done":
            _confirm(refs, commit, ref, branch)
            return
        if outcome.verdict in {"moved", "local"} and not lost and (outcome.verdict == "moved" or lease is not None):
            # With a lease git may lack objects of a base that moved meanwhile: planned again, it has them.
            raise Moved(network.scrubbed(outcome.words))
        if outcome.verdict == "rejected":
            words = network.scrubbed(outcome.words)
            raise GitError(f"the remote refused the push to {branch}: {words}", kind="rejected")
        if outcome.verdict in {"auth", "missing", "network", "local"} and not lost:
            raise network.error(done, f"push to {branch}")
        lost = True
        if _landed(network, refs, commit, ref, branch, moved=outcome.verdict == "moved"):
            return
    raise network.error(done, f"push to {branch}")


def _confirm(refs: Refs, commit: str, ref: str, branch: str) -> None:
    """Read the ref back after the remote said that it took the commit.

    Somebody may have pushed on top since; what counts is that the ref is not where it was. The remote's own word
    stands where it does not answer a second time.
    """
    if not ref.startswith("refs/heads/"):
        # `refs/for/…` of Gerrit and AGit are requests to the server, and no refs.
        return
    try:
        tip = refs.tips(ref)[ref]
        if tip == commit or (tip is not None and refs.contains(commit, ref)):
            return
    except GitError:
        return
    raise UnknownOutcomeError(
        f"the remote said that it took the push, but {branch} does not have the commit {commit[:10]}",
        hint="look at the branch on the server, then run it again",
        kind="git",
    )


def _landed(network: Network, refs: Refs, commit: str, ref: str, branch: str, *, moved: bool) -> bool:
    """Whether the commit of a push without an answer is on the remote; False: it may be pushed again.

    Raises:
        Moved: it is not, and somebody else's is.
        UnknownOutcomeError: the remote cannot be asked.
    """
    try:
        tip = refs.tips(ref)[ref]
        if tip == commit or (tip is not None and refs.contains(commit, ref)):
            return True
    except BggenError as error:
        raise UnknownOutcomeError(
            f"the answer to the push to {branch} was lost, and the remote cannot be asked: {error.message}",
            hint="run it again: it changes nothing where the push has landed",
        ) from error
    if moved:
        raise Moved(network.scrubbed(f"{branch} has moved"))
    return False
