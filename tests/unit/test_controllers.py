"""Which pods each request reaches, by the controllers' own rules: all paths and headers, before, in and after flips."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.checks import check
from bggen.model import Color
from bggen.render import render
from tests.support.fronts import BY_BOTH, BY_HEADER, BY_HOST, HEADER, HOST, Pods, front, objects, reached
from tests.support.ingresses import Request, alb_rules
from tests.support.states import bumped, first, flipped, parked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, EnvState

BLUE, GREEN = Color.BLUE, Color.GREEN
PLAIN = {"/": "web", "/api": "api"}
# What the other release may have instead: the same, a longer path, fewer, other components, and one that is gone.
OTHERS: Mapping[str, Mapping[str, str]] = {
    "same": PLAIN,
    "longer": {**PLAIN, "/api/v2": "web", "/new": "api"},
    "fewer": {"/": "web"},
    "only a part": {"/api": "api"},
    "swapped": {"/": "api", "/api": "web"},
    "slash": {"/": "web", "/api/": "api"},
    "one for all": {"/": "web", "/api": "web"},
}
PATHS = ["/", "/x", "/api", "/api/", "/api/x", "/apix", "/api/v2", "/api/v2/x", "/new", "/new/x"]
HEADERS: list[dict[str, str]] = [{}, {HEADER: "blue"}, {HEADER: "green"}, {HEADER: "red"}, {"x-preview": "green"}]
WAYS = [("nginx", "service"), ("nginx", "ingress"), ("alb", "ingress")]


def asked(headers: Mapping[str, str]) -> Color | None:
    values = [value for value in headers.values() if value in set(Color)]
    return Color(values[0]) if values else None


def answered(state: EnvState, path: str, color: Color) -> str | None:
    """The component that answers at a path in a colour's own release; the active one's where it is empty."""
    release = state.release(color) or state.active_release
    assert release is not None
    assert release.spec.route is not None
    fits = [each for each in release.spec.route.paths if f"{path.rstrip('/')}/".startswith(f"{each.rstrip('/')}/")]
    return release.spec.route.paths[max(fits, key=len)] if fits else None


def states_of(controller: str, switch: str, other: Mapping[str, str], **route: Any) -> dict[str, EnvState]:
    """One for each stage: the idle colour empty, running, parked, and active."""
    start = first(front(controller, PLAIN, switch=switch, **route))
    idle = bumped(start, front(controller, other, switch=switch, **route))
    return {"empty": start, "idle": idle, "parked": parked(idle), "flipped": flipped(idle)}


@pytest.mark.parametrize(
    ("preview", "other"),
    [
        (None, "same"),
        (BY_HOST, "longer"),
        (BY_BOTH, "same"),
        (BY_BOTH, "longer"),
        *((BY_HEADER, each) for each in OTHERS),
    ],
)
@pytest.mark.parametrize(("controller", "switch"), WAYS)
def test_without_a_header_every_request_reaches_the_active_colour_as_its_own_release_says(
    controller: str, switch: str, other: str, preview: Any
) -> None:
    for stage, state in states_of(controller, switch, OTHERS[other], preview=preview).items():
        assert check(state, render(state)) == ()
        found = objects(state)
        assert state.active is not None
        for path, headers in itertools.product(PATHS, [{}, {HEADER: "red"}, {"X-Other": "green"}]):
            component = answered(state, path, state.active)
            wanted = None if component is None else (component, state.active)
            got = reached(found, controller, Request(HOST, path, headers))
            assert got == wanted, (stage, path, headers)


@pytest.mark.parametrize("other", OTHERS)
def test_an_alb_leads_a_header_to_its_colour_at_every_path(other: str) -> None:
    for stage, state in states_of("alb", "ingress", OTHERS[other]).items():
        found = objects(state)
        for path, headers in itertools.product(PATHS, HEADERS):
            color = asked(headers)
            if color is None:
                continue
            component = answered(state, path, color)
            got = reached(found, "alb", Request(HOST, path, headers))
            if component is not None and state.runs(color):
                assert got == (component, color), (stage, path, headers)
            else:
                # Nothing of the other colour, whatever the path.
                assert got is None or got[1] is color, (stage, path, headers)


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("switch", ["service", "ingress"])
def test_nginx_leads_the_header_of_a_colour_that_is_up_to_it_or_there_is_no_preview(switch: str, other: str) -> None:
    for stage, state in states_of("nginx", switch, OTHERS[other]).items():
        found = objects(state)
        assert state.active is not None
        canary = found.get("ingress-shop-blue-green.yaml")
        for path, headers in itertools.product(PATHS, HEADERS):
            color = asked(headers)
            if color is None:
                continue
            got = reached(found, "nginx", Request(HOST, path, headers))
            # Of a colour without pods, ingress-nginx knows nothing: it goes on as if there were no canary.
            led = color if canary is not None and state.runs(color) else state.active
            component = answered(state, path, led)
            if component is not None or canary is None:
                assert got == (None if component is None else (component, led)), (stage, path, headers)


@pytest.mark.parametrize(
    ("other", "idle", "flipped_"),
    [
        ("same", True, True),
        ("longer", False, False),
        ("fewer", True, False),
        ("only a part", True, False),
        ("swapped", True, True),
        ("slash", True, True),
        ("one for all", True, False),
    ],
)
def test_nginx_previews_by_header_wherever_it_can_tell_the_paths_apart(
    other: str, *, idle: bool, flipped_: bool
) -> None:
    states = states_of("nginx", "service", OTHERS[other])
    for stage, wanted in (("empty", True), ("idle", idle), ("flipped", flipped_)):
        assert ("ingress-shop-blue-green.yaml" in objects(states[stage])) is wanted, stage


def test_a_flip_changes_only_weights_of_users_rules() -> None:
    state = bumped(first(front("alb", PLAIN)), front("alb", OTHERS["longer"]))
    here, there = objects(state)["ingress-shop.yaml"], objects(flipped(state))["ingress-shop.yaml"]
    before, after = (list(alb_rules([ingress])) for ingress in (here, there))
    headed = [rule for rule in before if rule[2]]
    assert headed == [rule for rule in after if rule[2]]
    # For each path of either release one of each colour.
    assert len(headed) == 2 * len(OTHERS["longer"])
    for _, _, _, weights in [*before, *after]:
        base = {name.rpartition("-")[0] for name in weights}
        assert len(base) == 1
        assert {name.rpartition("-")[2] for name in weights} == {"blue", "green"}
        assert sorted(weights.values()) == [0, 100]
    for _, _, conditions, weights in before:
        if not conditions:
            assert [name for name, weight in weights.items() if weight] == [f"{next(iter(weights))[:-5]}-blue"]


@pytest.mark.parametrize("preview", [None, BY_HOST, BY_HEADER], ids=["none", "host", "header"])
def test_an_alb_keeps_the_target_groups_of_what_only_the_idle_release_has(preview: Any) -> None:
    names = ("web", "api", "old", "new")
    old = front("alb", {"/": "web", "/old": "old"}, preview=preview, names=names[:3])
    new = front("alb", {"/": "web", "/new": "new"}, preview=preview, names=("web", "api", "new"))
    state = bumped(first(old), new)
    for each, active in ((state, "old"), (flipped(state), "new")):
        found = objects(each)
        assert check(each, render(each)) == ()
        rules = list(alb_rules([found["ingress-shop.yaml"]]))
        named = {service for _, _, _, weights in rules for service in weights}
        assert named == {f"shop-{name}-{color}" for name in ("web", "old", "new") for color in Color}
        # And nobody comes to them.
        other = "new" if active == "old" else "old"
        assert reached(found, "alb", Request(HOST, f"/{active}")) == (active, each.active)
        assert reached(found, "alb", Request(HOST, f"/{other}")) == ("web", each.active)


def test_joined_colours_of_an_alb_share_users_and_are_told_apart_by_the_header() -> None:
    state = replace(bumped(first(front("alb", PLAIN)), front("alb", PLAIN)), joined=True)
    rules = list(alb_rules([objects(state)["ingress-shop.yaml"]]))
    assert [list(weights.values()) for _, _, conditions, weights in rules if not conditions] == [[50, 50], [50, 50]]
    for color in Color:
        got = reached(objects(state), "alb", Request(HOST, "/api", {HEADER: str(color)}))
        assert got == ("api", color)


def test_the_header_rules_come_out_before_those_of_users_however_the_file_has_them() -> None:
    rules = list(alb_rules([objects(bumped(first(front("alb", PLAIN)), front("alb", PLAIN)))["ingress-shop.yaml"]]))
    shown = [
        (patterns[0], conditions[0]["httpHeaderConfig"]["values"] if conditions else None)
        for _, patterns, conditions, _ in rules
    ]
    assert shown == [
        ("/api", ["blue"]), ("/api", ["green"]), ("/api", None),
        ("/*", ["blue"]), ("/*", ["green"]), ("/*", None),
    ]  # fmt: skip


def test_a_preview_host_of_an_alb_leads_to_the_idle_colour_and_names_both() -> None:
    state = bumped(first(front("alb", PLAIN, preview=BY_HOST)), front("alb", PLAIN, preview=BY_HOST))
    for each, idle in ((state, GREEN), (flipped(state), BLUE)):
        found = objects(each)
        assert reached(found, "alb", Request("preview.example.com", "/api")) == ("api", idle)
        assert all(len(weights) == 2 for _, _, _, weights in alb_rules([found["ingress-shop-preview.yaml"]]))


def test_nginx_previews_by_host_and_by_header_at_the_same_time() -> None:
    for switch in ("service", "ingress"):
        spec = front("nginx", PLAIN, switch=switch, preview=BY_BOTH)
        state = bumped(first(spec), spec)
        for each, active, idle in ((state, BLUE, GREEN), (flipped(state), GREEN, BLUE)):
            found = objects(each)
            for path, name in (("/", "web"), ("/api/x", "api")):
                assert reached(found, "nginx", Request("preview.example.com", path)) == (name, idle)
                assert reached(found, "nginx", Request(HOST, path)) == (name, active)
                assert reached(found, "nginx", Request(HOST, path, {HEADER: str(idle)})) == (name, idle)
                assert reached(found, "nginx", Request(HOST, path, {HEADER: str(active)})) == (name, active)


def _mixtures(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What a flip's sync may leave standing: Services all move before the Ingresses, which move in any order."""
    services = {file: each for file, each in after.items() if file.startswith("service-")}
    ingresses = [file for file in {*before, *after} if file.startswith("ingress-")]
    found = []
    for moved in (False, True):
        start = {**before, **services} if moved else before
        for chosen in itertools.product([False, True], repeat=len(ingresses) if moved else 0):
            mixed = dict(start)
            for file, taken in zip(ingresses, chosen, strict=False):
                mixed.pop(file, None)
                source = after if taken else before
                if file in source:
                    mixed[file] = source[file]
            found.append(mixed)
    return found


@pytest.mark.parametrize(
    ("preview", "other"), [(BY_BOTH, "same"), (BY_BOTH, "fewer"), (BY_BOTH, "swapped"), (BY_HEADER, "longer")]
)
@pytest.mark.parametrize(("controller", "switch"), WAYS)
def test_in_the_middle_of_a_flip_no_request_without_a_header_is_lost_or_mixed_up(
    controller: str, switch: str, preview: Any, other: str
) -> None:
    states = states_of(controller, switch, OTHERS[other], preview=preview)
    ends = objects(states["idle"]), objects(states["flipped"])
    mixtures = [*_mixtures(*ends), *_mixtures(*reversed(ends))]
    assert len(mixtures) >= 6
    for found, path in itertools.product(mixtures, ["/", "/api/x", "/api/v2/x"]):
        colors: set[Pods | None] = set()
        # Whichever Ingress is the oldest: one may have been deleted and made again.
        for oldest in ("shop", "shop-blue-green", "shop-preview"):
            colors.add(reached(found, controller, Request(HOST, path), oldest=oldest))
        assert len(colors) == 1
        (got,) = colors
        wanted = {
            (answered(states[stage], path, color), color) for stage, color in (("idle", BLUE), ("flipped", GREEN))
        }
        if switch == "service":
            # The Services have moved, and the Ingress with the paths of before has not: as without a preview.
            wanted |= {(answered(states["idle"], path, BLUE), GREEN), (answered(states["idle"], path, GREEN), BLUE)}
        assert got in wanted, (path, got)


def test_a_canary_names_no_service_of_another_ingress_at_any_moment_of_a_flip() -> None:
    for switch in ("service", "ingress"):
        spec = front("nginx", PLAIN, switch=switch, preview=BY_BOTH)
        state = bumped(first(spec), spec)
        named: dict[bool, set[str]] = {True: set(), False: set()}
        for each in (state, flipped(state)):
            for file, ingress in objects(each).items():
                if file.startswith("ingress-"):
                    for rule in ingress["spec"]["rules"]:
                        names = {path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
                        named["blue-green" in file] |= names
        assert named[True]
        assert not named[True] & named[False]


def test_traefik_and_haproxy_are_rendered_as_any_other_controller() -> None:
    for switch, controller in itertools.product(["service", "ingress"], ["traefik", "haproxy", "nginx"]):
        plain, named = (
            bumped(first(spec), spec)
            for spec in (
                front(each, PLAIN, switch=switch, preview=BY_HOST, ingress_class="x")
                for each in ("generic", controller)
            )
        )
        differ = {
            file
            for file, each in objects(plain).items()
            if file.startswith("ingress-") and each != objects(named)[file]
        }
        assert differ <= {"ingress-shop-preview.yaml"}
        assert objects(plain).keys() == objects(named).keys()


def _switches(spec: AppSpec) -> list[EnvState]:
    return [first(spec), bumped(first(spec), spec), flipped(bumped(first(spec), spec))]


@pytest.mark.parametrize("active", ["generic", "traefik", "haproxy"])
def test_there_is_no_canary_beside_an_ingress_of_another_controller(active: str) -> None:
    here = front(active, PLAIN, switch="service", preview=None)
    there = front("nginx", PLAIN, switch="service")
    state = bumped(first(here), there)
    assert not [file for file in objects(state) if "blue-green" in file]
    assert check(state, render(state)) == ()


def test_a_component_with_a_long_name_gets_short_names_of_actions() -> None:
    name = "x" * 50
    spec = front("alb", {"/": name}, names=(name,))
    for state in _switches(spec):
        notes = objects(state)["ingress-shop.yaml"]["metadata"]["annotations"]
        assert all(len(key.partition("/")[2]) <= 63 for key in notes)
        assert reached(objects(state), "alb", Request(HOST, "/")) == (name, state.active)
        assert check(state, render(state)) == ()
