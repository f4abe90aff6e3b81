"""Which component of a colour answers a request that names the colour."""

from __future__ import annotations

import pytest

from bggen.model import Color, Route
from bggen.render.face import Sides
from bggen.render.v1.reach import reach, reach_of
from bggen.spec.prefixes import component_at
from tests.support.states import app_spec, component, release


@pytest.mark.parametrize(
    ("own", "other", "found"),
    [
        ({"/": "web"}, {"/": "web"}, {"/": "web"}),
        # The own release's longest prefix, however the other one divides its paths.
        ({"/": "web"}, {"/": "web", "/api": "api"}, {"/": "web", "/api": "web"}),
        ({"/": "web", "/api": "api"}, {"/": "web", "/api/v2": "new"}, {"/": "web", "/api": "api", "/api/v2": "api"}),
        # A prefix is made of whole segments.
        ({"/": "web", "/api": "api"}, {"/apis": "x"}, {"/": "web", "/api": "api", "/apis": "web"}),
        # A slash at the end says nothing, but the longer text has to be there to win.
        ({"/": "web", "/api": "api"}, {"/api/": "x"}, {"/": "web", "/api": "api", "/api/": "api"}),
        ({"/": "web", "/api/": "api"}, {"/api": "x"}, {"/": "web", "/api": "api", "/api/": "api"}),
        # What the own release has nothing for ends at the other one's component, in this colour.
        ({"/shop": "web"}, {"/": "web", "/api": "api"}, {"/": "web", "/api": "api", "/shop": "web"}),
        ({}, {"/": "web"}, {"/": "web"}),
    ],
)
def test_every_path_of_both_releases_has_a_component(
    own: dict[str, str], other: dict[str, str], found: dict[str, str]
) -> None:
    assert reach(own, other) == found
    assert list(reach(own, other)) == sorted(found)


def test_a_path_that_no_prefix_fits_has_none() -> None:
    assert component_at("/apis", {"/api": "api"}) is None


def test_the_active_release_stands_in_for_an_empty_colour() -> None:
    one, two = (
        release(number, app_spec("shop", component("web", port=80), route=Route(("shop.example.com",), paths)))
        for number, paths in ((1, {"/": "web", "/a": "web"}), (2, {"/": "web", "/b": "web"}))
    )
    assert reach_of(Sides(Color.BLUE, {Color.BLUE: one}), Color.GREEN) == {"/": "web", "/a": "web"}
    both = Sides(Color.BLUE, {Color.BLUE: one, Color.GREEN: two})
    assert reach_of(both, Color.GREEN) == reach_of(both, Color.BLUE) == {"/": "web", "/a": "web", "/b": "web"}
