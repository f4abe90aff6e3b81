"""What one forge does differently from the others."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from bggen.errors import ForgeError
from bggen.forge import Wanted
from tests.support.forges.base import Fault
from tests.support.forges.bitbucket import FakeBitbucketServer
from tests.support.forges.gitea import FakeGitea
from tests.support.forges.github import FakeGitHub
from tests.support.forges.gitlab import FakeGitLab
from tests.support.forges.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bggen.forge import Forge
    from tests.support.forges.base import FakeForge

HEAD = "bggen/prod/shop/flip"
WANTED = Wanted(HEAD, "main", "a title", "a body\n")


Fake = TypeVar("Fake", bound="FakeForge")


def made(kind: type[Fake], folder: Path) -> Fake:
    fake = kind(folder)
    fake.commit(HEAD, "release.yaml", "active: green\n")
    return fake


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with made(FakeGitHub, tmp_path) as fake:
        yield fake


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[FakeGitLab]:
    with made(FakeGitLab, tmp_path) as fake:
        yield fake


@pytest.fixture
def gitea(tmp_path: Path) -> Iterator[FakeGitea]:
    with made(FakeGitea, tmp_path) as fake:
        yield fake


def to(fake: FakeForge, waited: list[float] | None = None) -> Forge:
    kind = next(kind for kind in KINDS if kind.fake is type(fake))
    return kind.connect(fake.api, fake.project, pause=(waited if waited is not None else []).append)


@pytest.mark.parametrize(
    ("headers", "text", "least", "most"),
    [
        ({"Retry-After": "5"}, '{"message": "You have exceeded a secondary rate limit"}', 5, 5),
        ({}, '{"message": "You have exceeded a secondary rate limit. Please wait"}', 60, 60),
        ({"X-RateLimit-Remaining": "0"}, '{"message": "API rate limit exceeded"}', 20, 40),
    ],
)
def test_githubs_limits_are_refusals_that_pass(
    github: FakeGitHub, headers: dict[str, str], text: str, least: int, most: int
) -> None:
    waited: list[float] = []
    reset = {"X-RateLimit-Reset": str(int(time.time()) + 35)} if "X-RateLimit-Remaining" in headers else {}
    github.faults.append(Fault("POST", status=403, headers={**headers, **reset}, text=text))
    to(github, waited).open(WANTED)
    assert len(github.pulls) == 1
    assert [least <= seconds <= most for seconds in waited] == [True]


def test_a_retry_after_may_be_a_date(github: FakeGitHub) -> None:
    waited: list[float] = []
    github.faults.append(Fault(status=429, headers={"Retry-After": "Thu, 01 Jan 2015 00:00:00 GMT"}))
    to(github, waited).find(HEAD, "main")
    assert waited == [0]


def test_github_opens_no_draft_where_the_plan_has_none(github: FakeGitHub) -> None:
    github.drafts_refused = True
    opened = to(github).open(replace(WANTED, draft=True))
    assert (opened.draft, len(github.pulls)) == (False, 1)
    assert "not supported" in opened.warnings[0]


def test_github_says_why_it_does_not_merge_by_itself(github: FakeGitHub) -> None:
    github.auto_merge_refused = "Pull request is in clean status"
    opened = to(github).open(replace(WANTED, auto_merge="merge"))
    assert (opened.auto_merge, opened.warnings) == (
        False,
        ("auto-merge was not turned on: Pull request is in clean status",),
    )


def test_a_label_that_may_not_be_added_loses_no_request(github: FakeGitHub) -> None:
    opened = to(github).open(replace(WANTED, labels=("forbidden",)))
    assert opened.state == "open"
    assert "403" in opened.warnings[0]


@pytest.mark.parametrize(
    ("status", "pipeline", "on"),
    [
        ("mergeable", "success", False),
        ("checking", "success", False),
        ("ci_still_running", "running", True),
        ("checking", "running", True),
    ],
)
def test_gitlab_is_not_asked_to_merge_what_waits_for_nothing(
    gitlab: FakeGitLab, status: str, pipeline: str, *, on: bool
) -> None:
    gitlab.merge_status, gitlab.pipeline = status, pipeline
    opened = to(gitlab).open(replace(WANTED, auto_merge="merge"))
    assert (opened.auto_merge, len(opened.warnings), gitlab.pulls[0].state) == (on, 0 if on else 1, "open")


@pytest.mark.parametrize(
    ("required", "checks", "on"), [(True, "pending", True), (True, "success", False), (False, "", False)]
)
def test_gitea_is_not_asked_to_merge_what_waits_for_nothing(
    gitea: FakeGitea, checks: str, *, required: bool, on: bool
) -> None:
    gitea.checks_required, gitea.checks = required, checks
    opened = to(gitea).open(replace(WANTED, auto_merge="rebase"))
    assert (opened.auto_merge, len(opened.warnings), gitea.pulls[0].state) == (on, 0 if on else 1, "open")


def test_bitbucket_is_told_the_version_of_now(tmp_path: Path) -> None:
    with made(FakeBitbucketServer, tmp_path) as fake:
        forge = to(fake)
        request = forge.open(WANTED)
        forge.comment(request, "somebody's word moves the version")
        forge.update(request, replace(WANTED, title="new"))
        # Somebody writes between our look and our word.
        fake.faults.append(Fault("PUT", status=409))
        assert forge.update(request, replace(WANTED, title="newer")).title == "newer"
        assert forge.close(request).state == "closed"


def test_a_refusal_that_is_no_double_stays_one(github: FakeGitHub) -> None:
    github.faults.append(Fault("POST", status=422, text='{"message": "Validation Failed", "errors": ["no commits"]}'))
    with pytest.raises(ForgeError, match=r"422.*no commits"):
        to(github).open(WANTED)
