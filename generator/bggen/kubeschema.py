"""Kubernetes' own schemas, strict and offline, from the extra `bggen[kubernetes]`."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bggen.checks import parsed
from bggen.errors import InvalidError, UsageError
from bggen.model import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonschema import Draft202012Validator
    from referencing import Registry

    from bggen.model import Manifest

HOW_TO_INSTALL = "install bggen with its extra: pipx install 'bggen[kubernetes]'"

# We read the package's schema files ourselves: its own `validate` reads 1.5 MB anew for every object (10 to 17 ms) and
# reports one error of several. A test holds that both agree.
_PACKAGE = "kubernetes_validate"
_FOLDER = re.compile(r"v(1\.(\d+))\.\d+-local-strict")
_LONGEST_MESSAGE = 200
# What we render of these comes from CRDs, of which Kubernetes itself says nothing.
CUSTOM = frozenset({"gateway.networking.k8s.io", "argoproj.io"})


def available() -> bool:
    """Return whether the extra is installed."""
    return find_spec(_PACKAGE) is not None


def known_minors() -> tuple[str, ...]:
    """Return the minor versions of Kubernetes that there are schemas for, oldest first.

    Raises:
        UsageError: the extra is not installed.
    """
    return tuple(_folders())


def validate_objects(manifests: Sequence[Manifest], minor: str, folder: str = "") -> tuple[Problem, ...]:
    """Return every field of the objects that Kubernetes would refuse; custom resources that we render are passed over.

    Args:
        manifests: the objects.
        minor: the cluster's minor version, such as `1.34`. One newer than the schemas is held to the newest of them.
        folder: where the files lie, for the Problems' paths.

    Raises:
        UsageError: the extra is not installed.
        InvalidError: there are no schemas for a version as old as this.
    """
    version = _nearest(minor)
    problems = []
    for manifest in manifests:
        path = f"{folder}/{manifest.file}" if folder else manifest.file
        data = parsed(manifest)
        if isinstance(data, str):
            problems.append(Problem(path, 0, 0, "", data))
            continue
        if str(data.get("apiVersion")).partition("/")[0] in CUSTOM:
            continue
        validator = _validator(version, str(data.get("kind")), str(data.get("apiVersion")))
        if validator is None:
            what = f"{data.get('kind')} of {data.get('apiVersion')}"
            problems.append(Problem(path, 0, 0, "kind", f"Kubernetes {version} knows no {what}"))
            continue
        problems.extend(
            Problem(
                path, 0, 0, ".".join(map(str, error.absolute_path)), f"{_short(error.message)} (Kubernetes {version})"
            )
            for error in validator.iter_errors(data)
        )
    return tuple(sorted(problems))


def _nearest(minor: str) -> str:
    known = list(_folders())
    wanted = int(minor.split(".")[1])
    found = [each for each in known if int(each.split(".")[1]) <= wanted]
    if not found:
        raise InvalidError(f"there are no schemas for Kubernetes {minor}; the oldest are for {known[0]}")
    return found[-1]


@cache
def _folders() -> dict[str, Path]:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("Kubernetes' own schemas are not installed", hint=HOW_TO_INSTALL)
    folders: list[tuple[int, str, Path]] = []
    for path in (Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema").glob("v*"):
        match = _FOLDER.fullmatch(path.name)
        if match:
            folders.append((int(match.group(2)), match.group(1), path))
    if not folders:
        raise InvalidError(
            f"this version of {_PACKAGE} keeps its schemas elsewhere", hint="install another version of it"
        )
    return {minor: path for _, minor, path in sorted(folders)}


@cache
def _validator(version: str, kind: str, api_version: str) -> Draft202012Validator | None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only for those who ask for the schemas

    group, _, name = api_version.rpartition("/")
    # rbac.authorization.k8s.io/v1 lies in …-rbac-v1.json
    suffix = f"{group.split('.')[0]}-{name}" if group else name
    words = f"{kind}-{suffix}".lower()
    path = _folders()[version] / f"{words}.json"
    if not re.fullmatch(r"[a-z0-9-]+", words) or not path.is_file():
        return None
    return Draft202012Validator(json.loads(path.read_text()), registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    from referencing import Registry, Resource  # noqa: PLC0415 - comes with jsonschema

    definitions = Resource.from_contents(json.loads((_folders()[version] / "_definitions.json").read_text()))
    return definitions @ Registry()


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"
