"""`bggen migrate` on the command line, and what the other commands tell of the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen import state as state_files
from bggen.app.inputs import Source
from bggen.model.migrating import Database
from bggen.plan import compare_manifests, make_plan
from bggen.render import render
from bggen.review import review
from bggen.spec import FORGETFUL
from bggen.transitions import FlipRequest, flip
from bggen.transitions.migrating import contract
from bggen.workspace import WorkTree
from tests.support.cli import HELLO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.cli import ConfigRepo


def spec(schema: int, least: int, most: int, after: int | None = None) -> Mapping[str, str]:
    contract = f", contract: {{command: [./contract], schema: {after}}}" if after else ""
    migrate = f"migrate: {{command: [./migrate], schema: {schema}{contract}}}\n"
    return {"apps/hello/app.yaml": f"{HELLO}{migrate}compatible: {{min: {least}, max: {most}}}\n"}


@pytest.fixture
def added(repo: ConfigRepo) -> ConfigRepo:
    """Schema 1 in blue, active; schema 2 in green, pending."""
    repo.commit(spec(1, 1, 2), "schema 1")
    repo.ok("bump", "--image", "v1")
    repo.commit(spec(2, 2, 3, after=3), "schema 2")
    repo.ok("bump", "--image", "v2")
    return repo


def jobs(repo: ConfigRepo) -> list[str]:
    folder = repo.path / "apps/hello/prod/manifests"
    return sorted(path.name.rpartition("-")[0] for path in folder.glob("job-*.yaml"))


def test_an_app_without_migrations_hears_nothing_of_them(repo: ConfigRepo) -> None:
    repo.ok("bump", "--image", "v1")
    assert "schema" not in repo.document("bump", "--image", "v2")
    assert repo.document("status")["apps"][0]["schema"] is None
    assert "schema" not in repo.ok("status").out
    document = repo.document("migrate")
    assert (document["schema"], document["next"], document["needed"]) == (None, None, [])
    assert "no schema is known" in repo.ok("migrate").out


def test_all_that_looks_tells_of_the_schema(added: ConfigRepo) -> None:
    document = added.document("migrate")
    assert (document["schema"], document["next"]) == (2, "use")
    assert document["releases"][1] == {
        "color": "green",
        "role": "idle",
        "release": 2,
        "compatible": {"min": 2, "max": 3},
        "migrate": 2,
        "contract": 3,
        "migrationRendered": True,
        "contractRendered": False,
    }
    assert "schema 2, a flip is next" in added.ok("status").out
    windows = {"blue": {"min": 1, "max": 2}, "green": {"min": 2, "max": 3}}
    assert added.document("status")["apps"][0]["schema"] == {"number": 2, "compatible": windows, "next": "use"}
    assert added.document("diff")["schema"] == 2
    assert "compatible:" in added.ok("diff").out
    assert "migrate:" in added.ok("diff").out
    entries = added.document("history")["entries"]
    assert [entry["schema"] for entry in entries] == [2, 1]
    assert entries[0]["summary"] == "bump green to v2 (release 2), schema 2"
    flipped = added.document("flip")
    assert flipped["schema"] == {"before": 2, "after": 2}
    assert "its migration to schema 2 stands before its pods: until that is done, blue serves" in flipped["notes"]
    assert added.document("rollback")["schema"] == {"before": 2, "after": 2}
    assert jobs(added) == []


def test_the_third_phase_waits_for_the_way_back_and_is_one_commit(added: ConfigRepo) -> None:
    added.ok("flip")
    refused = added.bggen("migrate", "contract", "-o", "json")
    assert refused.code == 3
    assert refused.json["error"]["kind"] == "schema"
    assert "release 1 (blue, what bggen rollback returns to) runs on schema 1 to 2" in refused.err
    assert added.document("migrate")["needed"]
    added.ok("bump", "--image", "v3", "--flip")
    planned = added.document("migrate", "contract", "--dry-run")
    assert planned["dryRun"] is True
    assert "Bggen-Action: migrate" in planned["message"]
    done = added.document("migrate", "contract")
    assert done["schema"] == {"before": 2, "after": 3}
    assert added.git("log", "-1", "--format=%s") == "hello(prod): contract the schema 2 → 3 (release 3)"
    assert "Bggen-Action: migrate" in added.git("log", "-1", "--format=%b")
    assert jobs(added) == ["job-hello-contract", "job-hello-migrate"]
    assert added.document("history")["entries"][0]["actions"] == ["migrate"]
    assert added.document("migrate", "contract")["changed"] is False
    added.ok("validate")
    assert added.ok("render", "--check").code == 0


def test_wrong_use_is_told(added: ConfigRepo) -> None:
    for arguments in (["--again"], ["--push"], ["--pr"], ["--app", "hello", "--app", "other"]):
        ran = added.bggen("migrate", *arguments)
        assert ran.code == 2
        assert "bggen migrate only looks" in ran.err
    assert added.bggen("migrate", "expand").code == 2
    assert "contract" in added.ok("migrate", "--help").out


def test_a_request_says_what_becomes_of_the_database(added: ConfigRepo) -> None:
    source = Source(WorkTree(added.path), FORGETFUL)
    state, files = source.state("hello", "prod")
    moved = flip(state, FlipRequest(now="2026-06-01T12:00:00Z"))
    ready = replace(moved.after, previous=None, blue=None)
    for decided, words in (
        (moved, ["| schema | 2; **blue** runs on schema 1 to 2;", "1. The migration to schema 2 runs, unless it has"]),
        (contract(ready), ["1. The third phase of the migration runs", "There is no way back", "| schema | 2;"]),
    ):
        compared = compare_manifests("apps/hello/prod", {}, render(decided.after))
        body = review([make_plan(decided, files, compared)], limit=60_000, base="main").body
        assert all(each in body for each in words), body


def write(repo: ConfigRepo, database: Database | None) -> None:
    folder = repo.path / "apps/hello/prod"
    files = {name: (folder / name).read_bytes() for name in state_files.FILES if (folder / name).exists()}
    state = replace(state_files.decode("hello", "prod", str(folder), files), database=database)
    for name, content in state_files.encode(state).items():
        (folder / name).write_bytes(content)
    repo.ok("render")
    repo.git("add", "-A")
    repo.git("commit", "--quiet", "-m", "by hand")


def test_check_lets_no_state_through_that_a_release_cannot_run_on(added: ConfigRepo) -> None:
    added.git("branch", "base")
    added.ok("flip")
    assert added.bggen("check", "--base", "base").code == 0
    write(added, Database(4))
    ran = added.bggen("check", "--base", "base")
    assert ran.code == 1
    assert "apps/hello/prod/blue.yaml: release 1 runs on schema 1 to 2, and the database has schema 4" in ran.out
    assert "apps/hello/prod/green.yaml: release 2 runs on schema 2 to 3, and the database has schema 4" in ran.out


def test_check_does_not_believe_that_a_database_goes_back(added: ConfigRepo) -> None:
    added.ok("flip")
    added.ok("bump", "--image", "v3", "--flip")
    before = added.git("rev-parse", "HEAD")
    added.ok("migrate", "contract")
    added.git("branch", "base")
    added.git("revert", "--no-edit", "HEAD")
    ran = added.bggen("check", "--base", "base")
    assert ran.code == 0
    assert "schema 3 is taken back in Git, but the database does not go back" in ran.out
    first = added.git("rev-parse", f"{before}~2")
    added.git("checkout", "--quiet", first, "--", "apps/hello/prod")
    added.ok("render")
    added.git("add", "-A")
    added.git("commit", "--quiet", "-m", "an old state, whole")
    ran = added.bggen("check", "--base", "base")
    assert ran.code == 1
    assert "blue.yaml: release 1 runs on schema 1 to 2, and the database has schema 3" in ran.out
