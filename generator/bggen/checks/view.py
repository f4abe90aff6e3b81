"""Rendered objects as the checks see them, beside what the state lets expect."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bggen.checks.stored import config_name
from bggen.model import Color, Problem
from bggen.spec.identity import identity, job_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.model import AppSpec, Component, EnvState, Manifest, Release, Security

Role = Literal[
    "account",
    "policy",
    "config",
    "color service",
    "deployment",
    "worker",
    "cron",
    "autoscaler",
    "budget",
    "active service",
    "preview service",
    "ingress",
    "preview ingress",
    "live route",
    "preview route",
    "header route",
    "grant",
    "canary",
    "gate",
    "idle test",
    "migration",
    "contraction",
    "rollout",
    "rollout route",
    "analysis",
]

NAME_LABEL = "app.kubernetes.io/name"
COMPONENT_LABEL = "app.kubernetes.io/component"
COLOR_LABEL = "bggen.dev/color"
JOB_LABEL = "bggen.dev/job"
_POD_IN = {
    "Deployment": ("spec", "template", "spec"),
    "Rollout": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_HASHED = re.compile(r"(.+?)(?:-blue|-green)?-[0-9a-f]{10}")


@dataclass(frozen=True, slots=True)
class Expected:
    """An object that the state asks for.

    `component` and `release` are the definition that counts; `selects` is the colour whose pods it has to do with, None
    for what has none; `serves` says whether traffic of users passes through it, or stands ready to.
    """

    kind: str
    name: str
    role: Role
    release: Release
    component: Component | None
    selects: Color | None
    serves: bool = False
    namespace: str | None = None

    def __post_init__(self) -> None:
        """Fill in the app's namespace, where nearly everything lies."""
        if self.namespace is None:
            object.__setattr__(self, "namespace", self.release.spec.namespace)


@dataclass(frozen=True, slots=True)
class Item:
    """One rendered object: the file, what a YAML reader makes of it, and why it is there (None: it should not be)."""

    path: str
    manifest: Manifest
    data: Mapping[str, Any]
    expected: Expected | None

    def at(self, *where: str | int) -> Any:
        """Return what stands at that place, None where there is nothing."""
        return dig(self.data, *where)

    @property
    def template(self) -> tuple[str, ...]:
        """Where the pod template of a workload stands."""
        return _POD_IN.get(str(self.at("kind")), _POD_IN["Deployment"])[:-1]

    def problem(self, where: str, message: str) -> Problem:
        """Return a Problem of this file."""
        return Problem(self.path, 0, 0, where, message)


@dataclass(frozen=True, slots=True)
class Pod:
    """What an object says of its pods, and where it says so."""

    item: Item
    expected: Expected
    where: str
    data: Any

    @property
    def container(self) -> str | None:
        """The name of the container that the component's fields are for; None in pods of no component."""
        named = {"migration": "migrate", "contraction": "contract"}
        component = self.expected.component
        return named.get(self.expected.role, component.name if component is not None else None)

    @property
    def listens(self) -> bool:
        """Whether the container has the component's ports; that of a Job that changes the database has none."""
        return self.expected.component is not None and self.expected.role not in {"migration", "contraction"}

    @property
    def security(self) -> Security:
        """The level that the pods must meet; pods of no component meet the stricter one."""
        return "restricted" if self.expected.component is None else self.expected.component.security

    @property
    def restricted(self) -> bool:
        """Whether that is the stricter level."""
        return self.security == "restricted"

    @property
    def token(self) -> bool:
        """Whether the spec asks for a token of the API server."""
        component = self.expected.component
        return component is not None and component.service_account is not None and component.service_account.token


@dataclass(frozen=True, slots=True)
class View:
    """The state and its objects."""

    state: EnvState
    folder: str
    items: tuple[Item, ...]
    expected: Mapping[tuple[str, str], Expected]

    def of(self, *roles: Role) -> list[tuple[Item, Expected]]:
        """Return the objects of these roles."""
        return [(item, item.expected) for item in self.items if item.expected and item.expected.role in roles]

    def pods(self) -> list[Pod]:
        """Return the pods of all objects that have some."""
        return [
            Pod(item, item.expected, ".".join(where), item.at(*where))
            for item in self.items
            if item.expected is not None and (where := _POD_IN.get(item.expected.kind)) is not None
        ]

    def is_ours(self, config: str) -> bool:
        """Whether a ConfigMap of that name would be one that bggen makes for this app."""
        releases = [each for each in (self.state.blue, self.state.green, self.state.saved) if each is not None]
        bases = {each.spec.base_name(name) for each in releases for name in each.spec.components}
        found = _HASHED.fullmatch(config)
        return found is not None and found[1] in bases

    def pods_of(self, selector: object) -> list[Item]:
        """Return the Deployments whose pods the selector matches."""
        if not isinstance(selector, dict) or not selector:
            return []
        found = []
        for item, _ in self.of("deployment", "worker", "rollout"):
            labels = item.at("spec", "template", "metadata", "labels")
            if isinstance(labels, dict) and selector.items() <= labels.items():
                found.append(item)
        return found


def dig(data: Any, *where: str | int) -> Any:
    """Return what stands at that place of nested mappings and lists, None where there is nothing."""
    for step in where:
        if isinstance(step, str):
            data = data.get(step) if isinstance(data, dict) else None
        else:
            data = data[step] if isinstance(data, list) and step < len(data) else None
    return data


def selector_of(spec: AppSpec, component: Component, color: Color) -> dict[str, str]:
    """Return the one selector that a component has in a colour; its keys never change."""
    return {NAME_LABEL: spec.name, COMPONENT_LABEL: component.name, COLOR_LABEL: str(color)}


def expectations(state: EnvState) -> dict[tuple[str, str], Expected]:
    """Return every object that the contract lets expect from a state, by kind and name.

    This is said a second time, apart from the renderers, on purpose: it is what they are checked against.
    """
    if state.active is None:
        return {}
    active = state.active_release
    if active is not None and active.spec.rollout is not None:
        from bggen.checks.rollouts import expected_of_rollout  # noqa: PLC0415 - it is made of what is here

        return {(each.kind, each.name): each for each in expected_of_rollout(state, active)}
    wanted = [
        *(*_workloads(state), *_policies(state), *_configs(state)),
        *(*_accounts(state), *_services(state, state.active)),
        *(*_routes(state, state.active), *_tests(state, state.active)),
        *_migrations(state),
    ]
    return {(each.kind, each.name): each for each in wanted}


def _releases(state: EnvState) -> list[tuple[Color, Release]]:
    return [(color, release) for color in Color if (release := state.release(color))]


def _workloads(state: EnvState) -> Sequence[Expected]:
    wanted: list[Expected] = []
    for color, release in _releases(state):
        if not state.runs(color):
            continue
        for component in release.spec.components.values():
            name = f"{release.spec.base_name(component.name)}-{color}"
            if component.kind == "cron":
                wanted.append(Expected("CronJob", name, "cron", release, component, color))
                continue
            if component.kind == "worker":
                wanted.append(Expected("Deployment", name, "worker", release, component, color))
            else:
                serves = state.serves(color)
                wanted.append(Expected("Deployment", name, "deployment", release, component, color, serves))
            if component.autoscale is not None:
                wanted.append(Expected("HorizontalPodAutoscaler", name, "autoscaler", release, component, color))
            wanted.append(Expected("PodDisruptionBudget", name, "budget", release, component, color))
    return wanted


def _policies(state: EnvState) -> Iterator[Expected]:
    for color, release in _releases(state):
        for component in release.spec.components.values() if release.spec.network is not None else ():
            name = f"{release.spec.base_name(component.name)}-{color}"
            yield Expected("NetworkPolicy", name, "policy", release, component, color)


def _configs(state: EnvState) -> Iterator[Expected]:
    holders = _releases(state)
    if state.saved is not None and state.previous is not None:
        # What a colour's own release says comes last and wins.
        holders = [(state.previous.color, state.saved), *holders]
    for color, release in holders:
        for component in release.spec.components.values():
            if component.files:
                name = config_name(release.spec, component, color)
                yield Expected("ConfigMap", name, "config", release, component, color, serves=color is state.active)


def _accounts(state: EnvState) -> Iterator[Expected]:
    releases = _releases(state)
    for color, _ in releases:
        # What a colour's own release says of a component comes last and wins.
        for _, release in sorted(releases, key=lambda each: each[0] is color):
            for component in release.spec.components.values():
                name = f"{release.spec.base_name(component.name)}-{color}"
                yield Expected("ServiceAccount", name, "account", release, component, color)


def _services(state: EnvState, active: Color) -> Sequence[Expected]:
    wanted: list[Expected] = []
    ported = {color: _ported(release) for color, release in _releases(state)}
    route = state.active_release.spec.route if state.active_release else None
    # Of what users are led to by weights, the Services of both colours are named.
    always = [*route.paths.values()] if route is not None and route.switch == "gateway" else []
    for name in {name: None for names in ported.values() for name in names}:
        roles: tuple[tuple[Role, str, Color], ...] = (
            ("color service", "-blue", Color.BLUE),
            ("color service", "-green", Color.GREEN),
            ("active service", "", active),
            ("preview service", "-preview", active.other),
        )
        for role, suffix, color in roles:
            owner = color if name in ported.get(color, ()) else color.other
            source = state.release(owner)
            if source is None:
                continue
            full = source.spec.base_name(name) + suffix
            selects = owner if role == "active service" else color
            serves = owner is color and (state.serves(color) if role == "color service" else color is active)
            serves = serves or (role == "color service" and name in always)
            wanted.append(Expected("Service", full, role, source, source.spec.components[name], selects, serves))
    return wanted


def _routes(state: EnvState, active: Color) -> Iterator[Expected]:
    release = state.active_release
    if release is None:
        return
    route = release.spec.route
    if "gateway" in {each.spec.route.switch for _, each in _releases(state) if each.spec.route}:
        from bggen.checks.gateway import expected_routes  # noqa: PLC0415 - most apps do without

        yield from expected_routes(state, active)
    if route is not None and route.switch != "gateway":
        yield Expected("Ingress", state.app, "ingress", release, None, active, serves=True)
    shown = state.idle_release or release
    if shown.spec.route and shown.spec.route.preview and shown.spec.route.switch != "gateway":
        from bggen.checks.headers import expected_previews  # noqa: PLC0415 - most apps do without

        yield from expected_previews(state, shown, active.other)


def _tests(state: EnvState, active: Color) -> Iterator[Expected]:
    release, idle = state.active_release, state.idle_release
    tests: tuple[tuple[Role, str, Release | None, Color], ...] = (
        ("gate", "gate", release if state.gate else None, active),
        ("gate", "gate", idle if state.joined else None, active.other),
        ("idle test", "smoke", idle if state.pending and state.idle == "running" else None, active.other),
    )
    for role, word, tested, color in tests:
        if tested is not None and tested.spec.smoke is not None:
            name = f"{state.app}-{word}-{tested.number}-{identity(tested, color)}"
            yield Expected("Job", name, role, tested, None, color)


def _migrations(state: EnvState) -> Iterator[Expected]:
    """Yield the Job that makes the schema, and the one that took away from it, while a colour holds their releases."""
    known = state.database
    if known is None:
        return
    jobs: tuple[tuple[Role, str, int | None], ...] = (
        ("migration", "migrate", known.migration),
        ("contraction", "contract", known.contraction),
    )
    for color, release in _releases(state):
        migrate = release.spec.migrate
        for role, word, number in jobs:
            if migrate is not None and number == release.number:
                name = f"{state.app}-{word}-{job_digest(release, color, word)}"
                yield Expected("Job", name, role, release, release.spec.components[migrate.component], color)


def _ported(release: Release) -> list[str]:
    return [component.name for component in release.spec.components.values() if component.port is not None]
