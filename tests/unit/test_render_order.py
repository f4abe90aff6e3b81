"""The order inside one sync as renderer 1 writes it, and what stands in for a component that a release lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.model import Color
from bggen.render import render
from tests.support.manifests import at, by_file, read
from tests.support.states import app_spec, bumped, component, first, flipped, hello_spec, parked, shop_spec

if TYPE_CHECKING:
    from bggen.model import EnvState

WAVE = "metadata.annotations[argocd.argoproj.io/sync-wave]"


def test_each_object_is_in_the_wave_of_its_role() -> None:
    manifests = render(bumped(first(shop_spec()), shop_spec("v2")))
    waves: dict[int, set[str]] = {}
    for manifest in manifests:
        waves.setdefault(manifest.wave, set()).add(manifest.file.removesuffix(".yaml"))
    assert waves == {
        -20: {
            f"{kind}-shop-{name}-{color}"
            for kind in ("service", "serviceaccount")
            for name in ("web", "api")
            for color in ("blue", "green")
        },
        0: {"deployment-shop-web-blue", "deployment-shop-api-blue"},
        20: {"service-shop-web", "service-shop-api", "service-shop-web-preview", "service-shop-api-preview"},
        30: {
            "deployment-shop-web-green",
            "deployment-shop-api-green",
            "ingress-shop",
            *(f"poddisruptionbudget-shop-{name}-{color}" for name in ("web", "api") for color in ("blue", "green")),
        },
    }
    for manifest, data in zip(manifests, read(manifests).values(), strict=True):
        assert at(data, WAVE) == str(manifest.wave)


def pruned_last(state: EnvState) -> set[str]:
    options = "argocd.argoproj.io/sync-options"
    found = {file: data["metadata"]["annotations"].get(options) for file, data in read(render(state)).items()}
    assert set(found.values()) == {None, "PruneLast=true"}
    return {file.removesuffix(".yaml") for file, value in found.items() if value}


def test_only_what_traffic_passes_through_is_pruned_last() -> None:
    state = bumped(first(shop_spec()), shop_spec("v2"))
    for current, color in ((state, "blue"), (flipped(state), "green"), (parked(state), "blue")):
        assert pruned_last(current) == {
            *(f"{kind}-shop-{name}-{color}" for kind in ("deployment", "service") for name in ("web", "api")),
            "service-shop-web",
            "service-shop-api",
            "ingress-shop",
        }


def test_what_stands_in_is_not_pruned_last_and_an_active_service_that_does_is_not_in_the_wave_of_the_switch() -> None:
    more = app_spec("hello", *hello_spec("v2").components.values(), component("extra", port=9000))
    mute = app_spec("hello", *hello_spec().components.values(), component("extra"))
    for before in (hello_spec(), mute):
        state = bumped(first(before), more)
        stands_in = {"service-hello-extra", "service-hello-extra-blue", "service-hello-extra-green"}
        waves = {each.file.removesuffix(".yaml"): each.wave for each in render(state)}
        assert not stands_in & pruned_last(state)
        assert [waves[file] for file in sorted(stands_in)] == [30, -20, -20]
        waves = {each.file.removesuffix(".yaml"): each.wave for each in render(flipped(state))}
        assert stands_in & pruned_last(flipped(state)) == {"service-hello-extra", "service-hello-extra-green"}
        assert [waves[file] for file in sorted(stands_in)] == [20, -20, -20]


def test_a_component_that_only_idle_has_gets_every_service_and_its_active_one_leads_to_idle() -> None:
    more = app_spec("hello", *hello_spec("v2").components.values(), component("extra", port=9000))
    objects = read(render(bumped(first(hello_spec()), more)))
    assert "deployment-hello-extra-blue.yaml" not in objects
    colors = {
        file: at(objects[f"service-hello-extra{file}.yaml"], "spec.selector[bggen.dev/color]")
        for file in ("", "-preview", "-blue", "-green")
    }
    assert colors == {"": "green", "-preview": "green", "-blue": "blue", "-green": "green"}


def test_a_component_that_only_the_active_colour_has_keeps_every_service() -> None:
    more = app_spec("hello", *hello_spec("v1").components.values(), component("extra", port=9000))
    objects = read(render(bumped(first(more), hello_spec("v2"))))
    assert "deployment-hello-extra-green.yaml" not in objects
    colors = {
        file: at(objects[f"service-hello-extra{file}.yaml"], "spec.selector[bggen.dev/color]")
        for file in ("", "-preview", "-blue", "-green")
    }
    assert colors == {"": "blue", "-preview": "green", "-blue": "blue", "-green": "green"}


def test_a_component_that_the_active_release_has_without_a_port_is_one_that_it_lacks_to_services() -> None:
    mute = replace(hello_spec(port=None), route=None)
    objects = read(render(flipped(bumped(first(hello_spec()), mute))))
    colors = {
        file: at(objects[f"service-hello{file}.yaml"], "spec.selector[bggen.dev/color]")
        for file in ("", "-preview", "-blue", "-green")
    }
    assert colors == {"": "blue", "-preview": "blue", "-blue": "blue", "-green": "green"}


def test_a_component_that_a_release_lacks_keeps_its_service_accounts_in_colours_that_are_not_empty() -> None:
    more = app_spec("hello", *hello_spec("v1").components.values(), component("extra", port=9000))
    assert "serviceaccount-hello-extra-green.yaml" not in by_file(render(first(more)))
    for state in (bumped(first(more), hello_spec("v2")), bumped(first(hello_spec()), more)):
        for color in Color:
            assert f"serviceaccount-hello-extra-{color}.yaml" in by_file(render(state))
    assert "hello-extra" not in str(by_file(render(first(hello_spec()))).keys())


def test_a_flip_of_one_component_changes_six_objects() -> None:
    state = bumped(first(hello_spec()), hello_spec("v2"))
    before, after = by_file(render(state)), by_file(render(flipped(state)))
    assert {file.removesuffix(".yaml") for file in before if before[file] != after[file]} == {
        "deployment-hello-blue",
        "deployment-hello-green",
        "service-hello-blue",
        "service-hello-green",
        "service-hello",
        "service-hello-preview",
    }
    assert before.keys() == after.keys()
