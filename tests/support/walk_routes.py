"""What a walk looks at in routes: what they name is there, and what an ALB or an HTTPRoute names stays named."""

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
        if manifest.kind in {"Ingress", "HTTPRoute"}:
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


def leads_users(manifest: Manifest, state: EnvState) -> bool:
    """Whether it is the Ingress or HTTPRoute that users come by, rather than one of a preview."""
    names = {state.app} | {f"{state.app}-{each.spec.namespace}" for each in (state.blue, state.green) if each}
    return manifest.kind in {"Ingress", "HTTPRoute"} and manifest.color is None and manifest.name in names


def no_backend_gone(state: EnvState, before: tuple[Manifest, ...], after: tuple[Manifest, ...]) -> None:
    """Look whether a path of an HTTPRoute that still leads users to the same component has lost a backend."""
    old, new = (
        {
            match["path"]["value"]: frozenset(backend["name"] for backend in rule["backendRefs"])
            for each in manifests
            if each.kind == "HTTPRoute" and leads_users(each, state)
            for rule in _read(each)["spec"]["rules"]
            for match in rule["matches"]
        }
        for manifests in (before, after)
    )
    for path in old.keys() & new.keys():
        assert old[path] == new[path] or not old[path] & new[path], f"{path} lost a backend"


def named(ingress: Any) -> set[str]:
    """Return the Services that an Ingress or HTTPRoute names, with whatever weight."""
    if ingress["kind"] == "HTTPRoute":
        return {backend["name"] for rule in ingress["spec"]["rules"] for backend in rule["backendRefs"]}
    if not _is_alb(ingress):
        paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        return {path["backend"]["service"]["name"] for path in paths}
    return {service for _, _, _, weights in alb_rules([ingress]) for service in weights}


def as_users_see(manifest: Manifest) -> str:
    """Return what of a route users depend on: of an ALB's, rules that ask for no header, and all other settings."""
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
