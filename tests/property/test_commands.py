"""No sequence of commands, valid or refused, breaks a promise: a state machine over decisions and what they render."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bggen import state as state_files
from bggen import transitions
from bggen.checks import check
from bggen.errors import BggenError
from bggen.images import parse_image_arg
from bggen.model import AppSpec, Color, EnvState, Image, Resources
from bggen.model.parts import Autoscale
from bggen.render import render
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.model import Manifest
    from bggen.transitions import Transition

NOW = "2026-06-01T12:00:00Z"
NAMES = ("shop", "web", "api")


def opened(
    names: tuple[str, ...], replicas: int, value: str, minor: str, scaled: frozenset[str] = frozenset()
) -> AppSpec:
    """A spec as files say it: images are repositories."""
    return app_spec(
        "shop",
        *(
            component(
                name,
                image=Image(f"ghcr.io/acme/{name}"),
                port=8080,
                replicas=replicas,
                autoscale=Autoscale(replicas, replicas + 2, cpu=70) if name in scaled else None,
                resources=Resources(cpu="100m"),
                env={"VALUE": value},
            )
            for name in names
        ),
        kubernetes=minor,
    )


def texts(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    return {manifest.file: manifest.text for manifest in manifests}


def served_by(state: EnvState, manifests: tuple[Manifest, ...]) -> dict[str, str]:
    """The bytes that users depend on: the active colour's objects and the switch.

    What stands for a component that only the idle release has is none of them: it follows the idle release.
    """
    release = state.active_release
    bases = {release.spec.base_name(name) for name in release.spec.components} if release else set()
    of_active = bases | {f"{base}-{state.active}" for base in bases}
    return {m.file: m.text for m in manifests if m.name in of_active or m.kind == "Ingress"}


def deployments(manifests: tuple[Manifest, ...]) -> Mapping[str, Any]:
    return {m.name: yaml.safe_load(m.text) for m in manifests if m.kind == "Deployment"}


class Commands(RuleBasedStateMachine):
    """Every command, with any options, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = EnvState("shop", "prod")
        self.spec = opened(("shop",), 1, "", "1.30")
        self.numbers: set[int] = set()
        self.selectors: dict[str, object] = {}
        self.left_by_rollback: int | None = None
        self.tags = 0

    @initialize()
    def first(self) -> None:
        self.bump("v0", keep=False, force=False, then_flip=False, sequence=None)
        assert self.state.active is Color.BLUE

    def carry_out(self, decide: Callable[[], Transition]) -> Transition | None:
        before = self.state
        try:
            done = decide()
        except BggenError as error:
            refusal: BggenError | None = error
        else:
            refusal = None
        if refusal is not None:
            assert "\n" not in refusal.message
            return None
        assert done.before == before
        assert done.changed or done.reason
        self.state = done.after
        return done

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(lambda names: tuple(sorted(names))),
        replicas=st.integers(1, 4),
        value=st.text(st.characters(exclude_categories=["Cs"]), max_size=5).filter(lambda text: "${" not in text),
        minor=st.sampled_from(["1.25", "1.30", "1.37"]),
        scaled=st.frozensets(st.sampled_from(NAMES)),
    )
    def edit_the_spec(
        self, names: tuple[str, ...], replicas: int, value: str, minor: str, scaled: frozenset[str]
    ) -> None:
        self.spec = opened(names, replicas, value, minor, scaled)

    @rule(
        tag=st.sampled_from(["v1", "v2", "new"]),
        keep=st.booleans(),
        force=st.booleans(),
        then_flip=st.booleans(),
        sequence=st.none() | st.integers(0, 3),
    )
    def bump(self, tag: str, *, keep: bool, force: bool, then_flip: bool, sequence: int | None) -> None:
        self.tags += 1
        name = f"v-{self.tags}" if tag == "new" else tag
        before = self.state
        request = BumpRequest(
            spec=None if keep else self.spec,
            renderer=1,
            images=(parse_image_arg(name),),
            sequences={} if sequence is None else {next(iter(self.spec.components)): sequence},
            force=force,
            then_flip=FlipRequest(now=NOW) if then_flip else None,
        )
        done = self.carry_out(lambda: transitions.bump(before, request))
        if done is not None:
            self.released(before, flipped=then_flip)

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(lambda names: tuple(sorted(names))),
        tag=st.sampled_from(["v1", "v2", "v3"]),
        then_flip=st.booleans(),
    )
    def promote(self, names: tuple[str, ...], tag: str, *, then_flip: bool) -> None:
        before = self.state
        there = BumpRequest(spec=opened(names, 1, "", "1.30"), renderer=1, images=(parse_image_arg(tag),))
        source = transitions.bump(EnvState("shop", "staging"), there).after
        request = BumpRequest(spec=self.spec, renderer=1, then_flip=FlipRequest(now=NOW) if then_flip else None)
        done = self.carry_out(lambda: transitions.promote(before, source, request))
        if done is not None:
            self.released(before, flipped=then_flip)

    def released(self, before: EnvState, *, flipped: bool) -> None:
        """Hold a bump to its promises."""
        if self.state.last == before.last:
            return
        assert self.state.last not in self.numbers
        assert self.state.last == before.last + 1
        self.numbers.add(self.state.last)
        if before.active is not None and not flipped:
            old, new = render(before), render(self.state)
            assert served_by(before, old) == served_by(self.state, new)

    @rule(
        to=st.none() | st.sampled_from(list(Color)),
        release=st.none() | st.integers(1, 6),
        if_active=st.none() | st.sampled_from(list(Color)),
        less=st.booleans(),
        override=st.sampled_from([None, "urgent"]),
    )
    def flip(
        self, to: Color | None, release: int | None, if_active: Color | None, *, less: bool, override: str | None
    ) -> None:
        before = self.state
        request = FlipRequest(NOW, to, release, if_active, less, override)
        done = self.carry_out(lambda: transitions.flip(before, request))
        if done is None or not done.changed:
            return
        self.left_by_rollback = None
        old, new = deployments(render(before)), deployments(render(self.state))
        for name in old.keys() & new.keys():
            assert old[name]["spec"]["template"] == new[name]["spec"]["template"]

    @rule(back=st.none() | st.integers(1, 6))
    def rollback(self, back: int | None) -> None:
        before = self.state

        def decide() -> Transition:
            target = transitions.rollback_target(before, back)
            if target.source == "history":
                target = transitions.rollback_target(before, None)
            return transitions.rollback(before, target, by="Ann <ann@example.com>")

        done = self.carry_out(decide)
        if done is None or not done.changed:
            return
        assert self.state.active_release
        assert before.active_release
        assert self.state.active_release.number <= before.served
        assert self.state.hold
        if back is None:
            assert self.state.active_release.number != self.left_by_rollback
        self.left_by_rollback = before.active_release.number

    @rule(what=st.sampled_from(["park", "wake", "unhold"]))
    def beside_the_traffic(self, what: str) -> None:
        before = self.state
        done = self.carry_out(lambda: getattr(transitions, what)(before))
        if done is not None:
            assert served_by(before, render(before)) == served_by(self.state, render(self.state))

    @rule(
        name=st.sampled_from(NAMES),
        replicas=st.integers(1, 4),
        bounds=st.booleans(),
        on=st.none() | st.sampled_from(list(Color)),
    )
    def scale(self, name: str, replicas: int, on: Color | None, *, bounds: bool) -> None:
        before = self.state
        wanted = f"{name}={replicas}..{replicas + 3}" if bounds else f"{name}={replicas}"
        done = self.carry_out(lambda: transitions.scale(before, transitions.parse_replicas([wanted]), on))
        if done is None:
            return
        old, new = deployments(render(before)), deployments(render(self.state))
        assert old.keys() == new.keys()
        for file, deployment in old.items():
            assert deployment["spec"]["template"] == new[file]["spec"]["template"]
        assert (self.state.active, self.state.last, self.state.served) == (before.active, before.last, before.served)
        if on is not None and on is not before.active:
            assert served_by(before, render(before)) == served_by(self.state, render(self.state))

    @rule(until=st.sampled_from([None, "2026-06-01T11:59:59Z", "2026-06-01T12:00:01Z"]))
    def hold(self, until: str | None) -> None:
        before = self.state
        self.carry_out(lambda: transitions.hold(before, reason="launch", by="Ann", until=until))

    @invariant()
    def traffic_goes_to_a_colour_with_workloads(self) -> None:
        if self.state.active is None:
            return
        manifests = render(self.state)
        assert self.state.active_release
        running = deployments(manifests)
        for name in self.state.active_release.spec.components:
            base = self.state.active_release.spec.base_name(name)
            service = yaml.safe_load(texts(manifests)[f"service-{base}.yaml"])
            color = service["spec"]["selector"]["bggen.dev/color"]
            assert color == self.state.active
            assert running[f"{base}-{color}"]["spec"]["replicas"] >= 1

    @invariant()
    def selectors_and_service_names_never_change(self) -> None:
        manifests = render(self.state)
        for name, deployment in deployments(manifests).items():
            selector = deployment["spec"]["selector"]
            assert self.selectors.setdefault(name, selector) == selector
        names = {m.name for m in manifests if m.kind == "Service"}
        releases = [release for release in (self.state.blue, self.state.green) if release]
        bases = {release.spec.base_name(name) for release in releases for name in release.spec.components}
        assert names == {f"{base}{suffix}" for base in bases for suffix in ("", "-blue", "-green", "-preview")}

    @invariant()
    def manifests_pass_the_checks(self) -> None:
        assert check(self.state, render(self.state)) == ()

    @invariant()
    def the_state_survives_its_files(self) -> None:
        if self.state.active is None:
            return
        files = state_files.encode(self.state)
        assert state_files.decode("shop", "prod", "apps/shop/prod", files) == self.state
        assert re.search(rb"\nstate: [0-9a-f]{16}\n\Z", files["release.yaml"])

    @invariant()
    def what_rollback_names_is_at_hand(self) -> None:
        previous = self.state.previous
        if previous is None:
            return
        target = transitions.rollback_target(self.state, previous.release)
        assert target.source in {"idle", "saved"}


TestCommands = Commands.TestCase
# A run of 25 commands costs about a second: every step renders and checks all there is.
TestCommands.settings = settings(max_examples=settings().max_examples // 6, stateful_step_count=25)
