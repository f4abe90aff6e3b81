"""Asking an app over HTTP, against servers that do all that servers do."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from bggen.errors import UsageError
from bggen.model import Color
from bggen.model.probes import Question, Tries
from bggen.probing import ask
from tests.support.servers.scripted import (
    answer,
    drip,
    hang,
    has_ipv6,
    pour,
    raw,
    reset,
    scripted,
    unused_port,
)
from tests.support.servers.tls import has_openssl, make_certificates

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.scripted import Act
    from tests.support.servers.tls import Certificates


def question(url: str, *, expect: int = 200, seconds: float = 0.4, header: tuple[str, str] | None = None) -> Question:
    return Question(Color.GREEN, 2, active=False, url=url, header=header, expect=expect, seconds=seconds)


def told(tries: Tries) -> list[tuple[str, int]]:
    return [(answer.words, times) for answer, times in tries.answers]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not has_openssl():
        pytest.skip("openssl makes the certificates")
    return make_certificates(tmp_path_factory.mktemp("tls"), "preview.example.com")


def test_it_asks_again_until_the_status_is_the_one_that_is_wanted() -> None:
    with scripted(503, 404, 503, 200) as server:
        tries = ask(question(f"http://{server.address}/ready?a=b", seconds=20), {}, headers={})
    assert tries.passed
    # Each answer is told once, the newest last.
    assert told(tries) == [("404", 1), ("503", 2), ("200", 1)]
    assert [answer.status for answer, _ in tries.answers] == [404, 503, 200]
    assert server.paths == ["/ready?a=b"] * 4
    assert server.requests[0].startswith("GET ")


def test_what_is_sent_is_told_nowhere_else() -> None:
    with scripted(200) as server:
        asked = question(f"http://{server.address}/a/../b//c", header=("X-Preview", "green"))
        tries = ask(asked, {}, headers={"Authorization": "Bearer s3cret"})
    assert "s3cret" not in repr((asked, tries))
    # As it stands in the spec, and as the Job in the cluster asks for it.
    assert server.paths == ["/a/../b//c"]
    assert server.header("X-Preview") == ["green"]
    assert server.header("Authorization") == ["bearer s3cret"]
    assert server.header("Host") == [server.address]
    assert server.header("Cookie") == [None]
    head = server.requests[0].lower()
    assert sorted(line.split(":")[0] for line in head.splitlines()[1:] if line) == [
        *("accept", "accept-encoding", "authorization", "connection", "host", "user-agent", "x-preview"),
    ]


def test_a_password_of_a_netrc_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with scripted(200) as server:
        ask(question(f"http://{server.address}/"), {}, headers={})
    assert server.header("Authorization") == [None]


def test_a_redirect_is_an_answer() -> None:
    with scripted(200) as other, scripted(answer(302, f"Location: http://{other.address}/")) as server:
        tries = ask(question(f"http://{server.address}/"), {}, headers={})
        assert ask(question(f"http://{server.address}/", expect=302), {}, headers={}).passed
    assert not tries.passed
    assert {words for words, _ in told(tries)} == {"302"}
    assert other.requests == []


@pytest.mark.parametrize("status", [100, 204, 401, 599])
def test_any_status_can_be_wanted(status: int) -> None:
    # Of 100 HTTP says that another answer follows; so nobody waits for it in vain.
    text = f"HTTP/1.1 {status} X\r\n\r\n".encode() + (b"HTTP/1.1 200 OK\r\n\r\n" if status == 100 else b"")
    with scripted(raw(text)) as server:
        tries = ask(question(f"http://{server.address}/", expect=200 if status == 100 else status), {}, headers={})
    assert tries.passed


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (hang, "no answer within 0.4 s"),
        (drip, "no answer within 0.4 s"),
        (reset, "the connection broke off"),
        (raw(b""), "the connection was closed without an answer"),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "the answer is no HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000), "the answer is no HTTP"),
    ],
    ids=["hang", "drip", "reset", "close", "ssh", "endless head"],
)
def test_the_time_is_bounded_whatever_the_server_does(act: Act, words: str) -> None:
    with scripted(act) as server:
        began = time.monotonic()
        tries = ask(question(f"http://{server.address}/"), {}, headers={})
        took = time.monotonic() - began
    assert not tries.passed
    assert words in [each for each, _ in told(tries)]
    assert took < 3
    assert all(answer.status is None and answer.reason for answer, _ in tries.answers)


def test_a_body_without_end_is_not_read() -> None:
    with scripted(pour) as server:
        tries = ask(question(f"http://{server.address}/", seconds=20), {}, headers={})
    assert tries.passed
    assert tries.seconds < 5


def test_the_last_try_is_not_one_that_was_cut_short() -> None:
    with scripted(404) as server:
        tries = ask(question(f"http://{server.address}/", seconds=1.2), {}, headers={})
    ((found, _),) = tries.answers
    assert found.status == 404


def test_a_try_that_hangs_is_not_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bggen.probing._LEAST_SECONDS", 0.2)
    monkeypatch.setattr("bggen.probing._SHARE", 100)
    with scripted(hang, 200) as server:
        tries = ask(question(f"http://{server.address}/", seconds=20), {}, headers={})
    assert [answer.status for answer, _ in tries.answers] == [None, 200]


def test_nobody_there_is_told_in_plain_words() -> None:
    tries = ask(question(f"http://127.0.0.1:{unused_port()}/"), {}, headers={})
    assert [words for words, _ in told(tries)] == ["connection refused"]
    assert tries.answers[0][0].reason == "connection"


def test_a_name_that_is_not_known_is_told_and_can_be_connected_to_elsewhere() -> None:
    tries = ask(question("http://preview.invalid/ready"), {}, headers={})
    assert [(answer.words, answer.reason) for answer, _ in tries.answers] == [("the host's name is not known", "name")]
    with scripted(200) as server:
        tries = ask(
            question("http://preview.invalid:8080/ready"), {}, headers={}, connect_to=("127.0.0.1", server.port)
        )
    assert tries.passed
    assert server.header("Host") == ["preview.invalid:8080"]
    assert server.paths == ["/ready"]


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example.com", "a_b.invalid", "xn--a"])
def test_names_that_cannot_be_looked_up(host: str) -> None:
    ((found, _),) = ask(question(f"http://{host}/"), {}, headers={}).answers
    assert found.reason == "name"


def test_a_name_that_cannot_be_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"http://\[1:2\]/: no such host can be asked"):
        ask(question("http://[1:2]/"), {}, headers={})
    with pytest.raises(UsageError, match=r"http://\[3:4\]:80/: no such host can be asked"):
        ask(question("http://a.invalid/"), {}, headers={}, connect_to=("[3:4]", None))


@pytest.mark.skipif(not has_ipv6(), reason="loopback has no IPv6 address here")
def test_ipv6_works_in_the_url_and_as_what_is_connected_to() -> None:
    with scripted(200, family=socket.AF_INET6) as server:
        assert ask(question(f"http://[::1]:{server.port}/a"), {}, headers={}).passed
        asked = question("http://preview.invalid/b")
        assert ask(asked, {}, headers={}, connect_to=("[::1]", server.port)).passed
    assert server.paths == ["/a", "/b"]
    assert server.header("Host") == [f"[::1]:{server.port}", "preview.invalid"]


def test_certificates_are_verified_for_the_name_in_the_url(certificates: Certificates) -> None:
    trusting = {"SSL_CERT_FILE": str(certificates.authority)}
    with scripted(200, context=certificates.context()) as server:
        to = ("127.0.0.1", server.port)
        assert ask(question(f"https://localhost:{server.port}/"), trusting, headers={}).passed
        assert ask(question("https://preview.example.com/"), trusting, headers={}, connect_to=to).passed
        wrong = ask(question("https://other.example.com/"), trusting, headers={}, connect_to=to)
        untrusted = ask(question(f"https://localhost:{server.port}/"), {}, headers={})
        # Where git finds its server's authority says nothing about the app.
        of_git = ask(
            question(f"https://localhost:{server.port}/"), {"GIT_SSL_CAINFO": str(certificates.authority)}, headers={}
        )
    assert server.header("Host") == [f"localhost:{server.port}", "preview.example.com"]
    assert not wrong.passed
    ((words, _),) = told(wrong)
    assert words.startswith("the certificate is not valid: Hostname mismatch")
    for tries in (untrusted, of_git):
        ((refused, _),) = tries.answers
        assert refused.reason == "tls"
        assert "the certificate is not valid: " in refused.words


def test_http_where_tls_is_spoken_and_the_other_way_round(certificates: Certificates) -> None:
    with scripted(200) as server:
        ((found, _),) = ask(question(f"https://{server.address}/"), {}, headers={}).answers
    assert found.reason == "tls"
    assert found.words.startswith("TLS failed")
    with scripted(200, context=certificates.context()) as server:
        tries = ask(question(f"http://{server.address}/"), {}, headers={})
    assert not tries.passed


def test_a_proxy_of_the_environment_is_used_but_for_what_is_excepted() -> None:
    with scripted(200) as proxy, scripted(204) as server:
        through = {"http_proxy": f"http://user:s3cret@{proxy.address}"}
        assert ask(question(f"http://{server.address}/ready"), through, headers={}).passed
        assert proxy.paths == [f"http://{server.address}/ready"]
        assert server.requests == []
        beside = {**through, "NO_PROXY": "127.0.0.1"}
        assert ask(question(f"http://{server.address}/", expect=204), beside, headers={}).passed
        asked = question("http://preview.invalid/", expect=204)
        assert ask(asked, through, headers={}, connect_to=("127.0.0.1", server.port)).passed
    assert len(proxy.requests) == 1


def test_a_proxy_that_refuses_is_told_without_its_password() -> None:
    with scripted(403) as proxy:
        asked = question("https://preview.invalid/")
        tries = ask(asked, {"https_proxy": f"http://user:s3cret@{proxy.address}"}, headers={})
    assert proxy.requests[0].startswith("CONNECT preview.invalid:443 ")
    assert [(answer.words, answer.reason) for answer, _ in tries.answers] == [
        ("the proxy does not let it through", "proxy")
    ]
    with pytest.raises(UsageError, match="the proxy that the environment names cannot be used") as error:
        ask(question("http://a.invalid/"), {"http_proxy": "nonsense://user:s3cret@x"}, headers={})
    assert "s3cret" not in f"{error.value}{error.value.hint}"


def test_authorities_that_cannot_be_read_are_an_error() -> None:
    with pytest.raises(UsageError, match="SSL_CERT_FILE names /no/such"):
        ask(question("https://a.invalid/"), {"SSL_CERT_FILE": "/no/such"}, headers={})
