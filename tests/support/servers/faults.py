"""What a test can let go wrong between a git server and its client."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.servers.verdicts import Verdict

Service = Literal["upload-pack", "receive-pack"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with the requests that it fits.

    `service` and `refs` say which: `refs=True` the questions for the list of refs (`GET …/info/refs`), `refs=False`
    the work itself (`POST …/git-upload-pack`, `POST …/git-receive-pack`), None both.
    `times` is how many of them; None is all until `heal`. The first fault that fits is taken, and no other.
    """

    service: Service | None = None
    refs: bool | None = None
    times: int | None = 1
    # Answered instead of asking git, with `headers`; with `redirect` (`http://host:port`) the Location is there.
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    redirect: str | None = None
    # Cut after the head of an answer, and git never sees the request.
    unheard: bool = False
    # The push is answered with a forge's refusal, and git never sees it.
    verdict: Verdict | None = None
    # git does its work to the end, then so many bytes of its answer are sent and the connection is cut.
    # With 0 not even the status line is sent, and curl then sends the request again (see `answer_lost`).
    cut: int | None = None
    # So many bytes of git's answer are sent, then nothing until `heal` or the end; the connection stays open.
    stall: int | None = None
    # Bytes of git's answer in a second.
    rate: int | None = None


def unreachable(status: int, times: int | None = 1, **headers: str) -> Fault:
    """Return an answer of a server in trouble: 429, 500, 503 (`Retry_After="1"`) to the next requests, whichever."""
    return Fault(status=status, times=times, headers={name.replace("_", "-"): text for name, text in headers.items()})


def answer_lost(times: int | None = 1, after: int = 1) -> Fault:
    """Return a push that is carried out, and its answer lost.

    With `after=0` curl sends the push a second time by itself, as it does when a kept connection dies without a byte
    (libcurl's Curl_retry_request): git then reports a lost race, against the commit that it has just pushed.
    """
    return Fault(service="receive-pack", refs=False, times=times, cut=after)


def push_unheard(times: int | None = 1) -> Fault:
    """Return a push whose connection breaks before git sees it."""
    return Fault(service="receive-pack", refs=False, times=times, unheard=True)


def refused(verdict: Verdict, times: int | None = 1) -> Fault:
    """Return a push that a forge does not take, with its very words and reason."""
    return Fault(service="receive-pack", refs=False, times=times, verdict=verdict)


class Faults:
    """The faults that are switched on, in order; many requests may ask at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self.healed = threading.Event()

    def arm(self, *faults: Fault) -> None:
        with self._lock:
            self.healed.clear()
            self._armed += faults

    def heal(self) -> None:
        """Switch all faults off, and let go what is stalled."""
        with self._lock:
            self._armed.clear()
            self.healed.set()

    def take(self, service: Service | None, *, refs: bool) -> Fault | None:
        """Return the fault that this request meets."""
        with self._lock:
            for place, fault in enumerate(self._armed):
                if fault.service in {None, service} and fault.refs in {None, refs}:
                    if fault.times is not None:
                        left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                        self._armed[place : place + 1] = left
                    return fault
        return None
