"""The order inside one sync of Argo CD: what stands in which wave, and what is pruned last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_SYNC_WAVE = "argocd.argoproj.io/sync-wave"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_GROUND = -20
_MIGRATION = -10
_GATE = 10
_JOINED = 12
_JOINED_GATE = 14
_BEFORE_SWITCH = 15
_SWITCH = 20
_STOP = 25
_BEFORE_LAST = 27
_LAST = 30
_WAVES = {
    **dict.fromkeys(("account", "config", "color service", "grant"), _GROUND),
    "migration": _MIGRATION,
    "deployment": 0,
    "gate": _GATE,
    "active service": _SWITCH,
    "preview service": _SWITCH,
    "live route": _SWITCH,
    "analysis": _SWITCH,
}
_OF_JOINED = {"policy": _JOINED, "deployment": _JOINED, "gate": _JOINED_GATE}


def order(view: View) -> Iterator[Problem]:
    """Nothing but the colour that is to be active can hold up the switch; nothing that serves is pruned before it."""
    for item in view.items:
        wave = item.at("metadata", "annotations", _SYNC_WAVE)
        if not isinstance(wave, str) or not wave.lstrip("-").isdecimal():
            yield item.problem(_SYNC_WAVE, f"must be a whole number as text, is {wave!r}")
            continue
        if int(wave) != item.manifest.wave:
            yield item.problem(_SYNC_WAVE, f"is {wave}, but the renderer says {item.manifest.wave}")
        if int(wave) < _SWITCH and not _may_gate(item):
            yield item.problem(_SYNC_WAVE, f"is {wave}: this may hold up the switch, which stands in {_SWITCH}")
        elif item.expected is not None and int(wave) != (must := _wave(item.expected, view)):
            yield item.problem(_SYNC_WAVE, f"is {wave}, must be {must}")
        if int(wave) <= _SWITCH and item.at("spec", "type") == "LoadBalancer" and not _has_address(item):
            yield item.problem("spec.type", "a LoadBalancer without an address would hold up the switch for ever")
    for item in view.items:
        serving = item.expected is not None and item.expected.serves
        options = str(item.at("metadata", "annotations", _SYNC_OPTIONS) or "").split(",")
        if serving and "PruneLast=true" not in options:
            yield item.problem(_SYNC_OPTIONS, "must hold PruneLast=true: it serves until the switch has moved")
        if not serving and "PruneLast=true" in options:
            yield item.problem(_SYNC_OPTIONS, "must not hold PruneLast=true: it does not serve")


def _may_gate(item: Item) -> bool:
    """Whether the object may stand before the switch: it has no health to wait for, or it is what is waited for."""
    kind = item.at("kind")
    if kind == "Service":
        return item.at("spec", "type") in {None, "ClusterIP"}
    if kind == "Deployment":
        return item.expected is not None and item.expected.serves
    if kind == "Job":
        return item.expected is not None and item.expected.role in {"gate", "migration"}
    return kind in {"ServiceAccount", "ConfigMap", "NetworkPolicy", "ReferenceGrant"}


def _has_address(item: Item) -> bool:
    """Whether the spec says that the cluster gives the Service an address, and it is the one that may have it."""
    component = item.expected.component if item.expected and item.expected.role == "active service" else None
    return component is not None and component.service is not None and component.service.publishes_status


def _moved_last(view: View) -> bool:
    """Whether users from outside go to the other colour in the last wave: by an Ingress that may not be waited for."""
    release = view.state.active_release
    route = release.spec.route if release else None
    return route is not None and route.switch == "ingress" and not route.publishes_status


def _wave(expected: Expected, view: View) -> int:
    active = expected.selects is view.state.active
    if view.state.joined and not active and expected.role in _OF_JOINED:
        # What serves beside the active colour comes after that one's test, and before the switch as well.
        return _OF_JOINED[expected.role]
    if expected.role == "policy":
        # Right before users are moved: pods of the other colour may be theirs until then, and what is pruned in this
        # wave is gone when they come.
        moved = _BEFORE_LAST if _moved_last(view) else _BEFORE_SWITCH
        return _GROUND if active else moved
    if expected.role in {"active service", "deployment"} and not expected.serves:
        return _LAST
    if expected.role == "worker" and not active:
        # Before its like in the active colour starts, and apart from the switch.
        return _STOP
    route = expected.release.spec.route
    if expected.role == "ingress" and route and route.switch == "ingress" and route.publishes_status:
        return _SWITCH
    return _WAVES.get(expected.role, _LAST)
