"""Make a commit out of objects: no work tree and no index takes part."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from bggen.errors import GitError, RefusedError
from bggen.git.trees import Rewrite
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.git.objects import Objects
    from bggen.git.process import Git


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

    def read(oid: str) -> bytes:
        found = objects.get(oid)
        if found is None or found.body is None:
            raise GitError(f"cannot read the tree {oid[:10]}", hint="run `git fsck` in the config repo")
        return found.body

    top = objects.get(f"{commit}^{{tree}}")
    if top is None:
        raise GitError(f"cannot read the commit {commit[:10]}", hint="run `git fsck` in the config repo")
    return Rewrite(top.oid, contents, read, len(commit))


def commit_tree(git: Git, tree: str, parent: str, message: str, *, sign: bool) -> str:
    """Write the commit and return its id.

    Raises:
        RefusedError: git knows nobody's name.
        GitError: it could not be signed, or written.
    """
    settings = ["-c", "i18n.commitEncoding=UTF-8", *identity_settings()]
    signing = ["-S"] if sign else []
    done = git.run(*settings, "commit-tree", *signing, "-p", parent, "-F", "-", tree, stdin=message.encode("utf-8"))
    if done.code == 0:
        return done.out.decode().strip()
    refuse_nameless(done.err)
    if sign:
        words = [line.strip() for line in done.err.decode("utf-8", "replace").splitlines() if line.strip()]
        said = "; ".join(dict.fromkeys(line.removeprefix("error: ").removeprefix("fatal: ") for line in words))
        raise GitError(
            f"git could not sign the commit: {printable(said)[:500]}",
            hint="try `git commit --allow-empty -S`; commit.gpgsign, gpg.format and user.signingKey decide",
            kind="signing",
        )
    raise done.error("make the commit")


def identity_settings() -> list[str]:
    """Return the options by which git takes nobody's name from the machine's accounts."""
    return [] if os.environ.get("EMAIL") else ["-c", "user.useConfigOnly=true"]


def refuse_nameless(err: bytes) -> None:
    """Raise where git says that it knows no name or mail address.

    Raises:
        RefusedError: with the way to set it.
    """
    if re.search(rb"tell me who you are|auto-detection is disabled|empty ident name|auto-detect email", err):
        raise RefusedError(
            "git knows no name and mail address to commit with",
            hint="git config user.name 'NAME' && git config user.email MAIL",
            kind="identity",
        )
