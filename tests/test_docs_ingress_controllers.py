"""docs/ingress-controllers.md keeps its word: each cell of its table is rendered, or refused for its reason."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from bggen.checks import check
from bggen.errors import InvalidError
from bggen.model import Controller
from bggen.render import render
from bggen.spec import resolve
from tests.support.states import bumped, first, flipped

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "ingress-controllers.md").read_text(encoding="utf-8")
REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n"
APP = """
apiVersion: bggen.dev/v1
kind: App
name: shop
image: ghcr.io/acme/shop:v1
port: 8080
route: {{host: shop.example.com, class: x, controller: {0}, switch: {1}{2}}}
"""
PREVIEWS = {
    "no preview": "",
    "host": ", preview: {host: preview.example.com}",
    "header": ", preview: {header: X-Preview}",
    "host and header": ", preview: {host: preview.example.com, header: X-Preview}",
}
ROWS = [
    [cell.strip(" `") for cell in line.strip("|").split("|")]
    for line in PAGE.partition("<!-- table: controllers -->")[2].partition("<!-- end -->")[0].strip().splitlines()
]
CELLS = {
    (row[0], row[1], preview): cell for row in ROWS[2:] for preview, cell in zip(ROWS[0][2:], row[2:], strict=True)
}
REASONS = dict(re.findall(r"^(\d)\. `([^`]+)`", PAGE, re.MULTILINE))
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_table_has_a_cell_for_everything() -> None:
    assert CELLS.keys() == set(product(get_args(Controller), ("service", "ingress", "rollouts"), PREVIEWS))
    assert {cell[4] for cell in CELLS.values() if cell != "yes"} == REASONS.keys()


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_a_cell_says_what_is_so(cell: tuple[str, str, str]) -> None:
    controller, switch, preview = cell
    text = APP.format(controller, switch, PREVIEWS[preview]).encode()
    if CELLS[cell] == "yes":
        spec = resolve(REPO, text, None, app="shop", env="prod")
        state = bumped(first(spec), spec)
        for each in (first(spec), state, flipped(state)):
            manifests = render(each)
            assert check(each, manifests) == ()
            names = {manifest.name for manifest in manifests if manifest.kind == "Ingress"}
            canary = {"shop-blue-green"} if controller == "nginx" and "header" in preview else set()
            assert names == {"shop", *(["shop-preview"] if "host" in preview else []), *canary}
        return
    with pytest.raises(InvalidError) as caught:
        resolve(REPO, text, None, app="shop", env="prod")
    reason = REASONS[CELLS[cell].removeprefix("no (").removesuffix(")")]
    assert reason in caught.value.problems[0].message


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_valid(example: str) -> None:
    spec = resolve(REPO, example.encode(), None, app="shop", env="prod")
    assert render(first(spec))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2
