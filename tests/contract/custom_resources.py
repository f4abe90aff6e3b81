"""Custom resources are held to CRDs as an API server does it: tests/support/crds.py against Kubernetes' own code.

`crdcheck` is that code, `k8s.io/apiextensions-apiserver`, with a line-by-line face. The name of this file keeps it out
of `make test`: building that takes Go, a network and minutes. `pytest tests/contract/custom_resources.py` runs it.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bggen.kubeschema import CUSTOM
from bggen.render import render
from tests.support.console import ROOT
from tests.support.crds import FOLDER, crd_problems, needs_crds
from tests.support.golang import built
from tests.support.states import bumped, first
from tests.unit.test_asking import GATEWAY, routed
from tests.unit.test_crds import ANALYSIS, CHANGES, GRANT, ROLLOUT, ROUTE, changed

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).with_name("crdcheck")
PROGRAM = ROOT / ".bench" / "go" / "crdcheck" / "crdcheck"
GOOD = [yaml.safe_load(text) for text in (ROUTE, ROLLOUT, ANALYSIS, GRANT)]
# No null: an API server drops those that mean nothing, and ours refuses them.
VALUES = [True, False, 0, 1, -1, 1.5, 2**31, 2**40, "", "x", "/", "/a", "//", "10s", "1h", "a.b", "*.a.b", "Exact"]
VALUES += ["blue\n", "é", [], {}, ["x"], {"x": 1}, [{}], 65536, "100m", "50%", "2026-01-01T00:00:00Z"]
NAMES = ["x", "name", "port", "weight", "group", "kind", "namespace", "type", "filters", "sectionName"]

pytestmark = needs_crds


def verdicts(objects: list[Any]) -> list[list[str]]:
    """What an API server says of each object."""
    lines = "".join(f"{json.dumps(each)}\n" for each in objects)
    files = sorted(map(str, FOLDER.glob("*.yaml")))
    done = subprocess.run([PROGRAM, *files], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module", autouse=True)
def program() -> None:
    assert built(SOURCE) == PROGRAM.parent


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in inside:
        yield from places(value, (*path, step))


def damaged(pick: Random, good: Any) -> Any:
    """The object with one thing in its spec that is another, gone, or there too often."""
    data = copy.deepcopy(good)
    *steps, last = pick.choice([path for path in places(data) if len(path) > 1 and path[0] == "spec"])
    at = data
    for step in steps:
        at = at[step]
    value = at[last]
    match pick.choice(["drop", "repeat", "add", "replace", "replace", "replace"]):
        case "drop":
            del at[last]
        case "repeat" if isinstance(value, list):
            value *= pick.choice([2, 17, 65])
        case "add" if isinstance(value, dict):
            value[pick.choice(NAMES)] = pick.choice(VALUES)
        case _:
            at[last] = copy.deepcopy(pick.choice(VALUES))
    return data


def test_both_say_the_same_of_what_the_unit_tests_change() -> None:
    objects = GOOD + [changed(text, path, value) for text, path, value, _ in CHANGES]
    for data, found in zip(objects, verdicts(objects), strict=True):
        assert bool(crd_problems(data)) == bool(found), (data, found)


@pytest.mark.parametrize("seed", range(4))
def test_both_say_the_same_of_what_chance_changes(seed: int) -> None:
    pick = Random(seed)  # noqa: S311 - it has to be the same every time
    objects = [damaged(pick, pick.choice(GOOD)) for _ in range(2000)]
    told: Counter[bool] = Counter()
    for data, found in zip(objects, verdicts(objects), strict=True):
        assert bool(crd_problems(data)) == bool(found), (data, found)
        told[bool(found)] += 1
    assert min(told[True], told[False]) > 200


def test_an_api_server_takes_what_is_rendered() -> None:
    gateway = routed(**GATEWAY)
    texts = [each.text.encode() for each in render(bumped(first(gateway), gateway))]
    texts += [path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("*/manifests/*.yaml"))]
    custom = [data for data in map(yaml.safe_load, texts) if data["apiVersion"].partition("/")[0] in CUSTOM]
    assert custom
    assert [each for each in verdicts(custom) if each] == []
