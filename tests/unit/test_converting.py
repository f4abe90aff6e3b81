"""`convert`: what a plan says to do can be done, and what cannot come along is named."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bggen import transitions
from bggen.converting import Conversion, convert
from bggen.errors import InvalidError, RefusedError, UsageError
from bggen.images import parse_image_arg
from bggen.model import EnvState
from bggen.patch import merge_patch
from bggen.render import LATEST, render
from bggen.spec import resolve
from bggen.transitions import BumpRequest

REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {staging: {}, prod: {namespace: '{app}'}}\n"
HEAD = {"apiVersion": "bggen.dev/v1", "kind": "App", "name": "cart"}
COLORS: dict[str, Any] = {
    **HEAD,
    "image": "ghcr.io/acme/cart",
    "port": 8080,
    "env": {"KEY": {"secret": "cart", "key": "key"}},
    "colorAntiAffinity": "required",
    "service": {"type": "NodePort", "nodePort": 30080},
    "route": {"host": "cart.example.com", "paths": {"/": "cart"}, "preview": {"host": "preview.cart.example.com"}},
    "smoke": {"path": "/ready", "component": "cart"},
    "patches": [
        {
            "target": {"kind": "Deployment", "color": "blue"},
            "merge": {"spec": {"template": {"spec": {"hostname": "x"}}}},
        }
    ],
}
ROLLOUT: dict[str, Any] = {
    **HEAD,
    "components": {"web": {"image": "ghcr.io/acme/cart", "port": 8080}},
    "route": {"hosts": ["cart.example.com"], "switch": "rollouts"},
    "rollout": {"antiAffinity": "preferred", "rollbackWindow": 2, "activeMetadata": {"labels": {"role": "active"}}},
}


def files(app: dict[str, Any], overlay: dict[str, Any] | None = None) -> Any:
    over = None if overlay is None else yaml.safe_dump(overlay).encode()
    return {"repo": REPO, "app": yaml.safe_dump(app).encode(), "overlay": over}


def released(app: dict[str, Any], overlay: dict[str, Any] | None = None) -> EnvState:
    given = files(app, overlay)
    spec = resolve(REPO, given["app"], given["overlay"], app="cart", env="prod")
    return transitions.bump(EnvState("cart", "prod"), BumpRequest(spec, LATEST, (parse_image_arg("v7"),))).after


def plan(app: dict[str, Any], to: Any, overlay: dict[str, Any] | None = None, name: str | None = None) -> Conversion:
    return convert(files(app, overlay), released(app, overlay), to, name)


def edited(found: Conversion, app: dict[str, Any], file: str = "app.yaml") -> Any:
    """Do what the plan says."""
    data: Any = app
    for edit in found.edits:
        value: Any = edit.value
        for step in reversed(edit.path):
            value = {step: value}
        data = merge_patch(data, value) if edit.file == file else data
    return data


@pytest.mark.parametrize(("app", "to"), [(COLORS, "rollouts"), (ROLLOUT, "deployments")])
def test_the_edited_copy_is_valid_and_renders_what_the_plan_names(app: dict[str, Any], to: str) -> None:
    found = plan(app, to)
    assert found.open == ()
    made = edited(found, app)
    spec = resolve(REPO, yaml.safe_dump(made).encode(), None, app=found.name, env="prod")
    first = transitions.bump(EnvState(found.name, "prod"), BumpRequest(spec, LATEST, (parse_image_arg("v7"),))).after
    appear = {(each.kind, each.name) for each in render(first)}
    assert set(found.appear) == appear
    assert set(found.go) == {(each.kind, each.name) for each in render(released(app))}
    # Side by side, neither takes anything of the other's.
    assert not appear & set(found.go)
    routes = [yaml.safe_load(each.text) for each in render(first) if each.kind == "Ingress"]
    hosts = [rule["host"] for route in routes for rule in route["spec"]["rules"]]
    assert "cart.example.com" not in hosts


def test_a_plan_says_what_to_run_in_which_order_and_how_to_go_back() -> None:
    found = plan(COLORS, "rollouts", overlay={"replicas": 2, "route": {"host": "prod.cart.example.com"}})
    commands = [command for step in found.steps for command in step.commands]
    order = ["cp apps/cart/app.yaml apps/cart-rollouts/", "bggen validate --app cart-rollouts --env prod"]
    order += ["bggen bump --app cart-rollouts --env prod --image ghcr.io/acme/cart:v7 --push"]
    order += ["bggen flip --app cart-rollouts --env prod --push", "git rm -r apps/cart/prod"]
    assert [command for command in commands if command in order] == order
    assert all(step.back and step.checks for step in found.steps)
    assert "cp apps/cart/prod/overlay.yaml apps/cart-rollouts/prod/" in commands
    host = next(edit for edit in found.edits if edit.file == "prod/overlay.yaml")
    assert (host.path, host.value) == (("route", "host"), "cart-rollouts.cart.example.com")
    checks = "\n".join(check for step in found.steps for check in step.checks)
    assert "the namespace cart-rollouts, which is not that of cart, is there, and holds Secret cart" in checks


def test_edits_keep_what_has_another_name_on_the_other_side() -> None:
    there = edited(plan(COLORS, "rollouts"), COLORS)
    assert "colorAntiAffinity" not in there
    assert there["rollout"] == {"antiAffinity": "required"}
    assert there["patches"][0]["target"] == {"kind": "Rollout"}
    assert "nodePort" not in there["service"]
    assert (there["smoke"]["component"], there["route"]["paths"]) == ("cart-rollouts", {"/": "cart-rollouts"})
    found = plan(ROLLOUT, "deployments")
    back = edited(found, ROLLOUT)
    assert back["components"]["web"]["colorAntiAffinity"] == "preferred"
    assert "rollout" not in back
    assert [lost.partition(":")[0] for lost in found.lost] == ["rollout.rollbackWindow", "rollout.activeMetadata"]


def test_an_app_without_a_host_moves_by_its_callers() -> None:
    found = plan({**ROLLOUT, "route": {"switch": "rollouts"}}, "deployments")
    assert ("route",) in {edit.path for edit in found.edits}
    assert any(step.title.startswith("Let callers name the Services of cart-colors") for step in found.steps)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"components": {"web": {"image": "a", "port": 80}, "api": {"image": "b", "port": 81}},
             "route": {"host": "a.example.com", "paths": {"/": "web"}}},
            "is for an app of one component",
        ),
        ({"image": "a", "port": 80, "args": ["${cart.url}"]}, "names no component of this app"),
        ({"image": "a", "port": 80, "compatible": {"min": 1, "max": 1}}, "compatible: does not go with"),
        (
            {
                "image": "a", "port": 80,
                "patches": [{"target": {"kind": "Deployment"}, "merge": {"spec": {"paused": True}}}],
            },
            "can't be patched",
        ),
    ],
)  # fmt: skip
def test_what_has_to_be_settled_by_hand_is_named(fields: dict[str, Any], message: str) -> None:
    app = {**HEAD, "route": {"host": "cart.example.com"}, **fields}
    state = released({key: value for key, value in app.items() if key != "patches"})
    found = convert(files(app), state, "rollouts", None)
    assert found.appear == ()
    assert any(message in line for line in found.open), found.open


def test_wrong_input_is_refused() -> None:
    with pytest.raises(UsageError, match="runs in prod as Deployments already"):
        plan(COLORS, "deployments")
    with pytest.raises(UsageError, match="is the app itself"):
        plan(COLORS, "rollouts", name="cart")
    with pytest.raises(RefusedError, match="nothing has been released yet"):
        convert(files(COLORS), EnvState("cart", "prod"), "rollouts", None)
    with pytest.raises(InvalidError, match="prot"):
        convert(files({**COLORS, "prot": 1}), released(COLORS), "rollouts", None)
