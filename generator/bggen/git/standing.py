"""Whose commits a branch of our own holds: told from the commits alone, as far back as the one that bggen made."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.commits import reader
from bggen.git.trees import differences, entry_at, graft
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.git.objects import Objects
    from bggen.git.store import Store
    from bggen.git.trees import File

# How many merges of the base are looked through, and how many commits of history are fetched for that.
_MOST_MERGES = 50
_DEPTH = 500
_MOST_WORDS = 100
_PLAN = re.compile(rb"^Bggen-Plan: ([0-9a-f]{32}) ([0-9a-f]{40}|[0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a branch holds.

    Attributes:
        digest: of the plan that bggen's commit on it carries; None where there is no such commit.
        own: the newest commit of the branch, where bggen made all of it; None where not.
        foreign: what somebody else has put there; None where nobody has.
        tree: the tree of its newest commit.
        parents: the parents of that.
    """

    digest: str | None
    own: str | None
    foreign: str | None
    tree: str
    parents: tuple[str, ...]

    def holds(self, tree: str, base: str) -> bool:
        """Whether it is exactly one commit with that tree on the base, whoever made it: a rebase at the forge."""
        return self.tree == tree and self.parents == (base,)


@dataclass(frozen=True, slots=True)
class _Commit:
    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    subject: str
    plan: tuple[str, str] | None


def digest_of(files: Mapping[str, File]) -> str:
    """Return what tells plans apart: the bytes that are planned, and those that the base has at the same paths."""
    lines = (f"{path}\0{file.old}\0{file.new}\0{file.executable}\n" for path, file in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def plan_line(digest: str, tree: str) -> str:
    """Return the trailer by which a later run knows what a commit was planned to be, and that nobody changed it."""
    return f"Bggen-Plan: {digest} {tree}\n"


def look(store: Store, ref: str, head: str, *, base: str, tip: str, folders: Sequence[str]) -> Standing:
    """Look through a branch from its newest commit to the one that bggen made.

    Args:
        store: the repository; it has the branch's newest commit.
        ref: the branch, in full.
        head: its newest commit.
        base: the branch that it is based on, in full.
        tip: its newest commit.
        folders: what the change is made in; a merge that touches anything there is somebody else's.

    Raises:
        GitError: git fails.
    """
    newest = commit = _read(store.objects, head)
    merges: list[_Commit] = []
    # Most often the newest commit is bggen's, and nothing more is fetched.
    while commit.plan is None or len(commit.parents) != 1:
        if not merges and commit.id != tip:
            store.refs.fetch(ref, base, depth=_DEPTH)
        if _is_ancestor(store, commit.id, tip):
            # Nothing of its own: what stands there has been merged, or is where the branch was made.
            return Standing(None, None, None, newest.tree, newest.parents)
        if len(commit.parents) != len(("the branch", "the base")) or len(merges) == _MOST_MERGES:
            return _foreign(newest, commit)
        merges.append(commit)
        commit = _read(store.objects, commit.parents[0])
    digest, tree = commit.plan
    strange = [] if commit.tree == tree or _is_rebased(store, ref, commit, base=base, tip=tip) else [commit]
    strange += [merge for merge in merges if not _is_of_base(store, merge, commit, tip, folders)]
    if strange:
        return _foreign(newest, strange[0])
    return Standing(digest, newest.id, None, newest.tree, newest.parents)


def _is_rebased(store: Store, ref: str, commit: _Commit, *, base: str, tip: str) -> bool:
    """Whether a commit of bggen's stands on another commit of the base than it was made on, and is the same change."""
    (parent,) = commit.parents
    if parent != tip:
        store.refs.fetch(ref, base, depth=_DEPTH)
    if commit.plan is None or not _is_ancestor(store, parent, tip):
        return False
    old = _read(store.objects, parent).tree
    return digest_of(dict(differences(reader(store.objects), old, commit.tree, len(old)))) == commit.plan[0]


def _is_of_base(store: Store, merge: _Commit, own: _Commit, tip: str, folders: Sequence[str]) -> bool:
    """Whether a merge brought the base and nothing else: it is the base with our folders as our commit left them."""
    brought = merge.parents[1]
    if not _is_ancestor(store, brought, tip):
        return False
    read = reader(store.objects)
    ours = {folder: entry_at(read, own.tree, store.prefix + folder, len(own.tree)) for folder in folders}
    expected = graft(
        read,
        _read(store.objects, brought).tree,
        {store.prefix + folder: entry for folder, entry in ours.items()},
        len(own.tree),
    )
    return expected == merge.tree


def _is_ancestor(store: Store, old: str, new: str) -> bool:
    return old == new or store.git.run("merge-base", "--is-ancestor", old, new).code == 0


def _foreign(newest: _Commit, commit: _Commit) -> Standing:
    what = printable(f"{commit.id[:10]} by {commit.author[:_MOST_WORDS]}: {commit.subject[:_MOST_WORDS]}")
    return Standing(None, None, what, newest.tree, newest.parents)


def _read(objects: Objects, commit: str) -> _Commit:
    found = objects.get(commit)
    if found is None or found.kind != "commit" or found.body is None:
        raise GitError(f"cannot read the commit {commit[:10]}", hint="run it again; git fsck, if it stays so")
    head, _, message = found.body.partition(b"\n\n")
    facts = [line.partition(b" ") for line in head.split(b"\n")]
    parents = tuple(value.decode() for key, _, value in facts if key == b"parent")
    tree = next(value.decode() for key, _, value in facts if key == b"tree")
    author = next((value for key, _, value in facts if key == b"author"), b"").decode("utf-8", "replace")
    plan = _PLAN.search(message)
    subject = message.partition(b"\n")[0].decode("utf-8", "replace")
    return _Commit(
        found.oid,
        tree,
        parents,
        author.rsplit(" ", 2)[0],
        subject,
        (plan[1].decode(), plan[2].decode()) if plan else None,
    )
