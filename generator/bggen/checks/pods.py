"""Pods: what Pod Security asks of their level, and that they can end in peace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.checks.view import Item, Pod, View
    from bggen.model import Problem

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
# A pod that has it is the node itself, on Windows.
_HOST_PROCESS = ("securityContext", "windowsOptions", "hostProcess")


def pods(view: View) -> Iterator[Problem]:
    """Every pod meets its Pod Security level, knows no token, and probes a port that it has.

    The facts are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/ that concern what bggen
    can render.
    """
    for pod in view.pods():
        yield from _pod(pod)
        containers = dig(pod.data, "containers")
        if not isinstance(containers, list) or not containers:
            yield pod.item.problem(f"{pod.where}.containers", "must not be empty")
        for kind in ("containers", "initContainers"):
            found = dig(pod.data, kind)
            for index, container in enumerate(found if isinstance(found, list) else []):
                yield from _container(pod, f"{pod.where}.{kind}.{index}", container)


def _pod(pod: Pod) -> Iterator[Problem]:
    item, component, color = pod.item, pod.expected.component, pod.expected.selects
    wanted: list[tuple[tuple[str, ...], object]] = [
        (("automountServiceAccountToken",), pod.token),
        (("enableServiceLinks",), False),
        (("hostNetwork",), None),
        (("hostPID",), None),
        (("hostIPC",), None),
        (("ephemeralContainers",), None),
        (("securityContext", "seccompProfile", "type"), "RuntimeDefault"),
        (_HOST_PROCESS, None),
    ]
    if component is not None:
        given = component.service_account.name if component.service_account is not None else None
        base = pod.expected.release.spec.base_name(component.name)
        own = base if color is None else f"{base}-{color}"
        wanted.append((("serviceAccountName",), own if given is None else given))
        wanted.append((("securityContext", "fsGroup"), component.group))
    if pod.restricted:
        wanted.append((("securityContext", "runAsNonRoot"), True))
    yield from _facts(item, pod.where, pod.data, wanted)
    if pod.restricted and dig(pod.data, "securityContext", "runAsUser") == 0:
        yield item.problem(f"{pod.where}.securityContext.runAsUser", "must not be 0 under `security: restricted`")


def _container(pod: Pod, where: str, container: Any) -> Iterator[Problem]:
    item, component = pod.item, pod.expected.component
    wanted: list[tuple[tuple[str, ...], object]] = [
        (("securityContext", "privileged"), None),
        (("securityContext", "runAsUser"), None),
        (("securityContext", "runAsNonRoot"), None),
        (("securityContext", "seccompProfile"), None),
        (("securityContext", "procMount"), None),
        (_HOST_PROCESS, None),
        (("securityContext", "capabilities", "add"), None),
    ]
    if pod.restricted:
        wanted.append((("securityContext", "allowPrivilegeEscalation"), False))
        wanted.append((("securityContext", "capabilities", "drop"), ["ALL"]))
    if component is not None and dig(container, "name") == pod.container:
        read_only = True if component.writable is not None else None
        wanted.append((("securityContext", "readOnlyRootFilesystem"), read_only))
    for probe in _PROBES:
        wanted.append(((probe, "httpGet", "host"), None))
        wanted.append(((probe, "tcpSocket", "host"), None))
    yield from _facts(item, where, container, wanted)
    yield from _ports(pod, where, container)


def _ports(pod: Pod, where: str, container: Any) -> Iterator[Problem]:
    """The component listens where the spec says, and every probe asks a port of its own container."""
    item, component, found = pod.item, pod.expected.component, dig(container, "ports")
    ports = found if isinstance(found, list) else []
    numbers = {dig(port, "name"): dig(port, "containerPort") for port in ports}
    if component is not None and pod.listens and dig(container, "name") == component.name:
        for name, number in {"http": component.port, **component.ports}.items():
            if numbers.get(name) != number:
                yield item.problem(f"{where}.ports", f"must have {number} as {name}, has {numbers.get(name)}")
    for probe in _PROBES:
        for way in ("httpGet", "tcpSocket"):
            port = dig(container, probe, way, "port")
            if port is not None and port not in numbers:
                yield item.problem(f"{where}.{probe}.{way}.port", f"there is no port {port!r}")
    for index, port in enumerate(ports):
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
