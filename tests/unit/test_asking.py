"""What a smoke test from outside asks for, told from the state alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.asking import parse_address, parse_base, question
from bggen.errors import RefusedError, UsageError
from bggen.model import Color
from bggen.model.parts import HttpSmoke, ParentRef, Preview
from tests.support.smoked import COMMAND, CURL, HTTP, smoked
from tests.support.states import bumped, first, flipped, parked
from tests.unit.test_render_golden import CASES, state_of

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState

HOST = Preview("preview.example.com")
HEADER = Preview(header="X-Preview")


GATEWAY: dict[str, Any] = {
    "switch": "gateway",
    "tls": None,
    "ingress_class": None,
    "annotations": {},
    "preview": HEADER,
    "parent_refs": (ParentRef("public", section_name="https"),),
}


def routed(tag: str = "v1", smoke: Any = HTTP, **route: Any) -> AppSpec:
    spec = smoked(tag, smoke=smoke)
    assert spec.route
    return replace(spec, route=replace(spec.route, **route))


def state(active: AppSpec, idle: AppSpec | None = None) -> EnvState:
    """Release 1 in blue, active, and release 2 in green."""
    return bumped(first(active), idle or active)


def refused(state: EnvState, **wish: Any) -> tuple[str, str, str]:
    with pytest.raises(RefusedError) as error:
        question(state, **wish)
    assert error.value.exit_code == 3
    return error.value.kind, error.value.message, error.value.hint or ""


def test_the_idle_colour_is_asked_at_its_preview_host() -> None:
    found = question(state(routed(), routed("v2", HttpSmoke("web", "/health?deep=1", CURL, 204, 90))))
    assert (found.color, found.release, found.active) == (Color.GREEN, 2, False)
    assert (found.url, found.header) == ("http://preview.example.com/health?deep=1", None)
    assert (found.expect, found.seconds) == (204, 90)
    assert question(state(routed()), seconds=5).seconds == 5


def test_a_pass_by_header_is_doubted_where_the_other_colour_could_have_answered() -> None:
    by_header: dict[str, Any] = {"switch": "service", "preview": HEADER}
    doubt = question(state(routed(**by_header, controller="nginx"))).doubt
    assert doubt == "while green has no ready pods, ingress-nginx lets blue answer: the answer may be its"
    assert question(state(routed(**by_header, controller="nginx")), color=Color.BLUE).doubt is None
    assert question(state(routed(**GATEWAY))).doubt is None
    assert question(state(routed(controller="nginx"))).doubt is None


def test_the_preview_says_itself_whether_it_has_tls() -> None:
    assert question(state(routed(preview=Preview("p.example.com", "cert")))).url == "https://p.example.com/ready"


@pytest.mark.parametrize(
    ("annotations", "scheme"),
    [
        ({}, "http"),
        ({"alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:x"}, "https"),
        ({"alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]'}, "https"),
        ({"alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 8080}]'}, "http"),
    ],
)
def test_an_alb_has_tls_by_annotations_alone(annotations: dict[str, str], scheme: str) -> None:
    preview = Preview("p.example.com", "cert", annotations=annotations)
    shown = state(routed(controller="alb", annotations=annotations, preview=preview))
    assert question(shown).url == f"{scheme}://p.example.com/ready"
    assert question(shown, color=Color.BLUE).url == f"{scheme}://shop.example.com/ready"


def test_the_active_colour_is_asked_at_the_live_host_without_a_header() -> None:
    found = question(state(routed(**GATEWAY)), color=Color.BLUE)
    assert (found.color, found.release, found.active) == (Color.BLUE, 1, True)
    assert (found.url, found.header) == ("https://shop.example.com/ready", None)
    assert question(state(routed(tls=None)), color=Color.BLUE).url == "http://shop.example.com/ready"
    with_base = question(state(routed(**GATEWAY)), color=Color.BLUE, base="http://127.0.0.1")
    assert (with_base.url, with_base.header) == ("http://127.0.0.1/ready", None)


def test_without_a_preview_host_the_header_leads_to_the_idle_colour() -> None:
    found = question(state(routed(**GATEWAY)))
    assert (found.url, found.header) == ("https://shop.example.com/ready", ("X-Preview", "green"))
    turned = question(flipped(state(routed(**GATEWAY))))
    assert turned.header == ("X-Preview", "blue")


def test_a_preview_host_is_taken_before_a_header() -> None:
    found = question(state(routed(**{**GATEWAY, "preview": Preview("p.example.com", header="X-Preview")})))
    assert (found.url, found.header) == ("https://p.example.com/ready", None)


def test_a_header_is_the_one_of_the_colours_own_release() -> None:
    renamed = {**GATEWAY, "preview": replace(HEADER, header="X-New")}
    assert question(state(routed(**GATEWAY), routed(**renamed))).header == ("X-New", "green")
    added = state(routed(**{**GATEWAY, "preview": None}), routed(**GATEWAY))
    assert question(added).header == ("X-Preview", "green")
    gone = state(routed(**GATEWAY), routed(**{**GATEWAY, "preview": None}))
    assert "release 2 has no preview" in refused(gone)[1]


def test_a_header_counts_only_where_a_route_is_rendered_for_it() -> None:
    # Else the request would reach the active colour, and pass for the wrong one.
    hosts = ("a.example.com", *(f"h{number}.example.com" for number in range(10)))
    one, two = routed(**GATEWAY, hosts=hosts), routed(**GATEWAY, hosts=tuple(f"other-{each}" for each in hosts))
    kind, message, hint = refused(state(one, two))
    assert (kind, hint) == ("no-url", "--url https://HOST says where it is reached")
    assert message == (
        "shop/prod: no URL is known: no route knows the header X-Preview, as the two releases have too little in common"
    )
    assert question(state(one, two), base="http://10.0.0.1").header is None


def test_a_header_is_sent_to_a_host_that_both_releases_have() -> None:
    shown = state(routed(**GATEWAY, hosts=("a.b", "c.d")), routed(**GATEWAY, hosts=("c.d", "e.f")))
    assert question(shown).url == "https://c.d/ready"
    apart = state(routed(**GATEWAY, hosts=("a.b",)), routed(**GATEWAY, hosts=("e.f",)))
    assert "the releases share no host" in refused(apart)[1]


def test_a_preview_host_that_users_are_led_by_is_none() -> None:
    live = state(routed(hosts=("preview.example.com",)), routed())
    assert "preview.example.com is a host of release 1, which takes traffic" in refused(live)[1]


def test_what_is_named_is_asked_with_the_header() -> None:
    found = question(state(routed(**GATEWAY)), base="http://10.0.0.1:8080/base")
    assert (found.url, found.header) == ("http://10.0.0.1:8080/base/ready", ("X-Preview", "green"))
    assert question(state(routed(preview=None)), base="http://10.0.0.1").header is None


def test_the_host_of_users_is_not_asked_for_the_idle_colour_without_a_header() -> None:
    shown = state(routed())
    kind, message, hint = refused(shown, base="https://Shop.example.com:8443/x")
    assert kind == "no-url"
    assert message == "shop/prod: Shop.example.com leads to blue, which is active, and no header leads past it"
    assert hint.startswith("--color blue asks that one")
    assert question(shown, base="https://shop.example.com", color=Color.BLUE).active
    assert question(state(routed(**GATEWAY)), base="https://shop.example.com").header == ("X-Preview", "green")


def test_wildcards_stand_for_no_host_and_of_several_hosts_the_first_is_asked() -> None:
    several = state(routed(hosts=("*.example.com", "a.example.com", "b.example.com")))
    assert question(several, color=Color.BLUE).url == "https://a.example.com/ready"
    assert "*.example.com stands for many hosts" in refused(state(routed(preview=Preview("*.example.com"))))[1]
    assert "*.b.c, *.c.d stands for many" in refused(state(routed(hosts=("*.b.c", "*.c.d"))), color=Color.BLUE)[1]


def test_no_route_and_no_preview_are_refused_with_the_flag() -> None:
    bare = replace(smoked(), route=None)
    for kind, message, hint in (
        refused(state(bare)),
        refused(state(bare), color=Color.BLUE),
        refused(state(routed(preview=None))),
    ):
        assert kind == "no-url"
        assert message.startswith("shop/prod: no URL is known: release ")
        assert hint.startswith("--url ")
    assert question(state(bare), base="http://a").url == "http://a/ready"


@pytest.mark.parametrize(
    ("path", "component", "who"),
    [
        ("/ready", "web", None),
        ("/api", "api", None),
        ("/api/ready?x=/", "api", None),
        ("/api/", "api", None),
        ("/apix", "web", None),
        ("/ready", "api", "leads to web"),
        ("/api/ready", "web", "leads to api"),
    ],
)
def test_what_another_component_would_answer_is_refused(path: str, component: str, who: str | None) -> None:
    test = HttpSmoke(component, path, CURL)
    for spec in (routed(smoke=test), routed(smoke=test, **GATEWAY)):
        shown = state(spec)
        if who is None:
            assert question(shown).url.endswith(path)
        else:
            told = f"from outside, {path} {who}, and the smoke test is of {component}"
            assert told in refused(shown)[1]
            assert told in refused(shown, color=Color.BLUE)[1]
            assert question(shown, base="http://a").url == f"http://a{path}"


def test_a_path_that_leads_nowhere_is_refused_unless_the_header_leads_it_by_the_other_releases_paths() -> None:
    narrow = routed(paths={"/app": "web"})
    assert "/ready leads nowhere" in refused(state(narrow))[1]
    by_header = state(routed(**GATEWAY), routed(**GATEWAY, paths={"/app": "web"}))
    assert question(by_header).url == "https://shop.example.com/ready"


@pytest.mark.parametrize(
    ("parents", "url"),
    [
        ([ParentRef("g", section_name="https")], "https://preview.example.com/ready"),
        (
            [ParentRef("g", section_name="https-wildcard"), ParentRef("h", port=443)],
            "https://preview.example.com/ready",
        ),
        ([ParentRef("g", section_name="http")], "http://preview.example.com/ready"),
        ([ParentRef("g", port=80)], "http://preview.example.com/ready"),
        ([ParentRef("g")], None),
        ([ParentRef("g", section_name="web")], None),
        ([ParentRef("g", port=8443)], None),
        ([ParentRef("g", port=80), ParentRef("g", port=443)], None),
    ],
)
def test_of_a_gateway_the_listener_has_the_tls(parents: list[ParentRef], url: str | None) -> None:
    shown = state(routed(**{**GATEWAY, "preview": HOST, "parent_refs": tuple(parents)}))
    if url:
        assert question(shown).url == url
    else:
        _, message, hint = refused(shown)
        assert "the listeners of its Gateways do not tell http from https" in message
        assert hint == "--url https://preview.example.com"


def test_a_release_is_asked_wherever_it_is_and_refused_where_it_is_not() -> None:
    shown = state(routed())
    assert question(shown, release=2).color is Color.GREEN
    assert question(shown, release=1).color is Color.BLUE
    # A job that runs again after the flip.
    assert question(flipped(shown), release=2).active
    assert refused(shown, release=3)[:2] == (
        "stale",
        "shop/prod: green does not hold release 3: blue holds release 1, green holds release 2",
    )
    assert refused(shown, release=2, color=Color.BLUE)[0] == "stale"
    assert refused(first(routed()), release=2)[0] == "empty-idle"


def test_what_does_not_run_or_has_no_test_is_refused() -> None:
    assert refused(first(routed()))[0] == "empty-idle"
    assert question(first(routed()), color=Color.BLUE).active
    asleep = parked(state(routed()))
    assert refused(asleep) == (
        "parked",
        "shop/prod: release 2 does not run: green is parked",
        "bggen wake --app shop --env prod",
    )
    assert question(asleep, color=Color.BLUE).active
    assert refused(state(routed(smoke=None))) == (
        "no-smoke",
        "shop/prod: release 2 has no smoke test",
        "smoke: {path: /ready} in app.yaml, and a bump",
    )
    kind, message, _ = refused(state(routed(smoke=COMMAND)), base="http://a")
    assert kind == "no-smoke"
    assert "is a command of an image, which runs in the cluster only" in message


def test_a_rollout_without_a_release_that_waits_is_not_asked_for_one() -> None:
    # Its preview Service leads to the active release then, which would pass for the other one.
    shown = state_of(CASES / "rollouts-flipped")
    kind, message, hint = refused(shown)
    assert kind == "parked"
    assert message == "cart/prod: release 1 does not run: the Rollout has no pods of it that wait"
    assert hint == "bggen bump --force makes a new release of it"


@pytest.mark.parametrize("text", ["http://a", "https://a.b:8443/x/y", "http://[::1]:80", "http://10.0.0.1/a%20b"])
def test_a_base_is_taken_as_it_is(text: str) -> None:
    assert parse_base(text) == text
    assert parse_base(f"{text}/") == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "ftp://a", "file:///etc/passwd", "http://", "http:///x", "http://a:0", "http://a:65536", "//a"),
        *(
            "http://a/x?y=1",
            "http://a#b",
            "http://a b",
            "http://a\n",
            "http://ä",
            "http://[::1",
            "http://-a",
            "HTTP://a",
        ),
    ],
)
def test_what_is_no_base_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_base(text)
    assert error.value.message.startswith("--url ")


@pytest.mark.parametrize("text", ["https://me:s3cret@a", "https://s3cret@a/x", "ftp://s3cret@", "http://s3cret@a?b"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_base(text)
    assert "s3cret" not in f"{error.value.message}{error.value.hint}"
    assert "user or password" in error.value.message


def test_addresses() -> None:
    assert parse_address("10.0.0.1") == ("10.0.0.1", None)
    assert parse_address("lb.example.com:8443") == ("lb.example.com", 8443)
    assert parse_address("[::1]:80") == ("[::1]", 80)
    for text in ("", "::1", "a:b", "a:0", "http://a", "a/b", "a:99999", "u@a"):
        with pytest.raises(UsageError, match="--connect-to"):
            parse_address(text)
