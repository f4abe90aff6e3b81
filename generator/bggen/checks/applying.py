"""The last wave: what stands there beside a switch can be applied, so that the switch is."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Item, View
    from bggen.model import Problem

_LAST = 30
# None of these is refused by an API server for a reason that is not in its own file.
_HARMLESS = frozenset(
    {
        *("Deployment", "CronJob", "Job", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
        *("NetworkPolicy", "Service", "Ingress"),
    }
)
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|)")
_UNITS = {"": Decimal(1), "m": Decimal("0.001")}
_UNITS |= {unit: Decimal(1000) ** power for power, unit in enumerate("kMGTP", 1)}
_UNITS |= {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTP", 1)}


def applying(view: View) -> Iterator[Problem]:
    """Where the Ingress is the switch, nothing that is applied before it in the last wave is refused.

    Schemas see most reasons. These are some that they cannot see, and that patches may bring.
    """
    for _, expected in view.of("ingress"):
        route = expected.release.spec.route
        if route is not None and route.switch == "ingress":
            for item in view.items:
                if item.manifest.wave == _LAST:
                    yield from _refused(item)


def _refused(item: Item) -> Iterator[Problem]:
    kind = item.at("kind")
    if kind not in _HARMLESS:
        yield item.problem("kind", f"kind {kind}: where it is refused, it keeps the Ingress from switching")
    where = "spec.jobTemplate.spec.template.spec" if kind == "CronJob" else "spec.template.spec"
    pod = item.at(*where.split("."))
    volumes = [dig(each, "name") for each in dig(pod, "volumes") or []]
    for name in _twice(volumes):
        yield item.problem(f"{where}.volumes", f"{name} is there twice")
    for index, container in enumerate(dig(pod, "containers") or []):
        for place, message in _wrong(container, volumes):
            yield item.problem(f"{where}.containers.{index}.{place}", message)


def _wrong(container: Any, volumes: list[Any]) -> Iterator[tuple[str, str]]:
    for name in _twice([dig(each, "name") for each in dig(container, "ports") or []]):
        yield "ports", f"{name} is there twice"
    mounts = dig(container, "volumeMounts") or []
    for path in _twice([dig(each, "mountPath") for each in mounts]):
        yield "volumeMounts", f"{path} is there twice"
    for mount in mounts:
        if dig(mount, "name") not in volumes:
            yield "volumeMounts", f"there is no volume {dig(mount, 'name')}"
    requests, limits = (dig(container, "resources", each) or {} for each in ("requests", "limits"))
    for name in sorted(requests.keys() & limits.keys()):
        if _amount(requests[name]) > _amount(limits[name]):
            yield "resources.limits", f"{name} is below what is requested"


def _twice(names: list[Any]) -> list[Any]:
    return sorted({name for name in names if name is not None and names.count(name) > 1})


def _amount(quantity: Any) -> Decimal:
    found = _QUANTITY.fullmatch(str(quantity))
    return Decimal(found[1]) * _UNITS[found[2]] if found else Decimal(0)
