"""Volumes and where a container sees them → `files`, `mounts` and `writable`; what more there is a patch keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import dig, items, mapping, pod_of, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.adopting.parts import Found

_DEFAULT_MODE = 0o644
_SEEN = frozenset(("name", "mountPath", "readOnly", "subPath"))


def volumes(
    pod: Mapping[str, Any], container: Mapping[str, Any], every: Sequence[Found], namespace: str | None
) -> dict[str, Any]:
    """Return the fields that say what the container sees.

    Args:
        pod: the pod template.
        container: the main container.
        every: all objects: a ConfigMap that was read becomes `files`.
        namespace: where the pod runs.
    """
    read_only = dig(container, "securityContext", "readOnlyRootFilesystem") is True
    files: dict[str, str] = {}
    mounts: dict[str, dict[str, Any]] = {}
    writable: list[str] = []
    for mount in items(container, "volumeMounts"):
        path = (text(mount, "mountPath") or "").rstrip("/")
        volume = volume_of(pod, mount)
        if volume is None or not mount.keys() <= _SEEN or _is_shared(pod, container, volume):
            continue
        content = _content(volume, mount, every, namespace)
        if content is not None:
            whole = not mount.get("subPath")
            files |= {f"{path}/{key}" if whole else path: value for key, value in content.items()}
            continue
        made = _mount(volume, mount)
        if made is not None and read_only and made == {"empty": True}:
            writable.append(path)
        elif made is not None:
            mounts[path] = made
    found: dict[str, Any] = {"files": files, "mounts": mounts}
    return {**found, "writable": sorted(writable)} if read_only else found


def volume_of(pod: Mapping[str, Any], mount: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the volume that a container mounts."""
    return next((each for each in items(pod, "spec", "volumes") if each.get("name") == mount.get("name")), None)


def _is_shared(pod: Mapping[str, Any], container: Mapping[str, Any], volume: Mapping[str, Any]) -> bool:
    """Whether others see the volume as well, or the container sees an empty directory in two places."""
    name = volume.get("name")
    spec = mapping(pod, "spec")
    others = [each for each in (*items(spec, "containers"), *items(spec, "initContainers")) if each is not container]
    seen = sum(mount.get("name") == name for mount in items(container, "volumeMounts"))
    return (seen > 1 and "emptyDir" in volume) or any(
        mount.get("name") == name for each in others for mount in items(each, "volumeMounts")
    )


def _content(
    volume: Mapping[str, Any], mount: Mapping[str, Any], every: Sequence[Found], namespace: str | None
) -> dict[str, str] | None:
    """Return the files that a mounted ConfigMap holds, if it was read and holds nothing but text."""
    source = mapping(volume, "configMap")
    if not source or not _is_plain(source):
        return None
    for each in every:
        if (each.kind, each.name, each.namespace) == ("ConfigMap", source.get("name"), namespace):
            data = texts(each.data, "data")
            if mapping(each.data, "binaryData") or len(data) != len(mapping(each.data, "data")) or not data:
                return None
            listed = {text(item, "path"): data.get(str(item.get("key"))) for item in items(source, "items")} or data
            wanted = mount.get("subPath")
            chosen = {key: value for key, value in listed.items() if wanted in (None, "", key)}
            if not chosen or any(key is None or value is None for key, value in chosen.items()):
                return None
            return {str(key): str(value) for key, value in chosen.items()}
    return None


def _is_plain(source: Mapping[str, Any]) -> bool:
    return not source.get("optional") and source.get("defaultMode", _DEFAULT_MODE) == _DEFAULT_MODE


def _mount(volume: Mapping[str, Any], mount: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a mount as the spec has it; None where it has no such mount."""
    part = mount.get("subPath")
    for kind, name in (("secret", "secretName"), ("configMap", "name")):
        source = mapping(volume, kind)
        if source and _is_plain(source) and text(source, name):
            listed = [(item.get("key"), item.get("path")) for item in items(source, "items")]
            if listed in (([], [(part, part)]) if part else ([],)):
                return {kind: source[name], **({"key": part} if part else {})}
    return None if part else _directory(volume, mount)


def _directory(volume: Mapping[str, Any], mount: Mapping[str, Any]) -> dict[str, Any] | None:
    claim = mapping(volume, "persistentVolumeClaim")
    if text(claim, "claimName"):
        read_only = mount.get("readOnly") or claim.get("readOnly")
        return {"claim": claim["claimName"], **({"readOnly": True} if read_only else {})}
    empty = dig(volume, "emptyDir")
    if isinstance(empty, dict) and not mount.get("readOnly") and empty.keys() <= {"sizeLimit"}:
        size = empty.get("sizeLimit")
        return {"empty": True if size is None else str(size)}
    return None


def configs_of(found: Found) -> set[str]:
    """Return the ConfigMaps that the pods of a Deployment or CronJob name, wherever they do."""
    names: set[str] = set()
    todo: list[Any] = [pod_of(found.data)]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            for key in ("configMap", "configMapRef", "configMapKeyRef"):
                name = text(value, key, "name")
                names |= {name} if name else set()
            todo += value.values()
        elif isinstance(value, list):
            todo += value
    return names
