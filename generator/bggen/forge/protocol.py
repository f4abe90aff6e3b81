"""What bggen asks of every forge: find, open, update, close and comment on one pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

AutoMerge = Literal["merge", "squash", "rebase"]
State = Literal["open", "closed", "merged"]


@dataclass(frozen=True, slots=True)
class Request:
    """A pull request (a merge request) as the forge has it.

    Attributes:
        number: as people name it: `#7`, `!7`.
        url: the page where people review it.
        head: the newest commit of the head branch that the forge knows, or ""; Bitbucket Cloud shortens it.
        title: without the words by which some forges mark a draft.
        key: the forge's own name for it where that is not the number.
        warnings: what the forge would not do although the request stands: one line each.
    """

    number: int
    url: str
    state: State
    head: str
    base_branch: str
    title: str
    body: str
    draft: bool
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    key: str = ""
    auto_merge: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pull request as it should be. Labels and reviewers are added to those that people gave; none is taken away."""

    head_branch: str
    base_branch: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    auto_merge: AutoMerge | None = None


class Forge(Protocol):
    """One repository on one forge. Every method raises ForgeError; no message of it holds a secret."""

    @property
    def limit(self) -> int:
        """The most characters that a request's body may have."""

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of this branch of this repository into that one: not a fork's, not a closed one."""

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the one that is open already to what is wanted."""

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write only what differs."""

    def close(self, request: Request) -> Request:
        """Close the request without merging it; its branch stays."""

    def comment(self, request: Request, text: str) -> None:
        """Add a comment."""


def same_text(one: str, other: str) -> bool:
    """Whether two bodies are the same to a reader: forges change line ends, and cut white space at the end."""
    return _even(one) == _even(other)


def _even(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def missing(wanted: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    """Return what is wanted and not there yet, once each, by names in which case does not count."""
    have = {name.lower() for name in present}
    found: dict[str, str] = {name.lower(): name for name in wanted if name.lower() not in have}
    return tuple(found.values())
