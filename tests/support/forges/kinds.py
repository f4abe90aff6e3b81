"""Every forge that bggen knows: its fake, and bggen's own client for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.forge import github
from bggen.forge.client import Client
from tests.support.forges.base import CANARY, FakeForge
from tests.support.forges.github import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.forge.protocol import Forge


@dataclass(frozen=True)
class Kind:
    """How one forge is faked and talked to, and what it cannot do.

    Attributes:
        makes_labels: an unknown label is made.
        has_labels: a request can have labels.
        auto_merges: it merges by itself when its conditions hold.
    """

    name: str
    fake: type[FakeForge]
    headers: Callable[[str], Mapping[str, str]]
    forge: Callable[[Client, str], Forge]
    makes_labels: bool = False
    has_labels: bool = True
    auto_merges: bool = True

    def connect(
        self, api: str, project: str, *, token: str = CANARY, pause: Callable[[float], None] = lambda _: None
    ) -> Forge:
        client = Client(api, self.headers(token), secrets=[token], environ={}, pause=pause)
        return self.forge(client, project)


KINDS = [Kind("github", FakeGitHub, github.headers, github.GitHub, makes_labels=True)]
