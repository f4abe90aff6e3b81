"""Every release is rendered by the renderer that it was made with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen.errors import InvalidError, TooNewError
from bggen.model import Color
from bggen.render import LATEST, RENDERERS, render
from bggen.render.v1 import V1
from tests.support.manifests import by_file
from tests.support.states import app_spec, bumped, component, first, flipped, hello_spec, release, shop_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import Manifest, Release
    from bggen.render.face import Renderer, Role, Sides, Turn


class Second:
    """A second renderer: it writes all that the first one does, with a mark in every file."""

    def __init__(self) -> None:
        self.first = V1()

    def workloads(
        self, env: str, release: Release, color: Color, *, active: bool, joined: bool, running: bool
    ) -> Iterator[Manifest]:
        made = self.first.workloads(env, release, color, active=active, joined=joined, running=running)
        yield from map(marked, made)

    def policies(
        self, env: str, release: Release, color: Color, *, active: bool, joined: bool, moved_last: bool
    ) -> Iterator[Manifest]:
        made = self.first.policies(env, release, color, active=active, joined=joined, moved_last=moved_last)
        yield from map(marked, made)

    def configs(
        self, env: str, release: Release, color: Color | None, *, serves: bool, source: str
    ) -> Iterator[Manifest]:
        yield from map(marked, self.first.configs(env, release, color, serves=serves, source=source))

    def account(self, env: str, release: Release, component: str, color: Color, *, source: str) -> Manifest:
        return marked(self.first.account(env, release, component, color, source=source))

    def service(
        self,
        env: str,
        release: Release,
        component: str,
        *,
        role: Role,
        selects: Color,
        serves: bool,
        source: str,
        kept: Mapping[str, int],
    ) -> Manifest:
        made = self.first.service(
            env, release, component, role=role, selects=selects, serves=serves, source=source, kept=kept
        )
        return marked(made)

    def routes(self, env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
        yield from map(marked, self.first.routes(env, release, sides))

    def preview(self, env: str, release: Release, sides: Sides) -> Iterator[Manifest]:
        yield from map(marked, self.first.preview(env, release, sides))

    def by_header(self, env: str, release: Release, color: Color, sides: Sides) -> Iterator[Manifest]:
        yield from map(marked, self.first.by_header(env, release, color, sides))

    def smoke(self, env: str, release: Release, color: Color, *, gate: bool, joined: bool) -> Iterator[Manifest]:
        yield from map(marked, self.first.smoke(env, release, color, gate=gate, joined=joined))

    def migration(self, env: str, release: Release, color: Color, *, contract: bool) -> Iterator[Manifest]:
        yield from map(marked, self.first.migration(env, release, color, contract=contract))

    def rollout(self, env: str, turn: Turn) -> Iterator[Manifest]:
        yield from map(marked, self.first.rollout(env, turn))

    def around_rollout(self, env: str, turn: Turn) -> Iterator[Manifest]:
        yield from map(marked, self.first.around_rollout(env, turn))


def marked(manifest: Manifest) -> Manifest:
    return replace(manifest, text=manifest.text + "# second\n")


BOTH: Mapping[int, Renderer] = {1: V1(), 2: Second()}


def second(manifests: tuple[Manifest, ...]) -> set[str]:
    return {manifest.file.removesuffix(".yaml") for manifest in manifests if manifest.text.endswith("# second\n")}


def test_the_latest_renderer_is_known_and_only_the_last_three_are() -> None:
    assert max(RENDERERS) == LATEST
    assert len(RENDERERS) <= 3


def test_a_bump_with_a_new_renderer_changes_no_byte_of_the_active_colour_or_of_the_switch() -> None:
    state = first(shop_spec())
    after = render(bumped(state, shop_spec("v2"), renderer=2), BOTH)
    before = by_file(render(state, BOTH))
    assert second(after) == {
        *(f"{kind}-shop-{name}-green" for kind in KINDS for name in ("web", "api")),
        "service-shop-web-preview",
        "service-shop-api-preview",
    }
    for manifest in after:
        if not manifest.text.endswith("# second\n"):
            assert before[manifest.file] == manifest.text


KINDS = ("deployment", "poddisruptionbudget", "service", "serviceaccount")


def test_a_flip_takes_the_switch_to_the_new_renderer_and_leaves_the_other_colour() -> None:
    state = bumped(first(hello_spec()), hello_spec("v2"), renderer=2)
    assert second(render(flipped(state), BOTH)) == {
        *(f"{kind}-hello-green" for kind in KINDS),
        "service-hello",
        "ingress-hello",
    }
    assert render(flipped(flipped(state)), BOTH) == render(state, BOTH)


def test_the_preview_follows_the_active_renderer_while_idle_is_empty() -> None:
    assert second(render(first(hello_spec(), renderer=2), BOTH)) >= {"service-hello-preview", "service-hello-green"}


def test_a_component_of_one_release_alone_follows_that_release() -> None:
    more = app_spec("hello", *hello_spec().components.values(), component("extra", port=9000))
    assert {
        name for name in second(render(bumped(first(hello_spec()), more, renderer=2), BOTH)) if "extra" in name
    } == {
        "deployment-hello-extra-green",
        "poddisruptionbudget-hello-extra-green",
        "serviceaccount-hello-extra-blue",
        "serviceaccount-hello-extra-green",
        "service-hello-extra",
        "service-hello-extra-blue",
        "service-hello-extra-green",
        "service-hello-extra-preview",
    }


@pytest.mark.parametrize("color", list(Color))
def test_an_unknown_renderer_in_either_colour_needs_a_newer_bggen(color: Color) -> None:
    state = bumped(first(hello_spec()), hello_spec("v2"))
    newer = release(2, hello_spec(), renderer=LATEST + 1)
    broken = replace(state, blue=newer) if color is Color.BLUE else replace(state, green=newer)
    with pytest.raises(TooNewError, match=rf"^release 2 of hello in prod needs bggen with renderer {LATEST + 1}"):
        render(broken)


def test_a_renderer_that_is_gone_is_a_clear_error() -> None:
    with pytest.raises(InvalidError, match=r"^release 1 of hello in prod was made with renderer 1, which") as error:
        render(first(hello_spec()), {2: Second()})
    assert not isinstance(error.value, TooNewError)
