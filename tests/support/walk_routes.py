"""What a walk looks at in routes: what they name is there, and what an ALB names stays named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from bggen.model import Color
from tests.support.ingresses import alb_rules

if TYPE_CHECKING:
    from bggen.model import EnvState, Manifest

_RULES = ("alb.ingress.kubernetes.io/actions.", "alb.ingress.kubernetes.io/conditions.")


def routes_name_what_is_there(state: EnvState, manifests: tuple[Manifest, ...]) -> None:
    """Every Service of every Ingress is rendered; and an ALB's name both colours of all that either release leads to.

    So no command ever takes a target group away whose component is still there, and no flip makes one.
    """
    services = {manifest.name for manifest in manifests if manifest.kind == "Service"}
    for manifest in manifests:
        if manifest.kind == "Ingress":
            missing = named(_read(manifest)) - services
            assert not missing, f"{manifest.name} names {sorted(missing)}"
    route = state.active_release.spec.route if state.active_release else None
    if route is None or route.controller != "alb":
        return
    (live,) = [manifest for manifest in manifests if manifest.kind == "Ingress" and manifest.name == state.app]
    led = {
        f"{release.spec.base_name(component)}-{color}"
        for release in (state.blue, state.green)
        if release and release.spec.route
        for component in release.spec.route.paths.values()
        for color in Color
    }
    gone = led - named(_read(live))
    assert not gone, f"the ALB lost {sorted(gone)}"


def named(ingress: Any) -> set[str]:
    """Return the Services that an Ingress names, with whatever weight."""
    if not _is_alb(ingress):
        paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        return {path["backend"]["service"]["name"] for path in paths}
    return {service for _, _, _, weights in alb_rules([ingress]) for service in weights}


def as_users_see(manifest: Manifest) -> str:
    """Return what of an Ingress users depend on: of an ALB's, rules that ask for no header, and all other settings."""
    ingress = _read(manifest)
    if not _is_alb(ingress):
        return manifest.text
    users = [rule for rule in alb_rules([ingress]) if not rule[2]]
    notes = {key: value for key, value in ingress["metadata"]["annotations"].items() if not key.startswith(_RULES)}
    others = {key: value for key, value in ingress["spec"].items() if key != "rules"}
    return json.dumps([users, notes, others], sort_keys=True)


def _is_alb(ingress: Any) -> bool:
    return any(key.startswith(_RULES) for key in ingress["metadata"]["annotations"])


def _read(manifest: Manifest) -> Any:
    return yaml.load(manifest.text, Loader=yaml.CSafeLoader)
