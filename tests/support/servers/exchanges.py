"""What a server remembers of the requests that it got, so that tests count round trips and look for secrets."""

from __future__ import annotations

import base64
import binascii
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.servers.faults import Service


@dataclass(slots=True)
class Exchange:
    """One request and its answer; filled in while it goes on, always before the client can see as much."""

    method: str
    path: str
    query: str
    service: Service | None
    # Whether it asks for the list of refs: the first round trip of every fetch and push.
    refs: bool
    headers: Sequence[tuple[str, str]]
    status: int = 0
    user: str | None = None
    # Bytes of the body on the wire: compressed, without chunk sizes.
    received: int = 0
    sent: int = 0

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in any case."""
        return next((text for found, text in self.headers if found.lower() == name.lower()), None)

    def holds(self, text: str) -> bool:
        """Whether the request line or a header holds the text, also within a basic authorization."""
        words = [self.path, self.query, *(part for header in self.headers for part in header)]
        return any(text in word for word in words) or text in ":".join(self.basic() or ())

    def basic(self) -> tuple[str, str] | None:
        """Return user name and password as they were sent."""
        scheme, _, encoded = (self.header("Authorization") or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password


class Exchanges:
    """All requests since the start or the last `clear`, in the order of their arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Exchange] = []

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self._all.append(exchange)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def all(self, service: Service | None = None, *, refs: bool | None = None) -> list[Exchange]:
        """Return the requests, of one service, and of one sort (see Fault)."""
        with self._lock:
            return [one for one in self._all if service in {None, one.service} and refs in {None, one.refs}]

    def count(self, service: Service | None = None, *, refs: bool | None = None) -> int:
        """Return how many requests there were: round trips, where connections stay open."""
        return len(self.all(service, refs=refs))

    @property
    def received(self) -> int:
        """Bytes of bodies that clients sent."""
        return sum(one.received for one in self.all())

    @property
    def sent(self) -> int:
        """Bytes of bodies that clients were sent."""
        return sum(one.sent for one in self.all())

    def saw(self, text: str) -> bool:
        """Whether any request held the text: a token that has no business here."""
        return any(one.holds(text) for one in self.all())
