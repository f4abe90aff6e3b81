"""Every forge that bggen knows: its fake, and how bggen gets to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from bggen.forge.connecting import connect
from bggen.remotes import parse_url
from tests.support.forges.azure import FakeAzure
from tests.support.forges.base import CANARY, FakeForge
from tests.support.forges.bitbucket import FakeBitbucketCloud, FakeBitbucketServer
from tests.support.forges.gitea import FakeGitea
from tests.support.forges.github import FakeGitHub
from tests.support.forges.gitlab import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.forge import Forge


@dataclass(frozen=True)
class Kind:
    """How one forge is faked and found, and what it cannot do.

    Attributes:
        forge_type: as bggen.yaml says it.
        path: of the repository in the URL, with `{above}` and `{name}` of the project.
        makes_labels: an unknown label is made.
        has_labels: a request can have labels.
        auto_merges: it merges by itself when its conditions hold.
    """

    name: str
    fake: type[FakeForge]
    forge_type: str
    path: str
    makes_labels: bool = False
    has_labels: bool = True
    auto_merges: bool = True

    def connect(
        self, api: str, project: str, *, token: str = CANARY, pause: Callable[[float], None] = lambda _: None
    ) -> Forge:
        parts = urlsplit(api)
        # Cloud is told by its host, which no test may reach: its API then lies on this machine.
        host = "https://bitbucket.org" if self.name == "bitbucket-cloud" else f"{parts.scheme}://{parts.netloc}"
        above, _, name = quote(project).rpartition("/")
        url = parse_url(f"{host}/{self.path.format(above=above, name=name)}")
        found = connect(url, self.forge_type, None, {"BGGEN_TOKEN": token, "BGGEN_FORGE_API": api}, pause=pause)
        assert found
        return found


KINDS = [
    Kind("github", FakeGitHub, "github", "{above}/{name}.git", makes_labels=True),
    Kind("gitlab", FakeGitLab, "gitlab", "{above}/{name}.git", makes_labels=True),
    Kind("gitea", FakeGitea, "gitea", "{above}/{name}"),
    Kind("forgejo", FakeGitea, "forgejo", "{above}/{name}/"),
    Kind("bitbucket-cloud", FakeBitbucketCloud, "bitbucket", "{above}/{name}.git", has_labels=False, auto_merges=False),
    Kind(
        "bitbucket-server",
        FakeBitbucketServer,
        "bitbucket",
        "scm/{above}/{name}.git",
        has_labels=False,
        auto_merges=False,
    ),
    Kind("azure", FakeAzure, "azure", "{above}/_git/{name}", makes_labels=True),
]
