"""What adoption reads and comes to, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bggen.adopting.looking import dig, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Color, EnvState, Manifest, Position

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said beside the files.

    Attributes:
        env: the environment that the objects run in.
        app: the app's name; None to tell it from the objects.
        color_label: the label that tells the colours apart; None to find it.
        active: its value on the colour that takes traffic; None to see it by the Services.
        pending: whether what idles is yet to be flipped to, and not what ran before.
    """

    env: str
    app: str | None = None
    color_label: str | None = None
    active: str | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An object that was read.

    Attributes:
        file: the file as it was named.
        position: where the object begins in it.
        live: whether a cluster printed it, rather than a person or helm.
    """

    file: str
    position: Position
    kind: str
    name: str
    namespace: str | None
    data: Mapping[str, Any]
    live: bool = False

    @property
    def title(self) -> str:
        """The words that name it."""
        return f"{self.kind} {self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """Its own labels."""
        return texts(self.data, "metadata", "labels")

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations."""
        return texts(self.data, "metadata", "annotations")

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels of the pods of a Deployment."""
        found = texts(self.data, "spec", "template", "metadata", "labels")
        return {key: value for key, value in found.items() if key != "pod-template-hash"}

    @property
    def selector(self) -> dict[str, str]:
        """By what it finds pods: a Service's selector, or the labels that a Deployment's has to match."""
        found = texts(self.data, "spec", "selector")
        return found if self.kind == "Service" else texts(self.data, "spec", "selector", "matchLabels")

    @property
    def helm(self) -> str | None:
        """The helm release that it belongs to."""
        return self.annotations.get("meta.helm.sh/release-name") or (
            self.labels.get("app.kubernetes.io/instance")
            if self.labels.get("app.kubernetes.io/managed-by") == "Helm"
            else None
        )

    @property
    def application(self) -> str | None:
        """The Argo CD Application that tracks it."""
        tracking = self.annotations.get("argocd.argoproj.io/tracking-id", "")
        return tracking.partition(":")[0] or self.labels.get("argocd.argoproj.io/instance")


@dataclass(frozen=True, slots=True)
class Group:
    """What becomes one component.

    Attributes:
        name: the component's.
        base: what its objects are named by now.
        workloads: the Deployment of each colour, or the CronJob.
        main: the Service that users of the component go by.
        others: the other Services that lead to its pods, and the colours that each leads to.
    """

    name: str
    base: str
    workloads: Mapping[Color, Found]
    main: Found | None = None
    others: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the objects make an app.

    Attributes:
        app: its name.
        active: the colour that takes traffic.
        values: what the colours are called by now; empty where there is one colour and it has no name.
        key: the label that tells them apart.
        why: how the active colour was told.
        routed: whether the Ingress leads to a Service of one colour, so that it is what switches.
        parked: whether nothing of the idle colour runs.
    """

    app: str
    active: Color
    groups: tuple[Group, ...]
    values: Mapping[Color, str] = field(default_factory=dict)
    key: str | None = None
    why: str = ""
    routed: bool = False
    parked: bool = False

    def colors(self) -> list[Color]:
        """Return the colours that there is a workload of, the active one first."""
        return [color for color in (self.active, self.active.other) if any(color in g.workloads for g in self.groups)]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user has to know: about which object, what, and the commands that help."""

    about: str
    message: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is another one afterwards.

    Attributes:
        old: the object as it is now.
        new: the object as bggen renders it.
        field: the field, as `spec.template.spec.dnsPolicy`.
        before: what stands there now, as text; empty where nothing does.
        after: what will.
        why: why no patch keeps it; empty where bggen sets the field in every app.
    """

    old: str
    new: str
    field: str
    before: str
    after: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What the first sync does with an object."""

    verb: Literal["creates", "changes", "refused", "leaves"]
    object: str
    message: str


@dataclass(frozen=True, slots=True)
class Adoption:
    """What the objects come to.

    Attributes:
        spec: app.yaml as data.
        state: the state of the environment.
        manifests: what it renders.
        objects: how many were read.
        patched: the fields that patches in app.yaml keep as they are.
        differences: the fields that change.
        fates: what the first sync does, object by object.
        warnings: what must not be overlooked.
        left: what bggen has no room for.
        steps: what to do, in its order.
    """

    layout: Layout
    spec: Mapping[str, Any]
    state: EnvState
    manifests: tuple[Manifest, ...]
    objects: int
    patched: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    fates: tuple[Fate, ...] = ()
    warnings: tuple[Note, ...] = ()
    left: tuple[Note, ...] = ()
    steps: tuple[Note, ...] = ()


def is_live(data: Any) -> bool:
    """Whether an API server has had its hands on the object."""
    return dig(data, "metadata", "uid") is not None or text(data, "metadata", "resourceVersion") is not None
