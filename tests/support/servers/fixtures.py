"""Fixtures of real servers on loopback; each is closed with its test."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.daemon import GitDaemon, git_daemon, has_daemon
from tests.support.servers.http import GitHttpServer
from tests.support.servers.sshd import SshServer, ssh_server, why_no_sshd
from tests.support.servers.tls import Certificates, has_openssl, make_certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.servers.access import Access


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder whose bare repositories the servers serve."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def http_server(served: Path) -> Iterator[GitHttpServer]:
    """A server over plain HTTP that lets everybody do everything."""
    with GitHttpServer(served) as server:
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A private authority and its certificate for loopback."""
    if not has_openssl():
        pytest.skip("openssl is not installed")
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def https_server(served: Path, certificates: Certificates) -> Iterator[GitHttpServer]:
    """A server over TLS with a private authority (`certificates.trust()`)."""
    with GitHttpServer(served, certificates=certificates) as server:
        yield server


@pytest.fixture
def start_http(served: Path) -> Iterator[Callable[..., GitHttpServer]]:
    """Start more servers over the same folder: other ports, and so other hosts."""
    with contextlib.ExitStack() as stack:

        def start(access: Access | None = None) -> GitHttpServer:
            return stack.enter_context(GitHttpServer(served, access=access))

        yield start


@pytest.fixture
def daemon(served: Path, tmp_path: Path) -> Iterator[GitDaemon]:
    """`git daemon` that takes pushes."""
    if not has_daemon():
        pytest.skip("git was installed without its daemon")
    with git_daemon(served, tmp_path / "daemon.log") as server:
        yield server


@pytest.fixture
def sshd(served: Path, tmp_path: Path) -> Iterator[SshServer]:
    """A real sshd; `sshd.env()` is what git needs to get in."""
    if reason := why_no_sshd():
        pytest.skip(reason)
    with ssh_server(served, tmp_path / "sshd") as server:
        yield server
