"""Parts of a spec that most apps do without; imported late, because each class makes a start 0.8 ms longer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Color, EnvValue, Image, Manifest

ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer"]


@dataclass(frozen=True, slots=True)
class EnvFrom:
    """All keys of a Secret or ConfigMap as environment variables; `prefix` stands before each of their names."""

    kind: Literal["secret", "configMap"]
    name: str
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Mount:
    """What a component sees at a path of its file system.

    Attributes:
        kind: where it comes from: a Secret, a ConfigMap, a PersistentVolumeClaim, or an empty directory of the pod.
        name: the object's name; None for an empty directory.
        key: the only key of a Secret or ConfigMap that is seen, as a file at the path; None for all, as a directory.
        size: the most that an empty directory may hold, as a quantity; None for no limit.
        read_only: whether the component may only read a claim. Secrets and ConfigMaps are never written.
    """

    kind: Literal["secret", "configMap", "claim", "empty"]
    name: str | None = None
    key: str | None = None
    size: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Autoscale:
    """Bounds and targets of a HorizontalPodAutoscaler; targets are percentages of what is requested, one is set."""

    min: int
    max: int
    cpu: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What is special about the active Service, `<base>`; all others are plain ClusterIP Services.

    `publishes_status` says that the cluster gives a LoadBalancer Service an address, so that Argo CD may wait for it.
    """

    type: ServiceType = "ClusterIP"
    node_port: int | None = None
    publishes_status: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceAccountSettings:
    """The identity of a component's pods.

    Attributes:
        name: an account that exists already; None for the one that bggen renders.
        token: whether pods get a token for the API server.
        annotations: of the rendered account, as cloud identities want them.
    """

    name: str | None = None
    token: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Toleration:
    """As in Kubernetes' pod spec."""

    key: str | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Which nodes a component's pods run on.

    `color_anti_affinity` keeps them off nodes that run the component in the other colour: if possible, or always.
    """

    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    priority_class: str | None = None
    color_anti_affinity: Literal["preferred", "required"] | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When and how a cron component's Jobs run, as in Kubernetes' CronJob; durations are in seconds."""

    cron: str
    time_zone: str | None = None
    starting_deadline_seconds: int = 60
    concurrency_policy: Literal["Forbid", "Allow", "Replace"] = "Forbid"
    active_deadline_seconds: int | None = None
    backoff_limit: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """How people reach the idle colour from outside, before it takes traffic.

    Attributes:
        host: a host of its own; None where there is none.
        header: the request header that names a colour, on the hosts of the route; None where there is none.
    """

    host: str | None = None
    tls: str | None = None
    ingress_class: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    header: str | None = None


@dataclass(frozen=True, slots=True)
class ParentRef:
    """A Gateway that an HTTPRoute is attached to, or one listener of it, as in Gateway API's `parentRefs`.

    Attributes:
        namespace: of the Gateway; None for that of the HTTPRoute.
        section_name: the listener's name; None for all that take the route.
        port: the listener's port; None for any.
    """

    name: str
    namespace: str | None = None
    section_name: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The `timeouts` of an HTTPRoute's rules, as Gateway API writes durations: a request's, and those of its tries."""

    request: str | None = None
    backend_request: str | None = None


@dataclass(frozen=True, slots=True)
class HttpSmoke:
    """A smoke test that asks a component for a path until it answers with a status."""

    component: str
    path: str
    image: Image
    expect: int = 200
    timeout: int = 60


@dataclass(frozen=True, slots=True)
class CommandSmoke:
    """A smoke test that is a command of an image; it passes with exit code 0."""

    image: Image
    command: tuple[str, ...]
    env: Mapping[str, EnvValue] = field(default_factory=dict)
    user: int | None = None
    timeout: int = 60


Smoke = HttpSmoke | CommandSmoke


@dataclass(frozen=True, slots=True)
class Peer:
    """Who may call an app's pods: pods of a namespace, all or those with some labels, or a range of addresses."""

    namespace: str | None = None
    pods: Mapping[str, str] = field(default_factory=dict)
    cidr: str | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A change of rendered objects: of all of a kind, narrowed by component, colour and name where they are given.

    Attributes:
        merge: a JSON merge patch (RFC 7386); None where there are operations.
        operations: those of a JSON patch (RFC 6902).
    """

    kind: str
    component: str | None = None
    color: Color | None = None
    name: str | None = None
    merge: Mapping[str, Any] | None = None
    operations: tuple[Mapping[str, Any], ...] = ()

    def __eq__(self, other: object) -> bool:
        """Whether both make the same of every object: to Kubernetes 1 is not true, as it is to Python."""
        return isinstance(other, Patch) and self._text() == other._text()

    def __hash__(self) -> int:
        """Return one number for equal patches."""
        return hash(self._text())

    def _text(self) -> str:
        import json  # noqa: PLC0415 - few specs have patches

        target = (self.kind, self.component, self.color, self.name)
        return json.dumps([target, self.merge, self.operations], sort_keys=True)

    def targets(self, manifest: Manifest) -> bool:
        """Whether it changes that object: all that the target names is the object's own."""
        wanted = (self.component, self.color, self.name)
        found = (manifest.component, manifest.color, manifest.name)
        fits = (value is None or value == own for value, own in zip(wanted, found, strict=True))
        return self.kind == manifest.kind and all(fits)
