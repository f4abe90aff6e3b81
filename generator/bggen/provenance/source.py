"""The commit of the source code that a release's images were built from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from bggen.errors import UsageError
from bggen.provenance.ci import read_ci
from bggen.provenance.people import parse_author
from bggen.provenance.urls import public_url, same_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bggen.provenance.people import Author

_T = TypeVar("_T")

#: What each may be called on the command line, after `--source-`.
SOURCE_OPTIONS = ("sha", "repo", "author", "date", "subject", "body")

# Argo CD takes 5 to 40 lower-case digits; a repository with SHA-256 has 64.
_SHA = re.compile(r"[0-9a-f]{5,40}|[0-9a-f]{64}")
_FITS = {
    "sha": "a commit's id, 5 to 40 hex digits (64 with SHA-256)",
    "repo": "a repository's URL, such as https://git.example.com/acme/shop",
    "author": "`Name <mail>`",
    "date": "a date like 2026-06-01T12:00:00+02:00",
}


@dataclass(frozen=True, slots=True)
class SourceCommit:
    """A commit of some other repository, checked; only its id is always known.

    Attributes:
        sha: its id, in lower case, perhaps shortened.
        author: who wrote it.
        date: RFC 3339, with its time zone; "" where it is not known.
        subject: the first line of its message; "" where it is not known.
        body: the other lines of its message.
        repo_url: where it lies; a URL without any secret, "" where it is not known.
    """

    sha: str
    author: Author | None = None
    date: str = ""
    subject: str = ""
    body: str = ""
    repo_url: str = ""


def find_source(
    options: Mapping[str, str], environ: Mapping[str, str], event: str = "", *, config_repos: Collection[str] = ()
) -> SourceCommit | None:
    """Return the source commit that the command line and CI's variables name.

    The command line wins. Where it names another commit or another repository than CI does, nothing that CI says of
    its own commit is taken for that one. A value of CI's that does not fit is left out.

    Args:
        options: what follows `--source-` → its value, as far as given; see `SOURCE_OPTIONS`.
        environ: environment variables.
        event: what the file at GITHUB_EVENT_PATH holds; "" where there is none.
        config_repos: the addresses of the config repo. A commit of its own is no source: `git log` has it.

    Raises:
        UsageError: an option does not fit, or no commit is named; no message shows the value, which may hold a secret.
    """
    found = _of_ci(environ, event)
    if found and any(same_repo(found.repo_url, own) for own in config_repos):
        found = None
    if options:
        found = _with_options(options, found)
    if found and any(same_repo(found.repo_url, own) for own in config_repos):
        return None
    return found


def read_source(sha: str, repo_url: str) -> SourceCommit | None:
    """Return the source commit that a commit's trailers name, whoever wrote them; None where no id is in them."""
    checked = _checked_sha(sha)
    return SourceCommit(checked, repo_url=public_url(repo_url) or "") if checked else None


def _of_ci(environ: Mapping[str, str], event: str) -> SourceCommit | None:
    facts = read_ci(environ, event)
    sha = _checked_sha(facts.sha)
    if sha is None:
        return None
    subject, _, body = facts.message.strip().partition("\n")
    return SourceCommit(
        sha,
        parse_author(facts.author),
        _checked_date(facts.date) or "",
        subject.strip(),
        body.strip(),
        public_url(facts.repo) or "",
    )


def _with_options(options: Mapping[str, str], found: SourceCommit | None) -> SourceCommit:
    sha = _fitting("sha", options, _checked_sha)
    repo = _fitting("repo", options, public_url)
    if repo and found and not same_repo(repo, found.repo_url):
        found = None
    if sha and not (found and (found.sha.startswith(sha) or sha.startswith(found.sha))):
        found = SourceCommit(sha, repo_url=found.repo_url if found else "")
    if found is None:
        given = ", ".join(f"--source-{name}" for name in SOURCE_OPTIONS if name in options)
        raise UsageError(f"{given}: of which commit is not known", hint="add --source-sha SHA")
    author = _fitting("author", options, parse_author)
    date = _fitting("date", options, _checked_date)
    return replace(
        found,
        author=author or found.author,
        date=date or found.date,
        subject=options.get("subject", found.subject),
        body=options.get("body", found.body),
        repo_url=repo or found.repo_url,
    )


def _fitting(name: str, options: Mapping[str, str], check: Callable[[str], _T | None]) -> _T | None:
    if name not in options:
        return None
    value = check(options[name])
    if value is None:
        raise UsageError(f"--source-{name} is not {_FITS[name]}")
    return value


def _checked_sha(text: str) -> str | None:
    text = text.strip().lower()
    return text if _SHA.fullmatch(text) else None


def _checked_date(text: str) -> str | None:
    """Return the date as Go's time.RFC3339 reads it, by which Argo CD does."""
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    offset = date.utcoffset()
    if offset is None or offset.total_seconds() % 60 or offset.total_seconds() >= 24 * 3600:
        return None
    return date.isoformat(timespec="seconds")
