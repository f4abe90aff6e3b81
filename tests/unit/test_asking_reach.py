"""Whatever a smoke test from outside asks for ends at its component and its colour, by each front's own rules.

A test that passes because somebody else answered is worse than none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bggen.asking import question
from bggen.errors import RefusedError
from bggen.model import Color
from bggen.model.parts import HttpSmoke
from tests.support import gateway, ingresses
from tests.support.fronts import BY_BOTH, BY_HEADER, BY_HOST, front, objects, reached
from tests.support.smoked import CURL
from tests.support.states import bumped, first, flipped

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState
    from bggen.model.parts import Preview
    from bggen.model.probes import Question

PLAIN = {"/": "web", "/api": "api"}
OTHERS: dict[str, dict[str, Any]] = {
    "same": {},
    "longer": {"paths": {**PLAIN, "/api/v2": "web", "/new": "api"}},
    "only a part": {"paths": {"/api": "api"}},
    "swapped": {"paths": {"/": "api", "/api": "web"}},
    "more hosts": {"hosts": ("new.example.com", "shop.example.com")},
    "other host": {"hosts": ("new.example.com",)},
    "a wildcard": {"hosts": ("*.example.com",)},
    "the preview's": {"hosts": ("shop.example.com", "preview.example.com")},
    "no preview": {"preview": None},
}
FRONTS = [("nginx", "service"), ("nginx", "ingress"), ("alb", "ingress"), ("gateway", "gateway")]
TESTS = [
    ("web", "/"), ("web", "/ready?full=1"), ("web", "/api"), ("web", "/api/v2/x"), ("api", "/api/x"), ("api", "/new/"),
]  # fmt: skip


def spec_of(front_of: tuple[str, str], tag: str, **given: Any) -> AppSpec:
    controller, switch = front_of
    if controller == "gateway":
        return gateway.gateway_spec(given.pop("paths", PLAIN), tag, **given)
    return front(controller, given.pop("paths", PLAIN), switch=switch, **given)


def smoked_at(state: EnvState, component: str, path: str) -> EnvState:
    """The state with that smoke test in both releases."""
    test = HttpSmoke(component, path, CURL)
    blue, green = (each and replace(each, spec=replace(each.spec, smoke=test)) for each in (state.blue, state.green))
    return replace(state, blue=blue, green=green)


class World:
    """What a state renders, and where requests end in it."""

    def __init__(self, state: EnvState, controller: str) -> None:
        self._controller = controller
        self._gateways = gateway.Gateways.of(state)
        self._objects = {} if controller == "gateway" else objects(state)

    def end(self, asked: Question) -> tuple[str, Color] | None:
        """The component and colour that a request reaches."""
        parts = urlsplit(asked.url)
        host, headers = parts.hostname or "", dict([asked.header]) if asked.header else {}
        if self._controller == "gateway":
            lower = {name.lower(): value for name, value in headers.items()}
            service = self._gateways.answers(gateway.Request(parts.path, host, lower))
            base, _, color = (service or "").rpartition("-")
            return base.removeprefix("shop-"), Color(color)
        return reached(self._objects, self._controller, ingresses.Request(host, parts.path, headers))


def asked_or_refused(state: EnvState, color: Color) -> Question | str:
    try:
        return question(state, color=color)
    except RefusedError as error:
        return error.kind


@pytest.mark.parametrize("preview", [BY_HOST, BY_HEADER, BY_BOTH], ids=["host", "header", "both"])
@pytest.mark.parametrize("front_of", FRONTS, ids="-".join)
def test_what_is_asked_ends_where_it_should(front_of: tuple[str, str], preview: Preview) -> None:
    told: Counter[str] = Counter()
    one = spec_of(front_of, "v1", preview=preview)
    for what, other in OTHERS.items():
        two = spec_of(front_of, "v2", **{"preview": preview, **other})
        for start in (bumped(first(one), two), flipped(bumped(first(one), two))):
            world = World(start, front_of[0])
            for (component, path), color in product(TESTS, Color):
                asked = asked_or_refused(smoked_at(start, component, path), color)
                if isinstance(asked, str):
                    assert asked == "no-url"
                    told["refused"] += 1
                else:
                    told["idle" if color is not start.active else "active"] += 1
                    assert world.end(asked) == (component, color), (what, asked)
    assert min(told["refused"], told["idle"], told["active"]) > 20, told
