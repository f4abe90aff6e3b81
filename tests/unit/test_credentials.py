"""A secret goes to its own host only."""

from __future__ import annotations

import pytest

from bggen.credentials import find_credential, secrets
from bggen.errors import UsageError
from bggen.remotes import parse_url


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://github.com/a/b", {"BGGEN_TOKEN": "t", "GITHUB_TOKEN": "g"}, ("x-access-token", "t")),
        ("https://me@git.corp/a/b", {"BGGEN_TOKEN": "t"}, ("me", "t")),
        ("http://git.corp/a/b", {"BGGEN_TOKEN": "t"}, ("x-access-token", "t")),
        ("https://github.com/a/b", {"GITHUB_TOKEN": "g"}, ("x-access-token", "g")),
        (
            "https://ghe.corp/a/b",
            {"GITHUB_TOKEN": "g", "GITHUB_SERVER_URL": "https://ghe.corp"},
            ("x-access-token", "g"),
        ),
        ("https://evil.com/a/b", {"GITHUB_TOKEN": "g", "CI_JOB_TOKEN": "j", "GITLAB_TOKEN": "l"}, None),
        ("http://github.com/a/b", {"GITHUB_TOKEN": "g"}, None),
        ("https://gl.corp/a/b", {"CI_JOB_TOKEN": "j", "CI_SERVER_HOST": "gl.corp"}, ("gitlab-ci-token", "j")),
        ("https://gitlab.com/a/b", {"GITLAB_TOKEN": "l"}, ("oauth2", "l")),
        ("https://github.com/a/b", {"BGGEN_TOKEN": "", "GITHUB_TOKEN": ""}, None),
        ("ssh://git@github.com/a/b", {"BGGEN_TOKEN": "t"}, None),
    ],
)
def test_who_gets_what(url: str, environ: dict[str, str], expected: tuple[str, str] | None) -> None:
    found = find_credential(parse_url(url), environ, None)
    assert (found and (found.username, found.password)) == expected


@pytest.mark.parametrize("token", ["a b", "a\n", "\x1b[0m", "ü"])
def test_what_cannot_be_a_token_is_refused_unseen(token: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_credential(parse_url("https://github.com/a/b"), {"BGGEN_TOKEN": token}, None)
    assert token not in refused.value.message


def test_secrets_are_hidden() -> None:
    found = find_credential(parse_url("https://github.com/a/b"), {"BGGEN_TOKEN": "sesame"}, None)
    assert "sesame" not in repr(found)
    assert secrets({"BGGEN_TOKEN": "ab", "GITLAB_TOKEN": "abc", "HOME": "h", "GITHUB_TOKEN": ""}) == ("abc", "ab")
