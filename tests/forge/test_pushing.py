"""Requests by push alone: what is told to GitLab and to Gitea fits a push option, and real git sends it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bggen.forge import Wanted, push_request
from bggen.remotes import parse_url

if TYPE_CHECKING:
    from pathlib import Path

WANTED = Wanted(
    "bggen/prod/shop/flip",
    "main",
    "shop(prod): flip\nblue → green",
    "Before: v1\n\n\x1b[31mAfter: v2\n",
    labels=("bggen", "a b"),
    reviewers=("ada",),
    draft=True,
    auto_merge="squash",
)


def test_gitlab_is_told_by_options() -> None:
    told = push_request(parse_url("git@gitlab.com:acme/team/config.git"), None, WANTED)
    assert told
    assert told.ref == "refs/heads/bggen/prod/shop/flip"
    assert told.options == (
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.title=shop(prod): flip blue → green",
        "merge_request.description=Before: v1<br><br> [31mAfter: v2",
        "merge_request.label=bggen",
        "merge_request.label=a b",
        "merge_request.draft",
    )
    assert ["ada" in warning for warning in told.warnings] == [False, True]


def test_gitea_is_told_by_a_ref_and_options() -> None:
    told = push_request(parse_url("https://codeberg.org/acme/config.git"), None, WANTED)
    assert told
    assert told.ref == "refs/for/main"
    assert told.options == (
        "topic=bggen/prod/shop/flip",
        "title=WIP: shop(prod): flip blue → green",
        "force-push=true",
        "description=Before: v1<br><br> [31mAfter: v2",
    )
    assert len(told.warnings) == 3


@pytest.mark.parametrize("spelling", ["git@github.com:acme/config.git", "https://git.example.com/acme/config.git"])
def test_no_other_forge_is(spelling: str) -> None:
    assert push_request(parse_url(spelling), None, WANTED) is None


@pytest.mark.parametrize("forge_type", ["gitlab", "gitea"])
def test_git_sends_even_the_longest_body_as_one_option(tmp_path: Path, forge_type: str) -> None:
    wanted = Wanted("topic", "main", "title", "ü" * 200_000)
    told = push_request(parse_url("https://git.example.com/acme/config.git"), forge_type, wanted)
    assert told
    there, here = tmp_path / "there.git", tmp_path / "here"
    subprocess.run(["git", "init", "--quiet", "--bare", there], check=True)
    subprocess.run(["git", "-C", there, "config", "receive.advertisePushOptions", "true"], check=True)
    hook = there / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\ni=0; while [ "$i" -lt "$GIT_PUSH_OPTION_COUNT" ]; do '
        'eval "printf %s\\\\\\\\n \\"\\$GIT_PUSH_OPTION_$i\\""; i=$((i+1)); done > told\n',
        encoding="utf-8",
    )
    hook.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", here], check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "-C", here, *author, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
    options = [part for option in told.options for part in ("-o", option)]
    subprocess.run(["git", "-C", here, "push", "--quiet", *options, there, f"HEAD:{told.ref}"], check=True)
    assert (there / "told").read_text(encoding="utf-8").splitlines() == list(told.options)
