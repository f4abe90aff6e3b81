"""Several apps in one command: one commit, all or nothing, and one document that tells of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import HELLO, SETTINGS

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

NAMES = ("shop-api", "shop-web", "blog")


@pytest.fixture
def fleet(repo: ConfigRepo) -> ConfigRepo:
    """Three apps beside `hello`, two of them with a name that begins alike; `blog` is in staging alone."""
    files = {
        f"apps/{name}/app.yaml": HELLO.replace("name: hello", f"name: {name}").replace(
            "hello.example", f"{name}.example"
        )
        for name in NAMES
    }
    files["apps/blog/app.yaml"] += "environments: [staging]\n"
    repo.commit({**files, "bggen.yaml": SETTINGS.replace("  prod: {}", "  prod: {}\n  staging: {}")}, "three more apps")
    return repo


def test_named_apps_land_in_one_commit(fleet: ConfigRepo) -> None:
    before = fleet.tip()
    document = fleet.document("bump", "-a", "shop-api", "-a", "shop-web", "-e", "prod", "--image", "v1")
    assert fleet.git("rev-list", "--count", f"{before}..HEAD") == "1"
    assert document["commit"] == fleet.tip()
    assert document["branch"] == "main"
    assert not document["pushed"]
    assert [(row["app"], row["env"], row["changed"]) for row in document["results"]] == [
        ("shop-api", "prod", True),
        ("shop-web", "prod", True),
    ]
    assert {row["images"]["blue"][row["app"]] for row in document["results"]} == {"ghcr.io/acme/hello:v1"}
    assert "app" not in document
    changed = set(fleet.git("diff", "--name-only", before, "HEAD").splitlines())
    assert changed == set(document["files"])
    assert changed == {path for row in document["results"] for path in row["files"]}
    assert {path.split("/")[1] for path in changed} == {"shop-api", "shop-web"}


def test_the_message_names_every_app_and_git_reads_its_trailers(fleet: ConfigRepo) -> None:
    fleet.ok("bump", "--match", "shop-*", "-e", "prod", "--image", "v1")
    message = fleet.git("log", "-1", "--format=%B")
    assert message.splitlines()[0] == "bump 2 apps in prod: bump blue to v1 (release 1)"
    assert "- shop-api(prod): bump blue to v1 (release 1)" in message
    trailers = fleet.git("log", "-1", "--format=%(trailers:only,unfold)").split("\n")
    assert [line for line in trailers if line.startswith("Bggen-App")] == ["Bggen-App: shop-api", "Bggen-App: shop-web"]
    assert len([line for line in trailers if line]) == 12


def test_a_pattern_takes_the_apps_of_the_environment_that_fit(fleet: ConfigRepo) -> None:
    document = fleet.document("bump", "--all", "-e", "staging", "--image", "v1")
    assert [row["app"] for row in document["results"]] == ["blog", "hello", "shop-api", "shop-web"]
    document = fleet.document("bump", "--match", "blog*", "-e", "staging", "--image", "v2")
    assert [row["app"] for row in document["results"]] == ["blog"]


def test_one_that_cannot_be_keeps_all_from_it_and_every_reason_is_told(fleet: ConfigRepo) -> None:
    fleet.ok("bump", "-a", "shop-api", "-e", "prod", "--image", "v1")
    fleet.ok("bump", "-a", "shop-api", "-e", "prod", "--image", "v2")
    before = fleet.tip()
    ran = fleet.bggen("flip", "--all", "-e", "prod", "--output", "json")
    assert ran.code == 3
    assert fleet.tip() == before
    assert not ran.json["changed"]
    assert ran.json["error"]["kind"] == "empty-idle"
    assert {row["app"]: row.get("error", {}).get("kind") for row in ran.json["results"]} == {
        "hello": "empty-idle",
        "shop-api": None,
        "shop-web": "empty-idle",
    }
    assert "error: hello/prod: " in ran.err
    assert "error: shop-web/prod: " in ran.err
    assert "error: nothing was changed: 2 of 3 cannot be" in ran.err


def test_apps_that_are_there_already_are_left_out_of_the_commit(fleet: ConfigRepo) -> None:
    fleet.ok("bump", "-a", "shop-api", "-e", "prod", "--image", "v1")
    document = fleet.document("bump", "--match", "shop-*", "-e", "prod", "--image", "v1")
    assert [(row["app"], row["changed"], row["files"] != []) for row in document["results"]] == [
        ("shop-api", False, False),
        ("shop-web", True, True),
    ]
    again = fleet.document("bump", "--match", "shop-*", "-e", "prod", "--image", "v1")
    assert again["changed"] is False
    assert again["commit"] is None


def test_a_batch_that_is_only_planned_has_the_tree_of_the_commit(fleet: ConfigRepo) -> None:
    planned = fleet.document("bump", "--match", "shop-*", "-e", "prod", "--image", "v1", "--dry-run")
    assert planned["dryRun"]
    done = fleet.document("bump", "--match", "shop-*", "-e", "prod", "--image", "v1")
    assert planned["files"] == done["files"]
    assert planned["message"].strip() == fleet.git("log", "-1", "--format=%B").strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--all", "-a", "hello"), "--app names apps, and --match or --all looks for them"),
        (("--all", "--match", "x"), "--match is a choice, and --all is none"),
        (("--match", "x*", "-e", "prod"), "no app that fits 'x*' is in environment prod"),
        (("--all",), "several environments: say which with --env"),
        (("-a", "hello", "-a", "nosuch", "-e", "prod"), "no app 'nosuch'"),
        (("-a", "hello", "-a", "blog", "-e", "prod"), "the app is not in environment prod"),
        (("-a", "hello", "-e", "prod", "--draft"), "--draft is for a pull request"),
        (("-a", "hello", "-e", "prod", "--base", "main"), "--base is for a remote repo"),
        (("-a", "hello", "-e", "prod", "--push"), "this repository has no remote to push to"),
    ],
)
def test_wrong_selections(fleet: ConfigRepo, arguments: tuple[str, ...], said: str) -> None:
    ran = fleet.bggen("bump", "--image", "v1", *arguments)
    assert ran.code == 2
    assert said in ran.err


def test_a_plan_waits_for_nobody_and_repairs_nothing(fleet: ConfigRepo) -> None:
    lock = fleet.path / ".git" / "index.lock"
    lock.touch()
    planned = fleet.document("bump", "-a", "hello", "-e", "prod", "--image", "v1", "--dry-run")
    assert planned["dryRun"]
    assert lock.exists()
    assert not (fleet.path / ".git" / "bggen" / "lock").exists()
    refused = fleet.bggen("bump", "-a", "hello", "-e", "prod", "--image", "v1")
    assert refused.code == 6
