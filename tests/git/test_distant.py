"""The history of a remote's branch tells what a checkout's tells, however the branch came about."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bggen.git.bare import Bare
from bggen.git.distant import Distant
from bggen.git.history import active_since, past_release, past_states
from bggen.git.store import Store
from bggen.remotes import parse_url
from tests.support.repos import Repo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

PROD = "apps/shop/prod"
STATE = f"{PROD}/release.yaml"
OTHER = "apps/blog/prod/release.yaml"
NAMES = ["release.yaml", "blue.yaml", "green.yaml"]
REF = "refs/heads/main"


def grow(repo: Repo, count: int, seed: int, rare: int) -> None:
    """Commit so many random changes of two states, of something else, and merges; every `rare`th is of a state."""
    chance = random.Random(seed)  # noqa: S311 - a test repeats what failed
    lines = []
    for mark in range(1, count + 1):
        side = mark > 1 and chance.random() < 0.2
        ref = "refs/heads/side" if side else REF
        moment = f"{1767225600 + mark} +0000"
        lines += [
            f"commit {ref}",
            f"mark :{mark}",
            f"committer Ada <ada@example.com> {moment}",
            "data 2",
            f"c{mark % 10}",
        ]
        if side:
            lines += [f"from {REF}", *change(chance, mark, rare)]
            # What the side did is merged at once, with a change of its own now and then.
            lines += [f"commit {REF}", f"committer Ada <ada@example.com> {moment}", "data 1", "m"]
            lines += [f"merge :{mark}"]
        lines += change(chance, mark, rare)
    repo.git("fast-import", "--quiet", "--force", stdin="\n".join(lines) + "\n")
    repo.git("reset", "--quiet", "--hard")


def change(chance: random.Random, mark: int, rare: int) -> list[str]:
    path, text = "README", f"{mark}\n"
    if mark % rare == 0:
        path = chance.choice([STATE, STATE, OTHER, f"{PROD}/blue.yaml", f"{PROD}/green.yaml"])
        color = chance.choice(["blue", "green"])
        if chance.random() < 0.1:
            return [f"D {path}"]
        text = f"active: {color}\nlast: {mark % 7}\n" if path.endswith("release.yaml") else f"release: {mark}\n"
    return [f"M 100644 inline {path}", f"data {len(text)}", text]


@pytest.mark.parametrize("filters", ["true", "false"])
@pytest.mark.parametrize(("count", "rare"), [(20, 1), (49, 2), (50, 3), (51, 2), (260, 9), (260, 120)])
def test_it_tells_what_git_log_tells(tmp_path: Path, env: dict[str, str], count: int, rare: int, filters: str) -> None:
    repo = make_repo(tmp_path / "repo", env)
    grow(repo, count, seed=count * rare, rare=rare)
    repo.git("config", "uploadpack.allowFilter", filters)
    with Bare.open(parse_url(f"file://{repo.path}"), None, None) as bare:
        store = Store("x", bare.git, bare.objects, bare.remote, scratch=bare.scratch, remote=bare.remote)
        far = Distant(store, REF, store.refs.fetch(REF)[REF])
        for most in (1, 3, 1000):
            assert far.past_states(PROD, NAMES, most=most) == past_states(repo.path, PROD, NAMES, most=most)
        absent = "apps/none/prod/release.yaml"
        paths = [STATE, OTHER, absent]
        assert far.active_since(paths) == {path: active_since(repo.path, [path])[path] for path in paths}
        for number in range(0, count, max(1, count // 12)):
            assert far.past_release(PROD, number) == past_release(repo.path, PROD, number)


def test_a_remote_that_is_shallow_itself_says_so(tmp_path: Path, env: dict[str, str]) -> None:
    repo = make_repo(tmp_path / "repo", env)
    grow(repo, 30, seed=1, rare=1)
    clone = Repo(tmp_path / "clone", env)
    repo.git("clone", "--quiet", "--depth=10", f"file://{repo.path}", str(clone.path))
    with Bare.open(parse_url(f"file://{clone.path}"), None, None) as bare:
        store = Store("x", bare.git, bare.objects, bare.remote, scratch=bare.scratch, remote=bare.remote)
        far = Distant(store, REF, store.refs.fetch(REF)[REF])
        assert far.past_states(PROD, NAMES, most=50) == past_states(clone.path, PROD, NAMES, most=50)
        assert far.past_states(PROD, NAMES, most=50).cut == "shallow"
