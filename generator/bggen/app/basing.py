"""Which branch a pull request is made to: as the user says, or as the variables of the usual CI systems do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.errors import UsageError
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

# GitHub Actions, GitLab CI, Bitbucket Pipelines, Azure Pipelines, Jenkins: each sets its own in jobs of pull requests.
VARIABLES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "CHANGE_TARGET",
)
# GitHub's merge queue sets no base; it names its branches by it.
# Source: GitHub, "Managing a merge queue": branches begin with gh-readonly-queue/{base_branch}.
_QUEUE = re.compile(r"refs/heads/gh-readonly-queue/(.+)/pr-[0-9]+-[0-9a-f]+\Z")
# git-check-ref-format(1), but for `@`; and what git would read as an option or an expression.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.(?:/|\Z)|\.lock(?:/|\Z)|/\Z|\A[-/.@]\Z|\A[-/.]")


def parse_base(text: str, where: str) -> str:
    """Return the name of a branch or commit, once nothing in it could mean something else to git.

    Args:
        text: what the user, or a variable, says.
        where: who says so, for the error.

    Raises:
        UsageError: it is no such name.
    """
    if _FORBIDDEN.search(text) or not text.isprintable() or text in {"", "HEAD", "@"}:
        raise UsageError(
            f"{where} {printable(text)!r}: no name of a branch, and no commit's id",
            hint="--base main, or the full id of a commit",
        )
    return text


def base_from(environ: Mapping[str, str]) -> str | None:
    """Return the base branch that a CI job's variables name; None outside of one for a pull request.

    Raises:
        UsageError: a variable holds no name of a branch.
    """
    for variable in VARIABLES:
        value = environ.get(variable)
        if value:
            return parse_base(value, variable).removeprefix("refs/heads/")
    queued = _QUEUE.match(environ.get("GITHUB_REF", ""))
    return parse_base(queued[1], "GITHUB_REF") if queued else None
