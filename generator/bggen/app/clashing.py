"""Whether what a request touches wants an object or a port that another app or environment has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.app.proving import cluster_of
from bggen.checks import collisions
from bggen.errors import InvalidError
from bggen.git.between import all_paths, files_with
from bggen.render import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.requested import Commits, ObjectNames
    from bggen.git.process import Git
    from bggen.model import Manifest, Problem
    from bggen.model.config import RepoConfig

_MANIFEST = re.compile(r"apps/([^/]+)/([^/]+)/manifests/([^/]+)\Z")


def clashes(
    git: Git, commits: Commits, head: str, repo: RepoConfig | None, lists: Sequence[ObjectNames]
) -> Iterator[Problem]:
    """Yield what the objects of a request have in common with others' of the whole repo.

    Only the names of files are compared at first, which come from one walk; few of them are ever rendered for it.

    Args:
        git: runs in the config repo's root.
        commits: its files.
        head: the commit that is checked.
        repo: its settings; without them nobody knows which environments share a cluster.
        lists: what the request touches.
    """
    if repo is None or not lists:
        return
    ours = {(each.app, each.env) for each in lists}
    rows = [(each.app, each.env, name) for each in lists for name in each.files]
    names = {name for _, _, name in rows}
    matches = (_MANIFEST.match(path) for path in all_paths(git, head, "apps"))
    rows += [(match[1], match[2], match[3]) for match in matches if match and match[3] in names]
    holders: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for app, env, name in rows:
        if env in repo.environments:
            holders.setdefault((cluster_of(repo, env), name), set()).add((app, env))
    involved = {pair for pairs in holders.values() if len(pairs) > 1 and pairs & ours for pair in pairs}
    ports = sorted({port for each in lists for port in each.ports})
    if ports:
        words = [f"nodePort: {port}" for port in ports]
        matches = (_MANIFEST.match(path) for path in files_with(git, head, words, "apps"))
        involved |= {(match[1], match[2]) for match in matches if match}
        involved |= {(each.app, each.env) for each in lists if each.ports}
    # Ours come last, so that what they collide with is named in their own files.
    ordered = sorted(involved, key=lambda pair: (pair in ours, pair))
    for problem in collisions(_rendered(commits, head, repo, ordered)):
        if tuple(problem.path.split("/")[1:3]) in ours:
            yield problem


def _rendered(
    commits: Commits, head: str, repo: RepoConfig, pairs: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Sequence[Manifest]]]:
    for app, env in pairs:
        if env not in repo.environments:
            continue
        try:
            yield cluster_of(repo, env), render(commits.at(head).state(app, env)[0])
        except InvalidError:
            # Of ours it was said already, and others' are not this request's business.
            continue
