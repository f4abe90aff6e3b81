"""Who a commit is by, and whether it is signed: what git is told so that it makes it so."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import GitError, RefusedError
from bggen.workspace import printable

if TYPE_CHECKING:
    from bggen.git.process import Done, Git

_NAMELESS = re.compile(rb"tell me who you are|auto-detection is disabled|empty ident name|auto-detect email")
_MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Signature:
    """Who a commit is by, and whether it is signed.

    Attributes:
        author: name and mail address; None for whom git's own variables and configuration name.
        sign: whether it is signed; None as git's configuration (commit.gpgSign) says. How, gpg.format says.
    """

    author: tuple[str, str] | None = None
    sign: bool | None = None


#: As git is configured, in everything.
UNSIGNED = Signature()


def signs(signature: Signature, *, configured: bool) -> bool:
    """Whether a commit is to be signed.

    Args:
        signature: what the command line says.
        configured: what commit.gpgSign says; see `bggen.git.settings`.
    """
    return configured if signature.sign is None else signature.sign


def signing_arguments(signature: Signature, *, configured: bool) -> list[str]:
    """Return the options for `git commit-tree`, which by itself does not look at commit.gpgSign."""
    return ["-S"] if signs(signature, configured=configured) else []


def author_variables(signature: Signature) -> dict[str, str]:
    """Return the environment variables by which git makes the author the author."""
    return _variables("AUTHOR", signature)


def committer_variables(signature: Signature) -> dict[str, str]:
    """Return the environment variables by which git makes the author the committer, too."""
    return _variables("COMMITTER", signature)


def run_as(git: Git, signature: Signature, *arguments: str, stdin: bytes | None = None) -> Done:
    """Run git for the author, to its end.

    The committer is whom git knows. Where it knows nobody, which costs a second run, the author commits as well: a CI
    job in which nothing is set up can commit.

    Args:
        git: runs in the repository.
        signature: its author counts here.
        arguments: options of git itself, the subcommand, and what follows it.
        stdin: what git reads.

    Returns:
        What came of it, whatever the exit code; see `refuse_nameless` and `unsigned`.
    """
    command = [*identity_settings(), *arguments]
    done = git.with_variables(author_variables(signature)).run(*command, stdin=stdin)
    if done.code == 0 or signature.author is None or not _NAMELESS.search(done.err):
        return done
    both = author_variables(signature) | committer_variables(signature)
    return git.with_variables(both).run(*command, stdin=stdin)


def identity(git: Git, signature: Signature) -> str:
    """Return who makes a change, for a hold: the author, else the committer that git knows, as `Name <mail>`.

    Raises:
        RefusedError: nobody is known.
        GitError: git failed.
    """
    if signature.author:
        name, email = signature.author
        return f"{name} <{email}>"
    done = git.run(*identity_settings(), "var", "GIT_COMMITTER_IDENT")
    if done.code != 0:
        refuse_nameless(done.err)
        raise done.error("find out who commits")
    # Two words after the mail address: the time and its zone.
    return done.out.decode("utf-8", "replace").strip().rsplit(" ", 2)[0]


def identity_settings() -> list[str]:
    """Return the options by which git takes nobody's name from the machine's accounts."""
    return [] if os.environ.get("EMAIL") else ["-c", "user.useConfigOnly=true"]


def refuse_nameless(err: bytes) -> None:
    """Raise where git says that it knows no name or mail address.

    Raises:
        RefusedError: with the way to set it.
    """
    if _NAMELESS.search(err):
        raise RefusedError(
            "git knows no name and mail address to commit with",
            hint="git config user.name 'NAME' && git config user.email MAIL, or --author 'NAME <MAIL>'",
            kind="identity",
        )


def unsigned(done: Done) -> GitError:
    """Return the error for a commit that could not be signed: in one line what git and the signing program said."""
    words = [line.strip() for line in done.err.decode("utf-8", "replace").splitlines() if line.strip()]
    # GnuPG's status lines are for programs.
    told = [line.removeprefix("error: ").removeprefix("fatal: ") for line in words if not line.startswith("[GNUPG:]")]
    # Git writes a question mark for the carriage return at the end of what ssh-keygen says.
    told = [line.rstrip("?") for line in told]
    said = printable("; ".join(dict.fromkeys(told)))
    return GitError(
        f"git could not sign the commit: {said[:_MOST_WORDS] or 'it gave no reason'}",
        hint=(
            "try `git commit --allow-empty -S`; gpg.format and user.signingKey decide, --no-sign goes without; "
            "where there is no terminal, nobody can type a passphrase"
        ),
        kind="signing",
    )


def _variables(role: str, signature: Signature) -> dict[str, str]:
    if signature.author is None:
        return {}
    name, email = signature.author
    return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email}
