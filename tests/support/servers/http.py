"""A git server over HTTP on loopback: real `git http-backend`, with users, TLS, a memory, and faults."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.support.servers.access import Access
from tests.support.servers.backend import PIECE, Backend
from tests.support.servers.exchanges import Exchange, Exchanges
from tests.support.servers.faults import Faults
from tests.support.servers.verdicts import verdict_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.faults import Fault, Service
    from tests.support.servers.tls import Certificates

# For a client that neither speaks nor leaves, and for a stalled answer that nobody heals.
LONGEST_WAIT = 60.0


class GitHttpServer:
    """Serves the bare repositories in a folder, on a free port, until it is closed; a context manager.

    Any part may be changed while it runs: `access`, `faults`, `settings` (git's, for the server's side).
    """

    def __init__(self, root: Path, *, access: Access | None = None, certificates: Certificates | None = None) -> None:
        self.root = root
        self.access = access or Access()
        self.faults = Faults()
        self.exchanges = Exchanges()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self.backend = Backend(root, self._log)
        self._scheme = "https" if certificates else "http"
        self._listener = _Listener(self, certificates.context() if certificates else None)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), name="git-http")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def settings(self) -> dict[str, str]:
        """git's settings on the server's side: `{"uploadpack.allowFilter": "false"}` takes filters away."""
        return self.backend.settings

    @property
    def port(self) -> int:
        return self._listener.server_port

    @property
    def base(self) -> str:
        """The address without a path: `http://127.0.0.1:port`."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def url(self, repo: Path | str, user: str | None = None, host: str = "127.0.0.1") -> str:
        """Return the URL of a repository in the folder; `host="localhost"` is another host to git."""
        name = repo if isinstance(repo, str) else repo.relative_to(self.root).as_posix()
        return f"{self._scheme}://{user + '@' if user else ''}{host}:{self.port}/{name}"

    def log(self) -> str:
        """Return what git said on the server's side."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self) -> None:
        """End every connection, program and thread.

        Raises:
            AssertionError: the server itself has failed at a request; a client that left is no such failure.
        """
        self.faults.heal()
        self._listener.closing.set()
        self._listener.shutdown()
        self._thread.join()
        self.backend.stop()
        self._listener.hang_up()
        self._listener.server_close()
        self._log.close()
        assert not self._listener.failures, self._listener.failures


class _Listener(ThreadingHTTPServer):
    # Waited for in `server_close`.
    daemon_threads = False
    # Fifty clients knock at once.
    request_queue_size = 128

    def __init__(self, owner: GitHttpServer, context: ssl.SSLContext | None) -> None:
        self.owner = owner
        self.context = context
        self.closing = threading.Event()
        self.failures: list[BaseException | None] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for this machine's name here, which may take seconds.
        super(ThreadingHTTPServer, self).server_bind()
        self.server_name, self.server_port = "127.0.0.1", int(self.socket.getsockname()[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.context:
            # The handshake waits for the client, so it belongs into the connection's own thread.
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._open:
                cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.failures.append(error)


def cut(connection: socket.socket) -> None:
    """End a connection at once, also one of TLS, whose own shutdown is not made for another thread."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = LONGEST_WAIT
    server: _Listener

    def handle(self) -> None:
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.do_handshake()
        super().handle()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the requests are remembered in `exchanges`."""

    def _answer(self) -> None:
        owner, exchange = self.server.owner, self._exchange()
        owner.exchanges.add(exchange)
        with tempfile.TemporaryFile() as body:
            for piece in self._body():
                exchange.received += len(piece)
                body.write(piece)
            body.seek(0)
            fault = owner.faults.take(exchange.service, refs=exchange.refs)
            if fault and fault.unheard:
                exchange.status = 200
                self._head(200, [("Content-Type", f"application/x-git-{exchange.service}-result")])
                self._cut()
            elif fault and fault.redirect:
                query = f"?{exchange.query}" if exchange.query else ""
                location = f"{fault.redirect}{exchange.path}{query}"
                self._refuse(exchange, fault.status or 302, {**fault.headers, "Location": location})
            elif fault and fault.status:
                self._refuse(exchange, fault.status, dict(fault.headers))
            elif (verdict := owner.access.verdict(exchange)) != 200:
                self._refuse(exchange, verdict, {"WWW-Authenticate": 'Basic realm="git"'} if verdict == 401 else {})
            elif fault and fault.verdict:
                self._say(exchange, verdict_on(body, fault.verdict))
            else:
                self._ask(exchange, body, fault)

    def _exchange(self) -> Exchange:
        address = urlsplit(self.path)
        service: Service | None = None
        if "upload-pack" in self.path:
            service = "upload-pack"
        elif "receive-pack" in self.path:
            service = "receive-pack"
        refs = address.path.endswith("/info/refs")
        return Exchange(self.command, address.path, address.query, service, refs, tuple(self.headers.items()))

    def _body(self) -> Iterator[bytes]:
        """Yield the body without its transfer coding; a client that leaves in the middle is an OSError."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self._line().split(b";")[0], 16):
                yield from self._exactly(size)
                self._line()
            while self._line().strip():
                pass
        else:
            yield from self._exactly(int(self.headers.get("Content-Length", "0")))

    def _line(self) -> bytes:
        line = self.rfile.readline(PIECE)
        if not line.endswith(b"\n"):
            raise ConnectionAbortedError
        return line

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.rfile.read(min(size, PIECE))
            if not piece:
                raise ConnectionAbortedError
            size -= len(piece)
            yield piece

    def _refuse(self, exchange: Exchange, status: int, headers: dict[str, str]) -> None:
        text = f"{status}\n".encode()
        exchange.status = status
        exchange.sent = len(text)
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _say(self, exchange: Exchange, answer: bytes) -> None:
        exchange.status, exchange.sent = 200, len(answer)
        self._head(200, [("Content-Type", f"application/x-git-{exchange.service}-result")])
        self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(answer), answer))

    def _ask(self, exchange: Exchange, body: IO[bytes], fault: Fault | None) -> None:
        size = body.seek(0, 2)
        body.seek(0)
        with self.server.owner.backend.ask(exchange, body, size) as answer:
            pieces: Iterator[bytes] = iter(lambda: answer.rest.read1(PIECE), b"")  # type: ignore[attr-defined] # a pipe's reader has it
            if exchange.service == "receive-pack":
                # Carried out to its end, whether or not anybody waits for the answer.
                pieces = iter(list(pieces))
            if fault and fault.cut == 0:
                list(pieces)
                self._cut()
                return
            exchange.status = answer.status
            self._head(answer.status, answer.headers)
            for piece in self._troubled(pieces, fault):
                exchange.sent += len(piece)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if fault and fault.cut is not None:
                self._cut()
            else:
                self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _troubled(self, pieces: Iterator[bytes], fault: Fault | None) -> Iterator[bytes]:
        """Yield what is sent of an answer, when it is sent."""
        if fault is None:
            yield from pieces
            return
        closing, healed = self.server.closing, self.server.owner.faults.healed
        most = fault.cut if fault.cut is not None else fault.stall
        done, stalled = 0, False
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                step = len(rest) if fault.rate is None else max(1, fault.rate // 50)
                if most is not None and not stalled:
                    step = min(step, most - done)
                if step == 0 and fault.cut is not None:
                    # git does the rest of its work, and nobody hears of it.
                    break
                if step == 0:
                    healed.wait(LONGEST_WAIT)
                    stalled = True
                    continue
                yield bytes(rest[:step])
                done += step
                rest = rest[step:]
                if fault.rate is not None and not healed.is_set():
                    closing.wait(step / fault.rate)

    def _cut(self) -> None:
        self.close_connection = True
        cut(self.connection)
