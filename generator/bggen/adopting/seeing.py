"""What a container sees at each path, whatever the volumes are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting import defaults
from bggen.adopting.looking import dig, items, mapping
from bggen.adopting.volumes import volume_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEFAULT_MODE = 420


def seen(
    pod: Mapping[str, Any], container: Mapping[str, Any], config: Callable[[str], Mapping[str, str] | None]
) -> dict[str, Any]:
    """Return by path what a container sees.

    Args:
        pod: its pod template.
        container: the container.
        config: returns what a ConfigMap holds, where that is known: its files are seen one by one.
    """
    found: dict[str, Any] = {}
    for mount in items(container, "volumeMounts"):
        path = str(mount.get("mountPath", "")).rstrip("/")
        volume = defaults.volume(volume_of(pod, mount))
        found |= _files(volume, mount, path, config) or {path: _place(volume, mount)}
    return found


def sees(found: Mapping[str, Any], path: str) -> list[str]:
    """Return the paths that a mount makes: its own, or those of the files in it."""
    return [path] if path in found else [each for each in found if each.startswith(f"{path}/")]


def _files(
    volume: Mapping[str, Any], mount: Mapping[str, Any], path: str, config: Callable[[str], Mapping[str, str] | None]
) -> dict[str, Any]:
    source = mapping(volume, "configMap")
    data = config(str(source.get("name"))) if source else None
    if not data or source.get("optional") or source.get("defaultMode") != _DEFAULT_MODE:
        return {}
    named: Mapping[str, str | None] = data
    if items(source, "items"):
        named = {str(each.get("path")): data.get(str(each.get("key"))) for each in items(source, "items")}
    part = mount.get("subPath")
    if part:
        return {path: ("text", named.get(part))}
    return {f"{path}/{name}": ("text", value) for name, value in named.items()}


def _place(volume: dict[str, Any], mount: Mapping[str, Any]) -> Any:
    """Return what is seen, in one form."""
    part = mount.get("subPath") or None
    for kind in ("secret", "configMap"):
        source = mapping(volume, kind)
        listed = [(each.get("key"), each.get("path")) for each in items(source, "items")]
        if source and part and listed in ([], [(part, part)]):
            # A key alone is the same, whether the volume names it or the mount does.
            bare = {key: value for key, value in source.items() if key != "items"}
            return ({kind: bare}, part)
    writable = not mount.get("readOnly") and not dig(volume, "persistentVolumeClaim", "readOnly")
    if any(kind in volume for kind in ("secret", "configMap", "projected", "downwardAPI")):
        writable = False
    claim = mapping(volume, "persistentVolumeClaim")
    if claim:
        volume = {"persistentVolumeClaim": {"claimName": claim.get("claimName")}}
    rest = {key: value for key, value in mount.items() if key not in ("name", "mountPath", "readOnly", "subPath")}
    return (volume, part, writable, rest)
