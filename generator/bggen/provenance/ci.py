"""What CI systems say in their variables: who started the job, and which commit it is for.

Sources, as of 2026: "Variables reference" and "Events that trigger workflows" of GitHub Actions; "Predefined CI/CD
variables reference" of GitLab; "Use predefined variables" of Azure Pipelines; "Variables and secrets" of Bitbucket
Cloud; "Project values and variables" of CircleCI; Jenkins' `/env-vars.html`, and its plugins git and
build-user-vars. Nothing is checked here: what comes out is as the variables hold it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GITHUB = "https://github.com"


@dataclass(frozen=True, slots=True)
class Facts:
    """What CI says; "" for what it does not.

    Attributes:
        name: of whoever started the job.
        email: likewise.
        sha: the source commit's id.
        repo: the source repository's address, perhaps with a secret in it.
        author: the source commit's, as `Name <mail>`.
        date: the source commit's.
        message: the source commit's, whole or its first line.
    """

    name: str = ""
    email: str = ""
    sha: str = ""
    repo: str = ""
    author: str = ""
    date: str = ""
    message: str = ""


def read_ci(environ: Mapping[str, str], event: str = "") -> Facts:
    """Return what the CI system that this runs in says; nothing outside of one.

    Args:
        environ: environment variables.
        event: what the file at GITHUB_EVENT_PATH holds; "" where there is none.
    """
    for name, read in _SYSTEMS:
        if environ.get(name, "").lower() not in {"", "false"}:
            return read(lambda key: environ.get(key, ""), event)
    return Facts()


def _github(get: Callable[[str], str], event: str) -> Facts:
    server = get("GITHUB_SERVER_URL") or _GITHUB
    host = server.partition("://")[2].partition("/")[0]
    actor, number = get("GITHUB_ACTOR"), get("GITHUB_ACTOR_ID")
    # GitHub's own address for a user who shows none; it links the commit to the user.
    email = f"{number}+{actor}@users.noreply.{host}" if number else f"{actor}@users.noreply.{host}"
    sha, head = _github_commit(get("GITHUB_EVENT_NAME"), get("GITHUB_SHA"), _table(_loaded(event)))
    by = _table(head.get("author"))
    return Facts(
        name=actor,
        email=email if actor else "",
        sha=sha,
        repo=f"{server}/{get('GITHUB_REPOSITORY')}" if get("GITHUB_REPOSITORY") else "",
        author=f"{by.get('name')} <{by.get('email')}>",
        date=str(head.get("timestamp") or ""),
        message=str(head.get("message") or ""),
    )


def _github_commit(name: str, sha: str, event: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the commit that a workflow is about, and what its event says of it."""
    pull = _table(event.get("pull_request"))
    if name.startswith("pull_request"):
        # GITHUB_SHA is a merge that is on no branch, or the base's tip: better nothing than that.
        of = pull.get("merge_commit_sha") if pull.get("merged") is True else _table(pull.get("head")).get("sha")
        return str(of or ""), {}
    run = _table(event.get("workflow_run"))
    if name == "workflow_run" and run.get("head_sha"):
        # GITHUB_SHA is the tip of the default branch, whatever the run that ended was about.
        sha, event = str(run["head_sha"]), run
    head = _table(event.get("head_commit"))
    return sha, head if head.get("id") == sha else {}


def _gitlab(get: Callable[[str], str], _: str) -> Facts:
    # Set in a pipeline for merged results, where the commit is a merge that is on no branch.
    head = get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
    told = not head or head == get("CI_COMMIT_SHA")
    return Facts(
        name=get("GITLAB_USER_NAME"),
        email=get("GITLAB_USER_EMAIL"),
        sha=head or get("CI_COMMIT_SHA"),
        # CI_REPOSITORY_URL has the job's token in it.
        repo=get("CI_PROJECT_URL"),
        author=get("CI_COMMIT_AUTHOR") if told else "",
        date=get("CI_COMMIT_TIMESTAMP") if told else "",
        message=(get("CI_COMMIT_MESSAGE") or get("CI_COMMIT_TITLE")) if told else "",
    )


def _azure(get: Callable[[str], str], _: str) -> Facts:
    # Set for a pull request, where the other is a merge that is on no branch.
    head = get("SYSTEM_PULLREQUEST_SOURCECOMMITID")
    return Facts(
        name=get("BUILD_REQUESTEDFOR"),
        email=get("BUILD_REQUESTEDFOREMAIL"),
        sha=head or get("BUILD_SOURCEVERSION"),
        repo=get("BUILD_REPOSITORY_URI"),
        message="" if head else get("BUILD_SOURCEVERSIONMESSAGE"),
    )


def _bitbucket(get: Callable[[str], str], _: str) -> Facts:
    # It names nobody: of who started the job there is only a number.
    return Facts(sha=get("BITBUCKET_COMMIT"), repo=get("BITBUCKET_GIT_HTTP_ORIGIN") or get("BITBUCKET_GIT_SSH_ORIGIN"))


def _circleci(get: Callable[[str], str], _: str) -> Facts:
    user, repo = get("CIRCLE_USERNAME"), get("CIRCLE_REPOSITORY_URL")
    # It knows a login of the forge and no address. GitHub has one for every login.
    known = user and ("//github.com/" in repo or "@github.com:" in repo or "@github.com/" in repo)
    return Facts(
        name=user if known else "",
        email=f"{user}@users.noreply.github.com" if known else "",
        sha=get("CIRCLE_SHA1"),
        repo=repo,
    )


def _jenkins(get: Callable[[str], str], _: str) -> Facts:
    name, email = get("BUILD_USER"), get("BUILD_USER_EMAIL")
    if not email:
        # Nobody started it; for a timer the plugin makes up a name.
        name = get("CHANGE_AUTHOR_DISPLAY_NAME") or get("CHANGE_AUTHOR")
        email = get("CHANGE_AUTHOR_EMAIL")
    return Facts(name=name, email=email, sha=get("GIT_COMMIT"), repo=get("GIT_URL") or get("GIT_URL_1"))


# By the variable that tells the system. Jenkins last: its agents may themselves run in one of the others.
_SYSTEMS: tuple[tuple[str, Callable[[Callable[[str], str], str], Facts]], ...] = (
    ("GITHUB_ACTIONS", _github),
    ("GITLAB_CI", _gitlab),
    ("TF_BUILD", _azure),
    ("BITBUCKET_BUILD_NUMBER", _bitbucket),
    ("CIRCLECI", _circleci),
    ("JENKINS_URL", _jenkins),
)


def _loaded(event: str) -> object:
    try:
        return json.loads(event) if event else None
    except (ValueError, RecursionError):
        return None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
