"""What a bump must not change of an Ingress while users come by it, and what it says of a preview that can't be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.errors import InvalidError, RefusedError
from bggen.model.parts import Patch
from bggen.render import LATEST, render
from bggen.transitions import BumpRequest, bump
from tests.support.fronts import BY_BOTH, BY_HEADER, BY_HOST, front
from tests.support.states import first

if TYPE_CHECKING:
    from bggen.model import AppSpec
    from bggen.transitions import Transition

PATHS = {"/": "web", "/api": "api"}
PREFIX = "alb.ingress.kubernetes.io/"
CANARY = "nginx.ingress.kubernetes.io/canary"


def bumped(old: AppSpec, new: AppSpec) -> Transition:
    return bump(first(old), BumpRequest(new, LATEST, force=True))


def alb(**fields: Any) -> AppSpec:
    return front("alb", fields.pop("paths", PATHS), **fields)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (alb(), front("nginx", PATHS), "route.controller from alb to nginx"),
        (front("generic", PATHS, preview=None), alb(preview=None), "route.controller from generic to alb"),
        (alb(), alb(ingress_class="other"), "route.class from alb to other"),
        (alb(), alb(annotations={f"{PREFIX}group.name": "edge"}), f"{PREFIX}group.name from (none) to edge"),
        (
            alb(annotations={f"{PREFIX}backend-protocol": "HTTP"}),
            alb(annotations={f"{PREFIX}backend-protocol": "HTTPS"}),
            f"{PREFIX}backend-protocol from HTTP to HTTPS",
        ),
        (alb(annotations={f"{PREFIX}scheme": "internal"}), alb(), f"{PREFIX}scheme from internal to (none)"),
    ],
)
def test_users_of_an_alb_keep_their_target_groups(old: AppSpec, new: AppSpec, said: str) -> None:
    with pytest.raises(RefusedError) as caught:
        bumped(old, new)
    assert caught.value.kind == "immovable"
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (front("generic", PATHS, preview=None), front("nginx", PATHS, switch="ingress")),
        (front("nginx", PATHS), front("traefik", PATHS, preview=BY_HOST)),
        (alb(), alb(annotations={f"{PREFIX}target-type": "ip"})),
        (alb(preview=None), alb(preview=BY_BOTH, annotations={f"{PREFIX}healthcheck-path": "/ready"})),
    ],
)
def test_what_leaves_users_ingress_as_it_is_may_change(old: AppSpec, new: AppSpec) -> None:
    assert bumped(old, new).changed


def test_the_rules_of_both_releases_have_to_fit_an_alb() -> None:
    old, new = ({f"/{word}{number}": "web" for number in range(20)} for word in ("a", "b"))
    assert bumped(alb(paths=old), alb(paths=old)).changed
    assert bumped(alb(paths=old, preview=None), alb(paths=new, preview=None)).changed
    # 20 of users, and one for each colour at each of 40 paths.
    assert bumped(alb(paths=old), alb(paths=new)).changed
    plain = alb(paths={f"/{number}": "web" for number in range(99)}, preview=None)
    kept = alb(paths={"/": "api"}, preview=None)
    assert bumped(plain, kept).changed
    with pytest.raises(RefusedError, match="come to 101 with those"):
        bumped(alb(paths={**plain.route.paths, "/more": "web"} if plain.route else {}, preview=None), kept)
    more = {**new, "/more": "web"}
    with pytest.raises(RefusedError) as caught:
        bumped(alb(paths=old), alb(paths=more))
    assert caught.value.kind == "immovable"
    assert (
        "an ALB takes 100 rules, and this release's paths come to 103 with those of release 1" in caught.value.message
    )


def test_a_bump_says_where_nginx_has_no_way_to_the_preview() -> None:
    def notes(old: AppSpec, new: AppSpec) -> list[str]:
        return [note for note in bumped(old, new).notes if note.startswith("no preview")]

    def nginx(paths: dict[str, str]) -> AppSpec:
        return front("nginx", paths, switch="service")

    said = ["no preview by header: nginx can't lead it past paths that differ from those of blue"]
    assert notes(nginx(PATHS), nginx(PATHS)) == []
    assert notes(nginx(PATHS), nginx({"/": "web"})) == []
    assert notes(nginx(PATHS), nginx({**PATHS, "/new": "api"})) == said
    assert notes(front("generic", PATHS, preview=None), front("nginx", PATHS)) == said
    assert notes(alb(paths=PATHS, preview=BY_HEADER), alb(paths={**PATHS, "/new": "api"})) == []


def _annotated(controller: str, name: str, key: str, value: str | None) -> AppSpec:
    patch = Patch("Ingress", name=name, merge={"metadata": {"annotations": {key: value}}})
    spec = front(controller, PATHS, switch="service" if controller == "nginx" else "ingress", preview=BY_BOTH)
    return replace(spec, patches=(patch,))


@pytest.mark.parametrize(
    ("controller", "name", "key", "value"),
    [
        ("alb", "shop", f"{PREFIX}actions.web", "{}"),
        ("alb", "shop", f"{PREFIX}actions.web", None),
        ("alb", "shop", f"{PREFIX}conditions.web", '[{"field": "source-ip"}]'),
        ("alb", "shop", f"{PREFIX}conditions.web-green", None),
        ("alb", "shop-preview", f"{PREFIX}actions.web", "{}"),
        ("nginx", "shop", CANARY, "true"),
        ("nginx", "shop-blue-green", CANARY, None),
        ("nginx", "shop-blue-green", f"{CANARY}-weight", "50"),
    ],
)
def test_a_patch_cannot_change_who_is_led_where(controller: str, name: str, key: str, value: str | None) -> None:
    spec = _annotated(controller, name, key, value)
    with pytest.raises(InvalidError) as caught:
        render(first(spec))
    assert f"{key} of Ingress {name} can't be patched: it is how traffic is switched" in caught.value.message


def test_a_patch_may_add_a_rule_of_its_own_to_an_alb() -> None:
    for key in (f"{PREFIX}actions.old", f"{PREFIX}conditions.old", f"{PREFIX}tags"):
        assert render(first(_annotated("alb", "shop", key, "{}")))


def test_a_patch_cannot_reorder_the_rules_of_an_alb() -> None:
    way = "/spec/rules/0/http/paths"
    patch = Patch("Ingress", name="shop", operations=({"op": "move", "from": f"{way}/0", "path": f"{way}/2"},))
    with pytest.raises(InvalidError, match="how traffic is switched"):
        render(first(replace(alb(), patches=(patch,))))
