"""Each check sees what it is there for: a rendered set is broken in one place, and one Problem names it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from bggen.checks import check
from bggen.model import EnvState
from bggen.render import render
from tests.support.breaking import FOLDER, OPTIONS, STATE, WAVE, annotation, broken, put
from tests.support.states import app_spec, bumped, component, first, flipped, hello_spec, parked, shop_spec, states

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import AppSpec


POD = "spec.template.spec"
CONTAINER = f"{POD}.containers.0"


@pytest.mark.parametrize(
    "state",
    [
        EnvState("shop", "prod"),
        first(shop_spec()),
        STATE,
        parked(STATE),
        flipped(STATE),
        bumped(first(hello_spec()), hello_spec("v2", port=1)),
        bumped(first(hello_spec()), app_spec("hello", component("other", port=1))),
        parked(bumped(first(hello_spec()), app_spec("hello", component("other", port=1)))),
        bumped(first(hello_spec()), app_spec("hello", component("hello"))),
    ],
)
def test_what_is_rendered_is_right(state: EnvState) -> None:
    assert check(state, render(state)) == ()


@given(states(every_kind=True))
@settings(max_examples=max(settings().max_examples // 2, 20))
def test_whatever_is_rendered_is_right(state: EnvState) -> None:
    assert check(state, render(state)) == ()


DEPLOYMENT = "deployment-shop-web-blue.yaml"
IDLE = "deployment-shop-web-green.yaml"
SERVICE = "service-shop-web-blue.yaml"
SWITCH = "service-shop-web.yaml"
PREVIEW = "service-shop-web-preview.yaml"
INGRESS = "ingress-shop.yaml"
BACKEND = "spec/rules/0/http/paths/0/backend/service"


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (DEPLOYMENT, put("spec.replicas", 0), "spec.replicas: must be 1 or more, is 0"),
        (
            DEPLOYMENT,
            put("spec.strategy.rollingUpdate.maxUnavailable", "25%"),
            "spec.strategy.rollingUpdate.maxUnavailable: must be 0, is 25%",
        ),
        (SERVICE, put("spec.type", "NodePort"), "spec.type: must be ClusterIP, is NodePort"),
        (
            SERVICE,
            put("spec.ports.0.targetPort", 8080),
            "spec.ports.0.targetPort: shop-web-blue has no port 8080",
        ),
        (SERVICE, put("spec.ports", []), "spec.ports: must not be empty"),
        *(
            (file, put("spec.ports.0.port", 8080), "spec.ports.0.port: must be 80, is 8080")
            for file in (SERVICE, SWITCH, PREVIEW, "service-shop-web-green.yaml")
        ),
        (INGRESS, put(f"{BACKEND}/name", "shop-web-blue"), "is no active Service of this app"),
        (INGRESS, put(f"{BACKEND}/name", "shop-web-preview"), "is no active Service of this app"),
        (INGRESS, put(f"{BACKEND}/port", {"name": "web"}), "the Service shop-web has no port 'web'"),
        (INGRESS, put(f"{BACKEND}/port", {"number": 80}), "the Service shop-web has no port None"),
        (INGRESS, put("spec.rules", []), "spec.rules: must not be empty"),
        (DEPLOYMENT, put(f"{POD}.hostNetwork", to=True), f"{POD}.hostNetwork: must be left out, is true"),
        (DEPLOYMENT, put(f"{POD}.enableServiceLinks", to=True), f"{POD}.enableServiceLinks: must be false, is true"),
        (
            DEPLOYMENT,
            put(f"{POD}.automountServiceAccountToken", None),
            f"{POD}.automountServiceAccountToken: must be false, is None",
        ),
        (DEPLOYMENT, put(f"{POD}.serviceAccountName", "x"), f"{POD}.serviceAccountName: must be shop-web-blue, is x"),
        (
            DEPLOYMENT,
            put(f"{POD}.securityContext.runAsNonRoot", to=False),
            f"{POD}.securityContext.runAsNonRoot: must be true, is false",
        ),
        (
            DEPLOYMENT,
            put(f"{POD}.securityContext.runAsUser", 0),
            f"{POD}.securityContext.runAsUser: must not be 0 under `security: restricted`",
        ),
        (
            DEPLOYMENT,
            put(f"{POD}.securityContext.seccompProfile.type", "Unconfined"),
            f"{POD}.securityContext.seccompProfile.type: must be RuntimeDefault, is Unconfined",
        ),
        (
            DEPLOYMENT,
            put(f"{CONTAINER}.securityContext.allowPrivilegeEscalation", to=True),
            f"{CONTAINER}.securityContext.allowPrivilegeEscalation: must be false, is true",
        ),
        (
            DEPLOYMENT,
            put(f"{CONTAINER}.securityContext.capabilities.drop", []),
            f"{CONTAINER}.securityContext.capabilities.drop: must be ['ALL'], is []",
        ),
        (
            DEPLOYMENT,
            put(f"{CONTAINER}.securityContext.capabilities.add", ["NET_ADMIN"]),
            f"{CONTAINER}.securityContext.capabilities.add: must be left out, is ['NET_ADMIN']",
        ),
        (
            DEPLOYMENT,
            put(f"{CONTAINER}.readinessProbe.httpGet.port", "web"),
            f"{CONTAINER}.readinessProbe.httpGet.port: there is no port 'web'",
        ),
        (
            DEPLOYMENT,
            put(f"{CONTAINER}.livenessProbe.httpGet.host", "x"),
            f"{CONTAINER}.livenessProbe.httpGet.host: must be left out, is x",
        ),
        (
            DEPLOYMENT,
            put(f"{CONTAINER}.ports.0.hostPort", 80),
            f"{CONTAINER}.ports.0.hostPort: must be left out",
        ),
        (DEPLOYMENT, put("metadata.namespace", "other"), "metadata.namespace: must be shop, is other"),
    ],
)
def test_a_broken_field_is_named(file: str, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in line for line in broken(file, change))


@pytest.mark.parametrize("key", ["app.kubernetes.io/name", "app.kubernetes.io/component", "bggen.dev/color"])
@pytest.mark.parametrize(
    ("file", "way"),
    [
        (DEPLOYMENT, ("spec", "selector", "matchLabels")),
        (IDLE, ("spec", "selector", "matchLabels")),
        ("poddisruptionbudget-shop-web-blue.yaml", ("spec", "selector", "matchLabels")),
        (SERVICE, ("spec", "selector")),
        (SWITCH, ("spec", "selector")),
        (PREVIEW, ("spec", "selector")),
    ],
)
def test_a_selector_with_a_key_less_or_more_or_another_value_is_seen(file: str, way: tuple[str, ...], key: str) -> None:
    def without(data: Any) -> None:
        for step in way:
            data = data[step]
        del data[key]

    def more(data: Any) -> None:
        for step in way:
            data = data[step]
        data["more"] = "x"

    def other(data: Any) -> None:
        for step in way:
            data = data[step]
        data[key] = "api" if key.endswith("component") else {"blue": "green", "green": "blue"}.get(data[key], "x")

    where = ".".join(way)
    for change in (without, more, other):
        assert any(line.startswith(f"{where}: must be exactly") for line in broken(file, change))


def test_pods_without_the_selectors_labels_are_seen_from_both_sides() -> None:
    found = broken(DEPLOYMENT, lambda data: data["spec"]["template"]["metadata"]["labels"].pop("bggen.dev/color"))
    assert "spec.template.metadata.labels: do not match the selector" in found
    for service in (SERVICE, SWITCH):
        assert f"{FOLDER}/{service}: spec.selector: must find the pods of one Deployment, finds none" in found
    assert any(line.endswith("the Service shop-web leads to no pods") for line in found)


@pytest.mark.parametrize(
    ("file", "wave"),
    [
        (DEPLOYMENT, 0),
        (IDLE, 30),
        (SERVICE, -20),
        (SWITCH, 20),
        (PREVIEW, 20),
        (INGRESS, 30),
        ("poddisruptionbudget-shop-web-blue.yaml", 30),
        ("poddisruptionbudget-shop-web-green.yaml", 30),
        ("serviceaccount-shop-web-green.yaml", -20),
    ],
)
def test_every_role_has_one_wave(file: str, wave: int) -> None:
    for other in {-20, 0, 19, 20, 30, 31} - {wave}:
        found = broken(file, annotation(WAVE, str(other)))
        blocks = other < 20 and (file in {IDLE, INGRESS} or file.startswith("poddisruptionbudget-"))
        reason = "this may hold up the switch, which stands in 20" if blocks else f"must be {wave}"
        assert any(reason in line for line in found), (other, found)


@pytest.mark.parametrize("file", [DEPLOYMENT, SERVICE, SWITCH, INGRESS])
def test_what_serves_must_be_pruned_last(file: str) -> None:
    for value in (None, "", "Force=true", "PruneLast=false"):
        found = broken(file, annotation(OPTIONS, value))
        assert found == [f"{OPTIONS}: must hold PruneLast=true: it serves until the switch has moved"]
    assert broken(file, annotation(OPTIONS, "Force=true,PruneLast=true")) == []


@pytest.mark.parametrize(
    "file",
    [
        IDLE,
        PREVIEW,
        "service-shop-web-green.yaml",
        "poddisruptionbudget-shop-web-blue.yaml",
        "serviceaccount-shop-web-blue.yaml",
    ],
)
def test_what_does_not_serve_must_not_be_pruned_last(file: str) -> None:
    found = broken(file, annotation(OPTIONS, "Force=true,PruneLast=true"))
    assert found == [f"{OPTIONS}: must not hold PruneLast=true: it does not serve"]


@pytest.mark.parametrize("port", [9000, None])
def test_what_stands_in_for_a_component_without_traffic_has_a_place_of_its_own(port: int | None) -> None:
    def shop(extra: int | None) -> AppSpec:
        return app_spec("shop", component("shop", port=80), component("extra", port=extra))

    # Active lacks the component, or has it without a port; or, the other way round, it alone has it.
    state = bumped(first(shop(9000)), shop(None) if port is None else app_spec("shop", component("shop", port=80)))
    active, idle = flipped(state), state
    for each in (active, idle):
        assert check(each, render(each)) == ()
    own = {"service-shop-extra.yaml": "20", "service-shop-extra-blue.yaml": "-20"}
    for file, wave in own.items():
        assert broken(file, annotation(OPTIONS, None), idle) == [
            f"{OPTIONS}: must hold PruneLast=true: it serves until the switch has moved"
        ]
        assert broken(file, annotation(OPTIONS, "PruneLast=true"), active) == [
            f"{OPTIONS}: must not hold PruneLast=true: it does not serve"
        ]
        assert broken(file, annotation(WAVE, wave), idle) == []
    (found,) = [line for line in broken("service-shop-extra.yaml", annotation(WAVE, "20"), active) if "must" in line]
    assert found == f"{WAVE}: is 20, must be 30"
    for color in ("blue", "green"):
        kept = [each for each in render(idle) if each.file != f"serviceaccount-shop-extra-{color}.yaml"]
        assert any("is missing: release" in problem.message for problem in check(idle, kept))


@pytest.mark.parametrize("wave", [0, None, "x", "1.5", ""])
def test_a_wave_is_a_whole_number_as_text(wave: object) -> None:
    assert f"{WAVE}: must be a whole number as text, is {wave!r}" in broken(SWITCH, annotation(WAVE, wave))


def test_a_load_balancer_may_not_be_waited_for() -> None:
    for file in (SERVICE, SWITCH):
        found = broken(file, put("spec.type", "LoadBalancer"))
        assert any("would hold up the switch for ever" in line for line in found)


def test_baseline_pods_may_run_as_root_but_not_escape() -> None:
    state = first(hello_spec(security="baseline", user=0))
    assert check(state, render(state)) == ()
    manifest = render(state)[0]
    text = manifest.text.replace("enableServiceLinks: false", "hostPID: true\n      enableServiceLinks: false")
    found = check(state, [replace(manifest, text=text), *render(state)[1:]])
    assert [problem.where for problem in found] == [f"{POD}.hostPID"]
