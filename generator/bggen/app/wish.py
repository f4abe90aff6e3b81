"""What a changing command was asked for, apart from the change itself: for which apps, and how it is delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.app.place import Place

# Enough for fifty simultaneous writers on fifty machines.
RETRIES = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """The (app, env) pairs that a command is for.

    Attributes:
        apps: by name; none of them for the one that the command's place means.
        match: all whose names fit this shell pattern.
        every: all.
        env: the environment.
    """

    apps: tuple[str, ...] = ()
    match: str | None = None
    every: bool = False
    env: str | None = None

    @property
    def many(self) -> bool:
        """Whether several were asked for, even if only one is found."""
        return self.every or self.match is not None or len(self.apps) > 1

    @property
    def words(self) -> str:
        """What several were asked for by, always the same for the same selection; "" where it is one app."""
        if self.every:
            return "all"
        if self.match is not None:
            return f"match {self.match}"
        return f"apps {' '.join(sorted(set(self.apps)))}" if self.many else ""


@dataclass(frozen=True, slots=True)
class RequestWish:
    """How a pull request is to look.

    Attributes:
        title: instead of the commit's subject.
        labels: by name.
        reviewers: by name.
        draft: whether it is not to be merged yet.
        auto_merge: the way in which the forge merges it once everything that it asks for is given; None for not.
        close_empty: whether a request that would change nothing any more is closed.
    """

    title: str | None = None
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    auto_merge: Literal["merge", "squash", "rebase"] | None = None
    close_empty: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a change is delivered.

    Attributes:
        dry_run: only plan it.
        push: push the commit, of a checkout; with a remote repo this is the only way.
        branch: the branch that the commit goes to instead; "" for the name that bggen gives it, None for no such.
        request: the pull request; it goes with a branch. None for none.
        base: the branch that is decided on, of a remote or for a request; None for the usual one.
        retries: how often the decision is made again because somebody else was faster.
        retarget: whether a decision about the idle colour also goes for the other one, where they changed meanwhile.
        author: `Name <mail>`; None to look for one.
        sign: whether the commit is signed; None as git is configured.
        source: what was said about the commit that the images were built from, by option.
    """

    dry_run: bool = False
    push: bool = False
    branch: str | None = None
    request: RequestWish | None = None
    base: str | None = None
    retries: int = RETRIES
    retarget: bool = False
    author: str | None = None
    sign: bool | None = None
    source: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """A changing command's surroundings."""

    place: Place
    selection: Selection = Selection()
    delivery: Delivery = Delivery()
