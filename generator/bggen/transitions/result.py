"""What a decision comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.model import AppSpec, Color, EnvState, Release


@dataclass(frozen=True, slots=True)
class Transition:
    """A decided change of one (app, env), or the decision that there is nothing to do.

    Attributes:
        action: the command's name, as in the trailer `Bggen-Action`.
        subject: what it does, for the first line of the commit and for people.
        reason: why nothing changes; None where something does.
        notes: what else the user should know.
        warnings: what the user should not overlook.
    """

    action: str
    before: EnvState
    after: EnvState
    subject: str
    reason: str | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is different afterwards."""
        return self.before != self.after


def unchanged(action: str, state: EnvState, reason: str, *notes: str) -> Transition:
    """Return the decision that there is nothing to do, and why."""
    return Transition(action, state, state, subject=reason, reason=reason, notes=notes)


def version(release: Release) -> str:
    """Return the word that people know a release by: its images' common tag, else its number."""
    images = {component.image.tag or component.image.digest for component in release.spec.components.values()}
    names = {name for name in images if name}
    if len(names) == 1:
        (name,) = names
        # `sha256:` and twelve digits are enough to recognise a digest by.
        return name[:19] if name.startswith("sha256:") else name
    return f"release {release.number}"


def active_of(state: EnvState) -> tuple[Color, Release]:
    """Return the active colour and its release.

    Raises:
        RefusedError: nothing was ever released.
    """
    if state.active is None or state.active_release is None:
        raise RefusedError(
            f"{state.app}/{state.env}: nothing has been released yet",
            hint=f"bggen bump --app {state.app} --env {state.env} --image TAG makes the first release",
            kind="empty-idle",
        )
    return state.active, state.active_release


def idle_of(state: EnvState) -> tuple[Color, Release]:
    """Return the idle colour and the release it holds.

    Raises:
        RefusedError: it holds none.
    """
    active_of(state)
    if state.idle_release is None:
        raise RefusedError(
            f"{state.app}/{state.env}: the idle colour, {state.idle_color}, is empty",
            hint=f"bggen bump --app {state.app} --env {state.env} --image TAG gives it a release",
            kind="empty-idle",
        )
    return state.idle_color, state.idle_release


def refuse_joined(state: EnvState, command: str) -> None:
    """Refuse what changes the idle colour, or makes it active, while it serves beside the active one.

    Raises:
        RefusedError: `joined`.
    """
    if state.joined:
        raise RefusedError(
            f"{state.app}/{state.env}: {state.idle_color} serves beside {state.active}",
            hint=f"bggen drain --app {state.app} --env {state.env} takes it out; {command} then",
            kind="joined",
        )


def refuse_moving(current: Release, target: Release) -> None:
    """Refuse a release behind another namespace, switch, ALB or owner of a node port than those of the active one.

    Both colours share the Services and routes between them: with two namespaces, or two switches, a flip would leave
    the traffic behind.

    Raises:
        RefusedError: with the way to do it.
    """
    moves = []
    old, new = current.spec, target.spec
    if old.namespace != new.namespace:
        moves.append(f"namespace from {old.namespace or '(none)'} to {new.namespace or '(none)'}")
    # A Rollout has its switch also where it has no route.
    rollouts = (old.rollout is not None, new.rollout is not None)
    if (old.route and new.route and old.route.switch != new.route.switch) or len(set(rollouts)) > 1:
        moves.append(f"route.switch from {_switch(old)} to {_switch(new)}")
    elif all(rollouts) and old.components.keys() != new.components.keys():
        # Its objects have the component's name: the new one's Rollout would stand beside the old one's, and be empty.
        moves.append(f"the component of the Rollout from {', '.join(old.components)} to {', '.join(new.components)}")
    elif old.route and new.route and old.route.namespace != new.route.namespace:
        # The live HTTPRoute would be another object, which may come after the old one is gone.
        moves.append(f"route.namespace from {old.route.namespace or '(none)'} to {new.route.namespace or '(none)'}")
    elif old.route and new.route and "alb" in {old.route.controller, new.route.controller}:
        from bggen.transitions.albs import alb_moves  # noqa: PLC0415 - rare, and the import is not free

        moves += alb_moves(old.route, new.route)
    if moves:
        to = "rollouts" if rollouts[1] else "deployments"
        raise RefusedError(
            f"{new.name}: this changes {' and '.join(moves)}, while release {current.number} takes traffic as it was",
            hint=f"bggen convert --to {to} shows how to move the app"
            if len(set(rollouts)) > 1
            else "release it as a new app or environment, move users over (DNS, or its own host), then delete this one",
            kind="immovable",
        )
    owners = {port: name for name, port in _node_ports(old)}
    for name, port in _node_ports(new):
        owner = owners.get(port, name)
        if owner != name:
            # Kubernetes gives a node port to no second Service while the first one has it, and one sync holds both.
            raise RefusedError(
                f"{new.name}: this gives nodePort {port} of {owner} in release {current.number} to {name}",
                hint=f"give {name} another nodePort, or flip first to a release in which {owner} has none",
                kind="immovable",
            )


def _switch(spec: AppSpec) -> str:
    return spec.route.switch if spec.route else "none"


def _node_ports(spec: AppSpec) -> Iterator[tuple[str, int]]:
    for name, component in spec.components.items():
        if component.service and component.service.node_port is not None:
            yield name, component.service.node_port


def refuse_renumbered(others: Iterable[Release | None], target: Release) -> None:
    """Refuse a release in which a named port has another number than in one of the others.

    A Service has its ports under the same numbers as the pods, and is changed before the pods are.

    Raises:
        RefusedError: with the way to do it.
    """
    for other in others:
        for name, component in target.spec.components.items():
            old = other.spec.components.get(name) if other else None
            # What has no `port` has no Services.
            if other is None or old is None or old.port is None or component.port is None:
                continue
            for port, number in component.ports.items():
                was = old.ports.get(port, number)
                if was != number:
                    raise RefusedError(
                        f"{target.spec.name}: port {port} of {name} is {number}, and {was} in release {other.number}",
                        hint="give the new port a new name",
                        kind="immovable",
                    )
