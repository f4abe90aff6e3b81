"""What is told of two states is what the commands between them did, whatever they were."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bggen import transitions
from bggen.errors import BggenError
from bggen.events import events
from bggen.images import parse_image_arg
from bggen.model import AppSpec, Color, EnvState, Image, Route
from bggen.model.parts import ParentRef
from bggen.transitions import BumpRequest, FlipRequest, Transition
from bggen.transitions.joining import JoinRequest, drain, join
from tests.support.states import app_spec, component, first
from tests.support.told import commanded

NOW = "2026-06-01T12:00:00Z"
Step = tuple[str, int, bool]
# The command, a number that it makes of what it likes, and whether the guards are told to let it pass.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(
                    "bump",
                    "bump",
                    "bump-flip",
                    "flip",
                    "rollback",
                    "park",
                    "wake",
                    "hold",
                    "unhold",
                    "scale",
                    "promote",
                ),
                *("as-active", "as-active", "join", "join", "drain"),
            ]
        ),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=25,
)


def pinned(spec: AppSpec, tag: str) -> AppSpec:
    components = {name: replace(each, image=replace(each.image, tag=tag)) for name, each in spec.components.items()}
    return replace(spec, components=components)


def bumped(state: EnvState, command: str, number: int, *, force: bool) -> Transition:
    names = ("web", "api")[: 1 + number % 2]
    spec = app_spec(
        "shop",
        *(component(name, image=Image(f"ghcr.io/acme/{name}"), port=80, replicas=1 + number // 2) for name in names),
        route=Route(("shop.example.com",), {"/": "web"}, "gateway", parent_refs=(ParentRef("public"),)),
    )
    flip = FlipRequest(NOW, allow_less_capacity=True, override_hold="urgent" if force else None)
    request = BumpRequest(
        spec,
        1,
        (parse_image_arg(f"v{number}"),),
        {"web": number} if number > 3 else {},
        force=force,
        then_flip=flip if command == "bump-flip" or (command == "promote" and number > 3) else None,
    )
    if command == "promote":
        return transitions.promote(state, first(pinned(spec, f"p{number}"), "staging"), replace(request, images=()))
    return transitions.bump(state, request)


def other(state: EnvState, command: str, *, force: bool) -> Transition:
    if command == "as-active":
        return transitions.bump(state, BumpRequest(None, 1, as_active=True, force=force))
    if command == "join":
        return join(state, JoinRequest(NOW, "urgent" if force else None))
    done: Transition = drain(state) if command == "drain" else getattr(transitions, command)(state)
    return done


def decide(state: EnvState, step: Step) -> Transition:
    command, number, force = step
    if command in {"bump", "bump-flip", "promote"}:
        return bumped(state, command, number, force=force)
    if command == "flip":
        wanted = number if force and number else None
        return transitions.flip(state, FlipRequest(NOW, None, wanted, None, force, "urgent" if force else None))
    if command == "rollback":
        target = transitions.rollback_target(state, number if force and number else None)
        if target.source == "history":
            target = transitions.rollback_target(state, None)
        return transitions.rollback(state, target, by="Ann")
    if command == "scale":
        on = [None, *Color][number % 3]
        return transitions.scale(state, transitions.parse_replicas([f"web={1 + number}"]), on)
    if command == "hold":
        return transitions.hold(state, reason=f"reason {number}", by="Ann", until=NOW if force else None)
    return other(state, command, force=force)


def story(steps: list[Step]) -> list[Transition]:
    """Carry out the steps that are not refused, and change something."""
    state, done = EnvState("shop", "prod"), []
    for step in steps:
        try:
            transition = decide(state, step)
        except BggenError:
            continue
        if transition.changed:
            done.append(transition)
        state = transition.after
    return done


@given(STEPS)
def test_of_every_commit_the_commands_are_told(steps: list[Step]) -> None:
    for transition in story(steps):
        # `scale` may change both colours.
        told = dict.fromkeys(event.action for event in events(transition.before, transition.after))
        assert list(told) == commanded(transition)


@given(STEPS)
def test_of_a_squash_what_came_of_it_is_told(steps: list[Step]) -> None:
    done = story(steps)
    states = [EnvState("shop", "prod"), *(transition.after for transition in done)]
    for start in range(len(states)):
        for end in range(start, len(states)):
            before, after = states[start], states[end]
            found = events(before, after)
            actions = {event.action for event in found}
            assert bool(found) == (before != after)
            assert not actions & {"edit", "revert", "remove", "repair", "unreadable"}
            assert ("bump" in actions) == (after.last > before.last)
            old = before.active_release.number if before.active_release else 1
            new = after.active_release.number if after.active_release else 1
            assert (new != old) <= bool(actions & {"flip", "rollback"})
            assert (new < old) <= ("rollback" in actions)
            assert (after.joined and not before.joined) <= ("join" in actions)
            assert (before.joined and not after.joined) <= bool(actions & {"drain", "rollback"})
            assert ("unhold" in actions) == (before.hold is not None and after.hold is None)


@given(STEPS)
def test_no_phrase_is_empty_and_the_colours_are_named(steps: list[Step]) -> None:
    for transition in story(steps):
        for event in events(transition.before, transition.after):
            assert event.phrase
            if event.action in {"flip", "rollback", "park", "wake", "join", "drain"}:
                assert any(color in event.phrase for color in Color)
