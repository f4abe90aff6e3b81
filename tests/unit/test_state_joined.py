"""Two colours that serve side by side, as release.yaml keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bggen import state as state_files
from bggen import yamlio
from bggen.errors import InvalidError
from bggen.model import Color, EnvState
from bggen.transitions import parse_replicas, scale
from tests.support.halves import upgrade

STATES = upgrade()
JOINED = STATES["joined"]


def decode(files: dict[str, bytes]) -> EnvState:
    return state_files.decode("shop", "prod", "apps/shop/prod", files, verify=False)


def test_it_is_kept_and_not_written_where_one_serves() -> None:
    files = state_files.encode(JOINED)
    assert yamlio.parse(files["release.yaml"], "release.yaml").data["joined"] is True
    assert state_files.decode("shop", "prod", "apps/shop/prod", files) == JOINED
    assert b"joined" not in state_files.encode(STATES["drained"])["release.yaml"]


def test_colours_of_different_sizes_may_be_joined() -> None:
    state = scale(JOINED, parse_replicas(["web=5"]), Color.GREEN).after
    assert decode(state_files.encode(state)) == state


@pytest.mark.parametrize("name", ["first", "bumped", "flipped", "parked", "service"])
def test_colours_that_cannot_serve_side_by_side_are_refused(name: str) -> None:
    states = dict(STATES, parked=replace(STATES["filled"], parked=True), service=_behind_a_service())
    with pytest.raises(InvalidError, match="joined, but the two colours cannot serve side by side"):
        decode(state_files.encode(replace(states[name], joined=True)))


def _behind_a_service() -> EnvState:
    state = STATES["filled"]
    moved = [
        replace(each, spec=replace(each.spec, route=replace(each.spec.route, switch="service", parent_refs=())))
        for each in (state.blue, state.green)
        if each and each.spec.route
    ]
    return replace(state, blue=moved[0], green=moved[1])


@pytest.mark.parametrize("value", [b"1", b"'true'", b"null", b"[]"])
def test_it_is_true_or_false(value: bytes) -> None:
    files = state_files.encode(JOINED)
    files["release.yaml"] = files["release.yaml"].replace(b"joined: true", b"joined: " + value)
    with pytest.raises(InvalidError, match="joined must be true or false"):
        decode(files)
