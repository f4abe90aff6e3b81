"""The order inside one sync of Argo CD: what stands in which wave, and what is pruned last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_SYNC_WAVE = "argocd.argoproj.io/sync-wave"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_SWITCH = 20
_STOP = 25
_LAST = 30


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
        if int(wave) <= _SWITCH and item.at("spec", "type") == "LoadBalancer":
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
    return kind in {"ServiceAccount", "ConfigMap", "NetworkPolicy"}


def _wave(expected: Expected, view: View) -> int:
    active = expected.selects is view.state.active
    if expected.role in {"account", "config", "color service"} or (expected.role == "policy" and active):
        return -20
    if expected.role == "preview service" or (expected.role == "active service" and expected.serves):
        return _SWITCH
    if expected.role == "deployment" and expected.serves:
        return 0
    if expected.role == "worker" and not active:
        # Before its like in the active colour starts, and apart from the switch.
        return _STOP
    return _LAST
