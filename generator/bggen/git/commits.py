"""Make a commit out of objects: no work tree and no index takes part."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git.settings import PendingSettings
from bggen.git.signature import refuse_nameless, run_as, signing_arguments, signs, unsigned
from bggen.git.trees import Rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.git.objects import Objects
    from bggen.git.process import Git
    from bggen.git.signature import Signature


def reader(objects: Objects) -> Callable[[str], bytes]:
    """Return the function that gives the bytes of the tree with an id; it raises GitError where that is missing."""

    def read(oid: str) -> bytes:
        found = objects.get(oid)
        if found is None or found.body is None:
            raise GitError(f"cannot read the tree {oid[:10]}", hint="run `git fsck` in the config repo")
        return found.body

    return read


def rewrite(objects: Objects, commit: str, contents: Mapping[str, bytes | None]) -> Rewrite:
    """Put files into the tree of a commit, or take them out; nothing is written yet.

    Args:
        objects: the repository's objects; they hold the trees on the way to each path.
        commit: whose tree it is.
        contents: path from the top of the repository → new bytes, or None for a file that goes.

    Raises:
        InvalidError: a symbolic link or a submodule is in the way.
        GitError: an object is missing.
    """
    top = objects.get(f"{commit}^{{tree}}")
    if top is None:
        raise GitError(f"cannot read the commit {commit[:10]}", hint="run `git fsck` in the config repo")
    return Rewrite(top.oid, contents, reader(objects), len(commit))


def commit_on(
    git: Git,
    objects: Objects,
    base: str,
    contents: Mapping[str, bytes | None],
    *,
    message: str,
    signature: Signature,
) -> str:
    """Make one commit on top of another, in the repository's objects alone; no branch moves.

    Returns:
        Its id; `base` where the tree holds the contents already.

    Raises:
        InvalidError: a symbolic link or a submodule is in the way.
        RefusedError: git knows nobody's name.
        GitError: git fails.
    """
    new = rewrite(objects, base, contents)
    if all(file.old == file.new for file in new.files.values()):
        return base
    with contextlib.closing(PendingSettings(git)) as asked:
        objects.write(new.objects)
        return commit_tree(git, new.top, base, message=message, signature=signature, sign=asked.result().sign)


def commit_tree(git: Git, tree: str, parent: str, *, message: str, signature: Signature, sign: bool) -> str:
    """Write the commit and return its id.

    Args:
        git: runs in the repository.
        tree: the commit's tree.
        parent: its one parent.
        message: its message.
        signature: author, and whether it is signed.
        sign: whether git's configuration says that commits are signed.

    Raises:
        RefusedError: git knows nobody's name.
        GitError: it could not be signed, or written.
    """
    # Git takes the message as it is, which is UTF-8; the header says so only where the user's encoding is another.
    arguments = [*signing_arguments(signature, configured=sign), "-p", parent, "-F", "-", tree]
    done = run_as(git, signature, "-c", "i18n.commitEncoding=UTF-8", "commit-tree", *arguments, stdin=message.encode())
    if done.code == 0:
        return done.out.decode().strip()
    refuse_nameless(done.err)
    raise unsigned(done) if signs(signature, configured=sign) else done.error("make the commit")
