"""Apps behind each Ingress controller, and what of their pods a request reaches."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from bggen.model import Color, Route
from bggen.model.parts import Preview
from bggen.render import render
from tests.support.ingresses import Request, alb, nginx
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, EnvState

HOST = "shop.example.com"
HEADER = "X-Preview"
BY_HEADER = Preview(header=HEADER)
BY_HOST = Preview("preview.example.com")
BY_BOTH = Preview("preview.example.com", header=HEADER)
# Component and colour.
Pods = tuple[str, Color]


def front(
    controller: str,
    paths: Mapping[str, str],
    *,
    switch: str = "ingress",
    preview: Preview | None = BY_HEADER,
    names: tuple[str, ...] = ("web", "api"),
    **route: Any,
) -> AppSpec:
    """Return an app of some components behind an Ingress of that controller."""
    given: dict[str, Any] = {
        "hosts": (HOST,),
        "paths": paths,
        "switch": switch,
        "ingress_class": controller,
        "controller": controller,
        "publishes_status": controller == "alb",
        "preview": replace(preview, ingress_class=controller) if preview else None,
        **route,
    }
    made = [component(name, port=8080) for name in names]
    return app_spec("shop", *made, kubernetes="1.34", route=Route(**given))


def objects(state: EnvState) -> dict[str, Any]:
    """Return what of a state leads traffic, and to what, by file name."""
    kinds = {"Ingress", "Service", "Deployment"}
    return {manifest.file: _read(manifest.text) for manifest in render(state) if manifest.kind in kinds}


@lru_cache(maxsize=4096)
def _read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def reached(found: Mapping[str, Any], controller: str, request: Request, *, oldest: str = "") -> Pods | None:
    """Return which pods a request reaches; None where nothing answers.

    Args:
        found: the objects in the cluster, by file name.
        controller: whose rules count.
        request: the request.
        oldest: the name of the Ingress that was created before all others; by default in the order of their names.
    """
    ingresses = [each for file, each in sorted(found.items()) if file.startswith("ingress-")]
    ingresses.sort(key=lambda each: each["metadata"]["name"] != oldest)
    services = {each["metadata"]["name"]: pods_of(found, each) for each in found.values() if each["kind"] == "Service"}
    if controller == "alb":
        # Without a group, each Ingress is an ALB of its own.
        ours = [each for each in ingresses if request.host in [rule["host"] for rule in each["spec"]["rules"]]]
        chosen = alb(ours, request)
    else:
        chosen = nginx(ingresses, request, {name: pods is not None for name, pods in services.items()})
    return None if chosen is None else services[chosen]


def pods_of(found: Mapping[str, Any], service: Any) -> Pods | None:
    """Return the pods behind a Service."""
    selector = service["spec"]["selector"]
    for each in found.values():
        if each["kind"] == "Deployment" and selector.items() <= each["spec"]["template"]["metadata"]["labels"].items():
            return selector["app.kubernetes.io/component"], Color(selector["bggen.dev/color"])
    return None
