"""The published schemas: what editors show is what validates."""

from __future__ import annotations

import json
import re
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from bggen.model import AppSpec, Component, EnvRef, EnvState, Health, Image, Resources, Route
from bggen.model.migrating import Contract, Database, Migrate, Window
from bggen.model.parts import (
    Autoscale,
    Peer,
    Placement,
    Preview,
    Schedule,
    ServiceAccountSettings,
    ServiceSettings,
    Toleration,
)
from bggen.resources import resource_dir
from bggen.spec import spec_to_data
from bggen.spec.kinds import CRON_FIELDS
from bggen.spec.resolving import SHORTHAND

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ["app", "overlay", "repo", "release", "color"]
# What `--output json` prints. Fields may be added there, so that readers must not refuse the ones they do not know.
DOCUMENTS = [
    "change",
    "check",
    "convert",
    "files",
    "status",
    "diff",
    "history",
    "show",
    "smoke",
    "validate",
    "migrate",
    "import",
]


def load(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((resource_dir("schemas") / f"{name}.schema.json").read_text(encoding="utf-8"))
    return data


def parts(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema within a schema, with its place."""
    if isinstance(schema, dict):
        yield where, schema
        for key in ("properties", "$defs"):
            for name, inner in schema.get(key, {}).items():
                yield from parts(inner, f"{where}.{name}")
        for key in ("additionalProperties", "propertyNames", "items", "then"):
            yield from parts(schema.get(key), f"{where}.{key}")


def resolved(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with what its `$ref` says beneath what it says itself."""
    if "$ref" not in part:
        return part
    target: Any = whole
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**resolved(whole, target), **part}


def test_every_schema_is_looked_at() -> None:
    assert sorted(NAMES + DOCUMENTS) == sorted(path.name.split(".")[0] for path in resource_dir("schemas").iterdir())


@pytest.mark.parametrize("name", NAMES + DOCUMENTS)
def test_a_schema_is_valid_and_says_what_it_is(name: str) -> None:
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"https://bggen.dev/schemas/v1/{name}.schema.json"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", NAMES + DOCUMENTS)
def test_every_property_has_a_description_and_examples_that_are_valid(name: str) -> None:
    schema = load(name)
    for where, part in parts(schema):
        for key, found in part.get("properties", {}).items():
            described = resolved(schema, found)
            assert described.get("description"), f"{where}.{key}"
            assert described.get("examples"), f"{where}.{key}"
            validator = Draft202012Validator({**described, "$defs": schema.get("$defs", {})})
            for example in described["examples"]:
                validator.validate(example)


@pytest.mark.parametrize("name", NAMES)
def test_no_mapping_takes_keys_that_nobody_described(name: str) -> None:
    schema = load(name)
    seen = 0
    for where, part in parts(schema):
        if "properties" in part:
            assert part["additionalProperties"] is False, where
            seen += 1
        elif "object" in part.get("type", ()) and "then" not in part:
            assert "additionalProperties" in part, where
    assert seen


@pytest.mark.parametrize("name", NAMES + DOCUMENTS)
def test_alternatives_that_would_make_errors_unreadable_are_not_used(name: str) -> None:
    text = json.dumps(load(name))
    assert '"oneOf"' not in text
    assert '"anyOf"' not in text


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_ends_at_the_end_of_the_text(name: str) -> None:
    # Python's `$` also stands before a last newline.
    for where, part in parts(load(name)):
        for rule in [part, *part.get("allOf", [])]:
            pattern = rule.get("pattern", "")
            assert not pattern or pattern.startswith("^"), where
            assert "$" not in pattern.replace("$(?!\\n)", "").replace("!$&", ""), where


def test_no_pattern_takes_long_over_hostile_text() -> None:
    patterns = {
        rule["pattern"]
        for name in NAMES
        for _, part in parts(load(name))
        for rule in [part, *part.get("allOf", [])]
        if "pattern" in rule
    }
    assert len(patterns) > 10
    texts = [piece * 100_000 + "!" for piece in ("a", "-", "a.", "a-", "/", "/.", "1", "{app}", "a-blue", "a_")]
    started = time.process_time()
    for pattern in patterns:
        compiled = re.compile(pattern)
        for text in texts:
            compiled.search(text)
    assert time.process_time() - started < 5


def test_the_strict_spec_has_the_fields_of_the_model() -> None:
    definitions = load("color")["$defs"]
    component = definitions["component"]["properties"]
    for model, schema in (
        (AppSpec, definitions["spec"]),
        (Component, definitions["component"]),
        (Route, definitions["route"]),
        (Health, component["health"]),
        (Resources, component["resources"]),
        (Autoscale, component["autoscale"]),
        (ServiceSettings, component["service"]),
        (ServiceAccountSettings, component["serviceAccount"]),
        (Toleration, component["tolerations"]["items"]),
        (Preview, definitions["route"]["properties"]["preview"]),
        (Peer, definitions["network"]["properties"]["from"]["items"]),
        (Migrate, definitions["migrate"]),
        (Contract, definitions["migrate"]["properties"]["contract"]),
        (Window, definitions["compatible"]),
    ):
        names = {_published(item.name) for item in fields(model)}
        if model is Component:
            flat = {_published(item.name) for part in (Schedule, Placement) for item in fields(part)}
            names = (names - {"name", "placement"}) | (flat - {"cron"})
        assert set(schema["properties"]) == names


def _published(name: str) -> str:
    """Return the name of a model's field in files."""
    renamed = {"ingress_class": "class", "seconds": "tolerationSeconds"}
    first, *rest = renamed.get(name, name).split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_release_yaml_has_the_fields_of_the_model() -> None:
    names = {item.name for item in fields(EnvState)} - {"blue", "green", "saved", "database"}
    names |= {item.name for item in fields(Database)}
    assert set(load("release")["properties"]) == names | {"apiVersion", "kind", "state"}


def test_one_component_is_described_the_same_everywhere() -> None:
    app = load("app")["$defs"]["component"]["properties"]
    overlay = load("overlay")["$defs"]["component"]["properties"]
    defaults = load("repo")["$defs"]["defaults"]["properties"]
    strict = load("color")["$defs"]["component"]["properties"]
    assert set(SHORTHAND) == set(app) - {"kind", *CRON_FIELDS}
    assert {key: value for key, value in app.items() if key != "image"} == defaults
    assert {key: value for key, value in overlay.items() if key != "env"} == {
        key: value for key, value in app.items() if key != "env"
    }
    assert set(strict) == set(app)
    for key, value in strict.items():
        assert value["description"] == app[key]["description"]
    for name in ("app", "overlay"):
        top = load(name)["properties"]
        assert set(SHORTHAND) <= set(top)


def test_what_resolves_is_what_the_strict_spec_describes() -> None:
    full = Component(
        name="web",
        image=Image("ghcr.io/acme/web", "v1", "sha256:" + "a" * 64),
        port=80,
        replicas=2,
        command=("a",),
        args=("b",),
        env={"A": "x\ny", "B": EnvRef("secret", "s", "k")},
        health=Health("/r", "/l"),
        resources=Resources("1", "1Gi", "2", "2Gi"),
        user=1,
        labels={"a": "b"},
        annotations={"a": "b"},
    )
    route = Route(("a.example.com",), {"/": "web"}, tls="t", ingress_class="nginx", annotations={"a": "b"})
    spec = AppSpec("shop", "1.34", {"web": full, "job": Component("job", Image("job", "v1"))}, "ns", route)
    schema = load("color")
    validator = Draft202012Validator({"$ref": "#/$defs/spec", "$defs": schema["$defs"]})
    validator.validate(spec_to_data(spec))
    bare = AppSpec("shop", "1.34", {"job": Component("job", Image("job", "v1"))})
    validator.validate(spec_to_data(bare))
    assert not validator.is_valid({**spec_to_data(bare), "extra": 1})
