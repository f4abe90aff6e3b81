"""Who makes a commit, and what it was made of: from the command line, CI's variables, or git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.git.signature import UNSIGNED, Signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.app.wish import Delivery

# Variables of which at least one is set in every CI that names its people, or the commit that it works on.
_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BUILD_ID", "BITBUCKET_COMMIT", "CIRCLECI")
_MOST_EVENT = 4 * 1024 * 1024


def signature_of(delivery: Delivery, environ: Mapping[str, str]) -> Signature:
    """Return whose commit it is, and whether it is signed.

    Raises:
        UsageError: `--author` is nobody's name and mail address.
    """
    if delivery.author is None and not _in_ci(environ):
        return Signature(sign=delivery.sign) if delivery.sign is not None else UNSIGNED
    from bggen.provenance import find_author  # noqa: PLC0415 - people at their own machine need no detective

    author = find_author(delivery.author, environ)
    return Signature((author.name, author.email) if author else None, delivery.sign)


def with_source(message: str, delivery: Delivery, environ: Mapping[str, str], config_repo: str | None) -> str:
    """Return the commit message with the trailers that tell Argo CD which commit the images were built from.

    Args:
        message: ends with its trailers; "" stays as it is.
        delivery: what was said about that commit.
        environ: what CI says of it.
        config_repo: the URL of the config repo, whose own commits are no source.

    Raises:
        UsageError: an option says what cannot be.
    """
    if not delivery.source and not _in_ci(environ):
        return message
    from bggen.provenance import find_source, with_references  # noqa: PLC0415 - as above

    options = {name.removeprefix("source_"): value for name, value in delivery.source.items()}
    known = [config_repo] if config_repo else []
    return with_references(message, find_source(options, environ, _event(environ), config_repos=known))


def _in_ci(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in _CI)


def _event(environ: Mapping[str, str]) -> str:
    """Return what GitHub says about the event that started the job; "" where it says nothing that can be read."""
    try:
        with open(environ["GITHUB_EVENT_PATH"], "rb") as file:  # noqa: PTH123 - it is read up to a limit
            return file.read(_MOST_EVENT).decode("utf-8", "replace")
    except (KeyError, OSError):
        return ""
