"""Active against idle: every difference is told, and nothing that only tells the colours apart."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from bggen.comparing import Row, compare, compare_objects, rows
from bggen.comparing.evening import Evened
from bggen.model import AppSpec, Color, EnvRef, Health, Image, Resources, Route
from bggen.model.parts import (
    Autoscale,
    EnvFrom,
    HttpSmoke,
    Mount,
    Patch,
    Peer,
    Placement,
    Preview,
    Schedule,
    Toleration,
)
from bggen.report.diff_text import comparison_lines
from bggen.report.look import PLAIN_LOOK
from bggen.spec import spec_to_data
from tests.support.fronts import BY_BOTH, front
from tests.support.states import app_spec, bumped, component, first, flipped, parked, release, shop_spec, specs

if TYPE_CHECKING:
    from bggen.comparing import Comparison

WEB = component("web", port=80)
ROUTE = Route(hosts=("shop.example.com",), paths={"/": "web"})


def compared(before: AppSpec, after: AppSpec) -> Comparison:
    return compare(release(1, before), release(2, after))


def lines(before: AppSpec, after: AppSpec) -> list[str]:
    return shown_lines(compared(before, after))


def shown_lines(comparison: Comparison) -> list[str]:
    """The lines as a pipe gets them."""
    return [PLAIN_LOOK.paint(line) for line in comparison_lines(comparison)]


def told(**fields: object) -> list[str]:
    """What is said where these fields of web are new."""
    return lines(app_spec("shop", WEB), app_spec("shop", replace(WEB, **fields)))[1:]  # type: ignore[arg-type]  # by name


def routed(**fields: object) -> list[str]:
    """What is said where these fields of the route are others."""
    after = replace(ROUTE, **fields)  # type: ignore[arg-type]  # by name
    return lines(app_spec("shop", WEB, route=ROUTE), app_spec("shop", WEB, route=after))


def applied(data: dict[str, Any], comparison: Comparison) -> dict[str, Any]:
    """Return canonical data with the differences carried out."""
    data = copy.deepcopy(data)
    for difference in comparison.differences:
        *way, last = difference.path
        place = data
        for key in way:
            place = place.setdefault(key, {})
        if difference.after is None:
            del place[last]
        else:
            place[last] = difference.after
    return pruned(data)


def pruned(data: dict[str, Any]) -> dict[str, Any]:
    inner = {key: pruned(value) if isinstance(value, dict) else value for key, value in data.items()}
    return {key: value for key, value in inner.items() if value != {}}


@given(before=specs(), after=specs())
def test_the_differences_make_one_spec_of_the_other(before: AppSpec, after: AppSpec) -> None:
    comparison = compared(before, after)
    assert applied(spec_to_data(before), comparison) == pruned(spec_to_data(after))
    assert comparison.same is (before == after)


@given(before=specs(), after=specs())
def test_every_difference_is_told(before: AppSpec, after: AppSpec) -> None:
    comparison = compared(before, after)
    found = rows(comparison)
    assert len(found) >= len(comparison.differences)
    assert all(row.text or row.lines for row in found)
    text = shown_lines(comparison)
    assert all(line.isprintable() for line in text)
    shown = [
        row
        for row in found
        if row.component not in comparison.removed and not (row.component in comparison.added and row.topic == "kind")
    ]
    assert len([line for line in text if line.startswith("  ")]) >= len(shown)


FULL = component(
    "web",
    port=80,
    ports={"metrics": 9100},
    replicas=2,
    autoscale=Autoscale(2, 9, cpu=70),
    command=("run",),
    args=("-v",),
    env={"A": "1", "KEY": EnvRef("secret", "shop", "key"), "IP": EnvRef("field", "status.podIP")},
    env_from=(EnvFrom("configMap", "shared", "P_"),),
    files={"/etc/a.ini": "a = 1\n"},
    mounts={"/data": Mount("claim", "data", read_only=True), "/scratch": Mount("empty", size="1Gi")},
    writable=("/run",),
    health=Health(ready="/ready", start_seconds=60),
    resources=Resources(cpu="1", memory="1Gi"),
    user=10,
    group=20,
    security="baseline",
    drain=3,
    image_pull_secrets=("pull",),
    placement=Placement({"disk": "ssd"}, (Toleration("a", "Exists"),), "high", "required"),
    labels={"team": "a"},
    annotations={"note": "a b"},
)
REPORT = component("report", kind="cron", schedule=Schedule("0 3 * * *", "Europe/Berlin"), drain=0)
WHOLE = app_spec(
    "shop",
    FULL,
    REPORT,
    namespace="shop",
    route=replace(ROUTE, tls="tls", preview=Preview("preview.example.com"), annotations={"a/b": "c"}),
    smoke=HttpSmoke("web", "/ready", Image("curl", "1")),
    network=(Peer(namespace="ingress"),),
    patches=(Patch("Deployment", "web", merge={"spec": {"x": None}}),),
)


@pytest.mark.parametrize("turned", [False, True])
def test_nothing_of_a_whole_spec_is_left_out(turned: bool) -> None:  # noqa: FBT001 - of a table
    small = app_spec("shop", WEB)
    one, two = (WHOLE, small) if turned else (small, WHOLE)
    comparison = compared(one, two)
    assert applied(spec_to_data(one), comparison) == pruned(spec_to_data(two))
    assert {row.topic for row in rows(comparison)} >= {
        "env",
        "files",
        "mounts",
        "placement",
        "route",
        "smoke",
        "patches",
    }
    assert (comparison.removed if turned else comparison.added) == {"report": "cron"}


def test_a_block_is_aligned() -> None:
    after = replace(
        WEB,
        image=Image("ghcr.io/acme/web", "v2"),
        env={"LOG_LEVEL": "info", "KEY": EnvRef("secret", "shop-keys", "api")},
        files={"/etc/a.ini": "a = 1\nb = 2\n"},
        resources=Resources(memory="256Mi"),
        replicas=3,
    )
    assert lines(app_spec("shop", WEB), app_spec("shop", after)) == [
        "web:",
        "  image      ~ v1 → v2  (ghcr.io/acme/web)",
        "  env        + KEY        Secret shop-keys, key api",
        "             + LOG_LEVEL  info",
        "  files      + /etc/a.ini",
        "                 +a = 1",
        "                 +b = 2",
        "  resources  + memory     256Mi",
        "  replicas   ~ 1 → 3",
    ]


def test_a_file_is_told_by_its_lines() -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    one = app_spec("shop", replace(WEB, files={"/a": text}))
    two = app_spec("shop", replace(WEB, files={"/a": text.replace("line 3\n", "").replace("line 15", "new")}))
    assert lines(one, two)[1:] == [
        "  files  ~ /a",
        "              line 2",
        "             -line 3",
        "              line 4",
        "             …",
        "              line 14",
        "             -line 15",
        "             +new",
        "              line 16",
    ]
    assert told(files={"/a": "\n".join("x" * 100)})[-1].strip() == "… 61 lines more"
    ends = lines(
        app_spec("shop", replace(WEB, files={"/a": "a\nb\n"})), app_spec("shop", replace(WEB, files={"/a": "a\nb"}))
    )
    assert ends[-1].strip() == "+(no line break at the end)"
    one, two = (app_spec("shop", replace(WEB, files={"/a": text})) for text in ("a", "a\n"))
    assert lines(one, two)[1:] == ['  files  ~ /a  a → "a\\n"']


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"env": {"A": ""}}, '  env  + A  ""'),
        ({"env": {"A": "Secret a, key b"}}, '  env  + A  "Secret a, key b"'),
        ({"env": {"A": EnvRef("configMap", "a", "b")}}, "  env  + A  ConfigMap a, key b"),
        ({"env": {"A": EnvRef("field", "status.podIP")}}, "  env  + A  field status.podIP"),
        ({"env": {"A": "\x1b[2J"}}, '  env  + A  "\\u001b[2J"'),
        ({"args": ("-v", "a b")}, '  command  + args  ["-v", "a b"]'),
        ({"user": 5}, "  user  + 5"),
        ({"autoscale": Autoscale(1, 9, 70, 80)}, "  replicas  + autoscale  1..9, cpu 70 %, memory 80 %"),
        ({"security": "baseline"}, "  security  ~ restricted → baseline"),
        ({"health": Health(ready="/ready")}, "  health  + ready  /ready"),
        ({"image": Image("other", "v1")}, "  image  ~ ghcr.io/acme/web:v1 → other:v1"),
        ({"mounts": {"/a": Mount("secret", "a")}}, '  mounts  + /a  {"secret": "a"}'),
        ({"placement": Placement(priority_class="high")}, "  placement  + priorityClass  high"),
    ],
)
def test_what_is_said_of_a_component(fields: dict[str, object], expected: str) -> None:
    assert told(**fields) == [expected]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"hosts": ("a.example.com",)}, ["  + host a.example.com", "  - no host shop.example.com any more"]),
        ({"paths": {"/": "api"}}, ["  ~ / goes to api instead of web"]),
        ({"paths": {"/": "web", "/a b": "web"}}, ['  + "/a b" goes to web']),
        ({"tls": "shop-tls"}, ["  + TLS Secret shop-tls"]),
        ({"ingress_class": "nginx"}, ["  + ingress class nginx"]),
        (
            {"preview": Preview("p.example.com", tls="t")},
            ["  + preview host p.example.com", "  + preview TLS Secret t"],
        ),
        ({"annotations": {"a.b/c": "x y"}}, ['  + annotation a.b/c "x y"']),
    ],
)
def test_routes_are_told_in_words(fields: dict[str, object], expected: list[str]) -> None:
    assert routed(**fields) == ["route:", *expected]


def test_what_a_route_loses_is_told() -> None:
    one, two = (app_spec("shop", WEB, route=each) for each in (replace(ROUTE, tls="t"), ROUTE))
    assert lines(one, two) == ["route:", "  - no TLS Secret any more, it was t"]
    gone = lines(two, app_spec("shop", WEB))
    assert gone == [
        "route:",
        "  - no host shop.example.com any more",
        "  - / no longer goes to web",
        "  - no switch any more, it was service",
    ]
    both, turned = (app_spec("shop", WEB, route=replace(ROUTE, hosts=hosts)) for hosts in (("a", "b"), ("b", "a")))
    assert lines(both, turned) == ["route:", "  ~ hosts in another order: b, a"]


def test_components_that_only_one_release_has_are_named() -> None:
    mailer = component("mailer", kind="worker", drain=0)
    found = lines(app_spec("shop", WEB, REPORT), app_spec("shop", WEB, mailer))
    assert "report: removed, was a cron" in found
    start = found.index("mailer: new, a worker")
    assert "  image     + ghcr.io/acme/mailer:v1" in found[start:]
    assert rows(compared(app_spec("shop", WEB), app_spec("shop", WEB))) == ()


def test_patches_are_told_one_by_one() -> None:
    kept = Patch("Deployment", "web", merge={"a": None})
    one, two = (
        app_spec("shop", WEB, patches=(kept,)),
        app_spec("shop", WEB, patches=(kept, replace(kept, component=None))),
    )
    (row,) = rows(compared(one, two))
    assert row == Row(
        None,
        "patches",
        "~",
        "",
        "",
        (
            ' {"target": {"kind": "Deployment", "component": "web"}, "merge": {"a": null}}',
            '+{"target": {"kind": "Deployment"}, "merge": {"a": null}}',
        ),
    )


def test_another_type_in_a_patch_is_a_difference() -> None:
    one, two = (app_spec("shop", WEB, patches=(Patch("Deployment", merge={"a": [value]}),)) for value in (1, True))
    (row,) = rows(compared(one, two))
    assert [line.partition('"merge": ')[2] for line in row.lines] == ['{"a": [1]}}', '{"a": [true]}}']


def test_another_renderer_is_a_difference() -> None:
    spec = app_spec("shop", WEB)
    comparison = compare(release(1, spec), release(2, spec, renderer=2))
    assert not comparison.same
    assert shown_lines(comparison) == ["renderer: 1 → 2"]
    assert shown_lines(compared(spec, spec)) == ["no difference"]


def objects(before: AppSpec, after: AppSpec) -> dict[str, str]:
    return {f"{each.kind} {each.name}": each.diff for each in compare_objects(bumped(first(before), after))}


def test_equal_releases_have_equal_objects_whatever_their_colour_and_number() -> None:
    state = bumped(first(shop_spec()), shop_spec())
    for each in (state, parked(state), flipped(state), parked(flipped(state))):
        assert compare_objects(each) == ()
    assert compare_objects(first(shop_spec())) == ()


def test_only_what_a_flip_changes_is_left_of_the_objects() -> None:
    found = objects(shop_spec(), shop_spec("v2"))
    assert found.keys() == {"Deployment shop-web-blue", "Deployment shop-api-blue"}
    changed = [line for line in found["Deployment shop-web-blue"].splitlines()[2:] if line[0] in "+-"]
    assert changed == ["-        image: ghcr.io/acme/shop-web:v1", "+        image: ghcr.io/acme/shop-web:v2"]


def test_the_names_of_colours_in_what_users_write_stay() -> None:
    said = component("web", port=80, env={"THEME": "green", "OF": "x-shop-web-green"})
    other = replace(said, env={"THEME": "blue", "OF": "x-shop-web-blue"})
    found = objects(app_spec("shop", said), app_spec("shop", other))
    assert "-          value: green" in found["Deployment shop-web-blue"].replace('"', "")
    assert "-          value: x-shop-web-green" in found["Deployment shop-web-blue"].replace('"', "")


def test_objects_that_only_one_release_has_are_told() -> None:
    api = component("api", port=81)
    state = bumped(first(app_spec("shop", WEB)), app_spec("shop", WEB, api))
    assert {(each.change, each.name) for each in compare_objects(state)} >= {
        ("added", "shop-api-blue"),
        ("added", "shop-api"),
    }
    back = flipped(state)
    assert back.active is Color.GREEN
    assert ("removed", "shop-api-green") in {(each.change, each.name) for each in compare_objects(back)}


def test_names_hashes_and_labels_are_evened_wherever_they_stand() -> None:
    made = release(2, app_spec("shop", WEB, component("shop", port=80)))
    evened = Evened.of(made, ["-0123456789"], swapped=True)
    data = {
        "metadata": {"name": "shop-web-green-0123456789", "labels": {"bggen.dev/color": "green"}},
        "matchExpressions": [
            {"key": "bggen.dev/color", "operator": "In", "values": ["blue"]},
            {"key": "bggen.dev/job", "operator": "In", "values": ["cron-green", "smoke-green"]},
        ],
        "env": [
            {"name": "THEME", "value": "green"},
            {"name": "URL", "value": "http://shop-green:80,http://shop-web-green."},
        ],
        "others": ["my-shop-green", "shop-greenish", "shop-cart-green", "a cron-green", 1, True, None],
    }
    assert evened.data(data) == {
        "metadata": {"name": "shop-web-blue", "labels": {"bggen.dev/color": "blue"}},
        "matchExpressions": [
            {"key": "bggen.dev/color", "operator": "In", "values": ["green"]},
            {"key": "bggen.dev/job", "operator": "In", "values": ["cron-blue", "smoke-blue"]},
        ],
        "env": [
            {"name": "THEME", "value": "green"},
            {"name": "URL", "value": "http://shop-blue:80,http://shop-web-blue."},
        ],
        "others": ["my-shop-green", "shop-greenish", "shop-cart-green", "a cron-green", 1, True, None],
    }
    same = Evened.of(made, ["-0123456789"], swapped=False)
    assert same.text("shop-web-green-0123456789") == "shop-web-green"
    assert same.data({"bggen.dev/color": "green"}) == {"bggen.dev/color": "green"}


@pytest.mark.parametrize(("controller", "switch"), [("alb", "ingress"), ("nginx", "service"), ("nginx", "ingress")])
def test_previews_by_header_are_no_differences_of_the_colours(controller: str, switch: str) -> None:
    plain, more = {"/": "web", "/api": "api"}, {"/": "web", "/api": "web"}
    same = front(controller, plain, switch=switch, preview=BY_BOTH)
    assert compare_objects(bumped(first(same), same)) == ()
    other = front(controller, more, switch=switch, preview=BY_BOTH)
    found = compare_objects(bumped(first(same), other))
    assert {each.name for each in found} <= {"shop", "shop-preview", "shop-blue-green"}
    (live,) = [each for each in found if each.name == "shop"]
    lines = [line for line in live.diff.splitlines() if line[0] in "+-" and line[1:2] != line[0]]
    assert lines
    assert all("api" in line or "web" in line for line in lines)
