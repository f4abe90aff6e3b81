"""The fuzz targets' own machinery: it knows what schemas say, and what breaks is told."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import tests.fuzz.__main__ as fuzz
from tests.fuzz import corpus
from tests.fuzz.grammar import documents
from tests.fuzz.targets import TARGETS, Target
from tests.unit.test_schemas import load, parts

# What the grammar writes by; what only restricts further makes its documents wrong more often, and that is fine.
WRITTEN_BY = {
    *("$ref", "const", "enum", "type", "properties", "required", "additionalProperties", "propertyNames", "items"),
    *("if", "then", "allOf", "pattern", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"),
    *("minProperties", "examples", "$defs"),
}
ONLY_RESTRICTS = {"uniqueItems", "maxProperties"}
ONLY_SAYS = {"$schema", "$id", "title", "description", "default", "enumDescriptions", "patternErrorMessage"}


@pytest.mark.parametrize("kind", ["app", "overlay", "repo"])
def test_the_grammar_knows_every_keyword_of_a_schema(kind: str) -> None:
    used = {keyword for _, part in parts(load(kind)) for keyword in part}
    assert used - WRITTEN_BY - ONLY_RESTRICTS - ONLY_SAYS == set()
    assert {"properties", "pattern", "enum"} <= used


@pytest.mark.parametrize("kind", ["app", "overlay", "repo"])
def test_documents_are_right_and_wrong(kind: str) -> None:
    validator = Draft202012Validator(load(kind))
    seen: Counter[bool] = Counter()

    @seed(0)
    @settings(max_examples=60, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(documents(load(kind), usual=10))
    def collect(data: Any) -> None:
        seen[validator.is_valid(data)] += 1

    collect()
    assert seen[True] > 0
    assert seen[False] > 0


def test_there_are_seeds_of_every_kind() -> None:
    assert all(corpus.specs(kind, folder) for kind in ("app", "overlay", "repo") for folder in ("valid", "invalid"))
    assert len(corpus.states()) > 10
    assert corpus.manifests()


def test_what_breaks_is_told_with_its_input() -> None:
    def holds(value: int, seen: Counter[str]) -> None:
        seen["looked at"] += 1
        assert value < 1000

    target = Target("broken", st.integers(0, 10_000), holds)
    examples, failure = fuzz.run(target, 0, 1)
    assert examples == target.seen["looked at"] > 0
    assert "AssertionError" in str(failure)
    assert "value=1000" in str(failure)


def test_what_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def holds(_value: int, _seen: Counter[str]) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "LONGEST", 1)
    _, failure = fuzz.run(Target("hangs", st.just(0), holds), 0, 1)
    assert "takes longer than" in str(failure)


def test_the_command_says_what_was_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--seconds", "0", "--seed", "1", "--target", "images"])
    assert fuzz.main() == 0
    assert capsys.readouterr().out.startswith("images ")
    assert "images" in {target.name for target in TARGETS}
