"""promote from end to end: from one environment to the next, in a real checkout."""

from __future__ import annotations

import pytest

from tests.support.cli import HELLO, SETTINGS, ConfigRepo

STAGES = SETTINGS.replace("  prod: {}\n", "  dev: {}\n  staging: {}\n  prod: {}\n")


@pytest.fixture
def stages(repo: ConfigRepo) -> ConfigRepo:
    """`hello` in dev (v3), staging (v2 active, v9 pending) and prod (v1)."""
    repo.commit({"bggen.yaml": STAGES})
    for env, tag in (("dev", "v3"), ("staging", "v2"), ("prod", "v1"), ("staging", "v9")):
        repo.ok("bump", "--env", env, "--image", tag)
    return repo


def refuse(repo: ConfigRepo, code: int, *arguments: str) -> str:
    tip = repo.tip()
    ran = repo.bggen(*arguments)
    assert (ran.code, repo.tip()) == (code, tip), ran.err
    return ran.err


def test_an_environment_gets_what_is_active_in_the_one_before_it(stages: ConfigRepo) -> None:
    ran = stages.ok("promote", "--env", "prod")
    out = ran.out.splitlines()
    assert out[:2] == [
        "hello/prod: promote v2 from staging to green (release 2)",
        "  hello  ghcr.io/acme/hello:v2  promoted from staging release 1",
    ]
    assert out[-1] == "next: bggen flip --app hello --env prod --release 2, once green is healthy"
    message = stages.git("log", "-1", "--format=%B").strip().splitlines()
    assert message[0] == "hello(prod): promote v2 from staging to green (release 2)"
    assert message[-4:] == ["Bggen-Action: promote", "Bggen-From: blue", "Bggen-To: blue", "Bggen-Release: 2"]
    assert all(path.startswith("apps/hello/prod/") for path in stages.changed())
    assert b"hello: promoted from staging release 1\n" in stages.show("apps/hello/prod/green.yaml")
    stages.ok("validate")
    stages.ok("render", "--check")


def test_the_document_and_the_second_run(stages: ConfigRepo) -> None:
    document = stages.document("promote", "--env", "prod")
    assert (document["action"], document["env"], document["changed"]) == ("promote", "prod", True)
    assert document["images"]["green"] == {"hello": "ghcr.io/acme/hello:v2"}
    again = stages.document("promote", "--env", "prod")
    assert (again["action"], again["changed"], again["commit"]) == ("promote", False, None)
    assert again["reason"] == "green is idle and holds this release already"


def test_the_environment_to_take_from_may_be_named(stages: ConfigRepo) -> None:
    assert stages.document("promote", "--from", "dev", "--env", "prod")["images"]["green"]["hello"].endswith(":v3")
    # A fix that went straight to prod goes back the same way.
    assert stages.document("promote", "--from", "prod", "--env", "dev")["images"]["green"]["hello"].endswith(":v1")


def test_the_order_is_that_of_bggen_yaml_among_the_environments_of_the_app(stages: ConfigRepo) -> None:
    stages.commit({"apps/hello/app.yaml": HELLO + "environments: [prod, dev]\n"})
    assert "from dev" in stages.ok("promote", "--env", "prod").out
    assert "not in environment staging" in refuse(stages, 2, "promote", "--env", "prod", "--from", "staging")


def test_the_working_directory_says_where_to(stages: ConfigRepo) -> None:
    assert stages.document("promote", folder="apps/hello/staging")["env"] == "staging"


def test_the_flip_may_be_part_of_it(stages: ConfigRepo) -> None:
    stages.ok("hold", "--env", "prod", "--reason", "launch")
    assert "on hold" in refuse(stages, 3, "promote", "--env", "prod", "--flip")
    document = stages.document("promote", "--env", "prod", "--flip", "--override-hold", "urgent")
    assert document["active"] == {"before": "blue", "after": "green"}
    assert stages.git("log", "-1", "--format=%(trailers:key=Bggen-Action,valueonly)").strip() == "promote"


def test_less_capacity_is_refused_with_flip(stages: ConfigRepo) -> None:
    stages.ok("scale", "hello=3", "--env", "prod")
    assert "hello 1 of 3" in refuse(stages, 3, "promote", "--env", "prod", "--flip")
    stages.ok("promote", "--env", "prod", "--flip", "--allow-less-capacity")


def test_dry_run_changes_nothing(stages: ConfigRepo) -> None:
    tip = stages.tip()
    document = stages.document("promote", "--env", "prod", "--dry-run")
    assert (document["dryRun"], document["changed"], stages.tip()) == (True, False, tip)
    assert stages.document("promote", "--env", "prod")["files"] == document["files"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["promote"], "several environments: say which with --env"),
        (["promote", "--env", "dev"], "dev is the first environment of the app"),
        (["promote", "--env", "nope"], "no environment 'nope'"),
        (["promote", "--env", "prod", "--from", "nope"], "no environment 'nope'"),
        (["promote", "--env", "prod", "--from", "../prod"], "no environment '../prod'"),
        (["promote", "--env", "prod", "--from", "prod"], "cannot be promoted to itself"),
    ],
)
def test_wrong_usage(stages: ConfigRepo, arguments: list[str], message: str) -> None:
    assert message in refuse(stages, 2, *arguments)


def test_an_environment_without_a_release_cannot_be_promoted(repo: ConfigRepo) -> None:
    repo.commit({"bggen.yaml": STAGES})
    assert "hello/staging: nothing has been released yet" in refuse(repo, 3, "promote", "--env", "prod")
    assert repo.bggen("promote", "--env", "prod", "--output", "json").json["error"]["kind"] == "empty-idle"


def test_another_repository_in_the_overlay_is_refused(stages: ConfigRepo) -> None:
    stages.commit({"apps/hello/prod/overlay.yaml": "image: docker.io/acme/hello\n"})
    assert "staging runs hello from ghcr.io/acme/hello" in refuse(stages, 3, "promote", "--env", "prod")
    document = stages.bggen("promote", "--env", "prod", "--output", "json").json
    assert (document["error"]["kind"], document["release"]) == ("repository", {"blue": 1, "green": None})


def test_a_release_is_read_from_the_commit_and_not_from_the_work_tree(stages: ConfigRepo) -> None:
    path = "apps/hello/staging/blue.yaml"
    stages.write(path, stages.show(path).replace(b"v2", b"v7"))
    assert stages.document("promote", "--env", "prod")["images"]["green"] == {"hello": "ghcr.io/acme/hello:v2"}


def test_a_state_that_was_edited_is_not_promoted(stages: ConfigRepo) -> None:
    path = "apps/hello/staging/blue.yaml"
    stages.commit({path: stages.show(path).replace(b"v2", b"v7")})
    assert "apps/hello/staging/release.yaml" in refuse(stages, 1, "promote", "--env", "prod")


def test_what_is_not_committed_and_drift_are_refused(stages: ConfigRepo) -> None:
    stages.write("apps/hello/app.yaml", HELLO + "replicas: 2\n")
    assert "not committed, and promote reads the commit" in refuse(stages, 3, "promote", "--env", "prod")
    stages.write("apps/hello/app.yaml", HELLO)
    path = "apps/hello/prod/manifests/service-hello.yaml"
    stages.commit({path: stages.show(path).replace(b"blue", b"green")})
    assert "not what the state renders" in refuse(stages, 3, "promote", "--env", "prod")
