"""What is asked of a colour from outside the cluster, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.model import Color

# Why there was no answer: the host's name is not known, nothing takes connections, TLS failed, nothing came in time,
# what came is no HTTP or broke off, or the proxy did not let it through.
Reason = Literal["name", "connection", "tls", "timeout", "protocol", "proxy"]


@dataclass(frozen=True, slots=True)
class Question:
    """The smoke test of a release, as it is asked from outside.

    Attributes:
        color: the colour under test.
        release: the number of the release that it holds.
        active: whether it is the active colour.
        url: what is asked for; it holds no secret.
        header: the header that leads to the colour, where its URL alone does not: name and value.
        expect: the status that the answer must have.
        seconds: in which time.
        doubt: what else could give the answer; None where nothing does.
    """

    color: Color
    release: int
    active: bool
    url: str
    header: tuple[str, str] | None
    expect: int
    seconds: float
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one try came to: a status, or why there was none; `words` say the same to people, in half a line."""

    words: str
    status: int | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Tries:
    """What all tries came to.

    Attributes:
        answers: each different one, the newest last, and how often it came.
        passed: whether the last one was as it must be.
        seconds: how long it took.
    """

    answers: Sequence[tuple[Answer, int]]
    passed: bool
    seconds: float
