"""What every version of the rendering offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bggen.model import Color, Manifest, Release

# Of a Service: of one colour for ever, of the colour that takes traffic, or of the one that does not.
Role = Literal["color", "active", "preview"]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both colours, as what leads traffic to them sees them.

    Attributes:
        active: the colour that takes traffic.
        releases: what each colour holds; an empty one is not in it.
        joined: whether the other colour takes traffic as well: both run, and hold the same but for numbers of replicas.
    """

    active: Color
    releases: Mapping[Color, Release]
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a Rollout is made of.

    Attributes:
        serving: the active release: what takes traffic, or will as soon as its pods are ready.
        wanted: the release that the newest pods are of: the pending one while it waits, otherwise the active one.
        promotes: whether the controller makes the newest pods active by itself.
        tested: whether the smoke test stands before that.
        returned: whether it is active by no flip but by a rollback, or as the first one: nothing stands in its way.
        kept: named ports that the active Service has beside those of the active release.
        source: the state file that the newest pods follow from, for the header.
    """

    serving: Release
    wanted: Release
    promotes: bool
    tested: bool
    returned: bool
    kept: Mapping[str, int]
    source: str


class Renderer(Protocol):
    """One version of the rendering. Its output for given arguments never changes, not by a byte."""

    def workloads(
        self, env: str, release: Release, color: Color, *, active: bool, joined: bool, running: bool
    ) -> Iterable[Manifest]:
        """Return what runs the release: nothing in it may depend on the other colour.

        Args:
            env: the environment's name.
            release: what the colour holds.
            color: the colour.
            active: whether the colour is the active one; no pod template may depend on it.
            joined: whether it takes traffic beside the active one; nor on that.
            running: False while the colour is parked.
        """

    def policies(
        self, env: str, release: Release, color: Color, *, active: bool, joined: bool, moved_last: bool
    ) -> Iterable[Manifest]:
        """Return what says who may call the colour's pods, whether they run or not.

        Args:
            env: the environment's name.
            release: what the colour holds.
            color: the colour.
            active: whether the colour is the active one.
            joined: whether it takes traffic beside the active one.
            moved_last: whether users from outside go from colour to colour with all the rest, after the other switches.
        """

    def configs(
        self, env: str, release: Release, color: Color | None, *, serves: bool, source: str
    ) -> Iterable[Manifest]:
        """Return the ConfigMaps of a release in a colour: the content of one never changes under its name.

        Args:
            env: the environment's name.
            release: the release whose files they hold.
            color: the colour; None where one Rollout runs both releases.
            serves: whether it is the active colour.
            source: the state file that they follow from, for the header.
        """

    def account(self, env: str, release: Release, component: str, color: Color, *, source: str) -> Manifest:
        """Return the component's ServiceAccount of a colour.

        Args:
            env: the environment's name.
            release: the release whose definition of the component counts.
            component: the component's name.
            color: the colour.
            source: the state file that it follows from, for the header.
        """

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
        """Return the component's Service of that role.

        Args:
            env: the environment's name.
            release: the release whose definition of the component counts; it has a port there.
            component: the component's name.
            role: which of the component's Services.
            selects: the colour that it leads to.
            serves: whether traffic of users passes through it.
            source: the state file that it follows from, for the header.
            kept: ports by name that it has beside those of the release: pods that may still run are called there.
        """

    def routes(self, env: str, release: Release, sides: Sides) -> Iterable[Manifest]:
        """Return what leads traffic from outside the cluster to the active colour.

        Args:
            env: the environment's name.
            release: what the active colour holds.
            sides: both colours. Whatever a release that is not active says must not change how users are led.
        """

    def preview(self, env: str, release: Release, sides: Sides) -> Iterable[Manifest]:
        """Return what leads people from outside the cluster to the idle colour, whichever that is.

        Args:
            env: the environment's name.
            release: what the idle colour holds; the active release while it is empty.
            sides: both colours.
        """

    def by_header(self, env: str, release: Release, color: Color, sides: Sides) -> Iterable[Manifest]:
        """Return what leads those who name a colour in a request header to it, and no one else.

        Args:
            env: the environment's name.
            release: what the colour holds; the active release while it is empty.
            color: the colour.
            sides: both colours. Which of them is active must not count for more than that.
        """

    def smoke(self, env: str, release: Release, color: Color, *, gate: bool, joined: bool) -> Iterable[Manifest]:
        """Return the Job that tests a colour, if its release has a smoke test.

        Args:
            env: the environment's name.
            release: what the colour holds.
            color: the colour.
            gate: whether it stands before the switch, where the colour is known to be up; otherwise it waits for it.
            joined: whether the colour takes traffic beside the active one.
        """

    def migration(self, env: str, release: Release, color: Color, *, contract: bool) -> Iterable[Manifest]:
        """Return the Job that changes the database for a release, if it has one.

        Args:
            env: the environment's name.
            release: what the colour holds.
            color: the colour.
            contract: whether it takes away what only an older schema has; otherwise it makes the schema.
        """

    def rollout(self, env: str, turn: Turn) -> Iterable[Manifest]:
        """Return the Rollout, its AnalysisTemplates and the preview Service, by the release of the newest pods.

        Args:
            env: the environment's name.
            turn: what the Rollout is made of.
        """

    def around_rollout(self, env: str, turn: Turn) -> Iterable[Manifest]:
        """Return what reaches pods that serve beside the Rollout, by the active release.

        Args:
            env: the environment's name.
            turn: what the Rollout is made of.
        """
