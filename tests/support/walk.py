"""A long random walk over commands: after every step, each promise that a state and its manifests keep is looked at.

It is plain code and no hypothesis machine, so that a hundred thousand steps fit into a CI run; a walk is told by its
seed and its number of steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

import yaml

from bggen import state as state_files
from bggen import transitions
from bggen.checks import check
from bggen.comparing import compare, compare_objects, rows
from bggen.errors import RefusedError, UsageError
from bggen.events import events
from bggen.images import parse_image_arg
from bggen.model import Color, EnvState
from bggen.render import LATEST, render
from bggen.transitions import BumpRequest, FlipRequest
from bggen.transitions.joining import JoinRequest, drain, join
from bggen.transitions.migrating import contract
from tests.support.told import commanded
from tests.support.walk_database import look_at_database
from tests.support.walk_routes import as_users_see, leads_users, no_backend_gone, routes_name_what_is_there
from tests.support.walk_specs import APP, Habits, random_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Manifest, Release
    from bggen.transitions import Transition

ENV = "prod"
_NOW = "2026-06-01T12:00:00Z"
# What takes long is looked at after some steps only.
_SOME = 0.15
# How often a colour that got what the active one runs is to serve beside it.
_JOINED = 0.9
_WEIGHTS = {
    "edit": 14, "bump": 24, "promote": 3, "flip": 22, "rollback": 8, "park": 6, "wake": 5,
    "scale": 16, "hold": 2, "unhold": 7, "bump --as-active": 7, "join": 2, "drain": 3, "contract": 5,
}  # fmt: skip


@dataclass(slots=True)
class Walk:
    """One walk; `done` counts what was done, by command, and `refused` what was refused, by kind."""

    seed: int
    state: EnvState = field(default_factory=lambda: EnvState(APP, ENV))
    manifests: tuple[Manifest, ...] = ()
    steps: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _random: Random = field(default_factory=Random)
    _habits: Habits = field(init=False)
    _spec: AppSpec = field(init=False)
    # The next command, where it is no chance.
    _next: str | None = None
    # What was released, for `rollback --to`; a number is never given twice.
    _releases: dict[int, Release] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - a walk has to be the same every time
        self._habits = Habits.of(self._random)
        self._spec = self._random_spec()

    def walk(self, steps: int) -> None:
        """Take some steps.

        Raises:
            AssertionError: a promise was broken; it names the seed and the step.
        """
        words = list(_WEIGHTS)
        for _ in range(steps):
            self.steps += 1
            command = self._next or self._random.choices(words, list(_WEIGHTS.values()))[0]
            self._next = None
            try:
                self._step(command)
            except AssertionError as error:
                raise AssertionError(f"seed {self.seed}, step {self.steps}, {command}: {error}") from error

    def _step(self, command: str) -> None:
        if command == "edit":
            self._spec = self._random_spec()
            return
        before, rendered = self.state, self.manifests
        try:
            decided = self._decide(command)
        except (RefusedError, UsageError) as error:
            _one_line(error.message)
            self.refused[error.kind] += 1
            return
        _one_line(decided.subject)
        assert decided.before == before
        assert decided.changed or decided.reason
        self.done[command] += 1
        if not decided.changed:
            return
        if command == "bump --as-active" and self._random.random() < _JOINED:
            self._next = "join"
        # What a command reads next is what this one wrote.
        files = state_files.encode(decided.after)
        self.state = _decoded(files)
        assert self.state == decided.after
        self.manifests = render(self.state)
        for release in (self.state.blue, self.state.green):
            if release:
                self._releases[release.number] = release
        self._promises()
        _kept(command, before, rendered, self.state, self.manifests)
        look_at_database(command, before, rendered, self.state, self.manifests)
        told = dict.fromkeys(event.action for event in events(before, self.state))
        assert list(told) == commanded(decided), f"told as {list(told)}"
        _told_apart(self.state, objects=self._random.random() < _SOME)
        if self._random.random() < _SOME:
            assert render(decided.after) == self.manifests, "bytes of a state that was kept"
            self._reverted(before, rendered)

    def _reverted(self, before: EnvState, rendered: tuple[Manifest, ...]) -> None:
        """Take the last change back, as `git revert` does: its files, and so its manifests, are what they were."""
        if before.active is None:
            return
        back = _decoded(state_files.encode(before))
        assert render(back) == rendered, "bytes after a revert"
        told = events(self.state, back)
        assert told
        for event in told:
            _one_line(event.phrase)

    def _decide(self, command: str) -> Transition:
        state, pick = self.state, self._random
        match command:
            case "bump" | "promote":
                return self._bump(command)
            case "flip":
                return transitions.flip(state, self._flip())
            case "rollback":
                number = pick.choice([None, None, pick.randint(1, max(1, state.served))])
                target = transitions.rollback_target(state, number)
                found = self._releases[target.number] if target.source == "history" else None
                return transitions.rollback(state, target, by="Ann <ann@example.com>", found=found)
            case "scale":
                wanted = pick.choice(["web=2", "api=3", "mailer=2", "web=2..5", "api=4..8", "report=1"])
                return transitions.scale(
                    state, transitions.parse_replicas([wanted]), pick.choice([None, Color.BLUE, Color.GREEN])
                )
            case "hold":
                return transitions.hold(state, reason="launch", by="Ann", until=pick.choice([None, _NOW]))
        return self._other(command)

    def _other(self, command: str) -> Transition:
        if command == "bump --as-active":
            return transitions.bump(self.state, BumpRequest(None, LATEST, as_active=True))
        if command == "join":
            return join(self.state, JoinRequest(_NOW, self._random.choice([None, "urgent"])))
        alone = {"park": transitions.park, "wake": transitions.wake, "unhold": transitions.unhold, "drain": drain}
        alone["contract"] = contract
        return alone[command](self.state)

    def _random_spec(self) -> AppSpec:
        return random_spec(self._random, self._habits, self.state.database.schema if self.state.database else 1)

    def _bump(self, command: str) -> Transition:
        pick = self._random
        before = self.state
        images = (parse_image_arg(pick.choice(["v1", "v2", f"v-{self.steps}"])),)
        request = BumpRequest(
            spec=None if before.active and pick.random() < 0.15 else self._spec,
            renderer=LATEST,
            images=images,
            force=pick.random() < 0.1,
            # `bump --flip` names no colour.
            then_flip=replace(self._flip(), to=None) if pick.random() < 0.15 else None,
        )
        if command == "promote":
            there = BumpRequest(self._random_spec(), LATEST, images)
            source = transitions.bump(EnvState(APP, "staging"), there).after
            decided = transitions.promote(before, source, BumpRequest(self._spec, LATEST, then_flip=request.then_flip))
        else:
            decided = transitions.bump(before, request)
        if decided.after.last != before.last:
            assert decided.after.last == before.last + 1
            assert decided.after.last not in self._releases, "a number was given twice"
        return decided

    def _flip(self) -> FlipRequest:
        pick = self._random
        return FlipRequest(
            now=_NOW,
            to=pick.choice([None, None, Color.BLUE, Color.GREEN]),
            if_active=pick.choice([None, None, None, Color.BLUE, Color.GREEN]),
            allow_less_capacity=pick.random() < 0.5,
            override_hold=pick.choice([None, "urgent"]),
            smoke=pick.random() < 0.7,
        )

    def _promises(self) -> None:
        found = check(self.state, self.manifests)
        assert found == (), "; ".join(map(str, found))
        assert len({manifest.file for manifest in self.manifests}) == len(self.manifests)
        _one_of_each_worker_and_cron(self.state, self.manifests)
        _users_reach_pods(self.state, self.manifests)
        routes_name_what_is_there(self.state, self.manifests)


def _one_line(words: str) -> None:
    assert words
    assert "\n" not in words


def _decoded(files: Mapping[str, bytes]) -> EnvState:
    return state_files.decode(APP, ENV, f"apps/{APP}/{ENV}", files)


def _kept(
    command: str,
    before: EnvState,
    rendered: tuple[Manifest, ...],
    after: EnvState,
    manifests: tuple[Manifest, ...],
) -> None:
    """Look at what a command must not change."""
    moved = after.active is not before.active
    no_backend_gone(after, rendered, manifests)
    if not moved and before.active and command in {"bump", "promote", "park", "wake", "bump --as-active"}:
        assert _of_users(before, rendered) == _of_users(after, manifests), "bytes that users depend on"
    if command in {"hold", "unhold"}:
        assert rendered == manifests, "bytes, by a hold"
    if command in {"flip", "join", "drain"}:
        old, new = _templates(rendered), _templates(manifests)
        assert all(old[name] == new[name] for name in old.keys() & new.keys()), f"a {command} changed a pod template"
    if command == "scale":
        assert _templates(rendered) == _templates(manifests), "a scale changed a pod template"
        assert [each.file for each in rendered] == [each.file for each in manifests]
    if command in {"join", "drain"}:
        assert (after.active, after.blue, after.green) == (before.active, before.blue, before.green)
    if before.joined:
        # No command but a rollback touches a colour that serves, and drain comes before all that would.
        assert command in {"drain", "rollback", "scale", "hold", "unhold", "flip", "contract"}
        assert command != "flip" or not moved
    if command == "rollback" and after.active_release:
        assert after.active_release.number <= before.served
        assert after.hold
    # Pods of a flip that Argo CD has not finished need them, and so does a rollback.
    if command in {"bump", "promote"} and not moved and before.previous:
        wanted = (before.idle_release, before.saved)
        if any(release and release.number == before.previous.release for release in wanted):
            gone = _configs(rendered, before.previous.color) - _configs(manifests, before.previous.color)
            assert not gone or before.saved, f"ConfigMaps that rollback needs: {gone}"


def _configs(manifests: tuple[Manifest, ...], color: Color) -> set[str]:
    return {each.name for each in manifests if each.kind == "ConfigMap" and each.color is color}


def _told_apart(state: EnvState, *, objects: bool) -> None:
    """Compare the two colours: they are the same where their specs are, and only there."""
    active, idle = state.active_release, state.idle_release
    if active is None or idle is None:
        return
    comparison = compare(active, idle)
    assert comparison.same == active.same_content(idle)
    assert bool(rows(comparison)) == (not comparison.same)
    if objects:
        found = compare_objects(state)
        # A patch may be of one colour alone.
        colored = any(patch.color for release in (active, idle) for patch in release.spec.patches)
        assert not comparison.same or colored or not found, [f"{each.kind} {each.name}" for each in found]


def _one_of_each_worker_and_cron(state: EnvState, manifests: tuple[Manifest, ...]) -> None:
    """A worker and a cron of the active release is enabled once, and in the active colour; no other one is at all."""
    enabled: Counter[tuple[str, str]] = Counter()
    for manifest in manifests:
        if manifest.kind == "CronJob" and not read(manifest)["spec"]["suspend"]:
            enabled[manifest.name, "cron"] += 1
        elif manifest.kind == "Deployment" and read(manifest)["spec"]["replicas"] > 0:
            enabled[manifest.name, "pods"] += 1
    wanted: Counter[tuple[str, str]] = Counter()
    for color in Color:
        release = state.release(color)
        for name, component in release.spec.components.items() if release and state.runs(color) else ():
            if component.kind == "service" or color is state.active:
                base = release.spec.base_name(name) if release else name
                wanted[f"{base}-{color}", "cron" if component.kind == "cron" else "pods"] += 1
    assert enabled == wanted, f"enabled {sorted(enabled)}, wanted {sorted(wanted)}"


def _users_reach_pods(state: EnvState, manifests: tuple[Manifest, ...]) -> None:
    """Every active Service of the active release selects the active colour, which has pods."""
    release = state.active_release
    by_file = {manifest.file: manifest for manifest in manifests}
    for name, component in release.spec.components.items() if release else ():
        if component.port is None or release is None:
            continue
        base = release.spec.base_name(name)
        service = read(by_file[f"service-{base}.yaml"])
        assert service["spec"]["selector"]["bggen.dev/color"] == state.active
        assert read(by_file[f"deployment-{base}-{state.active}.yaml"])["spec"]["replicas"] >= 1


def _of_users(state: EnvState, manifests: tuple[Manifest, ...]) -> Mapping[str, str]:
    """Return what users depend on: the active colour's objects, the active Services and the routes.

    Jobs come and go with smoke tests. Services that only stand in, for a component that the active release lacks or has
    without a port, are none of theirs.
    """
    release = state.active_release
    components = release.spec.components.values() if release else ()
    bases = {release.spec.base_name(each.name): each for each in components if release}
    found = {}
    for manifest in manifests:
        base = manifest.name if manifest.color is None else manifest.name.partition(f"-{state.active}")[0]
        component = bases.get(base)
        own = component is not None and manifest.color in {None, state.active}
        if manifest.kind == "Service":
            own = own and component is not None and component.port is not None
        if leads_users(manifest, state):
            found[manifest.file] = as_users_see(manifest)
        elif own and manifest.kind not in {"Job", "HTTPRoute"}:
            found[manifest.file] = manifest.text
    return found


def _templates(manifests: tuple[Manifest, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for manifest in manifests:
        if manifest.kind == "Deployment":
            found[manifest.name] = read(manifest)["spec"]["template"]
        elif manifest.kind == "CronJob":
            found[manifest.name] = read(manifest)["spec"]["jobTemplate"]
    return found


def read(manifest: Manifest) -> Any:
    """Return the object of a manifest."""
    return yaml.load(manifest.text, Loader=yaml.CSafeLoader)
