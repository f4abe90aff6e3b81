"""Where requests end that come in through Gateway API, for every path with and without the preview's header."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from bggen.checks import check
from bggen.model import Color
from bggen.model.parts import ParentRef
from bggen.render import render
from tests.support.gateway import HOST, Gateways, Request, every_path, gateway_spec, preview
from tests.support.states import bumped, first, flipped, parked

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState
    from bggen.model.parts import Preview

BLUE, GREEN = {"x-preview": "blue"}, {"x-preview": "green"}
OLD = gateway_spec({"/": "web", "/api": "api", "/api/v2/admin": "web"}, preview=preview())
# Another path for the same component, one that is longer, one that is gone, and a component that is new.
NEW = gateway_spec({"/": "web", "/api": "api", "/api/v2": "admin", "/docs": "docs"}, "v2", preview=preview())
ONE = first(OLD)
TWO = bumped(ONE, NEW)
FLIPPED = flipped(TWO)

# path: to blue with the header, to green with the header, without it while blue is active, and while green is.
TABLE = {
    "/": ("shop-web-blue", "shop-web-green", "shop-web-blue", "shop-web-green"),
    "/x": ("shop-web-blue", "shop-web-green", "shop-web-blue", "shop-web-green"),
    "/apis": ("shop-web-blue", "shop-web-green", "shop-web-blue", "shop-web-green"),
    "/api": ("shop-api-blue", "shop-api-green", "shop-api-blue", "shop-api-green"),
    "/api/": ("shop-api-blue", "shop-api-green", "shop-api-blue", "shop-api-green"),
    "/api/v1": ("shop-api-blue", "shop-api-green", "shop-api-blue", "shop-api-green"),
    "/api/v2": ("shop-api-blue", "shop-admin-green", "shop-api-blue", "shop-admin-green"),
    "/api/v2/x": ("shop-api-blue", "shop-admin-green", "shop-api-blue", "shop-admin-green"),
    "/api/v2/admin": ("shop-web-blue", "shop-admin-green", "shop-web-blue", "shop-admin-green"),
    "/api/v2/admin/x": ("shop-web-blue", "shop-admin-green", "shop-web-blue", "shop-admin-green"),
    "/docs": ("shop-web-blue", "shop-docs-green", "shop-web-blue", "shop-docs-green"),
    "/docs/x": ("shop-web-blue", "shop-docs-green", "shop-web-blue", "shop-docs-green"),
}


@pytest.mark.parametrize("path", TABLE)
@pytest.mark.parametrize("oldest", ["shop", "shop-blue", "shop-green"])
def test_a_header_leads_to_its_colour_and_nothing_else_does(path: str, oldest: str) -> None:
    for state, plain in ((TWO, 2), (FLIPPED, 3), (parked(TWO), 2), (parked(FLIPPED), 3)):
        gateways = Gateways.of(state, {oldest: -1})
        row = TABLE[path]
        assert gateways.answers(Request(path, headers=BLUE)) == row[0]
        assert gateways.answers(Request(path, headers=GREEN)) == row[1]
        for headers in ({}, {"x-preview": "red"}, {"x-preview": "Blue"}, {"x-other": "blue"}):
            assert gateways.answers(Request(path, headers=headers)) == row[plain]


def test_while_a_colour_is_empty_its_header_leads_to_nothing_of_the_other_one() -> None:
    gateways = Gateways.of(ONE)
    for path in every_path(OLD.route.paths if OLD.route else ()):
        plain = gateways.answers(Request(path))
        assert plain is not None
        assert plain == gateways.answers(Request(path, headers=BLUE))
        assert gateways.answers(Request(path, headers=GREEN)) == plain.replace("blue", "green")


def test_paths_that_only_one_release_has_end_in_the_named_colour_or_nowhere() -> None:
    """Without a route for `/`: what the own release has nothing for ends at a Service of its colour without pods."""
    old = gateway_spec({"/shop": "web"}, preview=preview())
    state = bumped(first(old), gateway_spec({"/help": "docs"}, preview=preview()))
    for now in (state, flipped(state)):
        gateways = Gateways.of(now)
        assert gateways.answers(Request("/help", headers=BLUE)) == "shop-docs-blue"
        assert gateways.answers(Request("/shop", headers=BLUE)) == "shop-web-blue"
        assert gateways.answers(Request("/help", headers=GREEN)) == "shop-docs-green"
        assert gateways.answers(Request("/shop", headers=GREEN)) == "shop-web-green"
        assert gateways.answers(Request("/other", headers=GREEN)) is None
    assert Gateways.of(state).answers(Request("/help")) is None
    assert Gateways.of(flipped(state)).answers(Request("/help")) == "shop-docs-green"
    assert {each.name for each in render(state) if each.kind == "Deployment"} == {"shop-web-blue", "shop-docs-green"}


def test_the_previews_host_leads_to_the_idle_colour_whatever_the_header_says() -> None:
    both = preview("preview.example.com")
    state = bumped(first(replaced(OLD, both)), replaced(NEW, both))
    for now, idle in ((state, "green"), (flipped(state), "blue")):
        gateways = Gateways.of(now)
        for headers in ({}, BLUE, GREEN):
            found = gateways.answers(Request("/api", "preview.example.com", headers))
            assert found == f"shop-api-{idle}"
        assert gateways.answers(Request("/api", headers=BLUE)) == "shop-api-blue"


def replaced(spec: AppSpec, shown: Preview) -> AppSpec:
    assert spec.route
    return replace(spec, route=replace(spec.route, preview=shown))


def headed(state: EnvState) -> dict[str, str]:
    """Return the texts of the routes by header."""
    names = {"shop-blue", "shop-green"}
    return {each.name: each.text for each in render(state) if each.kind == "HTTPRoute" and each.name in names}


def test_a_flip_changes_no_byte_of_the_routes_by_header() -> None:
    assert headed(TWO).keys() == {"shop-blue", "shop-green"}
    assert headed(TWO) == headed(FLIPPED) == headed(parked(FLIPPED))


def test_a_bump_changes_the_other_colours_route_only_where_paths_or_hosts_come_or_go() -> None:
    same = bumped(TWO, gateway_spec({"/": "web", "/api": "api", "/api/v2": "admin", "/docs": "docs"}, "v3"))
    assert headed(same)["shop-blue"] == headed(TWO)["shop-blue"]
    other = bumped(TWO, gateway_spec({"/": "web"}, "v3", preview=preview()))
    assert headed(other)["shop-blue"] != headed(TWO)["shop-blue"]
    wider = bumped(TWO, replace(NEW, route=replace(NEW.route, hosts=(HOST, "www.example.com")))) if NEW.route else TWO
    assert headed(wider)["shop-blue"] != headed(TWO)["shop-blue"]


def test_a_bump_changes_no_byte_of_what_leads_users_and_a_flip_only_weights() -> None:
    def users(state: EnvState) -> str:
        return next(each.text for each in render(state) if (each.kind, each.name) == ("HTTPRoute", "shop"))

    assert users(ONE) == users(TWO) == users(bumped(TWO, NEW))
    again = bumped(ONE, OLD)
    before, after = users(again).splitlines(), users(flipped(again)).splitlines()
    changed = {(old.strip(), new.strip()) for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {("weight: 100", "weight: 0"), ("weight: 0", "weight: 100")}


def test_a_colour_whose_release_has_no_header_has_no_route_of_its_own() -> None:
    plain = gateway_spec({"/": "web"})
    state = bumped(first(plain), gateway_spec({"/": "web"}, preview=preview(header="X-Try")))
    assert headed(state).keys() == {"shop-green"}
    gateways = Gateways.of(state)
    assert gateways.answers(Request("/", headers={"x-try": "green"})) == "shop-web-green"
    assert gateways.answers(Request("/", headers={"x-try": "blue"})) == "shop-web-blue"


def test_each_colour_is_previewed_at_the_gateways_of_its_own_release() -> None:
    moved = replace(NEW, route=replace(NEW.route, parent_refs=(ParentRef("inner"),))) if NEW.route else NEW
    state = bumped(ONE, moved)
    gateways = Gateways.of(state)
    assert gateways.answers(Request("/docs", headers=GREEN, gateway="inner")) == "shop-docs-green"
    assert gateways.answers(Request("/docs", gateway="inner")) is None
    assert gateways.answers(Request("/docs")) == "shop-web-blue"
    assert Gateways.of(flipped(state)).answers(Request("/docs", gateway="inner")) == "shop-docs-green"


def test_two_halves_share_those_who_name_no_colour() -> None:
    both = replace(bumped(ONE, OLD), joined=True)
    gateways = Gateways.of(both)
    for headers in ({}, {"x-preview": "red"}):
        assert gateways.backends(Request("/api", headers=headers)) == {"shop-api-blue": 100, "shop-api-green": 100}
    assert gateways.answers(Request("/api", headers=BLUE)) == "shop-api-blue"
    assert gateways.answers(Request("/api", headers=GREEN)) == "shop-api-green"
    assert headed(both) == headed(replace(both, joined=False))


def test_many_paths_are_divided_among_rules() -> None:
    paths = {"/": "web", **{f"/p{number}": "web" for number in range(70)}, "/api": "api"}
    state = bumped(first(gateway_spec(paths, preview=preview())), gateway_spec({"/": "web"}, preview=preview()))
    for now in (state, flipped(state)):
        assert check(now, render(now)) == ()
        for each in render(now):
            if each.kind == "HTTPRoute":
                rules = yaml.safe_load(each.text)["spec"]["rules"]
                assert all(0 < len(rule["matches"]) <= 64 for rule in rules)
        gateways = Gateways.of(now)
        for path, component in paths.items():
            assert gateways.answers(Request(path, headers=GREEN)) == "shop-web-green"
            assert gateways.answers(Request(path, headers=BLUE)) == f"shop-{component}-blue"


@pytest.mark.parametrize("state", [ONE, TWO, FLIPPED, parked(TWO)])
def test_what_is_rendered_passes_the_checks(state: EnvState) -> None:
    assert check(state, render(state)) == ()


def test_users_are_never_led_by_what_only_shows_a_colour() -> None:
    """A wildcard beside a host that it covers: the more specific host would win before any header is looked at."""
    old = gateway_spec({"/": "web"}, preview=preview(), hosts=("*.example.com",))
    state = bumped(first(old), gateway_spec({"/": "web"}, preview=preview()))
    assert headed(state) == {}
    assert check(state, render(state)) == ()
    for falls_back in (True, False):
        found = Gateways.of(state, falls_back=falls_back)
        assert {found.answers(Request("/", HOST, headers)) for headers in ({}, GREEN)} == {"shop-web-blue"}
    assert state.active is Color.BLUE
