"""What `git log` tells of a commit, in one form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Told:
    """A commit: its committer date, its author, its first line, the source commit of its trailers, its paths."""

    id: str
    date: datetime
    author: str
    subject: str
    source: tuple[str, str]
    changed: Sequence[str]


def _trailer(key: str) -> str:
    return f"%(trailers:key=Argocd-reference-commit-{key},valueonly)"


# Each field ends with a null byte, which no message holds; behind the last one git puts the paths.
FORMAT = f"--format=%x00%H %ct%x00%an%x00%s%x00{_trailer('sha')}%x00{_trailer('repourl')}%x00"


def read_log(out: bytes) -> Iterator[Told]:
    """Yield the commits of a log in FORMAT."""
    fields = out.decode("utf-8", "surrogateescape").split("\0")[1:]
    for head, author, subject, sha, repo, names in zip(*[iter(fields)] * 6, strict=True):
        commit, _, seconds = head.partition(" ")
        changed = [name for name in names.split("\n") if name]
        date = datetime.fromtimestamp(int(seconds), UTC)
        # Of several, Argo CD takes the last one.
        source = sha.rstrip("\n").rpartition("\n")[2], repo.rstrip("\n").rpartition("\n")[2]
        yield Told(commit, date, author, subject, source, changed)
