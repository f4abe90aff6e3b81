"""The reading commands on a remote config repo, with nothing checked out: the same output as in a checkout."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bggen.app import completion
from tests.support.cli import HELLO, SETTINGS, SHOP

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo, Ran

TWO = SETTINGS.replace("  prod: {}", "  staging: {}\n  prod: {}")


@dataclass(frozen=True, slots=True)
class Distance:
    """A config repo, a bare one that is pushed to from it, and an empty folder to work from."""

    repo: ConfigRepo
    bare: Path
    elsewhere: Path

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def push(self) -> None:
        self.repo.git("push", "--quiet", "--force", str(self.bare), "main")

    def far(self, *arguments: str) -> Ran:
        """Run a command on the remote, from the empty folder."""
        return self.repo.bggen(*arguments, "--repo", self.url, folder=os.path.relpath(self.elsewhere, self.repo.path))

    def far_document(self, *arguments: str) -> Any:
        ran = self.far(*arguments, "--output", "json")
        assert ran.code == 0, ran.err
        return ran.json


@pytest.fixture(params=["with filters", "without filters"])
def distance(
    repo: ConfigRepo, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Distance:
    """`hello` and `shop` in two environments; v1 is live in prod, v2 waits."""
    repo.commit({"bggen.yaml": TWO, "apps/shop/app.yaml": SHOP}, "a second app")
    for app, env in (("hello", "prod"), ("hello", "staging")):
        repo.ok("bump", "-a", app, "-e", env, "--image", "v1")
    repo.ok("bump", "-a", "hello", "-e", "prod", "--image", "v2")
    repo.ok("bump", "-a", "shop", "-e", "prod", "--image", "web=v1", "--image", "api=v1")
    bare = tmp_path / "config.git"
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(bare))
    if request.param == "with filters":
        repo.git("-C", str(bare), "config", "uploadpack.allowFilter", "true")
    elsewhere, temporary = tmp_path / "elsewhere", tmp_path / "temporary"
    elsewhere.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return Distance(repo, bare, elsewhere)


COMMANDS = [
    ["status"],
    ["status", "-a", "hello"],
    ["status", "-a", "shop", "-e", "prod"],
    ["diff", "-a", "hello", "-e", "prod"],
    ["history", "-a", "hello", "-e", "prod"],
    ["history", "-a", "hello", "-e", "prod", "--limit", "1"],
    ["show", "-a", "shop", "-e", "staging"],
    ["validate"],
    ["validate", "-a", "hello"],
    ["render", "--check"],
    ["render", "--check", "-a", "hello", "-a", "shop", "--diff"],
    ["render", "--stdout"],
    ["render", "--stdout", "-a", "hello", "-e", "prod"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_remote_reads_like_a_checkout(distance: Distance, command: list[str]) -> None:
    for options in ([], ["--output", "json"]):
        here, there = distance.repo.bggen(*command, *options), distance.far(*command, *options)
        assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
        assert here.code == 0
    assert list(distance.elsewhere.iterdir()) == []
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


@pytest.mark.parametrize("command", [["status"], ["validate"], ["render", "--check"]], ids=" ".join)
def test_what_is_wrong_is_told_alike(distance: Distance, command: list[str]) -> None:
    release = distance.repo.path / "apps/hello/prod/blue.yaml"
    manifest = next((distance.repo.path / "apps/hello/prod/manifests").iterdir())
    distance.repo.commit({
        "apps/shop/app.yaml": SHOP.replace("port: 9090", "port: many"),
        "apps/hello/prod/blue.yaml": release.read_text().replace("v1", "v9"),
        manifest.relative_to(distance.repo.path).as_posix(): manifest.read_text() + "# more\n",
    })  # fmt: skip
    distance.push()
    for options in ([], ["--output", "json"], *([] if command == ["status"] else [["--output", "github"]])):
        here, there = distance.repo.bggen(*command, *options), distance.far(*command, *options)
        assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
        assert here.code != 0


def test_workers_read_a_remote_as_well(distance: Distance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BGGEN_WORKERS", "2")
    for command in (["status"], ["validate"], ["render", "--check"]):
        assert distance.far_document(*command) == distance.repo.document(*command)


def test_another_branch_than_the_usual_one(distance: Distance) -> None:
    repo = distance.repo
    repo.git("switch", "--quiet", "--create", "next")
    repo.ok("flip", "-a", "hello", "-e", "prod")
    repo.git("push", "--quiet", str(distance.bare), "next")
    for command in (["status"], ["history", "-a", "hello", "-e", "prod"]):
        assert distance.far_document(*command, "--base", "next") == repo.document(*command)
        assert distance.far_document(*command) != repo.document(*command)
    assert repo.bggen("status", "--base", "next").code == 2
    assert distance.far("status", "--base=-x").code == 2
    missing = distance.far("status", "--base", "none")
    assert (missing.code, missing.err.splitlines()[0]) == (3, "error: the remote has no branch none")


def test_an_app_or_a_choice_that_does_not_exist_is_one_look(distance: Distance, tmp_path: Path) -> None:
    names = [f"app-{number}" for number in range(30)]
    distance.repo.commit({f"apps/{name}/app.yaml": HELLO.replace("name: hello", f"name: {name}") for name in names})
    distance.push()
    for command in (["show", "-e", "prod"], ["show", "-a", "typo", "-e", "prod"], ["status", "-a", "../x"]):
        before = fetches(tmp_path)
        with traced(tmp_path):
            there = distance.far(*command)
        assert (there.code, there.err) == (2, distance.repo.bggen(*command).err)
        assert fetches(tmp_path) - before <= 2


def test_what_writes_files_needs_a_checkout(distance: Distance) -> None:
    for command in (["render"], ["init"], ["new", "x", "--image", "x"]):
        ran = distance.far(*command)
        assert ran.code == 2
        assert "a remote repo has none to write" in ran.err
        assert "hint: clone it" in ran.err
    assert list(distance.elsewhere.iterdir()) == []


def test_history_over_many_commits_fetches_no_more_than_it_reads(distance: Distance, tmp_path: Path) -> None:
    repo = distance.repo
    repo.ok("flip", "-a", "hello", "-e", "prod")
    flipped = repo.document("status", "-a", "hello", "-e", "prod")["apps"][0]["since"]
    others(repo, 320)
    distance.push()
    command = ["history", "-a", "hello", "-e", "prod"]
    with traced(tmp_path):
        there = distance.far(*command)
    assert there.out == repo.ok(*command).out
    # The tip and the app; 50 commits and the trees on the way, a depth at a time; 200, and 1000, and all trees of
    # each; and once the contents.
    assert fetches(tmp_path) <= 2 + (1 + 4) + 2 + 2 + 1
    status = distance.far_document("status", "-a", "hello", "-e", "prod")
    assert status["apps"][0]["since"] == flipped


def test_a_release_that_only_history_holds_is_rolled_back_to(distance: Distance) -> None:
    repo = distance.repo
    for tag in ("v3", "v4", "v5"):
        repo.ok("bump", "-a", "hello", "-e", "prod", "--image", tag, "--flip")
    others(repo, 60)
    distance.push()
    command = ["rollback", "--to", "3", "-a", "hello", "-e", "prod"]
    there = distance.far_document(*command)
    assert there["changed"]
    assert distance.far_document("status", "-a", "hello", "-e", "prod")["apps"][0]["active"] is not None
    repo.ok(*command)
    assert repo.git("rev-parse", "HEAD:apps") == repo.git("-C", str(distance.bare), "rev-parse", "main:apps")
    assert distance.far("rollback", "--to", "77", "-a", "hello", "-e", "prod").code == 3


def test_a_request_in_a_checkout_finds_it_in_the_base_s_history(distance: Distance) -> None:
    repo = distance.repo
    for tag in ("v3", "v4", "v5"):
        repo.ok("bump", "-a", "hello", "-e", "prod", "--image", tag, "--flip")
    distance.push()
    repo.git("remote", "add", "origin", distance.url)
    repo.git("switch", "--quiet", "--orphan", "stranger")
    repo.commit({"bggen.yaml": TWO, "apps/hello/app.yaml": HELLO}, "nothing of it here")
    command = ["rollback", "--to", "3", "-a", "hello", "-e", "prod", "--base", "main", "--branch", "back"]
    assert repo.document(*command)["changed"]
    shown = repo.git("-C", str(distance.bare), "show", "back:apps/hello/prod/release.yaml")
    assert "active: " in shown


def test_a_cache_is_used_again_and_changes_no_answer(distance: Distance, tmp_path: Path) -> None:
    others(distance.repo, 60)
    distance.push()
    cache = tmp_path / "cache"
    for command in (["status"], ["history", "-a", "hello", "-e", "prod"], ["validate"], ["render", "--check"]):
        for _ in range(2):
            assert distance.far_document(*command, "--cache-dir", str(cache)) == distance.repo.document(*command)
    with traced(tmp_path):
        distance.far_document("history", "-a", "hello", "-e", "prod", "--cache-dir", str(cache))
    # The tip, and no more than the commits of history again: the trees and contents are there.
    assert fetches(tmp_path) <= 1
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_a_remote_that_cannot_be_read(distance: Distance, tmp_path: Path) -> None:
    gone = f"file://{tmp_path}/gone.git"
    for command in (["status"], ["show"], ["history"], ["validate"], ["render", "--check"]):
        ran = distance.repo.bggen(*command, "--repo", gone)
        assert ran.code == 6
        assert ran.out == ""
        assert len([line for line in ran.err.splitlines() if line.startswith("error: ")]) == 1
        failed = distance.repo.bggen(*command, "--repo", gone, "--output", "json")
        assert json.loads(failed.out)["error"]["code"] == 6
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_completion_stays_here(distance: Distance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BGGEN_REPO", distance.url)
    with traced(tmp_path):
        assert completion.apps(distance.repo.path) == ["hello", "shop"]
        assert completion.apps(distance.elsewhere) == []
    assert not (tmp_path / "trace").exists()


def others(repo: ConfigRepo, count: int) -> None:
    """Commit so many changes of something else, quickly."""
    parts = []
    for number in range(count):
        parts += ["commit refs/heads/main", "committer Ada <ada@example.com> 1767225600 +0000", "data 1", "x"]
        parts += ["from refs/heads/main^0"] if number == 0 else []
        text = f"# {number}\n"
        parts += ["M 100644 inline apps/other/notes.txt", f"data {len(text)}", text]
    repo.git("fast-import", "--quiet", stdin="\n".join(parts) + "\n")
    repo.git("reset", "--quiet", "--hard")


class traced:  # noqa: N801 - a context manager
    """Let git write down what it runs."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "trace"

    def __enter__(self) -> None:
        os.environ["GIT_TRACE2_EVENT"] = str(self._file)

    def __exit__(self, *_: object) -> None:
        del os.environ["GIT_TRACE2_EVENT"]


def fetches(folder: Path) -> int:
    """Return how often git has fetched since it was traced."""
    try:
        lines = (folder / "trace").read_text().splitlines()
    except FileNotFoundError:
        return 0
    events = map(json.loads, lines)
    return sum(1 for event in events if event["event"] == "cmd_name" and event["name"] == "fetch")
