"""The route of a spec: what leads where, by which switch, and what each kind of it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bggen.spec.decoding import shown
from bggen.spec.layers import as_text, mapping
from bggen.spec.limits import check_annotations
from bggen.spec.messages import nearest
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

# Their own names for the classes of their Ingresses. Whoever forgets `controller` must not get a switch that fails.
_CONTROLLER_OF_CLASS: Final[Mapping[str, str]] = {"alb": "alb", "gce": "gce", "gce-internal": "gce"}
_OF_INGRESS = ("tls", "class", "controller", "publishesStatus")
_OF_GATEWAY = ("parentRefs", "timeouts", "namespace")


def check_route(layers: Layers, route: dict[str, Any], ports: Mapping[str, bool]) -> dict[str, Any]:
    """Return the route as canonical data, and report what is wrong with it.

    Args:
        layers: where its fields came from.
        route: the merged fields.
        ports: whether each component of the app has a port.
    """
    rollouts = route.get("switch") == "rollouts"
    if "hosts" in route and "host" in route:
        layers.report(("hosts",), "stands beside `host`: give one of them (an overlay makes the other null)")
    elif "hosts" not in route and "host" not in route and not layers.refused(("hosts",)) and not rollouts:
        layers.report(("host",), "is missing")
    hosts = route.pop("hosts", None) or ([] if rollouts and "host" not in route else [route.get("host")])
    route.pop("host", None)
    paths = mapping(route.get("paths"))
    for path, component in paths.items():
        if isinstance(component, str):
            check_leads(layers, ("paths", path), component, ports)
    paths = paths or _only_path(layers, ports)
    check_annotations(layers, ("annotations",), route.get("annotations"))
    annotations = _texts(route.get("annotations"))
    data = {"switch": "service", **route, "hosts": hosts, "paths": paths, "annotations": annotations}
    _check_switch(layers, data)
    if not data.get("publishesStatus"):
        data.pop("publishesStatus", None)
    return data if "preview" not in data else {**data, "preview": _preview(layers, data)}


def _check_switch(layers: Layers, data: dict[str, Any]) -> None:
    """Report what the switch does not go with, and fill in the controller that the class tells."""
    if data["switch"] == "rollouts" and _unfit_for_rollouts(layers, data):
        return
    rollouts = data["switch"] == "rollouts"
    gateway = data["switch"] == "gateway" or (rollouts and "parentRefs" in data)
    needed = "needs `parentRefs`" if rollouts else "needs `switch: gateway`"
    for key in _OF_INGRESS if gateway else _OF_GATEWAY:
        if key in data:
            layers.report((key,), "is for an Ingress" if gateway else needed)
    if gateway:
        if "parentRefs" not in data and not layers.refused(("parentRefs",)):
            layers.report(("parentRefs",), "is missing: say which Gateway the HTTPRoute is attached to")
        return
    known = _CONTROLLER_OF_CLASS.get(str(data.get("class")))
    if "controller" not in data and known is not None:
        data["controller"] = known
    if data.get("controller") == "generic":
        del data["controller"]
    if "controller" in data or "header" in mapping(data.get("preview")):
        from bggen.spec.controllers import check_controller  # noqa: PLC0415 - rare, and the import is not free

        check_controller(layers, data)
    if data.get("controller") == "alb":
        # It writes the ALB's name into every Ingress, as soon as there is an ALB.
        data.setdefault("publishesStatus", True)


def _unfit_for_rollouts(layers: Layers, data: Mapping[str, Any]) -> bool:
    """Report what stands before a Rollout's Services and does not go with a selector that moves; say whether it did."""
    found: list[tuple[Path, str]] = []
    controller = data.get("controller") or _CONTROLLER_OF_CLASS.get(str(data.get("class")))
    if controller in {"alb", "gce"}:
        # https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/, argo-rollouts#4834; ingress-gce#638.
        message = f"{controller} is too slow for a selector that moves, users would meet errors for seconds"
        where = "controller" if "controller" in data else "class"
        found.append(((where,), f"{message}: leave the route's `host` out, or use another switch"))
    if not data["hosts"]:
        keys = ("tls", "class", "annotations", "preview", "publishesStatus", "parentRefs")
        found += [((key,), "needs a `host`: without one there is no route") for key in keys if data.get(key)]
    if "header" in mapping(data.get("preview")):
        message = "names a colour, which a Rollout has not: give the preview a `host`"
        found.append((("preview", "header"), message))
    for place, message in found:
        layers.report(place, message)
    return bool(found)


def _only_path(layers: Layers, ports: Mapping[str, bool]) -> dict[str, str]:
    with_port = sorted(name for name in ports if ports[name])
    if len(with_port) == 1:
        return {"/": with_port[0]}
    if with_port:
        names = ", ".join(dotted((name,)) for name in with_port)
        layers.report(("paths",), f"is missing: {names} have a port, so say which answers where")
    else:
        layers.report((), "leads nowhere: no component has a port")
    return {}


def check_leads(layers: Layers, where: Path, component: str, ports: Mapping[str, bool]) -> None:
    """Report the name of a component that there is not, or that has no port.

    Args:
        layers: where it came from.
        where: the place.
        component: the name.
        ports: whether each component of the app has a port.
    """
    if component not in ports:
        near = nearest(component, ports)
        hint = f", did you mean `{near}`?" if near else ""
        layers.report(where, f"there is no component {shown(component)}{hint}")
    elif not ports[component]:
        layers.report(where, f"the component {shown(component)} has no port")


def _preview(layers: Layers, route: Mapping[str, Any]) -> dict[str, Any]:
    preview = mapping(route.get("preview"))
    if "host" not in preview and "header" not in preview:
        layers.report(("preview",), "needs a `host` of its own, or a `header` that names the colour")
    elif preview.get("host") in route["hosts"]:
        layers.report(("preview", "host"), "is a host of the route already: give the preview one of its own")
    check_annotations(layers, ("preview", "annotations"), preview.get("annotations"))
    annotations = preview.get("annotations", route["annotations"])
    inherited = {"class": route["class"]} if "class" in route else {}
    return {**inherited, **preview, "annotations": _texts(annotations)}


def _texts(value: Any) -> dict[str, Any]:
    return {key: as_text(item) for key, item in mapping(value).items()}
