"""Pods: what Pod Security asks of their level, and that they can end in peace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.routing import container_ports
from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Item, View
    from bggen.model import Problem

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def pods(view: View) -> Iterator[Problem]:
    """Every pod meets its Pod Security level, knows no token, and probes a port that it has.

    The facts are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/ that concern what bggen
    can render.
    """
    for item, expected in view.of("deployment", "worker", "cron"):
        restricted = expected.component is not None and expected.component.security == "restricted"
        way = (*item.template, "spec")
        pod, where = item.at(*way), ".".join(way)
        yield from _pod(item, where, pod, restricted=restricted)
        containers = dig(pod, "containers")
        if not isinstance(containers, list) or not containers:
            yield item.problem(f"{where}.containers", "must not be empty")
            continue
        for index, container in enumerate(containers):
            yield from _container(item, f"{where}.containers.{index}", container, restricted=restricted)


def _pod(item: Item, where: str, pod: Any, *, restricted: bool) -> Iterator[Problem]:
    wanted: list[tuple[tuple[str, ...], object]] = [
        (("automountServiceAccountToken",), False),
        (("enableServiceLinks",), False),
        (("hostNetwork",), None),
        (("hostPID",), None),
        (("hostIPC",), None),
        (("volumes",), None),
        (("initContainers",), None),
        (("serviceAccountName",), item.manifest.name),
        (("securityContext", "seccompProfile", "type"), "RuntimeDefault"),
    ]
    if restricted:
        wanted.append((("securityContext", "runAsNonRoot"), True))
    yield from _facts(item, where, pod, wanted)
    if restricted and dig(pod, "securityContext", "runAsUser") == 0:
        yield item.problem(f"{where}.securityContext.runAsUser", "must not be 0 under `security: restricted`")


def _container(item: Item, where: str, container: Any, *, restricted: bool) -> Iterator[Problem]:
    wanted: list[tuple[tuple[str, ...], object]] = [
        (("securityContext", "privileged"), None),
        (("securityContext", "runAsUser"), None),
        (("securityContext", "runAsNonRoot"), None),
        (("securityContext", "seccompProfile"), None),
        (("securityContext", "procMount"), None),
        (("securityContext", "capabilities", "add"), None),
    ]
    if restricted:
        wanted.append((("securityContext", "allowPrivilegeEscalation"), False))
        wanted.append((("securityContext", "capabilities", "drop"), ["ALL"]))
    for probe in _PROBES:
        wanted.append(((probe, "httpGet", "host"), None))
        wanted.append(((probe, "tcpSocket", "host"), None))
    yield from _facts(item, where, container, wanted)
    names = container_ports(item)
    for probe in _PROBES:
        for way in ("httpGet", "tcpSocket"):
            port = dig(container, probe, way, "port")
            if port is not None and port not in names:
                yield item.problem(f"{where}.{probe}.{way}.port", f"there is no port {port!r}")
    for index, port in enumerate(dig(container, "ports") or []):
        if dig(port, "hostPort") is not None:
            yield item.problem(f"{where}.ports.{index}.hostPort", "must be left out")


def _facts(item: Item, where: str, data: Any, wanted: list[tuple[tuple[str, ...], object]]) -> Iterator[Problem]:
    for path, value in wanted:
        found = dig(data, *path)
        # 0 is not False, and 1 is not true.
        if type(found) is not type(value) or found != value:
            must = "be left out" if value is None else f"be {_shown(value)}"
            yield item.problem(f"{where}.{'.'.join(path)}", f"must {must}, is {_shown(found)}")


def _shown(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f"{value}"
