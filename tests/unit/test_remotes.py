"""Addresses and branch names: what git may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bggen.errors import UsageError
from bggen.remotes import known_url, looks_like_url, parse_branch, parse_url, redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://GitHub.com/acme/config.git", ("https", "github.com", None, None, "acme/config")),
        ("https://host:8443/a/b/", ("https", "host", 8443, None, "a/b")),
        ("https://host:443/a/b", ("https", "host", None, None, "a/b")),
        ("ssh://git@host:2222/a/b.git", ("ssh", "host", 2222, "git", "a/b")),
        ("git@host:acme/config.git", ("ssh", "host", None, "git", "acme/config")),
        ("file:///srv/config.git", ("file", "", None, None, "/srv/config")),
        ("https://[::1]:3000/a/b", ("https", "[::1]", 3000, None, "a/b")),
    ],
)
def test_good_address(text: str, expected: tuple[object, ...]) -> None:
    url = parse_url(text)
    assert (url.scheme, url.host, url.port, url.user, url.path) == expected
    assert looks_like_url(text)
    assert parse_url(url.text) == url


@pytest.mark.parametrize(
    "text",
    [
        *("ext::sh -c id", "ext::id", "fd::17", "::x", "-oProxyCommand=x", "--upload-pack=x", "https://-x/y"),
        *("ssh://-oProxyCommand=x/y", "git@-x:y", "-x@host:y", "git@host:-x", "https://host/-x", "https://host/a/../b"),
        *("https://host/a b", "https://host/a\nb", "https://host/a@{1}", "https://host", "https:///x", "https://host/"),
        *("https://host/a?b", "https://host/a#b", "ftp://host/a", "javascript://x/y", "file://host/x", "x", ""),
        *("https://host:0/a", "https://host:99999/a", "https://ho\x00st/a", "https://-u@host/a", "C:\\repo", "./a:b"),
        *("ssh://git@host:22:33/a", "https://host/%2e%2e/a", "https://a@b@c/d", "git@host:", "file:///"),
    ],
)
def test_evil_address(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_url(text)
    assert refused.value.message.isprintable()


def test_password_is_refused_unseen() -> None:
    with pytest.raises(UsageError) as refused:
        parse_url("https://me:sesame@host/a")
    assert "sesame" not in f"{refused.value.message}{refused.value.hint}"
    assert redacted("a https://me:sesame@host/a b http://x@y") == "a https://***@host/a b http://***@y"
    known = known_url("https://gitlab-ci-token:sesame@host/a/b.git")
    assert known is not None
    assert known.text == "https://gitlab-ci-token@host/a/b.git"


@given(st.text())
def test_whatever_passes_is_safe(text: str) -> None:
    for candidate in (text, f"https://host/{text}", f"git@{text}:x", f"ssh://{text}/x", f"{text}::x"):
        try:
            url = parse_url(candidate)
        except UsageError as error:
            assert error.message.isprintable()
            continue
        assert not url.text.startswith("-")
        assert not url.host.startswith("-")
        assert not url.path.startswith("-")
        assert url.text.isprintable()
        assert "::" not in url.text.partition("[")[0].partition("/")[0]
    try:
        name = parse_branch(text)
    except UsageError:
        return
    assert not name.startswith("-")
    assert ".." not in name
    assert "@{" not in name


@pytest.mark.parametrize(
    "name",
    ["", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock",
     "a.lock/b", "a.", "@", "HEAD", "a@{1}", "refs/heads/a", "a\x7f", "a\n"],
)  # fmt: skip
def test_no_branch_name(name: str) -> None:
    with pytest.raises(UsageError):
        parse_branch(name)


@pytest.mark.parametrize("name", ["main", "release/1.2", "feat-x", "ü", "a@b"])
def test_branch_name(name: str) -> None:
    assert parse_branch(name) == name
