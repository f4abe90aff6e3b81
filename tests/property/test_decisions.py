"""What commands decide about every kind of component, in any order; nothing is rendered, so many steps are cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bggen import state as state_files
from bggen import transitions
from bggen.errors import BggenError, RefusedError
from bggen.images import parse_image_arg
from bggen.model import AppSpec, Color, Component, EnvState, Image
from bggen.model.parts import Autoscale, Schedule
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bggen.model import Release
    from bggen.transitions import Transition

NOW = "2026-06-01T12:00:00Z"
NAMES = ("shop", "api", "mailer")


@st.composite
def made(draw: st.DrawFn, name: str) -> Component:
    """A component of any kind, as files say it."""
    kind = draw(st.sampled_from(["service", "autoscaled", "worker", "cron"]))
    image, replicas = Image(f"ghcr.io/acme/{name}"), draw(st.integers(1, 4))
    if kind == "cron":
        return component(name, image=image, kind="cron", schedule=Schedule("0 3 * * *"), drain=0)
    if kind == "worker":
        return component(name, image=image, kind="worker", replicas=replicas, drain=0)
    scale = Autoscale(replicas, draw(st.integers(replicas, 6)), cpu=70) if kind == "autoscaled" else None
    ports = {"metrics": draw(st.sampled_from([9100, 9101]))} if draw(st.booleans()) else {}
    return component(name, image=image, port=8080, ports=ports, replicas=replicas, autoscale=scale)


@st.composite
def specs(draw: st.DrawFn) -> AppSpec:
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(sorted))
    return app_spec("shop", *(draw(made(name)) for name in chosen))


def deployments(state: EnvState, color: Color) -> dict[str, Component]:
    release = state.release(color)
    running = release.spec.components if release and state.runs(color) else {}
    return {name: each for name, each in running.items() if each.kind != "cron"}


def both(one: Release, two: Release) -> Iterator[tuple[Component, Component]]:
    for name in one.spec.components.keys() & two.spec.components.keys():
        pair = one.spec.components[name], two.spec.components[name]
        if all(each.kind != "cron" for each in pair):
            yield pair


class Decisions(RuleBasedStateMachine):
    """The commands that read what a component is."""

    def __init__(self) -> None:
        super().__init__()
        self.state = EnvState("shop", "prod")
        self.tags = 0

    def carry_out(self, decide: Callable[[], Transition]) -> Transition | None:
        before = self.state
        try:
            done = decide()
        except BggenError:
            return None
        self.state = done.after
        for color in Color:
            old, new = deployments(before, color), deployments(self.state, color)
            for name in old.keys() & new.keys():
                assert old[name].autoscale or not new[name].autoscale, "autoscale turned on for a running Deployment"
        return done

    @rule(spec=specs(), keep=st.booleans(), then_flip=st.booleans())
    def bump(self, spec: AppSpec, *, keep: bool, then_flip: bool) -> None:
        self.tags += 1
        request = BumpRequest(
            spec=None if keep else spec,
            renderer=1,
            images=(parse_image_arg(f"v{self.tags}"),),
            then_flip=FlipRequest(now=NOW) if then_flip else None,
        )
        self.carry_out(lambda: transitions.bump(self.state, request))

    @rule(less=st.booleans())
    def flip(self, *, less: bool) -> None:
        before = self.state
        request = FlipRequest(NOW, allow_less_capacity=less, override_hold="urgent")
        done = self.carry_out(lambda: transitions.flip(before, request))
        if done is None or before.active_release is None or self.state.active_release is None:
            return
        pairs = list(both(before.active_release, self.state.active_release))
        assert less or all(new.replicas >= old.replicas for old, new in pairs)
        assert len(done.warnings) == (0 if less else sum(old.autoscale is not None for old, _ in pairs))

    @rule(back=st.none() | st.integers(1, 6))
    def rollback(self, back: int | None) -> None:
        before = self.state
        try:
            target = transitions.rollback_target(before, back)
        except RefusedError:
            return
        if target.source == "history":
            return
        done = self.carry_out(lambda: transitions.rollback(before, target, by="Ann"))
        if done is None or not done.changed or before.active_release is None or self.state.active_release is None:
            return
        for old, new in both(before.active_release, self.state.active_release):
            assert new.replicas >= old.replicas
            assert not (old.autoscale and new.autoscale) or new.autoscale.max >= old.autoscale.max

    @rule(
        name=st.sampled_from(NAMES),
        least=st.integers(1, 4),
        more=st.none() | st.integers(0, 3),
        on=st.none() | st.sampled_from(list(Color)),
    )
    def scale(self, name: str, least: int, more: int | None, on: Color | None) -> None:
        text = f"{name}={least}" if more is None else f"{name}={least}..{least + more}"
        before = self.state
        done = self.carry_out(lambda: transitions.scale(before, transitions.parse_replicas([text]), on))
        if done is None:
            return
        for color in Color:
            old, new = before.release(color), self.state.release(color)
            assert (old and old.images) == (new and new.images)
            found = new.spec.components.get(name) if new and on in (None, color) else None
            assert found is None or found.kind != "cron"
            assert found is None or (found.autoscale is None) is (more is None)

    @rule(what=st.sampled_from(["park", "wake"]))
    def beside_the_traffic(self, what: str) -> None:
        before = self.state
        self.carry_out(lambda: getattr(transitions, what)(before))

    @invariant()
    def replicas_of_what_is_autoscaled_are_its_least_number(self) -> None:
        for release in filter(None, (self.state.blue, self.state.green, self.state.saved)):
            for each in release.spec.components.values():
                assert each.autoscale is None or each.autoscale.min == each.replicas <= each.autoscale.max

    @invariant()
    def a_named_port_has_one_number(self) -> None:
        numbers: dict[tuple[str, str], int] = {}
        for release in filter(None, (self.state.blue, self.state.green, self.state.saved)):
            for name, each in release.spec.components.items():
                for port, number in each.ports.items():
                    assert numbers.setdefault((name, port), number) == number

    @invariant()
    def the_state_survives_its_files(self) -> None:
        if self.state.active is not None:
            files = state_files.encode(self.state)
            assert state_files.decode("shop", "prod", "apps/shop/prod", files) == self.state


TestDecisions = Decisions.TestCase
TestDecisions.settings = settings(stateful_step_count=25)
