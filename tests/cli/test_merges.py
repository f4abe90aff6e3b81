"""What Git does with our commits: a revert restores bytes, and decisions that do not add up conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

COMMANDS = (
    ["bump", "--image", "v3"],
    ["flip"],
    ["flip", "--override-hold", "x"],
    ["rollback"],
    ["park"],
    ["scale", "hello=5"],
    ["scale", "hello=5", "--on", "green"],
    ["hold", "--reason", "x"],
)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_revert_of_our_newest_commit_restores_the_tree_before_it(
    live: ConfigRepo, command: list[str], *, flipped: bool
) -> None:
    if flipped:
        live.ok("flip")
    elif command == ["rollback"]:
        assert live.bggen(*command).code == 3
        return
    tree = live.git("rev-parse", "HEAD^{tree}")
    live.ok(*command)
    assert live.git("rev-parse", "HEAD^{tree}") != tree
    live.git("revert", "--no-edit", "HEAD")
    assert live.git("rev-parse", "HEAD^{tree}") == tree
    live.ok("render", "--check")


def conflicts(repo: ConfigRepo, *command: str) -> None:
    """Run a git command that must stop at a conflict in release.yaml."""
    done = repo.try_git(*command)
    assert done.returncode != 0, done.stdout
    assert "apps/hello/prod/release.yaml" in repo.git("diff", "--name-only", "--diff-filter=U").splitlines()


def test_reverting_a_flip_after_the_freed_colour_was_bumped_conflicts(live: ConfigRepo) -> None:
    live.ok("flip")
    flip = live.tip()
    live.ok("bump", "--image", "untested")
    conflicts(live, "revert", "--no-edit", flip)


def on_branch(repo: ConfigRepo, *command: str) -> None:
    """Plan a change on a branch of its own, as a pull request does, and come back."""
    repo.git("switch", "--quiet", "--create", "request")
    repo.ok(*command)
    repo.git("switch", "--quiet", "main")


@pytest.mark.parametrize("how", [["merge", "--squash"], ["merge", "--no-edit"], ["cherry-pick"]])
def test_a_bump_planned_before_a_flip_and_merged_after_it_conflicts(live: ConfigRepo, how: list[str]) -> None:
    on_branch(live, "bump", "--image", "untested")
    live.ok("flip")
    conflicts(live, *how, "request")


@pytest.mark.parametrize("how", [["merge", "--squash"], ["merge", "--no-edit"], ["cherry-pick"]])
def test_a_flip_planned_before_a_bump_and_merged_after_it_conflicts(live: ConfigRepo, how: list[str]) -> None:
    on_branch(live, "flip")
    live.ok("bump", "--image", "untested")
    conflicts(live, *how, "request")


def test_a_rebase_of_a_decision_onto_another_conflicts(live: ConfigRepo) -> None:
    on_branch(live, "flip")
    live.ok("bump", "--image", "untested")
    conflicts(live, "rebase", "main", "request")


def test_changes_of_different_apps_merge_cleanly(live: ConfigRepo) -> None:
    hello = (live.path / "apps/hello/app.yaml").read_text()
    live.commit({"apps/other/app.yaml": hello.replace("hello", "other")})
    on_branch(live, "bump", "--app", "other", "--image", "v1")
    live.ok("flip", "--app", "hello")
    live.git("merge", "--no-edit", "request")
    live.ok("render", "--check")
    live.ok("validate")
