"""Who signs in to which forge, with what, and by which way."""

from __future__ import annotations

import base64
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from bggen.errors import ForgeError, UsageError
from bggen.forge.connecting import api_credential, connect
from bggen.forge.place import recognise
from bggen.forge.trust import proxy_for
from bggen.remotes import parse_url
from tests.support.forges.base import CANARY, Asked, Fault
from tests.support.forges.github import FakeGitHub
from tests.support.keys import authority, private_key, public_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HEAD = "bggen/prod/shop/flip"


def signs_in(spelling: str, environ: Mapping[str, str], forge_type: str | None = None) -> str | None:
    url = parse_url(spelling)
    place = recognise(url, forge_type, None, environ)
    assert place
    found = api_credential(url, place, environ)
    return found.password if found else None


@pytest.mark.parametrize(
    ("spelling", "environ", "secret"),
    [
        ("git@github.com:acme/config.git", {"BGGEN_TOKEN": "a"}, "a"),
        ("git@github.com:acme/config.git", {"GITHUB_TOKEN": "b"}, "b"),
        ("git@github.com:acme/config.git", {"BGGEN_TOKEN": "a", "GITHUB_TOKEN": "b"}, "a"),
        ("git@github.com:acme/config.git", {"GITLAB_TOKEN": "c"}, None),
        ("git@github.example.com:acme/config.git", {"GITHUB_TOKEN": "b"}, None),
        ("git@gitlab.com:acme/config.git", {"GITLAB_TOKEN": "c"}, "c"),
        ("https://gitlab.com/acme/config.git", {"CI_JOB_TOKEN": "d", "CI_SERVER_HOST": "gitlab.com"}, None),
        (
            "https://gitlab.com/acme/config.git",
            {"CI_JOB_TOKEN": "d", "CI_SERVER_HOST": "gitlab.com", "GITLAB_TOKEN": "c"},
            "c",
        ),
        ("http://gitlab.example.com/acme/config.git", {"GITLAB_TOKEN": "c"}, None),
        ("git@bitbucket.org:acme/config.git", {"BGGEN_TOKEN": "a"}, "a"),
        ("git@github.com:acme/config.git", {}, None),
    ],
)
def test_the_token_of_the_api_is_the_one_of_git(spelling: str, environ: dict[str, str], secret: str | None) -> None:
    assert signs_in(spelling, environ) == secret
    assert (connect(parse_url(spelling), None, None, environ) is None) == (secret is None)


def test_an_unknown_forge_is_none() -> None:
    assert connect(parse_url("https://git.example.com/acme/config.git"), None, None, {"BGGEN_TOKEN": "a"}) is None


def test_a_person_signs_in_to_bitbucket_with_the_name_of_the_url(tmp_path: Path) -> None:
    from tests.support.forges.bitbucket import FakeBitbucketCloud  # noqa: PLC0415 - made into another one here

    class Strict(FakeBitbucketCloud):
        def allowed(self, asked: Asked) -> bool:
            secret = base64.b64encode(f"ada@example.com:{CANARY}".encode()).decode()
            return asked.headers.get("Authorization") == f"Basic {secret}"

    with Strict(tmp_path) as fake:
        environ = {"BGGEN_TOKEN": CANARY, "BGGEN_FORGE_API": fake.api}
        forge = connect(parse_url("https://ada%40example.com@bitbucket.org/acme/config.git"), None, None, environ)
        assert forge
        assert forge.find(HEAD, "main") is None
        encoded = base64.b64encode(f"ada@example.com:{CANARY}".encode()).decode()
        fake.faults.append(Fault(status=400, text=json.dumps({"error": {"message": f"got Basic {encoded}"}})))
        with pytest.raises(ForgeError, match="400") as failed:
            forge.find(HEAD, "main")
        assert encoded not in failed.value.message


class FakeWithApp(FakeGitHub):
    """Knows app 17, installed as 99, and gives it the canary as its token."""

    def allowed(self, asked: Asked) -> bool:
        if "/installation" not in asked.path:
            return super().allowed(asked)
        word = asked.headers["Authorization"].removeprefix("Bearer ")
        told = jwt.decode(word, public_key(), algorithms=["RS256"], issuer="17")
        return bool(told["exp"] - told["iat"] <= 600)

    def installation(self, _: Asked) -> dict[str, Any]:
        return {"id": 99}

    def access_token(self, asked: Asked, number: str) -> dict[str, Any]:
        assert (number, asked.body) == ("99", {"repositories": ["config"]})
        return {"token": CANARY}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FakeWithApp]:
    with FakeWithApp(tmp_path) as fake:
        fake.commit(HEAD, "release.yaml", "x")
        yield fake


@pytest.mark.parametrize("given", ["text", "escaped", "path"])
@pytest.mark.parametrize("installation", [{}, {"BGGEN_GITHUB_APP_INSTALLATION": "99"}])
def test_a_github_app_signs_in(app: FakeWithApp, tmp_path: Path, given: str, installation: dict[str, str]) -> None:
    path = tmp_path / "app.pem"
    path.write_text(private_key(), encoding="utf-8")
    key = {"text": private_key(), "escaped": private_key().replace("\n", "\\n"), "path": str(path)}[given]
    environ = {"BGGEN_FORGE_API": app.api, "BGGEN_GITHUB_APP_ID": "17", "BGGEN_GITHUB_APP_KEY": key, **installation}
    forge = connect(parse_url(f"{app.origin}/acme/config.git"), "github", None, environ)
    assert forge
    assert forge.find(HEAD, "main") is None
    assert len(app.asked) == 3 - len(installation)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({}, "KEY is not"),
        ({"BGGEN_GITHUB_APP_KEY": CANARY}, "neither a PEM text nor a readable file"),
        ({"BGGEN_GITHUB_APP_KEY": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}"}, "not a private key"),
        ({"BGGEN_GITHUB_APP_KEY": private_key(), "BGGEN_GITHUB_APP_INSTALLATION": "../x"}, "not a number"),
    ],
)
def test_an_app_whose_variables_do_not_fit_is_refused(app: FakeWithApp, key: dict[str, str], reason: str) -> None:
    environ = {"BGGEN_FORGE_API": app.api, "BGGEN_GITHUB_APP_ID": "17", **key}
    with pytest.raises(UsageError, match=reason) as failed:
        connect(parse_url(f"{app.origin}/acme/config.git"), "github", None, environ)
    assert CANARY not in f"{failed.value!r} {failed.value.hint}"
    assert app.asked == []


def test_without_the_extra_an_app_is_told_how_to_install_it(app: FakeWithApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    environ = {"BGGEN_FORGE_API": app.api, "BGGEN_GITHUB_APP_ID": "17", "BGGEN_GITHUB_APP_KEY": private_key()}
    with pytest.raises(ForgeError, match="PyJWT") as failed:
        connect(parse_url(f"{app.origin}/acme/config.git"), "github", None, environ)
    assert "bggen[github-app]" in str(failed.value.hint)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, Path, Path]]:
    """A forge with a certificate of a private authority: its API, the authority's file, and a folder of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps([]).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
            pass

    known, own = authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", known, tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["GIT_SSL_CAINFO", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_private_authority_is_named_by_a_variable(tls: tuple[str, Path, Path], name: str) -> None:
    api, known, _ = tls
    forge = connect(parse_url(f"{api}/acme/config"), "github", None, {"BGGEN_TOKEN": CANARY, name: str(known)})
    assert forge
    assert forge.find(HEAD, "main") is None


def test_without_it_the_connection_is_refused(tls: tuple[str, Path, Path]) -> None:
    environ = {"BGGEN_TOKEN": CANARY}
    forge = connect(parse_url(f"{tls[0]}/acme/config"), "github", None, environ, pause=lambda _: None)
    assert forge
    with pytest.raises(ForgeError, match="CERTIFICATE_VERIFY_FAILED") as failed:
        forge.find(HEAD, "main")
    assert "SSL_CERT_FILE" in str(failed.value.hint)
    assert CANARY not in failed.value.message


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_variable_that_names_no_authority_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ForgeError, match=r"SSL_CERT_FILE names .*ca\.pem"):
        connect(parse_url("git@github.com:a/b"), None, None, {"BGGEN_TOKEN": "a", "SSL_CERT_FILE": str(path)})


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://api.github.com", {}, None),
        ("https://api.github.com", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://api.github.com", {"https_proxy": "http://q:1", "HTTPS_PROXY": "http://p:1"}, "http://q:1"),
        ("https://api.github.com", {"HTTPS_PROXY": "p:1"}, "http://p:1"),
        ("https://api.github.com", {"ALL_PROXY": "http://p:1"}, "http://p:1"),
        ("https://api.github.com", {"http_proxy": "http://p:1"}, None),
        ("http://git.corp", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://git.corp", {"http_proxy": "http://p:1"}, "http://p:1"),
        ("https://git.corp", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other, .corp"}, None),
        ("https://git.corp", {"HTTPS_PROXY": "http://p:1", "no_proxy": "git.corp"}, None),
        ("https://git.corp", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://mygit.corp", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "git.corp"}, "http://p:1"),
        ("https://git.corp:8443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "git.corp:8443"}, None),
        ("https://git.corp", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "git.corp:8443"}, "http://p:1"),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "http://p:1"),
    ],
)
def test_proxies_are_those_of_the_usual_variables(url: str, environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(url, environ) == proxy


def test_a_proxy_is_really_asked(tmp_path: Path) -> None:
    with FakeGitHub(tmp_path) as fake:
        environ = {"BGGEN_TOKEN": CANARY, "http_proxy": fake.origin, "BGGEN_FORGE_API": "http://git.corp/api/v3"}
        forge = connect(parse_url("http://git.corp/acme/config.git"), "github", None, environ)
        assert forge
        assert forge.find(HEAD, "main") is None
        assert fake.asked[0].headers["Host"] == "git.corp"


@pytest.mark.parametrize("proxy", [f"ftp://user:{CANARY}@proxy", f"socks5://user:{CANARY}@proxy:x"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str) -> None:
    with pytest.raises(ForgeError, match="proxy") as failed:
        connect(parse_url("git@github.com:a/b"), None, None, {"BGGEN_TOKEN": "a", "HTTPS_PROXY": proxy})
    assert CANARY not in f"{failed.value!r} {failed.value.hint}"
