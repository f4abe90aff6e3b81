"""Reading rendered objects in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bggen.model import Manifest


def by_file(manifests: Iterable[Manifest]) -> dict[str, str]:
    """The texts by file name."""
    return {manifest.file: manifest.text for manifest in manifests}


def read(manifests: Iterable[Manifest]) -> dict[str, Any]:
    """What a YAML 1.1 reader makes of each file, by file name."""
    return {manifest.file: yaml.load(manifest.text, Loader=yaml.CSafeLoader) for manifest in manifests}


def at(data: Any, path: str) -> Any:
    """What stands at a path like `spec.rules.0.host`; keys with dots stand in brackets: `labels[a/b.c]`."""
    for step in _steps(path):
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


def _steps(path: str) -> list[str]:
    steps: list[str] = []
    for index, part in enumerate(path.split("[")):
        if index:
            key, _, part = part.partition("]")  # noqa: PLW2901 - the rest behind the bracket is what is left to read
            steps.append(key)
        steps += [step for step in part.split(".") if step]
    return steps


def pod_templates(manifests: Iterable[Manifest]) -> Mapping[str, Any]:
    """The pod template of every Deployment and CronJob, by file name."""
    ways = {"Deployment": "spec.template", "CronJob": "spec.jobTemplate.spec.template"}
    return {file: at(data, ways[data["kind"]]) for file, data in read(manifests).items() if data["kind"] in ways}
