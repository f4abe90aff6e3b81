"""Renderer 1: the files of a component as a ConfigMap, and all that its pods see of it and of other volumes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bggen.render.v1.objects import KEPT, WAVE_GROUND, Object, labels_of, of_color

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from bggen.model import AppSpec, Color, Component, Manifest, Release

_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_UNFIT_FOR_A_KEY = re.compile(r"[^-._a-zA-Z0-9]")
# Kubernetes takes 253; an index may stand in front.
_LONGEST_KEY = 240
# A client-side apply, which is Argo CD's own way, writes the whole object into an annotation, and all annotations of an
# object may have 262144 bytes.
_MOST_ANNOTATED = 200_000
_FILES: Final = "files"


def configs(env: str, release: Release, color: Color | None, *, serves: bool, source: str) -> Iterator[Manifest]:
    """Return the ConfigMaps of all components with files; their names hold what they hold."""
    spec = release.spec
    for name in sorted(spec.components):
        component = spec.components[name]
        if component.files:
            data = sorted((key, component.files[path]) for path, key in _keys(component.files).items())
            options = dict(KEPT) if serves else {}
            if sum(len(_json(text)) for _, text in data) > _MOST_ANNOTATED:
                options[_SYNC_OPTIONS] = ",".join(filter(None, (options.get(_SYNC_OPTIONS), "ServerSideApply=true")))
            yield Object(release, env, config_name(spec, component, color), source, color).manifest(
                "ConfigMap",
                WAVE_GROUND,
                labels=labels_of(spec.name, name, color),
                annotations=options,
                values={"data": data},
            )


def config_name(spec: AppSpec, component: Component, color: Color | None) -> str:
    """Return the name of the ConfigMap with the component's files in that colour."""
    import hashlib  # noqa: PLC0415 - rare, and the import is not free

    keys = _keys(component.files)
    content = _json({"files": [[keys[path], path, component.files[path]] for path in sorted(keys)]})
    base = of_color(spec.base_name(component.name), color)
    return f"{base}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def _json(value: object) -> str:
    import json  # noqa: PLC0415 - rare, and the import is not free

    return json.dumps(value, separators=(",", ":"))


def _keys(files: Mapping[str, str]) -> dict[str, str]:
    """Return for each path the key of a ConfigMap that holds its text: the file's name, as far as a key may be so."""
    keys: dict[str, str] = {}
    for path in sorted(files):
        name = _UNFIT_FOR_A_KEY.sub("_", path.rpartition("/")[2])[-_LONGEST_KEY:]
        if name == "." or name.startswith(".."):
            name = f"_{name[1:]}"
        key, index = name, 0
        while key in keys.values():
            index += 1
            key = f"{index}-{name}"
        keys[path] = key
    return keys


@dataclass(frozen=True, slots=True)
class _Volume:
    """A volume of a pod: what it is, and of a Secret or ConfigMap the only key of it that is asked for."""

    name: str
    kind: str
    object: str | None = None
    key: str | None = None
    size: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a container sees a volume, or one file of it."""

    volume: str
    path: str
    key: str | None = None
    read_only: bool = False


def volume_values(spec: AppSpec, component: Component, color: Color | None) -> dict[str, Any]:
    """Return the volumes of a component's pods and the places where its container sees them.

    A claim is one volume, however often it is mounted: the kubelet waits for ever for a second one.
    """
    volumes: list[_Volume] = []
    places: list[_Place] = []
    if component.files:
        volumes.append(_Volume(_FILES, "configMap", config_name(spec, component, color)))
        keys = _keys(component.files)
        places += [_Place(_FILES, path, keys[path], read_only=True) for path in sorted(keys)]
    known: dict[tuple[str, str | None, str | None], str] = {}
    count: Counter[str] = Counter()
    for path in sorted(component.mounts):
        mount = component.mounts[path]
        what = (mount.kind, mount.name, mount.key)
        if mount.kind == "empty" or what not in known:
            count[mount.kind] += 1
            known[what] = f"{mount.kind.lower()}-{count[mount.kind]}"
            # A key is asked for by the volume: of a `subPath` that is not there, the kubelet makes an empty directory.
            volumes.append(_Volume(known[what], mount.kind, mount.name, mount.key, mount.size))
        places.append(_Place(known[what], path, mount.key, mount.read_only or mount.kind in {"secret", "configMap"}))
    for index, path in enumerate(sorted(component.writable or ()), 1):
        volumes.append(_Volume(f"writable-{index}", "empty"))
        places.append(_Place(f"writable-{index}", path))
    return {
        "volumes": volumes,
        # What lies within another comes after it.
        "mounts": sorted(places, key=lambda place: place.path),
        "read_only": component.writable is not None,
        "group": component.group,
    }
