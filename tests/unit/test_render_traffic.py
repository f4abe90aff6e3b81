"""The ways to the pods beside the plain ones: an Ingress that switches, previews, Services that are open outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bggen.checks import check
from bggen.model import Color, EnvState, Health
from bggen.model.parts import Preview, ServiceSettings
from bggen.render import render
from tests.support.manifests import at, read
from tests.support.smoked import IDLE, guestbook, smoked
from tests.support.states import app_spec, bumped, component, first, flipped, parked

WAVE = "metadata.annotations[argocd.argoproj.io/sync-wave]"
KEPT = "metadata.annotations[argocd.argoproj.io/sync-options]"


def backends(ingress: Any) -> dict[str, list[str]]:
    """The Services by host."""
    return {
        rule["host"]: [path["backend"]["service"]["name"] for path in rule["http"]["paths"]]
        for rule in ingress["spec"]["rules"]
    }


def test_an_ingress_that_switches_names_the_active_colours_own_services() -> None:
    for state, color in ((IDLE, "blue"), (flipped(IDLE), "green")):
        ingress = read(render(state))["ingress-shop.yaml"]
        assert backends(ingress) == {"shop.example.com": [f"shop-web-{color}", f"shop-api-{color}"]}
        assert at(ingress, KEPT) == "PruneLast=true"


@pytest.mark.parametrize(("switch", "wave"), [("ingress", "20"), ("service", "30")])
def test_an_ingress_is_waited_for_only_where_it_switches_and_gets_an_address(switch: str, wave: str) -> None:
    for publishes in (False, True):
        objects = read(render(first(smoked(switch=switch, publishes_status=publishes))))
        assert at(objects["ingress-shop.yaml"], WAVE) == (wave if publishes else "30")
        assert at(objects["ingress-shop-preview.yaml"], WAVE) == "30"


def test_the_same_services_exist_behind_either_switch() -> None:
    names = {}
    for switch in ("service", "ingress"):
        state = bumped(first(smoked(switch=switch)), smoked("v2", switch=switch))
        names[switch] = {file: data for file, data in read(render(state)).items() if file.startswith("service-")}
    assert names["service"] == names["ingress"]
    assert len(names["service"]) == 8


def test_every_host_has_the_same_paths_and_one_certificate() -> None:
    hosts = ("a.example.com", "b.example.com")
    spec = read(render(first(smoked(hosts=hosts))))["ingress-shop.yaml"]["spec"]
    assert [rule["host"] for rule in spec["rules"]] == list(hosts)
    assert spec["rules"][0]["http"] == spec["rules"][1]["http"]
    assert spec["tls"] == [{"hosts": list(hosts), "secretName": "shop-tls"}]


@pytest.mark.parametrize(("switch", "suffix"), [("service", "preview"), ("ingress", "green")])
def test_the_preview_leads_to_the_idle_colour(switch: str, suffix: str) -> None:
    preview = Preview("p.example.com", "p-tls", "internal", {"note": "p"})
    state = bumped(first(smoked(switch=switch)), smoked("v2", switch=switch, preview=preview))
    ingress = read(render(state))["ingress-shop-preview.yaml"]
    assert backends(ingress) == {"p.example.com": [f"shop-web-{suffix}", f"shop-api-{suffix}"]}
    assert ingress["spec"]["tls"] == [{"hosts": ["p.example.com"], "secretName": "p-tls"}]
    assert ingress["spec"]["ingressClassName"] == "internal"
    assert ingress["metadata"]["annotations"] == {"note": "p", "argocd.argoproj.io/sync-wave": "30"}
    empty = read(render(first(smoked(switch=switch))))["ingress-shop-preview.yaml"]
    assert backends(empty) == {"preview.example.com": [f"shop-web-{suffix}", f"shop-api-{suffix}"]}


def test_the_idle_release_decides_whether_there_is_a_preview() -> None:
    without = smoked("v2", preview=None)
    state = bumped(first(smoked()), without)
    assert "ingress-shop-preview.yaml" not in read(render(state))
    assert "ingress-shop-preview.yaml" in read(render(flipped(state)))
    assert "ingress-shop-preview.yaml" in read(render(parked(IDLE)))


def test_a_preview_never_takes_a_host_of_the_users() -> None:
    moved = smoked("v2", hosts=("preview.example.com",), preview=Preview("next.example.com"))
    state = bumped(first(smoked()), moved)
    assert backends(read(render(state))["ingress-shop-preview.yaml"]).keys() == {"next.example.com"}
    assert "ingress-shop-preview.yaml" not in read(render(flipped(state)))


def test_settings_of_a_service_are_the_active_ones_alone() -> None:
    objects = read(render(bumped(first(guestbook(annotations={"note": "a"})), guestbook("v2", annotations={}))))
    port = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}
    own = objects["service-guestbook.yaml"]
    assert own["spec"]["type"] == "NodePort"
    assert own["spec"]["ports"] == [{**port, "nodePort": 30080}]
    assert own["metadata"]["annotations"]["note"] == "a"
    for other in ("-blue", "-green", "-preview"):
        data = objects[f"service-guestbook{other}.yaml"]
        assert (data["spec"]["type"], data["spec"]["ports"]) == ("ClusterIP", [port])
        assert "note" not in data["metadata"]["annotations"]


def test_a_load_balancer_with_an_address_stands_before_the_rest() -> None:
    service = read(render(first(guestbook(type="LoadBalancer", node_port=None, publishes_status=True))))
    assert service["service-guestbook.yaml"]["spec"]["type"] == "LoadBalancer"
    assert at(service["service-guestbook.yaml"], WAVE) == "20"


def test_what_only_the_idle_release_opens_is_opened_by_the_flip() -> None:
    opened = component("extra", port=9000, service=ServiceSettings("NodePort", 30081))
    state = bumped(first(guestbook()), replace(guestbook("v2"), components={**guestbook().components, "extra": opened}))
    assert read(render(state))["service-guestbook-extra.yaml"]["spec"]["type"] == "ClusterIP"
    assert read(render(flipped(state)))["service-guestbook-extra.yaml"]["spec"]["type"] == "NodePort"


def named(**ports: int) -> EnvState:
    spec = app_spec("hello", component("hello", port=8080, ports=ports, health=Health()))
    return first(spec)


def test_named_ports_stand_on_all_services_under_their_own_numbers() -> None:
    for file, data in read(render(named(metrics=9100, admin=9000))).items():
        if file.startswith("service-"):
            assert [(port["name"], port["port"], port["targetPort"]) for port in data["spec"]["ports"]] == [
                ("http", 80, "http"),
                ("admin", 9000, "admin"),
                ("metrics", 9100, "metrics"),
            ]


def test_a_colour_keeps_the_ports_of_the_release_that_may_still_serve_there() -> None:
    state = flipped(bumped(named(metrics=9100), app_spec("hello", component("hello", port=8080))))
    again = bumped(state, app_spec("hello", component("hello", port=8080, ports={"admin": 9000})))
    assert again.saved is not None
    assert again.idle_color is Color.BLUE

    def ports(file: str) -> list[str]:
        return [port["name"] for port in read(render(again))[file]["spec"]["ports"]]

    assert ports("service-hello-blue.yaml") == ["http", "admin", "metrics"]
    assert ports("service-hello-green.yaml") == ["http"]
    assert ports("service-hello-preview.yaml") == ["http", "admin"]


def test_a_renamed_port_is_once_in_its_colours_service_and_leads_to_the_pods_of_both_names() -> None:
    renamed = app_spec("hello", component("hello", port=8080, ports={"prometheus": 9100, "admin": 9000}))
    again = bumped(flipped(bumped(named(metrics=9100, admin=9000), renamed)), replace(renamed, kubernetes="1.33"))
    assert again.saved is not None
    assert check(again, render(again)) == ()

    def targets(file: str) -> list[tuple[str, int, str | int]]:
        ports = read(render(again))[file]["spec"]["ports"]
        return [(port["name"], port["port"], port["targetPort"]) for port in ports]

    by_name: list[tuple[str, int, str | int]] = [("http", 80, "http"), ("admin", 9000, "admin")]
    assert targets("service-hello-blue.yaml") == [*by_name, ("prometheus", 9100, 9100)]
    for other in ("green", "preview"):
        assert targets(f"service-hello-{other}.yaml") == [*by_name, ("prometheus", 9100, "prometheus")]
