"""A rendered set that is right, and ways to break it in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from bggen.checks import check
from bggen.render import render
from tests.support.states import bumped, first, shop_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bggen.model import EnvState, Manifest

FOLDER = "apps/shop/prod/manifests"
STATE = bumped(first(shop_spec()), shop_spec("v2"))
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"


def problems(manifests: Iterable[Manifest], state: EnvState = STATE) -> list[str]:
    return [str(problem) for problem in check(state, tuple(manifests))]


def broken(file: str, change: Callable[[dict[str, Any]], object], state: EnvState = STATE) -> list[str]:
    """What the checks say when one file's object is changed; the file's path is left out of what they say."""
    manifests = []
    for manifest in render(state):
        if manifest.file != file:
            manifests.append(manifest)
            continue
        data = yaml.safe_load(manifest.text)
        change(data)
        head = manifest.text.split("\n", 1)[0]
        manifests.append(replace(manifest, text=f"{head}\n{yaml.safe_dump(data)}"))
    found = problems(manifests, state)
    folder = f"apps/{state.app}/{state.env}/manifests"
    assert all(line.startswith(f"{folder}/") for line in found)
    return [line.removeprefix(f"{folder}/{file}: ") for line in found]


def put(path: str, to: object) -> Callable[[dict[str, Any]], None]:
    """A change that puts a value at a path; steps are divided by `/` where a key holds dots."""

    def change(data: Any) -> None:
        *way, last = path.split("/") if "/" in path else path.split(".")
        for step in way:
            data = data[int(step)] if isinstance(data, list) else data.setdefault(step, {})
        data[int(last) if isinstance(data, list) else last] = to

    return change


def put_at(*way: str, to: object) -> Callable[[dict[str, Any]], None]:
    """A change that puts a value where keys hold dots and slashes."""

    def change(data: Any) -> None:
        *steps, last = way
        for step in steps:
            data = data[step]
        data[last] = to

    return change


def added(path: str, item: object) -> Callable[[dict[str, Any]], None]:
    """A change that appends to the list at a path; the list may not be there yet."""

    def change(data: Any) -> None:
        *way, last = path.split(".")
        for step in way:
            data = data[int(step)] if isinstance(data, list) else data[step]
        data.setdefault(last, []).append(item)

    return change


def annotation(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["metadata"]["annotations"][key] = value

    return change
