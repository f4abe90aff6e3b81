"""`switch: rollouts` on the command line, and `bggen convert`, which plans the move there and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from bggen.resources import resource_dir
from tests.support.cli import HELLO

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

SCHEMA = json.loads((resource_dir("schemas") / "convert.schema.json").read_text(encoding="utf-8"))


def rollout(repo: ConfigRepo) -> str:
    return (repo.path / "apps/hello/prod/manifests/rollout-hello.yaml").read_text(encoding="utf-8")


def test_a_rollout_is_driven_by_the_same_commands(repo: ConfigRepo) -> None:
    spec = HELLO.replace("route:\n", "route:\n  switch: rollouts\n")
    repo.commit({"apps/hello/app.yaml": f"{spec}smoke: {{path: /ready}}\n"}, "a Rollout")
    repo.ok("bump", "--image", "v1")
    first = rollout(repo)
    repo.ok("bump", "--image", "v2")
    assert "autoPromotionEnabled: false" in rollout(repo)
    assert "promotes release 2 as soon as its pods are ready" in repo.ok("flip").out
    assert repo.document("status")["apps"][0]["idle"] == "parked"
    assert "image" in repo.ok("diff").out
    assert "release 2 yet, it is skipped" in repo.ok("bump", "--image", "v3").out
    repo.ok("park")
    ran = repo.bggen("wake", "-o", "json")
    assert ran.code == 3
    assert ran.json["error"]["kind"] == "rollouts"
    repo.ok("rollback")
    assert rollout(repo).partition("template:")[2] == first.partition("template:")[2]
    repo.ok("validate")
    repo.ok("render", "--check")


def test_a_plan_is_printed_and_nothing_changes(live: ConfigRepo) -> None:
    before = live.git("rev-parse", "HEAD"), live.files()
    text = live.ok("convert", "--to", "rollouts").out
    assert "hello/prod: to a Rollout, as a new app hello-rollouts beside it; this only shows how" in text
    assert "\n  Rollout hello-rollouts\n" in text
    assert "bggen bump --app hello-rollouts --env prod --image ghcr.io/acme/hello:v1 --push" in text
    document = live.document("convert", "--to", "rollouts", "--name", "greeter")
    Draft202012Validator(SCHEMA).validate(document)
    assert (document["name"], document["ready"]) == ("greeter", True)
    assert {"kind": "Rollout", "name": "greeter"} in document["appear"]
    assert {"kind": "Deployment", "name": "hello-blue"} in document["go"]
    assert (live.git("rev-parse", "HEAD"), live.files()) == before


def test_a_bump_that_changes_the_switch_leads_to_the_plan(live: ConfigRepo) -> None:
    live.commit({"apps/hello/app.yaml": HELLO.replace("route:\n", "route:\n  switch: rollouts\n")}, "a Rollout")
    ran = live.bggen("bump", "--image", "v3")
    assert ran.code == 3
    assert "bggen convert --to rollouts" in ran.err


def test_what_there_is_no_plan_for_is_refused(live: ConfigRepo) -> None:
    ran = live.bggen("convert", "--to", "deployments", "-o", "json")
    assert (ran.code, ran.json["error"]["kind"]) == (2, "usage")
    Draft202012Validator(SCHEMA).validate(ran.json)
    assert live.bggen("convert").code == 2
    assert live.bggen("convert", "--to", "pods").code == 2
    live.commit({"apps/greeter/app.yaml": HELLO.replace("hello", "greeter")}, "another app")
    ran = live.bggen("convert", "--app", "hello", "--to", "rollouts", "--name", "greeter")
    assert "there is an app greeter already" in ran.err
