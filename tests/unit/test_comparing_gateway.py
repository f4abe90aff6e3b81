"""`bggen diff` of apps behind Gateway API: only what the specs differ in is a difference."""

from __future__ import annotations

from dataclasses import replace

from bggen.comparing import compare_objects
from tests.support.gateway import gateway_spec, preview
from tests.support.states import bumped, first, flipped

BOTH = preview("preview.example.com")


def test_the_weights_and_headers_of_two_colours_are_no_difference() -> None:
    for fields in ({}, {"namespace": "infra"}):
        spec = gateway_spec({"/": "shop", "/api": "api"}, preview=BOTH, **fields)
        state = bumped(first(spec), spec)
        assert compare_objects(state) == ()
        assert compare_objects(flipped(state)) == ()


def test_a_path_and_a_host_are_told_of_each_route() -> None:
    spec = gateway_spec({"/": "web"}, preview=BOTH)
    assert spec.route
    after = replace(spec, route=replace(spec.route, hosts=("new.example.com",), paths={"/": "web", "/new": "web"}))
    found = compare_objects(bumped(first(spec), after))
    names = {each.name: each.diff for each in found}
    assert names.keys() == {"shop", "shop-blue", "shop-preview"}
    for name in ("shop", "shop-blue", "shop-preview"):
        assert "+        value: /new\n" in names[name]
    for name in ("shop", "shop-blue"):
        assert "-  - shop.example.com\n+  - new.example.com\n" in names[name]
