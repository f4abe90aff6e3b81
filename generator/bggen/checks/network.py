"""NetworkPolicies: that they hold for the right pods, and let in the colour itself and nobody by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.checks.view import COLOR_LABEL, COMPONENT_LABEL, JOB_LABEL, NAME_LABEL, dig, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Color, Component, Problem

_INGRESS = "spec.ingress"


def network(view: View) -> Iterator[Problem]:
    """Every policy is one of who may call a component's pods: its colour, its colour's Jobs, and some others."""
    for item, expected in view.of("policy"):
        if expected.component is not None and expected.selects is not None:
            yield from _policy(item, expected, expected.component, expected.selects)


def _policy(item: Item, expected: Expected, component: Component, color: Color) -> Iterator[Problem]:
    app = expected.release.spec.name
    is_cron = component.kind == "cron"
    wanted = selector_of(expected.release.spec, component, color)
    if is_cron:
        wanted = {NAME_LABEL: app, COMPONENT_LABEL: component.name, JOB_LABEL: f"cron-{color}"}
    selected = item.at("spec", "podSelector")
    if selected != {"matchLabels": wanted}:
        yield item.problem("spec.podSelector", f"must be exactly {wanted}, is {selected}")
    types = item.at("spec", "policyTypes")
    if types != ["Ingress"]:
        yield item.problem("spec.policyTypes", f"must be Ingress alone, is {types}")
    rules = item.at("spec", "ingress")
    rules = rules if isinstance(rules, list) else []
    if is_cron:
        if rules:
            yield item.problem(_INGRESS, "must be left out: nobody calls a Job")
        return
    peers = [caller for rule in rules for caller in (dig(rule, "from") or [None])]
    if not all(_names_somebody(peer) for peer in peers):
        yield item.problem(_INGRESS, "must name who may call: as it is, everybody may")
    same = {"podSelector": {"matchLabels": {NAME_LABEL: app, COLOR_LABEL: str(color)}}}
    if same not in peers:
        yield item.problem(_INGRESS, f"must let in the pods of {color}, which call each other")
    jobs = {f"cron-{color}", f"smoke-{color}", *([f"migrate-{color}"] if expected.release.spec.migrate else [])}
    if not any(_jobs_of(peer, app) >= jobs for peer in peers):
        yield item.problem(_INGRESS, f"must let in the Jobs of {color}")


def _names_somebody(caller: object) -> bool:
    """Whether it is narrower than everybody: an empty selector, or none of any kind, is not."""
    if dig(caller, "ipBlock", "cidr"):
        return True
    selectors = [dig(caller, key) for key in ("namespaceSelector", "podSelector")]
    return any(dig(each, "matchLabels") or dig(each, "matchExpressions") for each in selectors)


def _jobs_of(peer: object, app: str) -> set[str]:
    """Return the values of the Jobs' label that a peer takes of this app in its own namespace."""
    if dig(peer, "namespaceSelector") is not None:
        return set()
    if dig(peer, "podSelector", "matchLabels") != {NAME_LABEL: app}:
        return set()
    found = dig(peer, "podSelector", "matchExpressions", 0)
    if dig(found, "key") != JOB_LABEL or dig(found, "operator") != "In":
        return set()
    return set(dig(found, "values") or [])
