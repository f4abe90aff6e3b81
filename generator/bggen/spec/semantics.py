"""What no schema can see: what fields mean together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bggen.images import parse_image
from bggen.spec.codec import shown
from bggen.spec.layers import as_text, mapping
from bggen.spec.messages import nearest
from bggen.spec.references import mistakes
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bggen.spec.layers import Layers
    from bggen.spec.schema import Checked
    from bggen.yamlio import Path

# The longest derived name, `<base>-preview`, has to fit the 63 characters of a DNS label.
LONGEST_BASE = 55
_LONGEST_LABEL = 63
# Kubernetes allows 256 KiB of annotations in an object; bggen adds some of its own.
_MOST_ANNOTATIONS = 255 * 1024
_QUANTITY = re.compile(r"([0-9]+)(?:\.([0-9]{1,3}))?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|)")
_THOUSANDTHS = {"m": 1, "": 1000}
_THOUSANDTHS |= {unit: 1000 * 1000**power for power, unit in enumerate("kMGTP", 1)}
_THOUSANDTHS |= {f"{unit}i": 1000 * 1024**power for power, unit in enumerate("KMGTP", 1)}


def check_names(file: Checked, app: str, components: Iterable[str], *, short: bool) -> None:
    """Report components whose objects would have names that are too long."""
    for component in components:
        base = app if component == app else f"{app}-{component}"
        # A single name that is too long is the schema's business.
        if len(base) > LONGEST_BASE and len(component) <= LONGEST_BASE and len(app) <= LONGEST_BASE:
            where: Path = ("name",) if short else ("components", component)
            shown_base = dotted((base,))
            message = (
                f"makes names that are too long: `{shown_base}` has {len(base)} characters, {LONGEST_BASE} are the most"
            )
            file.report(where, message, key=True)


def check_namespace(repo: Checked, where: Path, pattern: str, app: str) -> str:
    """Return the app's namespace, and report one that is too long."""
    namespace = pattern.replace("{app}", app)
    if len(namespace) > _LONGEST_LABEL:
        message = f"gives {app} a namespace of {len(namespace)} characters; {_LONGEST_LABEL} are the most"
        repo.report(where, message)
    return namespace


def check_component(layers: Layers, fields: Mapping[str, Any], ports: Mapping[str, bool]) -> None:
    """Report what is wrong with a component as a whole.

    Args:
        layers: where its fields came from.
        fields: the merged fields.
        ports: whether each component of the app has a port.
    """
    _check_image(layers, fields.get("image"))
    if fields.get("user") == 0 and fields.get("security", "restricted") == "restricted":
        layers.report(("user",), "must not be 0 (root) under `security: restricted`")
    if fields.get("health") and "port" not in fields and not layers.refused(("port",)):
        layers.report(("health",), "needs a `port` to ask")
    _check_env(layers, mapping(fields.get("env")), ports)
    for key in ("command", "args"):
        items = fields.get(key)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, str):
                for mistake in mistakes(item, ports):
                    layers.report((key, index), mistake)
    resources = mapping(fields.get("resources"))
    for request, limit in (("cpu", "cpuLimit"), ("memory", "memoryLimit")):
        if _amount(resources.get(limit)) < _amount(resources.get(request)) and limit in resources:
            layers.report(("resources", limit), f"is less than `{request}`, {resources[request]}")
    _check_annotations(layers, fields.get("annotations"))


def check_route(layers: Layers, route: dict[str, Any], ports: Mapping[str, bool]) -> dict[str, Any]:
    """Return the route as canonical data, and report what is wrong with it."""
    if "host" not in route:
        layers.report(("host",), "is missing")
    paths = mapping(route.get("paths"))
    for path, component in paths.items():
        if not isinstance(component, str):
            continue
        if component not in ports:
            near = nearest(component, ports)
            hint = f", did you mean `{near}`?" if near else ""
            layers.report(("paths", path), f"there is no component {shown(component)}{hint}")
        elif not ports[component]:
            layers.report(("paths", path), f"the component {shown(component)} has no port")
    if not paths:
        with_port = sorted(name for name in ports if ports[name])
        if len(with_port) == 1:
            paths = {"/": with_port[0]}
        elif with_port:
            names = ", ".join(dotted((name,)) for name in with_port)
            layers.report(("paths",), f"is missing: {names} have a port, so say which answers where")
        else:
            layers.report((), "leads nowhere: no component has a port")
    _check_annotations(layers, route.get("annotations"))
    annotations = {key: as_text(value) for key, value in mapping(route.get("annotations")).items()}
    return {"switch": "service", **route, "paths": paths, "annotations": annotations}


def _check_image(layers: Layers, image: Any) -> None:
    if image is None:
        layers.report(("image",), "is missing")
    elif isinstance(image, str):
        try:
            parse_image(image)
        except ValueError as error:
            layers.report(("image",), str(error))


def _check_env(layers: Layers, env: Mapping[str, Any], ports: Mapping[str, bool]) -> None:
    for name, value in env.items():
        if isinstance(value, str):
            for mistake in mistakes(value, ports):
                layers.report(("env", name), mistake)
        elif isinstance(value, dict):
            # An overlay may give half of it, over text or over nothing.
            for key in ("secret", "key"):
                if key not in value:
                    layers.report(("env", name, key), "is missing")


def _check_annotations(layers: Layers, annotations: Any) -> None:
    size = sum(len(key.encode()) + len(str(value).encode()) for key, value in mapping(annotations).items())
    if size > _MOST_ANNOTATIONS:
        layers.report(("annotations",), f"are {size // 1024} kB; Kubernetes takes 256 kB")


def _amount(value: Any) -> int:
    """Return a Kubernetes quantity in millionths; what is none counts as nothing, the schema says the rest."""
    found = _QUANTITY.fullmatch(str(value))
    return int(found[1] + (found[2] or "").ljust(3, "0")) * _THOUSANDTHS[found[3]] if found else 0
