"""The checks of routes and Services see what they are there for: each invariant is broken in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bggen.checks import check, collisions
from bggen.model.parts import Preview, ServiceSettings
from bggen.render import render
from tests.support.breaking import WAVE, annotation, broken, put, put_at
from tests.support.smoked import COMMAND, GATED, HTTP, IDLE, gated, guestbook, smoked
from tests.support.states import app_spec, bumped, component, first, flipped, parked

if TYPE_CHECKING:
    from collections.abc import Callable

    from bggen.model import EnvState

INGRESS, PREVIEW = "ingress-shop.yaml", "ingress-shop-preview.yaml"
BACKEND = "spec/rules/0/http/paths/0/backend/service"
SERVICE_SWITCH = bumped(first(smoked(switch="service")), smoked("v2", switch="service"))
ADDRESS = bumped(first(smoked(publishes_status=True)), smoked("v2", publishes_status=True))
GUESTBOOK = bumped(first(guestbook()), guestbook("v2"))


@pytest.mark.parametrize(
    "state",
    [
        first(smoked()),
        IDLE,
        parked(IDLE),
        GATED,
        flipped(IDLE),
        bumped(GATED, smoked("v3")),
        ADDRESS,
        gated(ADDRESS),
        SERVICE_SWITCH,
        gated(SERVICE_SWITCH),
        GUESTBOOK,
        flipped(GUESTBOOK),
        first(guestbook(type="LoadBalancer", node_port=None, publishes_status=True)),
        flipped(bumped(first(smoked()), smoked("v2", hosts=("preview.example.com",), preview=None))),
    ],
)
def test_what_is_rendered_is_right(state: EnvState) -> None:
    assert check(state, render(state)) == ()


@st.composite
def _states(draw: st.DrawFn) -> EnvState:
    switch = draw(st.sampled_from(["service", "ingress"]))

    def spec(tag: str) -> Any:
        hosts = draw(st.sampled_from([("a.example.com",), ("a.example.com", "b.example.com")]))
        preview = draw(st.sampled_from([None, Preview("b.example.com"), Preview("c.example.com")]))
        return smoked(
            tag,
            switch=switch,
            hosts=hosts,
            preview=preview,
            publishes_status=draw(st.booleans()),
            smoke=draw(st.sampled_from([None, HTTP, COMMAND])),
        )

    state = first(spec("v1"))
    for number in range(draw(st.integers(0, 4))):
        step = draw(st.sampled_from(["bump", "flip", "gate", "park"]))
        if step == "bump":
            state = bumped(state, spec(f"v{number + 2}"))
        elif state.idle_release is not None:
            smoke = state.idle_release.spec.smoke is not None
            state = parked(state) if step == "park" else replace(flipped(state), gate=smoke and step == "gate")
    return state


@given(_states())
@settings(max_examples=max(settings().max_examples // 2, 20))
def test_whatever_is_rendered_is_right(state: EnvState) -> None:
    assert check(state, render(state)) == ()


@pytest.mark.parametrize(
    ("state", "file", "change", "expected"),
    [
        (IDLE, INGRESS, put(f"{BACKEND}/name", "shop-web"), "shop-web is no Service of blue of this app"),
        (IDLE, INGRESS, put(f"{BACKEND}/name", "shop-web-green"), "shop-web-green is no Service of blue of this app"),
        (GATED, INGRESS, put(f"{BACKEND}/name", "shop-web-blue"), "shop-web-blue is no Service of green of this app"),
        (IDLE, INGRESS, put(f"{BACKEND}/name", "nothing"), "nothing is no Service of blue of this app"),
        (IDLE, INGRESS, put(f"{BACKEND}/port", {"name": "web"}), "the Service shop-web-blue has no port 'web'"),
        (IDLE, PREVIEW, put(f"{BACKEND}/name", "shop-web-blue"), "shop-web-blue is no Service of green of this app"),
        (IDLE, PREVIEW, put(f"{BACKEND}/name", "shop-web-preview"), "shop-web-preview is no Service of green"),
        (SERVICE_SWITCH, PREVIEW, put(f"{BACKEND}/name", "shop-web"), "shop-web is no preview Service of this app"),
        (SERVICE_SWITCH, PREVIEW, put("spec.rules", []), "spec.rules: must not be empty"),
        (IDLE, PREVIEW, put("spec.rules.0.host", "shop.example.com"), "leads to the active colour already"),
        (IDLE, PREVIEW, annotation(WAVE, "20"), "must be 30"),
        (IDLE, INGRESS, annotation(WAVE, "20"), "must be 30"),
        (ADDRESS, INGRESS, annotation(WAVE, "30"), "must be 20"),
        (ADDRESS, INGRESS, annotation(WAVE, "10"), "this may hold up the switch"),
    ],
)
def test_a_route_that_leads_elsewhere_is_named(
    state: EnvState, file: str, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    assert any(expected in line for line in broken(file, change, state))


def test_a_preview_whose_service_selects_the_active_colour_is_seen_at_the_ingress() -> None:
    for file, state in (("service-shop-web-preview.yaml", SERVICE_SWITCH), ("service-shop-web-green.yaml", IDLE)):
        found = broken(file, put_at("spec", "selector", "bggen.dev/color", to="blue"), state)
        assert any(PREVIEW in line and "leads to blue, not to green" in line for line in found)


def test_a_switch_to_pods_that_do_not_run_is_seen() -> None:
    change = put_at("spec", "selector", "app.kubernetes.io/component", to="x")
    found = broken("service-shop-web-blue.yaml", change, IDLE)
    assert any(INGRESS in line and "the Service shop-web-blue leads to no pods" in line for line in found)


SERVICE = "service-guestbook.yaml"


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (SERVICE, put("spec.type", "ClusterIP"), "spec.type: must be NodePort, is ClusterIP"),
        (SERVICE, put("spec.ports.0.nodePort", 30081), "spec.ports.0.nodePort: must be as the spec says, is 30081"),
        ("service-guestbook-blue.yaml", put("spec.type", "NodePort"), "spec.type: must be ClusterIP, is NodePort"),
        ("service-guestbook-preview.yaml", put("spec.ports.0.nodePort", 30080), "must be as the spec says, is 30080"),
        (SERVICE, put("spec.type", "LoadBalancer"), "would hold up the switch for ever"),
        (SERVICE, put("spec.ports.0.name", "web"), "spec.ports: must hold http once"),
        (SERVICE, put("spec.ports.0.name", "web"), "spec.ports.0.name: guestbook has no port 'web'"),
    ],
)
def test_a_service_that_is_not_as_the_spec_says_is_named(
    file: str, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    lines = [f"{line}" for line in _broken_guestbook(file, change)]
    assert any(expected in line for line in lines)


def _broken_guestbook(file: str, change: Callable[[dict[str, Any]], object]) -> list[str]:
    manifests = []
    for manifest in render(GUESTBOOK):
        data = yaml.safe_load(manifest.text)
        if manifest.file == file:
            change(data)
        head = manifest.text.split("\n", 1)[0]
        manifests.append(replace(manifest, text=f"{head}\n{yaml.safe_dump(data)}"))
    return [str(problem) for problem in check(GUESTBOOK, manifests)]


def test_a_stand_in_may_not_be_open_to_the_outside() -> None:
    extra = component("extra", port=9000, service=ServiceSettings("NodePort", 30081))
    shop = smoked("v2")
    state = bumped(first(smoked()), replace(shop, components={**shop.components, "extra": extra}))
    assert check(state, render(state)) == ()
    found = broken("service-shop-extra.yaml", put("spec.type", "NodePort"), state)
    assert found == ["spec.type: must be ClusterIP, is NodePort"]


@pytest.mark.parametrize("change", [put("spec.ports.1.port", 1), put("spec.ports.1.name", "other")])
def test_a_named_port_of_another_number_or_name_is_seen(change: Callable[[dict[str, Any]], object]) -> None:
    shop = app_spec("shop", component("shop", port=8080, ports={"metrics": 9100}))
    lines = broken("service-shop.yaml", change, first(shop))
    assert any(
        line.startswith("spec.ports.1.") and ("must be 9100" in line or "no port 'other'" in line) for line in lines
    )


def test_two_services_of_one_cluster_cannot_have_one_node_port() -> None:
    shop = render(first(app_spec("shop", component("shop", port=1, service=ServiceSettings("NodePort", 30080)))))
    book = render(GUESTBOOK)
    assert collisions([("here", shop), ("there", book)]) == ()
    (problem,) = collisions([("here", shop), ("here", book)])
    assert str(problem) == (
        "apps/guestbook/prod/manifests/service-guestbook.yaml: spec.ports: nodePort 30080 is also wanted by"
        " apps/shop/prod/manifests/service-shop.yaml"
    )


CONTAINER = "spec.template.spec.containers.0"
LAST = "deployment-shop-web-green.yaml"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put(f"{CONTAINER}.resources.limits", {"memory": "100Mi"}), "resources.limits: memory is below"),
        (put(f"{CONTAINER}.resources.limits", {"cpu": "0.05"}), "resources.limits: cpu is below"),
        (put(f"{CONTAINER}.ports", [{"name": "http"}, {"name": "http"}]), "ports: http is there twice"),
        (put(f"{CONTAINER}.volumeMounts", [{"name": "a", "mountPath": "/"}]), "volumeMounts: there is no volume a"),
        (put(f"{CONTAINER}.volumeMounts", [{"mountPath": "/a"}] * 2), "volumeMounts: /a is there twice"),
        (put("spec.template.spec.volumes", [{"name": "a"}] * 2), "volumes: a is there twice"),
    ],
)
def test_nothing_beside_the_switch_may_be_refused(change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in line for line in broken(LAST, change, IDLE))
    # Elsewhere it is not what keeps the switch from moving: that stands in an earlier wave.
    assert not any(expected in line for line in broken(LAST, change, SERVICE_SWITCH))


def test_a_kind_that_nobody_knows_may_not_stand_beside_the_switch() -> None:
    found = broken("poddisruptionbudget-shop-web-green.yaml", put("kind", "Odd"), IDLE)
    assert any("kind Odd: where it is refused, it keeps the Ingress from switching" in line for line in found)


def test_limits_in_other_units_are_compared_as_amounts() -> None:
    for limit in ("1", "1Gi", "0.2G", "128Mi", "134217728"):
        found = broken(LAST, put(f"{CONTAINER}.resources.limits", {"memory": limit}), IDLE)
        assert any("is below" in line for line in found) is (limit == "1")
