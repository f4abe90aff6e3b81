"""What no schema can see: what fields mean together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bggen.images import parse_image
from bggen.spec.layers import mapping, only_one
from bggen.spec.limits import check_annotations
from bggen.spec.paths import check_paths
from bggen.spec.references import mistakes
from bggen.spec.workload import check_workload
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.spec.layers import Layers
    from bggen.spec.schema import Checked
    from bggen.yamlio import Path

# The longest derived name, `<base>-preview`, has to fit the 63 characters of a DNS label.
LONGEST_BASE = 55
# `<base>-green-<10 hex>`, and the 52 characters that a CronJob's name may have.
LONGEST_EXTENDED = 46
_LONGEST_LABEL = 63
# The minor version from which a field is there by default:
# https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/ (PodHostIPs).
_FIELDS_SINCE = {"status.hostIPs": 29}
_QUANTITY = re.compile(r"([0-9]+)(?:\.([0-9]{1,3}))?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|)")
_THOUSANDTHS = {"m": 1, "": 1000}
_THOUSANDTHS |= {unit: 1000 * 1000**power for power, unit in enumerate("kMGTP", 1)}
_THOUSANDTHS |= {f"{unit}i": 1000 * 1024**power for power, unit in enumerate("KMGTP", 1)}


def check_names(file: Checked, app: str, components: Mapping[str, Mapping[str, Any]], *, short: bool) -> None:
    """Report components whose objects would have names that are too long.

    Args:
        file: app.yaml.
        app: the app's name.
        components: the merged fields of each.
        short: whether the app's name is its only component's.
    """
    for component, fields in components.items():
        base = app if component == app else f"{app}-{component}"
        extended = fields.get("kind") == "cron" or bool(fields.get("files"))
        longest = LONGEST_EXTENDED if extended else LONGEST_BASE
        # A single name that is too long is the schema's business.
        if len(base) > longest and len(component) <= LONGEST_BASE and len(app) <= LONGEST_BASE:
            where: Path = ("name",) if short else ("components", component)
            shown_base = dotted((base,))
            what = f", and {longest} are the most for a cron or a component with `files`" if extended else ""
            message = f"makes names that are too long: `{shown_base}` has {len(base)} characters"
            file.report(where, f"{message}{what or f', {longest} are the most'}", key=True)


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
        fields: the merged fields, without those that do not fit its kind.
        ports: whether each component of the app has a port.
    """
    check_image(layers, fields.get("image"))
    if fields.get("user") == 0 and fields.get("security", "restricted") == "restricted":
        layers.report(("user",), "must not be 0 (root) under `security: restricted`")
    check_env(layers, fields.get("env"), ports)
    for key in ("command", "args"):
        check_words(layers, (key,), fields.get(key), ports)
    resources = mapping(fields.get("resources"))
    for request, limit in (("cpu", "cpuLimit"), ("memory", "memoryLimit")):
        if _amount(resources.get(limit)) < _amount(resources.get(request)) and limit in resources:
            layers.report(("resources", limit), f"is less than `{request}`, {resources[request]}")
    check_annotations(layers, ("annotations",), fields.get("annotations"))
    check_workload(layers, fields)
    check_paths(layers, fields)


def check_words(layers: Layers, where: Path, items: Any, ports: Mapping[str, bool]) -> None:
    """Report references in a command or its arguments, which stand at that place, that stand for nothing."""
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            for mistake in mistakes(item, ports):
                layers.report((*where, index), mistake)


def check_image(layers: Layers, image: Any) -> None:
    """Report an image that is missing or no reference."""
    if image is None:
        layers.report(("image",), "is missing")
    elif isinstance(image, str):
        try:
            parse_image(image)
        except ValueError as error:
            layers.report(("image",), str(error))


def check_env(layers: Layers, env: Any, ports: Mapping[str, bool]) -> None:
    """Report environment variables whose values are neither text nor one whole reference."""
    for name, value in mapping(env).items():
        where: Path = ("env", name)
        if isinstance(value, str):
            for mistake in mistakes(value, ports):
                layers.report(where, mistake)
        elif isinstance(value, dict) and only_one(layers, where, value, ("secret", "configMap", "field")):
            # An overlay may give half of it, over text or over nothing.
            if "field" not in value and "key" not in value:
                layers.report((*where, "key"), "is missing")
            if "field" in value and "key" in value:
                layers.report((*where, "key"), "stands beside `field`, which has none")


def check_pod_fields(layers: Layers, env: Any, kubernetes: str) -> None:
    """Report fields of the pod that the cluster's version of Kubernetes does not know.

    Args:
        layers: where the variables came from.
        env: the variables.
        kubernetes: the version, as `1.34`.
    """
    for name, value in mapping(env).items():
        field = mapping(value).get("field")
        since = _FIELDS_SINCE.get(field) if isinstance(field, str) else None
        if since is not None and int(kubernetes.partition(".")[2]) < since:
            message = f"needs Kubernetes 1.{since}; bggen.yaml says {kubernetes}"
            layers.report(("env", name, "field"), f"{field} {message}")


def _amount(value: Any) -> int:
    """Return a Kubernetes quantity in millionths; what is none counts as nothing, the schema says the rest."""
    found = _QUANTITY.fullmatch(str(value))
    return int(found[1] + (found[2] or "").ljust(3, "0")) * _THOUSANDTHS[found[3]] if found else 0
