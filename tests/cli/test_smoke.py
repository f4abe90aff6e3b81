"""Smoke tests on the command line: `flip` and `bump --flip` put one before the switch, unless they are told not to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import HELLO

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

GATED = "a smoke test of green stands before the switch: while it fails, traffic stays where it is"


@pytest.fixture
def tested(repo: ConfigRepo) -> ConfigRepo:
    """`hello` with a smoke test: v1 in blue, active, and v2 in green, pending."""
    repo.commit({"apps/hello/app.yaml": f"{HELLO}smoke:\n  path: /ready\n"}, "a smoke test")
    repo.ok("bump", "--image", "v1")
    repo.ok("bump", "--image", "v2")
    return repo


def jobs(repo: ConfigRepo) -> list[str]:
    folder = repo.path / "apps/hello/prod/manifests"
    return sorted(path.name.rpartition("-")[0] for path in folder.glob("job-*.yaml"))


def test_a_release_is_tested_after_its_bump_and_before_its_switch(tested: ConfigRepo) -> None:
    assert jobs(tested) == ["job-hello-smoke-2"]
    ran = tested.ok("flip")
    assert GATED in ran.out
    assert "next: bggen rollback --app hello --env prod, if the smoke test fails: traffic has not moved then" in ran.out
    assert tested.document("status")["apps"][0]["gate"] is True
    assert "a smoke test stands before green" in tested.ok("status").out
    assert f"- {GATED}" in tested.git("log", "-1", "--format=%b")
    assert jobs(tested) == ["job-hello-gate-2"]
    assert "if the smoke test fails" not in tested.ok("rollback").out
    assert tested.document("status")["apps"][0]["gate"] is False
    assert jobs(tested) == []
    tested.ok("validate")


def test_the_test_is_skipped_when_told(tested: ConfigRepo) -> None:
    document = tested.document("flip", "--no-smoke")
    assert document["active"] == {"before": "blue", "after": "green"}
    assert jobs(tested) == []
    assert b"gate:" not in (tested.path / "apps/hello/prod/release.yaml").read_bytes()


def test_bump_and_promote_flip_have_the_option_too(tested: ConfigRepo) -> None:
    tested.ok("bump", "--image", "v3", "--flip", "--no-smoke")
    assert jobs(tested) == []
    tested.ok("bump", "--image", "v4", "--flip")
    assert jobs(tested) == ["job-hello-gate-4"]
    for command in ("bump", "promote", "flip"):
        assert "--no-smoke" in tested.ok(command, "--help").out


def test_a_flip_whose_test_failed_goes_on_without_it_in_a_commit_of_its_own(tested: ConfigRepo) -> None:
    tested.ok("flip")
    before = tested.git("rev-parse", "HEAD")
    document = tested.document("flip", "--release", "2", "--no-smoke")
    assert document["changed"] is True
    assert document["active"] == {"before": "green", "after": "green"}
    assert tested.git("rev-parse", "HEAD~1") == before
    assert min(document["files"]).startswith("apps/hello/prod/manifests/job-hello-gate-2-")
    assert tested.document("flip", "--release", "2", "--no-smoke")["changed"] is False
    assert tested.document("history")["entries"]
