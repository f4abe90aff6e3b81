"""People as git and mail know them: a name and an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import UsageError
from bggen.provenance.ci import read_ci

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 250
_WRITTEN = re.compile(r"\s*([^<>]*?)\s*<\s*([^<>]*?)\s*>\s*")
# Control characters, lone surrogates, and what turns the direction of the text around it.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff<>]")
# A name of nothing but these is none: git strips them from both ends (`crud` in git's ident.c).
_CRUD = " .,:;<>\"\\'"
_SPECIAL = r"\s()<>\[\]:;@\\,\""
_DOMAIN = re.compile(rf"[^{_SPECIAL}.]+(\.[^{_SPECIAL}.]+)*")
_PLAIN_LOCAL = _DOMAIN
_PLAIN_NAME = re.compile(rf"[^{_SPECIAL}.]+( [^{_SPECIAL}.]+)*")


@dataclass(frozen=True, slots=True)
class Author:
    """A person or a machine, fit for a git commit and for a mail header; `make_author` makes them."""

    name: str
    email: str

    @property
    def text(self) -> str:
        """`Name <mail>`, as git writes it."""
        return f"{self.name} <{self.email}>"

    @property
    def mailbox(self) -> str:
        """The mailbox of RFC 5322, quoted where it must be: git does not mind `dependabot[bot]`, mail parsers do."""
        # `=?…?=` is MIME's way to encode; within quotes it means itself.
        plain = _PLAIN_NAME.fullmatch(self.name) and "=?" not in self.name
        local, _, domain = self.email.rpartition("@")
        name = self.name if plain else _quoted(self.name)
        return f"{name} <{local if _PLAIN_LOCAL.fullmatch(local) else _quoted(local)}@{domain}>"


def make_author(name: str, email: str) -> Author | None:
    """Return the author of that name and address; None where git or a mail header could not hold them."""
    name, email = name.strip(), email.strip()
    local, _, domain = email.rpartition("@")
    fits = (
        name.strip(_CRUD)
        and local
        and _DOMAIN.fullmatch(domain)
        and not re.search(r"\s", email)
        and not _UNFIT.search(name + email)
        and len(name) <= _MOST
        and len(email) <= _MOST
    )
    return Author(name, email) if fits else None


def parse_author(text: str) -> Author | None:
    """Return the author out of `Name <mail>`; None where the text is not that."""
    found = _WRITTEN.fullmatch(text)
    return make_author(found[1], found[2]) if found else None


def find_author(option: str | None, environ: Mapping[str, str]) -> Author | None:
    """Return who is to be the author of a commit.

    The first that is known: `--author`, git's own GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, who started the CI job. A
    value of the environment that does not fit is as one that is not there.

    Args:
        option: `--author`, `Name <mail>`; None where it was not given.
        environ: environment variables.

    Returns:
        The author; None where git shall decide, by its own variables and configuration.

    Raises:
        UsageError: the option is not `Name <mail>`.
    """
    if option is not None:
        author = parse_author(option)
        if author is None:
            raise UsageError(
                "--author is not `Name <mail>`", hint="for example --author 'Ada Lovelace <ada@example.com>'"
            )
        return author
    own = environ.get("GIT_AUTHOR_NAME", ""), environ.get("GIT_AUTHOR_EMAIL", "")
    if any(own):
        # One of two is enough for git, which has the other from its configuration.
        return make_author(*own)
    facts = read_ci(environ)
    return make_author(facts.name, facts.email)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
