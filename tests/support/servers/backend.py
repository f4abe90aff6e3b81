"""`git http-backend` as a CGI program: what it is given, and what it answers (RFC 3875, git-http-backend(1))."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.exchanges import Exchange

# The rest is the repositories' own (`repos.FORGE_CONFIG`); a test overrules both by the server's `settings`.
# Without a user name http-backend takes no push unless it is told to; who may push is decided before it is asked.
FORGE_SETTINGS = {"http.receivepack": "true"}
PIECE = 1 << 16


def server_environment(home: Path) -> dict[str, str]:
    """Return an environment in which git sees no configuration but the repository's own."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("GIT_", "BGGEN_", "SSH_"))}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


@dataclass(slots=True)
class Answer:
    """The head of what the program answered; the rest is still in its pipe."""

    status: int
    headers: list[tuple[str, str]]
    rest: IO[bytes]


@dataclass(slots=True)
class Backend:
    """Runs `git http-backend` over a folder of bare repositories."""

    root: Path
    log: IO[bytes]
    settings: dict[str, str] = field(default_factory=FORGE_SETTINGS.copy)
    # Whether it speaks nothing newer than version 0 of git's protocol, as servers did before git 2.18.
    old: bool = False
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def ask(self, exchange: Exchange, body: IO[bytes], size: int) -> Iterator[Answer]:
        """Start the program on a request, and end it and all its children afterwards.

        Args:
            exchange: the request.
            body: its body as it came, compressed or not, as a real file at its start.
            size: the body's bytes.
        """
        settings = [word for name, text in self.settings.items() for word in ("-c", f"{name}={text}")]
        process = subprocess.Popen(
            ["git", *settings, "http-backend"],
            env=self._environment(exchange, size),
            stdin=body,
            stdout=subprocess.PIPE,
            stderr=self.log,
            # Its own group, so that hooks and packers end with it.
            start_new_session=True,
        )
        with self._lock:
            self._running.add(process)
        try:
            with process:
                assert process.stdout
                try:
                    yield self._head(process.stdout)
                finally:
                    _kill(process)
        finally:
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """End every program that still runs."""
        with self._lock:
            running = list(self._running)
        for process in running:
            _kill(process)

    def _environment(self, exchange: Exchange, size: int) -> dict[str, str]:
        environment = {
            **server_environment(self.root),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": exchange.method,
            "PATH_INFO": exchange.path,
            "QUERY_STRING": exchange.query,
            "CONTENT_TYPE": exchange.header("Content-Type") or "",
            "CONTENT_LENGTH": str(size),
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_USER": exchange.user or "",
        }
        # http-backend unpacks the body itself, and hands the protocol's version on to upload-pack.
        for header, variable in (("Content-Encoding", "HTTP_CONTENT_ENCODING"), ("Git-Protocol", "GIT_PROTOCOL")):
            if (text := exchange.header(header)) and not (self.old and variable == "GIT_PROTOCOL"):
                environment[variable] = text
        return environment

    @staticmethod
    def _head(stream: IO[bytes]) -> Answer:
        status, headers = 200, list[tuple[str, str]]()
        while line := stream.readline().strip():
            name, _, text = line.decode("latin-1").partition(":")
            if name.lower() == "status":
                status = int(text.split()[0])
            else:
                headers.append((name, text.strip()))
        # A program that died without a word.
        return Answer(status if headers else 500, headers, stream)


def _kill(process: subprocess.Popen[bytes]) -> None:
    # Once it is reaped, its number may be another's.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
