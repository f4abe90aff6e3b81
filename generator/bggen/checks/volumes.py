"""Files and volumes: ConfigMaps that never change, and containers that see what the spec says where it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.stored import config_name, keys
from bggen.checks.view import dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.checks.view import Expected, Item, Pod, View
    from bggen.model import Problem

_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
# What Kubernetes takes as annotations, into which a client-side apply writes the whole object; the rest is our margin.
_MOST_APPLIED = 262_144 - 20_000
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
_RESTRICTED_KINDS = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
        *("persistentVolumeClaim", "projected", "secret"),
    )
)
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def volumes(view: View) -> Iterator[Problem]:
    """Every ConfigMap holds what its name says, and every pod sees the files, mounts and directories of its spec."""
    for item, expected in view.of("config"):
        yield from _config(item, expected)
    ours = {item.manifest.name for item, _ in view.of("config")}
    for pod in view.pods():
        yield from _volumes(pod, view, ours)
        yield from _mounts(pod)
        yield from _seen(pod)


def _config(item: Item, expected: Expected) -> Iterator[Problem]:
    import json  # noqa: PLC0415 - rare, and the import is not free

    files = expected.component.files if expected.component is not None else {}
    wanted = {key: files[path] for path, key in keys(files).items()}
    if item.at("data") != wanted:
        yield item.problem("data", "is not what its name stands for: it could not be changed in a cluster")
    if item.at("binaryData") is not None:
        yield item.problem("binaryData", "must be left out")
    if item.at("immutable") is not True:
        yield item.problem("immutable", "must be true: a colour's files never change")
    options = str(item.at("metadata", "annotations", _SYNC_OPTIONS) or "").split(",")
    if len(json.dumps(item.data)) > _MOST_APPLIED and "ServerSideApply=true" not in options:
        yield item.problem(_SYNC_OPTIONS, "must hold ServerSideApply=true: it is too large for a client-side apply")


def _volumes(pod: Pod, view: View, ours: set[str]) -> Iterator[Problem]:
    names: set[str] = set()
    for index, volume in enumerate(_listed(pod.data, "volumes")):
        where = f"{pod.where}.volumes.{index}"
        name = dig(volume, "name")
        if name in names:
            yield pod.item.problem(f"{where}.name", f"there are two volumes {name}")
        names.add(name)
        kinds = set(volume) - {"name"} if isinstance(volume, dict) else set()
        for kind in sorted(kinds - _RESTRICTED_KINDS if pod.restricted else kinds & {"hostPath"}):
            yield pod.item.problem(f"{where}.{kind}", f"must not be under `security: {pod.security}`")
        for source in _listed(dig(volume, "projected"), "sources"):
            if dig(source, "serviceAccountToken") is not None and not pod.token:
                yield pod.item.problem(f"{where}.projected", "must hold no token: the spec has no `token: true`")
        config = dig(volume, "configMap", "name")
        if isinstance(config, str) and view.is_ours(config) and config not in ours:
            yield pod.item.problem(f"{where}.configMap.name", f"there is no ConfigMap {config}")


def _mounts(pod: Pod) -> Iterator[Problem]:
    there = [dig(volume, "name") for volume in _listed(pod.data, "volumes")]
    used: set[Any] = set()
    for place, container in _containers(pod):
        paths: set[Any] = set()
        for index, mount in enumerate(_listed(container, "volumeMounts")):
            where = f"{place}.volumeMounts.{index}"
            name, path = dig(mount, "name"), dig(mount, "mountPath")
            if name not in there:
                yield pod.item.problem(f"{where}.name", f"there is no volume {name}")
            if path in paths:
                yield pod.item.problem(f"{where}.mountPath", f"{path} is mounted twice")
            paths.add(path)
            used.add(name)
        used |= {dig(device, "name") for device in _listed(container, "volumeDevices")}
    for name in there:
        if name not in used:
            yield pod.item.problem(f"{pod.where}.volumes", f"no container sees the volume {name}")


def _seen(pod: Pod) -> Iterator[Problem]:
    """What the spec puts at a path is there, in the component's container."""
    component, color = pod.expected.component, pod.expected.selects
    if component is None:
        return
    by_name = {dig(volume, "name"): volume for volume in _listed(pod.data, "volumes")}
    container = next((each for _, each in _containers(pod) if dig(each, "name") == pod.container), None)
    mounted = {dig(mount, "mountPath"): mount for mount in _listed(container, "volumeMounts")}
    own = config_name(pod.expected.release.spec, component, color) if component.files else None
    wanted: dict[str, tuple[dict[str, Any], str | None, bool]] = {
        path: ({"configMap": {"name": own}}, key, True) for path, key in keys(component.files).items()
    }
    for path, mount in component.mounts.items():
        items = {"items": [{"key": mount.key, "path": mount.key}]} if mount.key is not None else {}
        sources: dict[str, dict[str, Any]] = {
            "secret": {"secret": {"secretName": mount.name, **items}},
            "configMap": {"configMap": {"name": mount.name, **items}},
            "claim": {"persistentVolumeClaim": {"claimName": mount.name}},
            "empty": {"emptyDir": {} if mount.size is None else {"sizeLimit": mount.size}},
        }
        wanted[path] = (sources[mount.kind], mount.key, mount.read_only or mount.kind in {"secret", "configMap"})
    wanted |= {path: ({"emptyDir": {}}, None, False) for path in component.writable or ()}
    for path, (source, key, read_only) in wanted.items():
        found = mounted.get(path)
        if found is None:
            yield pod.item.problem(f"{pod.where}.containers", f"{component.name} does not see {path}")
            continue
        volume = by_name.get(dig(found, "name"))
        seen = {kind: value for kind, value in (volume or {}).items() if kind != "name"}
        if (seen, dig(found, "subPath"), dig(found, "readOnly") is True) != (source, key, read_only):
            yield pod.item.problem(f"{pod.where}.containers", f"{component.name} sees something else at {path}")


def _containers(pod: Pod) -> Iterator[tuple[str, Any]]:
    for kind in _CONTAINERS:
        for index, container in enumerate(_listed(pod.data, kind)):
            yield f"{pod.where}.{kind}.{index}", container


def _listed(data: Mapping[str, Any] | Any, key: str) -> list[Any]:
    found = dig(data, key)
    return found if isinstance(found, list) else []
