"""What bggen knows about a config repo, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from bggen.model.files import Change as Change
from bggen.model.files import Manifest as Manifest
from bggen.model.problems import Position as Position
from bggen.model.problems import Problem as Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import migrating, parts, rollouts

API_VERSION = "bggen.dev/v1"

Security = Literal["restricted", "baseline"]
# The object whose change moves the traffic.
Switch = Literal["service", "ingress", "gateway", "rollouts"]
# What makes a load balancer of an Ingress; of `generic` nothing is expected but what Kubernetes says of every Ingress.
Controller = Literal["generic", "nginx", "traefik", "haproxy", "alb", "gce"]
# service: runs in both colours. worker: in the active colour only. cron: a CronJob, suspended in the idle colour.
Kind = Literal["service", "worker", "cron"]
Idle = Literal["empty", "running", "parked"]


class Color(StrEnum):
    """One of the two colours of an (app, env)."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> Color:
        """The other colour."""
        return Color.GREEN if self is Color.BLUE else Color.BLUE


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference in its parts: `repository[:tag][@digest]`."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def pinned(self) -> bool:
        """Whether it names one image, by tag or digest, rather than a repository."""
        return self.tag is not None or self.digest is not None

    def __str__(self) -> str:
        """Return the reference as Kubernetes reads it."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


@dataclass(frozen=True, slots=True)
class EnvRef:
    """An environment variable's value that is read elsewhere.

    Attributes:
        source: a Secret, a ConfigMap that is not ours, or a field of the pod itself.
        name: the object's name, or the path of the field, such as `status.podIP`.
        key: the key in the object; None for a field.
    """

    source: Literal["secret", "configMap", "field"]
    name: str
    key: str | None = None


EnvValue = str | EnvRef


@dataclass(frozen=True, slots=True)
class Health:
    """HTTP paths to ask; None where there is no such check.

    Attributes:
        start: asked until it answers once, before any other check; the path of `live` where it is None.
        start_seconds: how long the start may take, in seconds; None for the renderer's own.
        port: the name of the port that is asked; None for `port` of the component.
    """

    ready: str | None = None
    live: str | None = None
    start: str | None = None
    start_seconds: int | None = None
    port: str | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """Kubernetes quantities: what is requested, and the limits.

    Memory is its own limit where `memory_limit` is None; a `cpu_limit` of None is no limit.
    """

    cpu: str | None = None
    memory: str | None = None
    cpu_limit: str | None = None
    memory_limit: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One workload of an app, resolved: defaults, environment, app and overlay merged.

    Attributes:
        port: where the container takes the traffic of its Services; only a service has one.
        ports: further ports by name. A service's Services have them, too, under the same numbers.
        replicas: of an autoscaled component `autoscale.min`; 1 for a cron, which has none, nor a `drain`.
        files: text by the path that it is seen at.
        mounts: what else is seen, by path.
        writable: the directories that may be written; None where the whole file system may be.
        schedule: of a cron, and of nothing else.
    """

    name: str
    image: Image
    kind: Kind = "service"
    port: int | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    service: parts.ServiceSettings | None = None
    replicas: int = 1
    autoscale: parts.Autoscale | None = None
    schedule: parts.Schedule | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, EnvValue] = field(default_factory=dict)
    env_from: tuple[parts.EnvFrom, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, parts.Mount] = field(default_factory=dict)
    writable: tuple[str, ...] | None = None
    health: Health = Health()
    resources: Resources = Resources()
    user: int | None = None
    group: int | None = None
    security: Security = "restricted"
    drain: int = 10
    service_account: parts.ServiceAccountSettings | None = None
    image_pull_secrets: tuple[str, ...] = ()
    placement: parts.Placement | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Bring what means the same into one form, so that it is equal."""
        parts = {key: getattr(self, key) for key in ("service", "service_account", "placement")}
        same: dict[str, Any] = {key: None for key, part in parts.items() if part and part == type(part)()}
        same |= {"replicas": 1, "drain": 0} if self.kind == "cron" else {}
        for key, value in (same | ({"replicas": self.autoscale.min} if self.autoscale else {})).items():
            object.__setattr__(self, key, value)


@dataclass(frozen=True, slots=True)
class Route:
    """How traffic reaches the active colour from outside the cluster.

    Attributes:
        publishes_status: whether the cluster's Ingress controller writes an address into the Ingress's status, so that
            Argo CD may wait for it.
        controller: of the Ingress.
        parent_refs: the Gateways of an HTTPRoute.
        timeouts: of an HTTPRoute.
        namespace: where the HTTPRoute lies; None for the app's own.
    """

    hosts: tuple[str, ...]
    paths: Mapping[str, str]
    switch: Switch = "service"
    tls: str | None = None
    ingress_class: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    publishes_status: bool = False
    preview: parts.Preview | None = None
    controller: Controller = "generic"
    parent_refs: tuple[parts.ParentRef, ...] = ()
    timeouts: parts.Timeouts | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class AppSpec:
    """The resolved spec of one (app, env). In a release every image is pinned.

    `network` names who may call the app's pods beside its own colour; None where everybody may. `compatible` names the
    schemas that it can run on. `rollout` is there exactly where the route's switch is `rollouts`: one Rollout runs both
    releases then, and nothing has a colour.
    """

    name: str
    kubernetes: str
    components: Mapping[str, Component]
    namespace: str | None = None
    route: Route | None = None
    smoke: parts.Smoke | None = None
    network: tuple[parts.Peer, ...] | None = None
    migrate: migrating.Migrate | None = None
    compatible: migrating.Window | None = None
    patches: tuple[parts.Patch, ...] = ()
    rollout: rollouts.Rollout | None = None

    def base_name(self, component: str) -> str:
        """Return the name that the component's objects derive theirs from."""
        return self.name if component == self.name else f"{self.name}-{component}"


@dataclass(frozen=True, slots=True)
class Release:
    """What one colour runs, frozen.

    `renderer` is the version of the rendering that it was made with, and `origins` says for each component where its
    image came from: `given`, `pinned` (in the spec), `release N`, or `promoted from ENV release N`.
    """

    number: int
    renderer: int
    spec: AppSpec
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def images(self) -> dict[str, str]:
        """The image of every component, as Kubernetes reads it."""
        return {name: str(component.image) for name, component in sorted(self.spec.components.items())}

    def same_content(self, other: Release | None) -> bool:
        """Whether both would run the same: number and origin of the images do not count."""
        return other is not None and (self.renderer, self.spec) == (other.renderer, other.spec)


@dataclass(frozen=True, slots=True)
class Previous:
    """The release that `rollback` returns to, and the colour that ran it."""

    color: Color
    release: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A stop sign for flips. `until` is an RFC 3339 time in UTC; None means until `unhold`."""

    reason: str
    by: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class EnvState:
    """Everything that the next decision about one (app, env) needs.

    Attributes:
        active: the colour that takes traffic; None before the first release.
        previous: what `rollback` returns to.
        saved: the release of `previous`, once its colour has been reused.
        last: the highest release number ever given.
        served: the highest release number that was ever active.
        parked: whether the idle colour's workloads are not rendered.
        gate: whether the active release's smoke test stands before the switch: a flip put it there.
        joined: whether the idle colour, which holds the same, takes traffic beside the active one.
        sequences: the newest build number that each component was bumped with.
        database: the schema, and whose migration is rendered; None where no release ever had a migration.
    """

    app: str
    env: str
    active: Color | None = None
    blue: Release | None = None
    green: Release | None = None
    previous: Previous | None = None
    saved: Release | None = None
    last: int = 0
    served: int = 0
    parked: bool = False
    gate: bool = False
    joined: bool = False
    hold: Hold | None = None
    sequences: Mapping[str, int] = field(default_factory=dict)
    database: migrating.Database | None = None

    def release(self, color: Color) -> Release | None:
        """Return what the colour holds."""
        return self.blue if color is Color.BLUE else self.green

    @property
    def idle_color(self) -> Color:
        """The colour that the next bump fills: blue before the first release."""
        return Color.BLUE if self.active is None else self.active.other

    @property
    def active_release(self) -> Release | None:
        """What users are served by; None before the first release."""
        return None if self.active is None else self.release(self.active)

    @property
    def idle_release(self) -> Release | None:
        """What the idle colour holds; None while it is empty."""
        return self.release(self.idle_color)

    @property
    def idle(self) -> Idle:
        """Whether the idle colour is empty, running or parked."""
        if self.idle_release is None:
            return "empty"
        return "running" if self.runs(self.idle_color) else "parked"

    @property
    def pending(self) -> bool:
        """Whether idle holds a release that is newer than every one that was ever active."""
        return self.idle_release is not None and self.idle_release.number > self.served

    def runs(self, color: Color) -> bool:
        """Whether the colour's workloads are rendered; beside the active one's, a Rollout has those that wait."""
        release = self.release(color)
        if release is None or color is self.active:
            return release is not None
        return not self.parked and (release.spec.rollout is None or self.pending)

    def serves(self, color: Color) -> bool:
        """Whether the colour takes traffic of users."""
        return color is self.active or self.joined
