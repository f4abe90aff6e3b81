"""Whatever two releases say: a header leads to its colour or nowhere, and everybody else to the active one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bggen.checks import check
from bggen.model import Color, EnvState
from bggen.render import render
from tests.support.gateway import Gateways, Request, color_of, every_path, gateway_spec, host_fits, preview
from tests.support.states import bumped, first, flipped, parked

if TYPE_CHECKING:
    from bggen.model import AppSpec

_PATHS = ["/", "/a", "/a/b", "/a/b/c", "/a/bc", "/b", "/b/", "/c/d"]
_HOSTS = ["shop.example.com", "www.example.com", "*.example.org", "example.org"]
_HEADERS: list[dict[str, str]] = [{}, {"x-preview": "blue"}, {"x-preview": "green"}, {"x-preview": "red"}]


@st.composite
def states(draw: st.DrawFn) -> EnvState:
    """States of one or two releases, of which both, one or none are previewed by header."""

    def spec(tag: str) -> AppSpec:
        chosen = draw(st.lists(st.sampled_from(_PATHS), min_size=1, unique_by=lambda path: path.rstrip("/")))
        paths = {path: draw(st.sampled_from(["web", "api", "docs"])) for path in chosen}
        hosts = draw(st.lists(st.sampled_from(_HOSTS), min_size=1, unique=True))
        shown = draw(st.sampled_from([preview(), preview("preview.example.net"), None]))
        return gateway_spec(paths, tag, hosts=tuple(hosts), preview=shown)

    state = first(spec("v1"))
    if draw(st.booleans()):
        state = bumped(state, spec("v2"))
        state = flipped(state) if draw(st.booleans()) else state
        state = parked(state) if draw(st.booleans()) else state
    return state


def answering(path: str, paths: dict[str, str]) -> str | None:
    """Return the component of the longest path that a request's is beneath."""
    parts = [part for part in path.split("/") if part]
    fits = {
        len(each): name
        for each, name in paths.items()
        if parts[: len(wanted := [part for part in each.split("/") if part])] == wanted
    }
    return fits[max(fits)] if fits else None


@given(states(), st.permutations(["shop", "shop-blue", "shop-green", "shop-preview"]), st.booleans())
def test_every_request_ends_where_it_must(state: EnvState, oldest: list[str], falls_back: bool) -> None:  # noqa: FBT001 - drawn
    manifests = render(state)
    assert check(state, manifests) == ()
    shown = {each.name for each in manifests}
    ages = {name: age for age, name in enumerate(oldest)}
    gateways = Gateways.of(state, ages, falls_back=falls_back)
    active = state.active_release
    assert active
    assert active.spec.route
    routes = [release.spec.route for release in (state.blue, state.green) if release and release.spec.route]
    for path in every_path({path for route in routes for path in route.paths}):
        for host in ("shop.example.com", "www.example.com", "x.example.org", "example.org", "other.net"):
            for headers in _HEADERS:
                found = gateways.answers(Request(path, host, headers))
                named = headers.get("x-preview")
                if named in {"blue", "green"} and f"shop-{named}" in shown:
                    assert color_of(found) in {named, None}
                    asked = state.release(Color(named))
                    own = asked.spec.route if asked and asked.spec.route else active.spec.route
                    if found is not None and (component := answering(path, dict(own.paths))):
                        assert found == f"shop-{component}-{named}"
                else:
                    known = any(host_fits(each, host) for each in active.spec.route.hosts)
                    component = answering(path, dict(active.spec.route.paths)) if known else None
                    assert found == (f"shop-{component}-{state.active}" if component else None)
