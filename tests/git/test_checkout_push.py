"""`--push` in a checkout, whatever it looks like: the remote comes first, and nothing of the user's is lost."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.disks import small_file_system
from tests.support.repos import Repo, assert_no_leftovers
from tests.support.servers.repos import BareRepo, somebody_pushes
from tests.support.writers import active_images, assert_sound, make_apps, run_here, url_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Ran

HELLO = "ghcr.io/acme/hello"


class Clone(Repo):
    """A checkout that bggen works in."""

    def __init__(self, path: Path, bare: BareRepo, capfd: pytest.CaptureFixture[str]) -> None:
        super().__init__(path, bare.env)
        self._capfd = capfd

    def bggen(self, *arguments: str) -> Ran:
        return run_here(self._capfd, *arguments, "--repo", str(self.path), "--output", "json")

    def push(self, *arguments: str) -> Ran:
        return self.bggen(*arguments, "--push")

    def bump(self, image: str = "v2", *options: str) -> Ran:
        return self.push("bump", "--image", image, *options)


@pytest.fixture
def bare(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> BareRepo:
    bare = make_apps(tmp_path / "config.git", 0)
    assert run_here(capfd, "bump", "--image", "v1", "--repo", url_of(bare)).code == 0
    return bare


@pytest.fixture
def clone(bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Clone:
    bare.git("clone", "--quiet", url_of(bare), str(tmp_path / "clone"))
    return Clone(tmp_path / "clone", bare, capfd)


def assert_landed(bare: BareRepo, clone: Clone, ran: Ran) -> None:
    assert ran.code == 0, ran.err
    assert ran.json["changed"]
    assert ran.json["pushed"]
    assert ran.json["commit"] == bare.tip() == clone.tip(), ran.json["notes"]
    assert clone.git("rev-parse", "refs/remotes/origin/main") == bare.tip()
    assert_no_leftovers(clone)


def test_what_is_uncommitted_elsewhere_stays(bare: BareRepo, clone: Clone) -> None:
    clone.commit({"README": "hello\n"})
    clone.git("push", "--quiet")
    clone.write("README", "staged\n")
    clone.git("add", "README")
    clone.write("README", "edited\n")
    clone.write("new", "untracked\n")
    before = clone.snapshot()
    somebody_pushes(bare, "other", "theirs\n")
    assert_landed(bare, clone, clone.bump())
    assert clone.snapshot() == before
    assert (clone.path / "other").read_text() == "theirs\n"
    assert_landed(bare, clone, clone.bump("v3"))
    assert clone.snapshot() == before


def test_one_that_is_behind_goes_along(bare: BareRepo, clone: Clone) -> None:
    other = somebody_pushes(bare, "README", "hello\n")
    ran = clone.bump()
    assert_landed(bare, clone, ran)
    assert bare.git("rev-parse", "main^") == other
    assert ran.json["attempts"] == 2


def test_what_is_in_the_way_of_going_along_stays(bare: BareRepo, clone: Clone) -> None:
    clone.write("README", "mine\n")
    somebody_pushes(bare, "README", "theirs\n")
    old = clone.tip()
    ran = clone.bump()
    assert ran.code == 0
    assert ran.json["commit"] == bare.tip()
    assert clone.tip() == old
    assert (clone.path / "README").read_text() == "mine\n"
    assert any("this checkout stays behind" in note for note in ran.json["notes"])
    # It goes on working, though it is behind.
    again = clone.bump("v3")
    assert again.code == 0
    assert again.json["commit"] == bare.tip()
    assert again.json["images"]["green"] == {"hello": f"{HELLO}:v3"}


def test_commits_that_were_not_pushed_go_along(bare: BareRepo, clone: Clone) -> None:
    mine = clone.commit({"README": "mine\n"})
    assert_landed(bare, clone, clone.bump())
    assert bare.git("rev-parse", "main^") == mine


def test_both_moved_on_is_refused(bare: BareRepo, clone: Clone) -> None:
    mine = clone.commit({"README": "mine\n"})
    theirs = somebody_pushes(bare, "other", "theirs\n")
    ran = clone.bump()
    assert ran.code == 3
    assert ran.json["error"]["kind"] == "diverged"
    assert (bare.tip(), clone.tip()) == (theirs, mine)
    assert clone.git("status", "--porcelain") == ""


def test_an_upstream_of_another_name(bare: BareRepo, clone: Clone) -> None:
    clone.git("checkout", "--quiet", "-b", "work", "--track", "origin/main")
    ran = clone.bump()
    assert ran.code == 0, ran.err
    assert bare.tip() == clone.tip() == ran.json["commit"]
    assert list(bare.heads()) == ["refs/heads/main"]


def test_a_branch_that_the_remote_does_not_have(bare: BareRepo, clone: Clone) -> None:
    main = bare.tip()
    clone.git("checkout", "--quiet", "--no-track", "-b", "work")
    # What is refused, or nothing to do, is so although there is nothing to ask the remote about.
    refused = clone.push("flip")
    assert (refused.code, refused.json["error"]["kind"]) == (3, "empty-idle")
    nothing = clone.bump("v1")
    assert (nothing.code, nothing.json["changed"]) == (0, False)
    ran = clone.bump()
    assert ran.code == 0, ran.err
    assert bare.heads() == {"refs/heads/main": main, "refs/heads/work": ran.json["commit"]}
    assert clone.tip() == ran.json["commit"]


def test_several_remotes(bare: BareRepo, clone: Clone, tmp_path: Path) -> None:
    shutil.copytree(bare.path, tmp_path / "second.git")
    second = BareRepo(tmp_path / "second.git", bare.env)
    old = bare.tip()
    clone.git("remote", "add", "second", url_of(second))
    clone.git("fetch", "--quiet", "second")
    clone.git("branch", "--quiet", "--set-upstream-to=second/main")
    ran = clone.bump()
    assert ran.code == 0, ran.err
    assert (bare.tip(), second.tip()) == (old, ran.json["commit"])
    clone.git("branch", "--unset-upstream")
    clone.git("remote", "rename", "origin", "first")
    refused = clone.bump("v3")
    assert refused.code == 2
    assert "several remotes (first, second)" in refused.err


def test_a_detached_head_is_refused(bare: BareRepo, clone: Clone) -> None:
    old = bare.tip()
    clone.git("checkout", "--quiet", "--detach")
    ran = clone.bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "branch")
    assert bare.tip() == old


@pytest.mark.parametrize("behind", [False, True])
def test_a_checkout_of_depth_one(
    bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str], *, behind: bool
) -> None:
    # As actions/checkout does it.
    clone = Clone(tmp_path / "shallow", bare, capfd)
    clone.path.mkdir()
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.git("remote", "add", "origin", url_of(bare))
    tip = bare.tip()
    fetch = ["fetch", "--quiet", "--no-tags", "--prune", "--no-recurse-submodules", "--depth=1"]
    clone.git(*fetch, "origin", f"+{tip}:refs/remotes/origin/main")
    clone.git("checkout", "--quiet", "--force", "-B", "main", "refs/remotes/origin/main")
    if behind:
        somebody_pushes(bare, "README", "1\n")
        tip = somebody_pushes(bare, "README", "2\n")
    ran = clone.bump()
    assert ran.code == 0, ran.err
    assert ran.json["commit"] == bare.tip() == clone.tip(), ran.json["notes"]
    assert bare.git("rev-parse", "main^") == tip
    assert clone.git("status", "--porcelain") == ""
    bare.git("fsck", "--strict")
    again = clone.bump("v3")
    assert again.code == 0, again.err
    assert again.json["commit"] == bare.tip() == clone.tip()


def test_a_linked_work_tree(bare: BareRepo, clone: Clone, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    clone.git("worktree", "add", "--quiet", "-b", "side", "--track", str(tmp_path / "side"), "origin/main")
    side = Clone(tmp_path / "side", bare, capfd)
    main = clone.tip()
    somebody_pushes(bare, "README", "hello\n")
    ran = side.bump()
    assert ran.code == 0, ran.err
    assert ran.json["commit"] == bare.tip() == side.tip()
    assert clone.tip() == main
    assert side.git("status", "--porcelain") == clone.git("status", "--porcelain") == ""
    assert_landed(bare, clone, clone.bump("v3"))


def test_nothing_to_do_is_decided_on_the_remote(
    bare: BareRepo, clone: Clone, capfd: pytest.CaptureFixture[str]
) -> None:
    start = bare.tip()
    assert clone.push("bump", "--image", "v1").json["changed"] is False
    # Here v1 is active and idle is empty; there idle is pending, so that v1 is a change.
    assert run_here(capfd, "bump", "--image", "v2", "--repo", url_of(bare)).code == 0
    ran = clone.bump("v1")
    assert_landed(bare, clone, ran)
    assert len(assert_sound(bare, start)) == 2


def test_a_refusal_is_decided_on_the_remote(bare: BareRepo, clone: Clone, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_here(capfd, "bump", "--image", "v2", "--repo", url_of(bare)).code == 0
    assert_landed(bare, clone, clone.push("flip"))
    assert active_images(bare) == {f"{HELLO}:v2"}


def test_what_was_edited_is_refused_also_where_the_remote_is_further(bare: BareRepo, clone: Clone) -> None:
    clone.write("apps/hello/prod/release.yaml", "mine\n")
    tip = somebody_pushes(bare, "README", "hello\n")
    ran = clone.bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "uncommitted")
    assert bare.tip() == tip
    assert (clone.path / "apps/hello/prod/release.yaml").read_text() == "mine\n"


@pytest.mark.parametrize("behind", [False, True])
def test_a_disk_that_is_full_once_the_push_has_landed(
    bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str], *, behind: bool
) -> None:
    with small_file_system(tmp_path / "disk", "2m") as disk:
        bare.git("clone", "--quiet", url_of(bare), str(disk / "clone"))
        clone = Clone(disk / "clone", bare, capfd)
        if behind:
            somebody_pushes(bare, "README", "x" * 100)
        fill = f"dd if=/dev/zero of={disk}/filler bs=4k 2>/dev/null; true"
        hooks = bare.path / "hooks"
        hooks.mkdir()
        (hooks / "post-receive").write_text(f"#!/bin/sh\n{fill}\n")
        (hooks / "post-receive").chmod(0o755)
        ran = clone.bump()
        assert ran.code == 0, ran.err
        assert ran.json["commit"] == bare.tip()
        assert ran.json["pushed"]
        assert any("the remote has it" in note for note in ran.json["notes"])
        (disk / "filler").unlink()
        (hooks / "post-receive").unlink()
        again = clone.bump("v3")
        assert again.code == 0, again.err
        assert again.json["commit"] == bare.tip()
        subprocess.run(["git", "fsck", "--strict"], cwd=clone.path, env=clone.env, check=True, capture_output=True)
        assert clone.tip() == bare.tip(), (again.json["notes"], clone.git("status", "--porcelain"))


@pytest.mark.parametrize("mode", [(), ("--push",), ("--branch",), ("--branch", "mine")], ids=" ".join)
def test_a_plan_changes_nothing_anywhere_and_keeps_its_word(
    bare: BareRepo, clone: Clone, mode: tuple[str, ...]
) -> None:
    def everything() -> tuple[object, ...]:
        refs = clone.git("for-each-ref")
        return bare.heads(), refs, clone.git("status", "--porcelain"), clone.git("count-objects", "-v"), clone.tip()

    before = everything()
    planned = clone.bggen("bump", "--image", "v2", "--dry-run", *mode)
    assert planned.code == 0, planned.err
    assert planned.json["changed"] is False
    assert everything() == before
    done = clone.bggen("bump", "--image", "v2", *mode)
    assert done.code == 0, done.err
    assert done.json["files"] == planned.json["files"]
    message = clone.git("show", "--no-patch", "--format=%B", done.json["commit"])
    assert message.startswith(planned.json["message"].strip())
    diff = clone.git("diff", "--no-color", f"{done.json['commit']}^", done.json["commit"])
    changed = [line for line in diff.splitlines() if line.startswith(("+", "-")) and line[1:3] not in {"++", "--"}]
    told = [line for line in planned.json["diff"].splitlines() if line.startswith(("+", "-"))]
    assert changed == [line for line in told if line[1:3] not in {"++", "--"}]


def test_to_be_behind_is_no_contention(bare: BareRepo, clone: Clone, capfd: pytest.CaptureFixture[str]) -> None:
    somebody_pushes(bare, "README", "hello\n")
    assert_landed(bare, clone, clone.bump("v2", "--retries", "0"))
    assert run_here(capfd, "flip", "--repo", url_of(bare)).code == 0
    assert run_here(capfd, "bump", "--image", "v3", "--repo", url_of(bare)).code == 0
    # Here green waits to be flipped to, there blue.
    old = bare.tip()
    ran = clone.push("flip", "--to", "blue", "--retries", "0")
    assert_landed(bare, clone, ran)
    assert bare.git("rev-parse", "main^") == old
    assert active_images(bare) == {f"{HELLO}:v3"}
