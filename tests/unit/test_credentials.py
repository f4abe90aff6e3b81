"""Which secret goes to which host: never to another one, and never in the clear unless a person says so."""

from __future__ import annotations

import pytest

from bggen.credentials import find_credential, secrets
from bggen.errors import UsageError
from bggen.remotes import parse_url

SECRET = "canary-0123"  # noqa: S105 - no server knows it
GITHUB = {"GITHUB_TOKEN": SECRET, "GITHUB_SERVER_URL": "https://github.com"}
ENTERPRISE = {"GITHUB_TOKEN": SECRET, "GITHUB_SERVER_URL": "https://GHE.acme.test:8443"}
GITLAB = {
    "CI_JOB_TOKEN": SECRET,
    "CI_SERVER_HOST": "gitlab.acme.test",
    "CI_SERVER_URL": "https://gitlab.acme.test:8443",
}
OLD_GITLAB = {"CI_JOB_TOKEN": SECRET, "CI_SERVER_URL": "https://gitlab.acme.test/under"}
PERSON = {"GITLAB_TOKEN": SECRET}


def find(url: str, environ: dict[str, str], forge: str | None = None) -> tuple[str, str] | None:
    found = find_credential(parse_url(url), environ, forge)
    return (found.username, found.password) if found else None


@pytest.mark.parametrize(
    ("environ", "url", "forge", "user"),
    [
        (GITHUB, "https://github.com/acme/config", None, "x-access-token"),
        ({"GITHUB_TOKEN": SECRET}, "https://GitHub.com/acme/config.git", None, "x-access-token"),
        (ENTERPRISE, "https://ghe.acme.test:8443/acme/config", None, "x-access-token"),
        (GITLAB, "https://gitlab.acme.test/acme/sub/config", None, "gitlab-ci-token"),
        (GITLAB, "https://me@gitlab.acme.test/acme/config", None, "gitlab-ci-token"),
        (OLD_GITLAB, "https://gitlab.acme.test/under/acme/config", None, "gitlab-ci-token"),
        (PERSON, "https://gitlab.com/acme/config", None, "oauth2"),
        (PERSON | {"CI_SERVER_HOST": "gitlab.acme.test"}, "https://gitlab.acme.test/acme/config", None, "oauth2"),
        (PERSON, "https://code.acme.test/acme/config", "gitlab", "oauth2"),
        (PERSON, "https://me@gitlab.com/acme/config", None, "me"),
    ],
)
def test_a_job_signs_in_at_its_own_forge(environ: dict[str, str], url: str, forge: str | None, user: str) -> None:
    assert find(url, environ, forge) == (user, SECRET)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        (GITHUB, "https://github.com.evil.test/acme/config"),
        (GITHUB, "https://evil.test/github.com/config"),
        (GITHUB, "https://github.com@evil.test/acme/config"),
        (GITHUB, "https://notgithub.com/acme/config"),
        (GITHUB, "https://api.github.com/acme/config"),
        (GITHUB, "http://github.com/acme/config"),
        (GITHUB, "git://github.com/acme/config"),
        (GITHUB, "ssh://git@github.com/acme/config"),
        (GITHUB, "git@github.com:acme/config"),
        (GITHUB, "file:///github.com/config"),
        # The token of a company's own server is nothing for the public one, nor the other way round.
        (ENTERPRISE, "https://github.com/acme/config"),
        (GITHUB, "https://ghe.acme.test/acme/config"),
        (GITLAB, "https://gitlab.com/acme/config"),
        (GITLAB, "https://evil.test/acme/config"),
        (GITLAB, "http://gitlab.acme.test/acme/config"),
        ({"CI_JOB_TOKEN": SECRET}, "https://gitlab.com/acme/config"),
        (PERSON, "https://gitlab.evil.test/acme/config"),
        (PERSON, "http://gitlab.com/acme/config"),
        (PERSON, "https://github.com/acme/config"),
        ({"GITHUB_TOKEN": "", "CI_JOB_TOKEN": "", "GITLAB_TOKEN": "", "BGGEN_TOKEN": ""}, "https://github.com/a/b"),
        ({}, "https://github.com/acme/config"),
    ],
)
def test_a_token_goes_nowhere_else(environ: dict[str, str], url: str) -> None:
    assert find(url, environ) is None


def test_a_look_alike_of_a_host_gets_nothing() -> None:
    """KELVIN SIGN is `k` in lower case."""
    with pytest.raises(UsageError):
        parse_url("https://bitbuc\u212aet.org/acme/config")


@pytest.mark.parametrize(
    ("url", "forge", "user"),
    [
        ("https://github.com/acme/config", None, "x-access-token"),
        ("https://gitlab.com/acme/config", None, "oauth2"),
        ("https://bitbucket.org/acme/config", None, "x-token-auth"),
        ("https://dev.azure.com/acme/web/_git/config", None, "bggen"),
        ("https://codeberg.org/acme/config", None, "bggen"),
        ("https://git.acme.test/acme/config", None, "x-access-token"),
        ("https://git.acme.test/acme/config", "gitea", "bggen"),
        ("https://git.acme.test/acme/config", "gitlab", "oauth2"),
        ("https://me@git.acme.test/acme/config", "gitea", "me"),
        ("https://me%40acme.test@git.acme.test/acme/config", None, "me@acme.test"),
        ("http://git.acme.test:3000/acme/config", "forgejo", "bggen"),
        ("http://127.0.0.1:3000/acme/config", None, "x-access-token"),
    ],
)
def test_bggens_own_token_is_for_the_host_it_is_pointed_at(url: str, forge: str | None, user: str) -> None:
    assert find(url, {"BGGEN_TOKEN": SECRET}, forge) == (user, SECRET)
    others = {"GITHUB_TOKEN": "another", "GITLAB_TOKEN": "another", "CI_JOB_TOKEN": "another"}
    found = find(url, {"BGGEN_TOKEN": SECRET, **others}, forge)
    assert found
    assert found[1] == SECRET


@pytest.mark.parametrize("url", ["ssh://git@github.com/a/b", "git@github.com:a/b", "git://github.com/a/b", "file:///a"])
def test_what_is_not_http_gets_no_token(url: str) -> None:
    assert find(url, {"BGGEN_TOKEN": SECRET, **GITHUB}) is None


@pytest.mark.parametrize("variable", ["BGGEN_TOKEN", "GITHUB_TOKEN"])
@pytest.mark.parametrize(
    "broken",
    [f"{SECRET}\n", f"{SECRET}\r\nquit=1", f"\n{SECRET}", f"{SECRET} ", f"{SECRET}\0", f"{SECRET}é", f"\t{SECRET}"],
)
def test_a_token_that_no_header_could_hold_is_refused_and_not_shown(variable: str, broken: str) -> None:
    with pytest.raises(UsageError) as refused:
        find("https://github.com/acme/config", {variable: broken})
    assert variable in refused.value.message
    assert SECRET not in refused.value.message + (refused.value.hint or "")


def test_a_credential_does_not_print_its_secret() -> None:
    found = find_credential(parse_url("https://github.com/a/b"), GITHUB, None)
    assert found
    assert SECRET not in repr(found)
    assert "x-access-token" in repr(found)


def test_every_secret_is_known_for_scrubbing() -> None:
    environ = {"BGGEN_TOKEN": "1", "GITHUB_TOKEN": "2", "CI_JOB_TOKEN": "3", "GITLAB_TOKEN": "", "OTHER_TOKEN": "4"}
    assert secrets(environ) == ("1", "2", "3")
