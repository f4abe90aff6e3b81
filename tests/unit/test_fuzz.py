"""The fuzz targets' own machinery: it reaches every field, and what breaks is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import tests.fuzz.__main__ as fuzz
from tests.fuzz import corpus
from tests.fuzz.grammar import documents
from tests.fuzz.targets import TARGETS, Target
from tests.unit.test_schemas import load

if TYPE_CHECKING:
    from collections import Counter


def fields(schema: Any, whole: dict[str, Any], where: str = "") -> set[str]:
    """Return the dotted names of all properties; `*` stands for a name that people choose."""
    if not isinstance(schema, dict):
        return set()
    found: set[str] = set()
    if "$ref" in schema:
        target: Any = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found |= fields(target, whole, where)
    for name, inner in schema.get("properties", {}).items():
        found |= {f"{where}.{name}"} | fields(inner, whole, f"{where}.{name}")
    found |= fields(schema.get("additionalProperties"), whole, f"{where}.*")
    found |= fields(schema.get("items"), whole, f"{where}[]")
    return found | fields(schema.get("then"), whole, where)


def given_in(data: Any, known: set[str], where: str = "") -> set[str]:
    """Return which of the known fields the document gives."""
    found: set[str] = set()
    if isinstance(data, dict):
        for name, value in data.items():
            for place in (f"{where}.{name}", f"{where}.*"):
                found |= ({place} & known) | given_in(value, known, place)
    elif isinstance(data, list):
        for value in data:
            found |= given_in(value, known, f"{where}[]")
    return found


@pytest.mark.parametrize("kind", ["app", "overlay", "repo"])
def test_every_field_of_a_schema_is_reached(kind: str) -> None:
    known = fields(load(kind), load(kind))
    assert len(known) > 10
    reached: set[str] = set()

    @seed(0)
    @settings(max_examples=400, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(documents(load(kind)))
    def collect(data: Any) -> None:
        nonlocal reached
        reached |= given_in(data, known)

    collect()
    assert known - reached == set()


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
