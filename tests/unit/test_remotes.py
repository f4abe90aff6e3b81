"""URLs and names of branches: every form that git and the forges have, and every one that git must never see."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bggen.errors import UsageError
from bggen.remotes import RemoteUrl, looks_like_url, parse_branch, parse_remote, parse_url, redacted

SECRET = "canary-0123"  # noqa: S105 - no server knows it
LONG = 4000


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("https://github.com/acme/config", ("https", "github.com", None, None, "acme/config")),
        ("https://github.com/acme/config.git", ("https", "github.com", None, None, "acme/config")),
        ("https://github.com/acme/config.git/", ("https", "github.com", None, None, "acme/config")),
        ("https://GitHub.COM/Acme/Config", ("https", "github.com", None, None, "Acme/Config")),
        ("https://me@github.com/acme/config", ("https", "github.com", None, "me", "acme/config")),
        ("https://me:@github.com/acme/config", ("https", "github.com", None, "me", "acme/config")),
        ("https://me%40acme.test@git.acme.test/c", ("https", "git.acme.test", None, "me@acme.test", "c")),
        ("http://127.0.0.1:3000/acme/config", ("http", "127.0.0.1", 3000, None, "acme/config")),
        ("https://[2001:DB8::1]:8443/acme/config", ("https", "[2001:db8::1]", 8443, None, "acme/config")),
        ("https://[::1]/acme/config", ("https", "[::1]", None, None, "acme/config")),
        ("https://gitlab.com/group/sub/sub2/config.git", ("https", "gitlab.com", None, None, "group/sub/sub2/config")),
        ("https://dev.azure.com/acme/web/_git/config", ("https", "dev.azure.com", None, None, "acme/web/_git/config")),
        (
            "https://acme@dev.azure.com/acme/My%20Web/_git/c",
            ("https", "dev.azure.com", None, "acme", "acme/My%20Web/_git/c"),
        ),
        ("https://git.acme.test/scm/~me/config.git", ("https", "git.acme.test", None, None, "scm/~me/config")),
        ("ssh://git@github.com/acme/config.git", ("ssh", "github.com", None, "git", "acme/config")),
        ("ssh://git@git.acme.test:2222/acme/config", ("ssh", "git.acme.test", 2222, "git", "acme/config")),
        ("ssh://git.acme.test/~/config", ("ssh", "git.acme.test", None, None, "~/config")),
        ("ssh://git@[::1]:22/acme/config", ("ssh", "[::1]", None, "git", "acme/config")),
        (
            "ssh://git@ssh.dev.azure.com/v3/acme/web/config",
            ("ssh", "ssh.dev.azure.com", None, "git", "v3/acme/web/config"),
        ),
        ("git@github.com:acme/config.git", ("ssh", "github.com", None, "git", "acme/config")),
        ("git@GitHub.com:acme/config", ("ssh", "github.com", None, "git", "acme/config")),
        ("github.com:acme/config", ("ssh", "github.com", None, None, "acme/config")),
        ("git@[::1]:acme/config", ("ssh", "[::1]", None, "git", "acme/config")),
        ("git@host:/srv/git/config.git", ("ssh", "host", None, "git", "srv/git/config")),
        ("git@my_forge:~me/config", ("ssh", "my_forge", None, "git", "~me/config")),
        ("git://git.acme.test/config.git", ("git", "git.acme.test", None, None, "config")),
        ("file:///srv/git/config.git", ("file", "", None, None, "srv/git/config")),
        ("file:///srv/git/config/.git", ("file", "", None, None, "srv/git/config")),
        ("file:///srv/git/käse.git/", ("file", "", None, None, "srv/git/käse")),
    ],
)
def test_every_form_is_read(text: str, facts: tuple[str, str, int | None, str | None, str]) -> None:
    url = parse_url(text)
    assert (url.scheme, url.host, url.port, url.user, url.path) == facts
    assert looks_like_url(text)
    assert url == parse_remote(text)
    assert url == parse_url(url.text) if ":@" not in text else url.text == text.replace(":@", "@")


@pytest.mark.parametrize(
    ("text", "given"),
    [
        # Git knows schemes in lower case alone, and takes `localhost` for a folder.
        ("HTTPS://github.com/acme/config", "https://github.com/acme/config"),
        ("Ssh://git@Host/acme/config", "ssh://git@Host/acme/config"),
        ("FILE://LocalHost/srv/config.git", "file:///srv/config.git"),
        ("https://me:@github.com/acme/config", "https://me@github.com/acme/config"),
        ("https://:@github.com/acme/config", "https://github.com/acme/config"),
    ],
)
def test_git_is_given_what_it_understands(text: str, given: str) -> None:
    assert parse_url(text).text == given


def test_origin_and_local() -> None:
    assert parse_url("https://me@GitHub.com:8443/a/b").origin == "https://github.com:8443"
    assert parse_url("http://[::1]/a/b").origin == "http://[::1]"
    for text in ("http://127.0.0.1/a", "http://127.9.9.9:1/a", "https://localhost/a", "https://[::1]:2/a", "file:///a"):
        assert parse_url(text).local, text
    for text in ("http://127.evil.test/a", "http://127.0.0.1.evil.test/a", "https://localhost.evil.test/a"):
        assert not parse_url(text).local, text


EVIL = [
    "",
    " ",
    "-",
    "--upload-pack=touch x",
    "-u=x:y",
    "-oProxyCommand=touch:x",
    "-oProxyCommand=touch@host:x",
    "ssh://-oProxyCommand=touch/x",
    "ssh://-oProxyCommand=touch@host/x",
    "ssh://me@-oProxyCommand=touch/x",
    "ssh://%2doProxyCommand=touch/x",
    "ssh://%2doProxyCommand@host/x",
    "ssh://$(touch x)@host/x",
    "ssh://`touch`@host/x",
    "ssh://a;b@host/x",
    "ssh://a'b@host/x",
    "ssh://host;touch/x",
    "ssh://host$x/x",
    "git@-oProxyCommand=touch:x",
    "-evil@host:x",
    "git@host:-x",
    "git@host:/-x",
    "git@host:",
    "git@host:..",
    "git@host:../x",
    "git@host:a/../b",
    "git@host:a b",
    "git@host:x@{y",
    "ssh://host/-x",
    "ssh://host/%2dx",
    "git://host/-x",
    "https://host",
    "https://host/",
    "https://host//",
    "https://host/.git",
    "https:///x",
    "https://-host/x",
    "https://host-/x",
    "https://.host/x",
    "https://ho%73t/x",
    "https://host/../x",
    "https://host/x/..",
    "https://host/%2e%2e/x",
    "https://host/%2E./x",
    "https://host/x%0ahost=evil",
    "https://host/x%0D",
    "https://host/x%00",
    "https://host/x%5cy",
    "https://me%0a@host/x",
    "https://host/x?y",
    "https://host/x#y",
    "https://host/a b",
    "https://host/a\\b",
    "https://host\\@evil/x",
    "https://host/a@{b",
    "https://host/a\nb",
    "https://host/a\rb",
    "https://host/a\tb",
    "https://host/a\0b",
    "https://host/a\x1b[2Jb",
    "https://host/a\x7fb",
    "https://host/a\u202eb",
    "https://host/a\u200bb",
    "https://host/a\u2028b",
    "https://host/a\udcffb",
    "https://g\u0131thub.com/x",
    "https://gith\u0443b.com/x",
    "https://bitbuc\u212aet.org/x",
    "https://github\uff0ecom/x",
    "https://github.com\u2044evil/x",
    "https://host:/x",
    "https://host:0/x",
    "https://host:65536/x",
    "https://host:-1/x",
    "https://host:x/x",
    "https://host:\u0661/x",
    "https://host:" + "1" * 5000 + "/x",
    "https://[::1/x",
    "https://[::1%eth0]/x",
    "https://[host]/x",
    f"https://me:{SECRET}@host/x",
    f"https://:{SECRET}@host/x",
    f"https://me:a@{SECRET}@host/x",
    f"https://me:{SECRET}/x@host/x",
    f"https://me:{SECRET}%0a@host/x",
    f"ssh://git:{SECRET}@host/x",
    f"me:{SECRET}@host:x",
    f"https:/me:{SECRET}@host/x",
    f"ftp://me:{SECRET}@host/x",
    "https:x",
    "file://host/x",
    "file://",
    "file:///",
    "file:///..",
    "file:///-x",
    "file:///a/../b",
    "file:///a%2f..%2fb",
    "ftp://host/x",
    "ftps://host/x",
    "rsync://host/x",
    "javascript://host/x",
    "ssh+git://host/x",
    "git+ssh://host/x",
    "ext::sh -c touch% x",
    "ext::sh",
    "EXT::sh",
    "fd::17",
    "fd::17/x",
    "testgit::x",
    "::x",
    "https::x",
    "persistent-https://host/x",
    "x-y+z.1://host/x",
    "https://host/" + "x" * LONG,
    "git@host:" + "x" * LONG,
    "x" * LONG,
]  # fmt: skip


@pytest.mark.parametrize("text", EVIL, ids=lambda text: ascii(text)[:40])
def test_what_git_must_not_be_given_is_refused_in_one_line_and_without_its_secret(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_url(text)
    said = f"{refused.value.message} {refused.value.hint}"
    assert said.isprintable()
    assert len(said) < 500
    assert SECRET not in said


def test_a_checkouts_own_remote_may_hold_what_git_has_been_using() -> None:
    url = parse_remote(f"https://ci:{SECRET}@git.acme.test/acme/config.git")
    assert url == RemoteUrl(
        "https://ci@git.acme.test/acme/config.git", "https", "git.acme.test", None, "ci", "acme/config"
    )
    assert parse_remote("file:///my folder/config.git").path == "my folder/config"
    for folder in ("/srv/git/my config.git", "../config.git", "./a:b", "~/config"):
        assert parse_remote(folder).scheme == "file"
    for text in ("ext::sh -c x", "ftp://host/x", f"ftp://me:{SECRET}@host/x"):
        with pytest.raises(UsageError) as refused:
            parse_remote(text)
        assert refused.value.message.startswith("the remote ")
        assert SECRET not in refused.value.message


@pytest.mark.parametrize(
    "folder", ["", ".", "..", "config", "./git@host:x", "/srv/git@host:x", "a/b:c", "~/x:y", "kä se"]
)
def test_a_folder_is_no_url(folder: str) -> None:
    assert not looks_like_url(folder)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"fatal: unable to access 'https://me:{SECRET}@host/x/': 403",
            "fatal: unable to access 'https://***@host/x/': 403",
        ),
        (f"https://me:a@{SECRET}@host/x", "https://***@host/x"),
        (f"https://{SECRET}@host/x and ssh://git:{SECRET}@h:1/y", "https://***@host/x and ssh://***@h:1/y"),
        (f"HTTPS+x://{SECRET}@host", "HTTPS+x://***@host"),
        ("https://host/x@y", "https://host/x@y"),
        ("git@host:x me@acme.test", "git@host:x me@acme.test"),
    ],
)
def test_nobody_reads_what_stands_before_a_host(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "release/1.2",
        "bggen/prod/hello/flip",
        "käse",
        "a;b",
        "x@y",
        "#1",
        "feature/(x)",
        "A",
    ],
)
def test_a_name_of_a_branch_is_kept_as_it_is(name: str) -> None:
    assert parse_branch(name) == name
    assert _git_takes(name)


BAD_BRANCHES = [
    "", "-", "-x", "--", "--upload-pack=x", "@", "HEAD", ".", "..", "a..b", ".a", "a/.b", "a.", "a/", "/a", "a//b",
    "a.lock", "a.lock/b", "a b", "a\tb", "a\nb", "a\0b", "a\x1bb", "a\x7fb", "a~b",
    "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b",
    "@{-1}", "a@{b", "@{u}", "refs/heads/a", "refs/x", "x" * 201, "ü" * 101, "a\u202eb", "a\u200bb", "a\udc80b",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_BRANCHES, ids=lambda text: ascii(text)[:40])
def test_what_is_no_branch_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_branch(name)
    assert f"{refused.value.message} {refused.value.hint}".isprintable()
    assert len(refused.value.message) < 200


@given(
    st.lists(
        st.sampled_from(
            ["a", "B", "ü", "1", "-", ".", "..", "/", "@", "{", "@{", "~", "^", ":", "?", "*", "[", "\\", " ", "\x01"]
        )
        | st.sampled_from(
            [".lock", "HEAD", "refs/heads/", "heads", "\x7f", "\u200b", "#", ";", "$", "`", "'", "|", "&"]
        ),
        max_size=6,
    ).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
)
@example("a.lock.")
@example("a/@")
@example("@/a")
@example("a/b.lock/c")
def test_no_name_is_taken_that_git_would_not(name: str) -> None:
    try:
        taken = parse_branch(name) == name
    except UsageError:
        taken = False
    if taken:
        assert _git_takes(name)


def _git_takes(name: str) -> bool:
    done = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    # Something else in the answer: a name such as @{-1} was looked up.
    return done.returncode == 0 and done.stdout.decode() == f"{name}\n"
