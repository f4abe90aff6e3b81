"""What CONTRIBUTING.md and docs/decisions/ say of the code exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
CONTRIBUTING = ROOT / "CONTRIBUTING.md"


def test_records_are_numbered_without_a_gap() -> None:
    assert [path.name[:4] for path in RECORDS] == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_its_three_parts(record: Path) -> None:
    lines = record.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(f"# {record.name[:4]}: ")
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


@pytest.mark.parametrize("document", [*RECORDS, CONTRIBUTING], ids=lambda path: path.stem)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for record in re.findall(r"\((?:see )?(?:docs/decisions/)?(\d{4})\b", text) + re.findall(r"of (\d{4})\b", text):
        assert any(path.name.startswith(record) for path in RECORDS), record
    code = " ".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    for path in re.findall(r"\b(?:generator|templates|schemas|tests|docs|tools)/[\w./-]*", code):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"(?<![\w/])(?:git|cli|app|spec|render)/\w+\.py\b", code):
        assert (ROOT / "generator" / "bggen" / path).exists(), path
    for module in re.findall(r"\bbggen((?:\.[a-z_]+)+)", code.replace("bggen.yaml", "").replace("bggen.dev", "")):
        inner = ROOT.joinpath("generator", "bggen", *module.split(".")[1:])
        assert inner.is_dir() or inner.with_suffix(".py").is_file(), module


def test_the_targets_of_contributing_are_those_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", CONTRIBUTING.read_text(encoding="utf-8")))
    assert named == targets - {"help"}


def test_the_switch_that_updates_golden_cases_is_the_documented_one() -> None:
    (switch,) = re.findall(r"^([A-Z_]+)=1 ", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE)
    users = list((ROOT / "tests").rglob("test_*golden*.py"))
    assert users
    assert all(f'os.environ.get("{switch}")' in path.read_text(encoding="utf-8") for path in users)
