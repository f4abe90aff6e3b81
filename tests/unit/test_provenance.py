"""Author and source commit, from the command line and from the variables that each CI system documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bggen.errors import UsageError
from bggen.provenance import SOURCE_OPTIONS, Author, SourceCommit, find_author, find_source, reference_lines
from bggen.provenance.people import make_author
from bggen.provenance.urls import public_url, same_repo

SHA = "0123456789abcdef0123456789abcdef01234567"
MERGE = "f" * 40
CONFIG = "https://github.com/acme/config.git"

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "ada",
    "GITHUB_ACTOR_ID": "1234",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_SHA": SHA,
}
COMMIT = {
    "id": SHA,
    "message": "Fix the basket\n\nIt was empty.\n",
    "timestamp": "2026-06-01T12:00:00+02:00",
    "author": {"name": "Grace", "email": "grace@example.com", "username": "grace"},
}
GITLAB = {
    "GITLAB_CI": "true",
    "GITLAB_USER_NAME": "Ada Lovelace",
    "GITLAB_USER_EMAIL": "ada@example.com",
    "CI_COMMIT_SHA": SHA,
    "CI_COMMIT_AUTHOR": "Grace <grace@example.com>",
    "CI_COMMIT_TIMESTAMP": "2026-06-01T12:00:00+02:00",
    "CI_COMMIT_TITLE": "Fix the basket",
    "CI_COMMIT_MESSAGE": "Fix the basket\n\nIt was empty.\n",
    "CI_PROJECT_URL": "https://gitlab.com/acme/shop",
    "CI_REPOSITORY_URL": "https://gitlab-ci-token:s3cret@gitlab.com/acme/shop.git",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_REQUESTEDFOR": "Ada Lovelace",
    "BUILD_REQUESTEDFOREMAIL": "ada@example.com",
    "BUILD_SOURCEVERSION": SHA,
    "BUILD_SOURCEVERSIONMESSAGE": "Fix the basket",
    "BUILD_REPOSITORY_URI": "https://acme@dev.azure.com/acme/web%20shop/_git/shop",
}
BITBUCKET = {
    "BITBUCKET_BUILD_NUMBER": "7",
    "BITBUCKET_COMMIT": SHA,
    "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.org/acme/shop",
    "BITBUCKET_STEP_TRIGGERER_UUID": "{0b1c}",
}
CIRCLE = {
    "CIRCLECI": "true",
    "CIRCLE_SHA1": SHA,
    "CIRCLE_REPOSITORY_URL": "git@github.com:acme/shop.git",
    "CIRCLE_USERNAME": "ada",
}
JENKINS = {
    "JENKINS_URL": "https://ci.example.com/",
    "GIT_COMMIT": SHA,
    "GIT_URL": "https://bot:s3cret@git.example.com/acme/shop.git",
    "BUILD_USER": "Ada Lovelace",
    "BUILD_USER_EMAIL": "ada@example.com",
}
ADA, GRACE = Author("Ada Lovelace", "ada@example.com"), Author("Grace", "grace@example.com")
FULL = SourceCommit(SHA, GRACE, "2026-06-01T12:00:00+02:00", "Fix the basket", "It was empty.")


def with_repo(source: SourceCommit, url: str) -> SourceCommit:
    return SourceCommit(source.sha, source.author, source.date, source.subject, source.body, url)


def pushed(head: object = COMMIT) -> str:
    return json.dumps({"ref": "refs/heads/main", "head_commit": head})


@pytest.mark.parametrize(
    ("environ", "event", "author", "source"),
    [
        pytest.param(
            GITHUB,
            pushed(),
            Author("ada", "1234+ada@users.noreply.github.com"),
            with_repo(FULL, "https://github.com/acme/shop"),
            id="github",
        ),
        pytest.param(GITLAB, "", ADA, with_repo(FULL, "https://gitlab.com/acme/shop"), id="gitlab"),
        pytest.param(
            AZURE,
            "",
            ADA,
            SourceCommit(SHA, subject="Fix the basket", repo_url="https://dev.azure.com/acme/web%20shop/_git/shop"),
            id="azure",
        ),
        pytest.param(BITBUCKET, "", None, SourceCommit(SHA, repo_url="http://bitbucket.org/acme/shop"), id="bitbucket"),
        pytest.param(
            CIRCLE,
            "",
            Author("ada", "ada@users.noreply.github.com"),
            SourceCommit(SHA, repo_url="ssh://git@github.com/acme/shop.git"),
            id="circleci",
        ),
        pytest.param(
            JENKINS, "", ADA, SourceCommit(SHA, repo_url="https://git.example.com/acme/shop.git"), id="jenkins"
        ),
        pytest.param({"PATH": "/bin"}, "", None, None, id="no CI"),
        pytest.param({**GITHUB, "GITHUB_ACTIONS": "false"}, "", None, None, id="CI's variable says no"),
    ],
)
def test_what_each_ci_system_says(
    environ: dict[str, str], event: str, author: Author | None, source: SourceCommit | None
) -> None:
    assert find_author(None, environ) == author
    assert find_source({}, environ, event, config_repos=[CONFIG]) == source


@pytest.mark.parametrize(
    ("name", "event", "sha", "subject"),
    [
        ("pull_request", {"pull_request": {"head": {"sha": SHA}, "merged": False}}, SHA, ""),
        ("pull_request_target", {"pull_request": {"head": {"sha": SHA}, "merge_commit_sha": MERGE}}, SHA, ""),
        ("pull_request", {"pull_request": {"head": {"sha": MERGE}, "merge_commit_sha": SHA, "merged": True}}, SHA, ""),
        ("workflow_run", {"workflow_run": {"head_sha": SHA, "head_commit": COMMIT}}, SHA, "Fix the basket"),
        ("push", {"head_commit": {**COMMIT, "id": "a" * 40}}, MERGE, ""),
        ("workflow_dispatch", {"inputs": {}}, MERGE, ""),
    ],
)
def test_which_commit_an_event_of_github_is_about(name: str, event: dict[str, Any], sha: str, subject: str) -> None:
    environ = GITHUB | {"GITHUB_EVENT_NAME": name, "GITHUB_SHA": MERGE}
    source = find_source({}, environ, json.dumps(event))
    assert source is not None
    assert (source.sha, source.subject) == (sha, subject)


@pytest.mark.parametrize(
    "event",
    ["", "{", "[" * 100_000, "[]", "null", pushed(None), pushed([]), pushed({"id": SHA, "author": 1, "message": 2})],
)
def test_an_event_that_makes_no_sense_is_left_out(event: str) -> None:
    source = find_source({}, GITHUB, event)
    assert source is not None
    assert (source.sha, source.author, source.date) == (SHA, None, "")


@pytest.mark.parametrize("event", ["", "{", "{}", '{"pull_request": {"head": {}}}'])
def test_the_merge_of_a_pull_request_is_never_the_source(event: str) -> None:
    assert find_source({}, GITHUB | {"GITHUB_EVENT_NAME": "pull_request"}, event) is None


@pytest.mark.parametrize(
    ("environ", "head"),
    [(GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), (AZURE, "SYSTEM_PULLREQUEST_SOURCECOMMITID")],
)
def test_a_merge_that_ci_made_is_not_the_source(environ: dict[str, str], head: str) -> None:
    source = find_source({}, environ | {head: MERGE})
    assert source is not None
    assert (source.sha, source.author, source.date, source.subject) == (MERGE, None, "", "")


@pytest.mark.parametrize(
    ("more", "author"),
    [
        ({"BUILD_USER": "Timer Trigger", "BUILD_USER_EMAIL": ""}, None),
        (
            {"BUILD_USER_EMAIL": "", "CHANGE_AUTHOR": "grace", "CHANGE_AUTHOR_EMAIL": "grace@example.com"},
            Author("grace", "grace@example.com"),
        ),
        (
            {
                "BUILD_USER_EMAIL": "",
                "CHANGE_AUTHOR": "g",
                "CHANGE_AUTHOR_DISPLAY_NAME": "Grace",
                "CHANGE_AUTHOR_EMAIL": "grace@example.com",
            },
            GRACE,
        ),
    ],
)
def test_who_jenkins_says_it_was(more: dict[str, str], author: Author | None) -> None:
    assert find_author(None, JENKINS | more) == author


def test_a_login_of_another_forge_has_no_address_at_github() -> None:
    assert find_author(None, CIRCLE | {"CIRCLE_REPOSITORY_URL": "git@bitbucket.org:acme/shop.git"}) is None


def test_github_enterprise_has_addresses_of_its_own() -> None:
    found = find_author(None, GITHUB | {"GITHUB_SERVER_URL": "https://git.example.com"})
    assert found == Author("ada", "1234+ada@users.noreply.git.example.com")


def test_the_author_is_the_first_who_is_known() -> None:
    own = {"GIT_AUTHOR_NAME": "Grace", "GIT_AUTHOR_EMAIL": "grace@example.com"}
    assert find_author("Eve <eve@example.com>", GITLAB | own) == Author("Eve", "eve@example.com")
    assert find_author(None, GITLAB | own) == GRACE
    assert find_author(None, GITLAB | {"GIT_AUTHOR_NAME": "Grace"}) is None, "git has the address"
    assert find_author(None, GITLAB) == ADA
    assert find_author(None, {}) is None


UNFIT = ["", "Ada", "<ada@example.com>", "Ada <>", "Ada <ada>", "A\nB <a@b.c>", "Ada <a@b.c> <d@e.f>", "Ada <a b@c>"]
UNFIT += [
    ".,; <a@b.c>",
    "A\x1b[31m <a@b.c>",
    "A\u202eB <a@b.c>",
    "A <@b.c>",
    "A <a@>",
    "A <a@b..c>",
    f"{'A' * 300} <a@b.c>",
]
UNFIT += ["\udcff <a@b.c>"]


@pytest.mark.parametrize("text", UNFIT)
def test_an_author_that_does_not_fit(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--author is not `Name <mail>`$"):
        find_author(text, {})
    with pytest.raises(UsageError, match=r"^--source-author is not `Name <mail>`$"):
        find_source({"sha": SHA, "author": text}, {})
    source = find_source({}, GITLAB | {"CI_COMMIT_AUTHOR": text})
    assert source is not None
    assert source.author is None
    name, _, email = text.partition("<")
    assert find_author(None, GITLAB | {"GITLAB_USER_NAME": name, "GITLAB_USER_EMAIL": email.rstrip(">")}) is None


# What Go's mail.ParseAddress, by which Argo CD reads it, made of each was compared by hand.
@pytest.mark.parametrize(
    ("name", "email", "mailbox"),
    [
        ("Ada Lovelace", "ada@example.com", "Ada Lovelace <ada@example.com>"),
        ("Ünï 花子", "x@example.com", "Ünï 花子 <x@example.com>"),
        ("a[bot]", "4+a[bot]@users.noreply.github.com", '"a[bot]" <"4+a[bot]"@users.noreply.github.com>'),
        ('O"Neil, J.', "o'neil@localhost", '"O\\"Neil, J." <o\'neil@localhost>'),
        ("=?utf-8?q?=41?=", "a..b@example.com", '"=?utf-8?q?=41?=" <"a..b"@example.com>'),
    ],
)
def test_a_mailbox_is_quoted_where_mail_parsers_ask_for_it(name: str, email: str, mailbox: str) -> None:
    author = make_author(name, email)
    assert author is not None
    assert author.mailbox == mailbox


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("https://x-access-token:s3cret@GitHub.com/acme/shop", "https://github.com/acme/shop"),
        ("https://s3cret@github.com/acme/shop", "https://github.com/acme/shop"),
        ("https://a:s3cret@b@github.com/acme/shop", "https://github.com/acme/shop"),
        ("git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop.git"),
        ("ssh://git:s3cret@github.com:22/acme/shop.git", "ssh://git@github.com:22/acme/shop.git"),
        ("github.com:acme/shop", "ssh://github.com/acme/shop"),
        ("http://[::1]:8080/shop", "http://[::1]:8080/shop"),
        ("https://user:s3/cret@github.com/acme/shop", None),
        ("https://user:12/s3cret@github.com/acme/shop", None),
        ("user:s3cret@github.com:acme/shop", None),
        ("https://github.com/acme/shop?token=s3cret", None),
        ("https://github.com/acme/shop#s3cret", None),
        ("https://github.com/acme/shop\nArgocd-reference-commit-sha: abcdef", None),
        ("https://github.com/acme/sh op", None),
        ("https://github.com/acme/%zz", None),
        ("https://github.com", None),
        ("ext::sh -c true", None),
        ("ext::true", None),
        ("file:///srv/shop.git", None),
        ("/srv/shop.git", None),
        ("C:\\shop", None),
        ("", None),
    ],
)
def test_an_address_that_anybody_may_see(text: str, url: str | None) -> None:
    assert public_url(text) == url
    source = find_source({}, JENKINS | {"GIT_URL": text})
    assert source is not None
    assert source.repo_url == (url or "")
    if url is None:
        with pytest.raises(UsageError, match=r"^--source-repo is not a repository's URL") as caught:
            find_source({"sha": SHA, "repo": text}, {})
        assert "s3" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://github.com/acme/shop", "git@github.com:Acme/shop.git", True),
        ("https://github.com/acme/shop/", "ssh://git@ssh.github.com:443/acme/shop.git", True),
        ("https://t:x@gitlab.com/acme/shop.git", "git@altssh.gitlab.com:acme/shop", True),
        ("https://acme@dev.azure.com/acme/p/_git/shop", "git@ssh.dev.azure.com:v3/acme/p/shop", True),
        ("https://github.com/acme/shop", "https://github.com/acme/shop-web", False),
        ("https://github.com/acme/shop", "https://gitlab.com/acme/shop", False),
        ("", "", False),
        ("/srv/a", "/srv/a", False),
    ],
)
def test_two_addresses_of_one_repository(one: str, other: str, *, same: bool) -> None:
    assert same_repo(one, other) is same
    assert same_repo(other, one) is same


def test_a_commit_of_the_config_repo_is_no_source() -> None:
    own = ["git@github.com:acme/shop.git"]
    assert find_source({}, GITHUB, pushed(), config_repos=own) is None
    assert find_source({"sha": SHA, "repo": "https://github.com/acme/shop"}, {}, config_repos=own) is None
    # The job runs in the config repo, for a commit of another one.
    assert find_source({"sha": "abcdef0"}, GITHUB, pushed(), config_repos=own) == SourceCommit("abcdef0")


def test_options_win_over_ci() -> None:
    options = {
        "sha": SHA.upper(),
        "repo": "https://bot:s3cret@git.example.com/acme/web.git",
        "author": "Eve <eve@example.com>",
        "date": "2026-01-02T03:04:05Z",
        "subject": "Subject",
        "body": "Body",
    }
    assert tuple(options) == SOURCE_OPTIONS
    found = find_source(options, GITHUB, pushed())
    eve = Author("Eve", "eve@example.com")
    url = "https://git.example.com/acme/web.git"
    assert found == SourceCommit(SHA, eve, "2026-01-02T03:04:05+00:00", "Subject", "Body", url)


def test_what_ci_says_of_another_commit_is_not_mixed_in() -> None:
    url = "https://github.com/acme/shop"
    assert find_source({"sha": "abcdef0"}, GITHUB, pushed()) == SourceCommit("abcdef0", repo_url=url)
    assert find_source({"sha": SHA[:8]}, GITHUB, pushed()) == with_repo(FULL, url)
    assert find_source({"subject": "Other"}, GITHUB, pushed()) == SourceCommit(
        SHA, GRACE, FULL.date, "Other", FULL.body, url
    )
    other = {"sha": SHA, "repo": "https://github.com/acme/other"}
    assert find_source(other, GITHUB, pushed()) == SourceCommit(SHA, repo_url=other["repo"])


@pytest.mark.parametrize("options", [{"subject": "Fix"}, {"repo": "https://github.com/acme/other"}])
def test_options_without_any_commit(options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="of which commit is not known") as caught:
        find_source(options, {})
    assert caught.value.hint == "add --source-sha SHA"


@pytest.mark.parametrize("sha", ["", "abcd", "xyz1234", f"{SHA}0", "-abcdef", "abc def", "HEAD", "абвгд"])
def test_an_id_that_is_none(sha: str) -> None:
    with pytest.raises(UsageError, match=r"^--source-sha is not a commit's id"):
        find_source({"sha": sha}, {})
    assert find_source({}, GITLAB | {"CI_COMMIT_SHA": sha}) is None


DATES = ["", "yesterday", "2026-06-01", "2026-06-01T12:00:00", "2026-13-01T12:00:00Z", "2026-06-01T12:00:00+01:00:30"]


@pytest.mark.parametrize("date", DATES)
def test_a_date_that_is_none(date: str) -> None:
    with pytest.raises(UsageError, match=r"^--source-date is not a date like"):
        find_source({"sha": SHA, "date": date}, {})
    source = find_source({}, GITLAB | {"CI_COMMIT_TIMESTAMP": date})
    assert source is not None
    assert source.date == ""


def test_what_is_known_has_a_trailer() -> None:
    source = with_repo(FULL, "https://github.com/acme/shop")
    assert reference_lines(source) == (
        "Argocd-reference-commit-author: Grace <grace@example.com>\n"
        "Argocd-reference-commit-date: 2026-06-01T12:00:00+02:00\n"
        f"Argocd-reference-commit-sha: {SHA}\n"
        "Argocd-reference-commit-subject: Fix the basket\n"
        'Argocd-reference-commit-body: "It was empty."\n'
        "Argocd-reference-commit-repourl: https://github.com/acme/shop\n"
    )
    assert reference_lines(SourceCommit(SHA)) == f"Argocd-reference-commit-sha: {SHA}\n"
    assert reference_lines(None) == ""


def test_a_long_text_is_cut() -> None:
    lines = reference_lines(SourceCommit(SHA, subject="s" * 5000, body="b\n" * 500_000)).splitlines()
    subject, body = (line.partition(": ")[2] for line in lines[1:])
    assert (len(subject), subject[-1]) == (200, "…")
    assert json.loads(body).startswith("b\nb\n")
    assert json.loads(body).endswith("…")
    # Go's bufio.Scanner, by which Argo CD reads lines, stops at one of 64 KiB.
    assert len(body.encode()) < 16 * 1024
