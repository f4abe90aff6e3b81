"""A server on loopback that does with one connection after another what a list says, be it HTTP or not."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

# Longer than any test waits for an answer.
FOREVER = 20.0


class Act(Protocol):
    """What is done with one connection, whose request has been read."""

    def __call__(self, connection: socket.socket, stop: threading.Event) -> None: ...


def answer(status: int, *lines: str, body: bytes = b"") -> Act:
    """Answer with a status, more lines of the head, and a body."""

    def act(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001 - it takes no time
        head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *lines, "", ""]
        connection.sendall("\r\n".join(head).encode() + body)

    return act


def raw(text: bytes) -> Act:
    """Send bytes, and close."""

    def act(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001 - it takes no time
        connection.sendall(text)

    return act


def hang(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001 - it does nothing with it
    """Say nothing."""
    stop.wait(FOREVER)


def reset(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001 - it takes no time
    """Break the connection off, so that the other side sees an error rather than an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket, stop: threading.Event) -> None:
    """Send a head that never ends, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not stop.wait(0.05):
        connection.sendall(b"x")


def pour(connection: socket.socket, stop: threading.Event) -> None:
    """Send a body that never ends, as fast as it is taken."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while not stop.is_set():
        connection.sendall(b"x" * 65536)


class Scripted:
    """The server; the last act is done again and again. `requests` holds the heads that it was sent."""

    def __init__(self, acts: list[Act], context: ssl.SSLContext | None, family: socket.AddressFamily) -> None:
        self.requests: list[str] = []
        self._acts = acts
        self._context = context
        self._stop = threading.Event()
        self._family = family
        self._host = "::1" if family is socket.AF_INET6 else "127.0.0.1"
        self._listener = socket.create_server((self._host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """What was asked for."""
        return [request.split(" ")[1] for request in self.requests]

    def header(self, name: str) -> list[str | None]:
        """Return the value of a header of each request; None where it was not sent."""
        heads = [dict(line.split(": ", 1) for line in each.lower().splitlines()[1:] if line) for each in self.requests]
        return [head.get(name.lower()) for head in heads]

    def close(self) -> None:
        """Stop, and let every connection go."""
        self._stop.set()
        # Closing it would not wake `accept`.
        with socket.socket(self._family) as last:
            last.settimeout(0.2)
            last.connect_ex((self._host, self.port))
        self._thread.join(2)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            connection, _ = self._listener.accept()
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        # A client that goes away is none of the server's trouble.
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65536)
                if not more:
                    return
                head += more
                if head.startswith(b"\x16\x03"):
                    # As servers do that speak no TLS.
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
            self.requests.append(head.decode())
            act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
            act(connection, self._stop)
        except OSError:
            pass
        finally:
            connection.close()


@contextmanager
def scripted(
    *acts: Act | int, context: ssl.SSLContext | None = None, family: socket.AddressFamily = socket.AF_INET
) -> Iterator[Scripted]:
    """Run a server; a number is an answer with that status."""
    server = Scripted([answer(act) if isinstance(act, int) else act for act in acts], context, family)
    try:
        yield server
    finally:
        server.close()


def has_ipv6() -> bool:
    """Whether loopback has its IPv6 address here."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def unused_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
