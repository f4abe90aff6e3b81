"""What an editor shows of the schemas of files that people write: nothing is without a title, words and an example."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bggen.spec import load_repo, resolve
from bggen.spec.canonical import canonical
from bggen.spec.kinds import CRON_FIELDS
from bggen.spec.repo import DEFAULT_MINOR
from bggen.spec.sections import SMOKE_IMAGE
from tests.unit.test_schemas import load, parts, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import AppSpec

WRITTEN = ["app", "overlay", "repo"]
LONGEST_TITLE = 30
REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n"


def properties(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of a schema, at every level, with its place."""
    schema = load(name)
    for where, part in parts(schema):
        for key, found in part.get("properties", {}).items():
            yield f"{where}.{key}", resolved(schema, found)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_property_has_a_title_of_its_own(name: str) -> None:
    # Without one, an editor shows that of the whole file.
    seen = 0
    for where, found in properties(name):
        title = found.get("title", "")
        assert title, where
        assert title != load(name)["title"], where
        assert len(title) <= LONGEST_TITLE, where
        assert title[0].isupper(), where
        assert not title.endswith("."), where
        seen += 1
    assert seen > 50


@pytest.mark.parametrize("name", WRITTEN)
def test_every_property_is_described_in_sentences_and_shown(name: str) -> None:
    for where, found in properties(name):
        assert found.get("description", "").endswith("."), where
        assert found["description"] != found["title"], where
        assert found.get("examples"), where


@pytest.mark.parametrize("name", WRITTEN)
def test_every_choice_is_described(name: str) -> None:
    seen = 0
    for where, part in [*parts(load(name)), *properties(name)]:
        if "enum" not in part:
            assert "enumDescriptions" not in part, where
            continue
        words = part["enumDescriptions"]
        assert len(words) == len(part["enum"]), where
        assert len(set(words)) == len(words), where
        assert all(text.endswith(".") for text in words), where
        # What nobody looks for stands last in a list of completions.
        assert None not in part["enum"][:-1], where
        seen += 1
    assert seen > 1


def with_fields(kind: str, fields: dict[str, Any]) -> AppSpec:
    component = {"image": "ghcr.io/acme/web", "kind": kind, **({"schedule": "@daily"} if kind == "cron" else {})}
    app = {"apiVersion": "bggen.dev/v1", "kind": "App", "name": "web", "components": {"web": {**component, **fields}}}
    return resolve(REPO, json.dumps(app).encode(), None, app="web", env="prod")


def test_the_default_that_is_shown_is_the_one_that_counts() -> None:
    shown = {
        key: part["default"]
        for key, part in load("app")["$defs"]["component"]["properties"].items()
        if "default" in part
    }
    assert len(shown) > 5
    for key, default in shown.items():
        kind = "cron" if key in CRON_FIELDS else "service"
        assert with_fields(kind, {key: default}) == with_fields(kind, {}), key


@pytest.mark.parametrize("kind", ["service", "cron"])
def test_every_default_is_shown(kind: str) -> None:
    shown = load("app")["$defs"]["component"]["properties"]
    for key, value in canonical({"kind": kind}).items():
        assert key == "kind" or shown[key]["default"] == value


def test_the_defaults_of_a_repo_are_shown() -> None:
    repo = load("repo")["properties"]
    assert repo["kubernetes"]["default"] == DEFAULT_MINOR == load_repo(REPO).kubernetes
    assert repo["smoke"]["properties"]["image"]["default"] == SMOKE_IMAGE
