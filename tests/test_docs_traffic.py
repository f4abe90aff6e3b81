"""docs/traffic.md keeps its word: its example is valid, and its tables are what is rendered and where requests end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bggen.checks import check
from bggen.model import Image
from bggen.render import render
from bggen.spec import resolve
from tests.support.gateway import Gateways, Request
from tests.support.states import bumped, first, flipped

if TYPE_CHECKING:
    from bggen.model import AppSpec

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "traffic.md").read_text(encoding="utf-8")
REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n"


def example() -> AppSpec:
    found = re.search(r"^## Gateway API\n\n```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    spec = resolve(REPO, found[1].encode(), None, app="shop", env="prod")
    made = {name: replace(each, image=Image(each.image.repository, "v1")) for name, each in spec.components.items()}
    return replace(spec, components=made)


def rows(title: str) -> list[list[str]]:
    """Return the cells of the first table below a line."""
    lines = PAGE[PAGE.index(title) :].splitlines()
    table = lines[next(number for number, line in enumerate(lines) if line.startswith("|---")) + 1 :]
    cells = [line.strip("|").split("|") for line in table[: next(n for n, line in enumerate(table) if not line)]]
    return [[cell.strip().strip("`") for cell in row] for row in cells]


def test_the_routes_of_the_example() -> None:
    state = bumped(first(example()), example())
    manifests = render(state)
    assert check(state, manifests) == ()
    names = {each.name for each in manifests if each.kind == "HTTPRoute"}
    assert {row[0] for row in rows("What is rendered for it:")} == names


def test_where_requests_end() -> None:
    old = example()
    assert old.route
    new = replace(old, route=replace(old.route, paths={**old.route.paths, "/api/v2": "web"}))
    state = bumped(first(old), new)
    before, after = Gateways.of(state), Gateways.of(flipped(state))
    table = rows("### Where a request ends")
    assert len(table) > 8
    for path, header, now, then in table:
        name, _, value = header.partition(": ")
        request = Request(path, headers={name.lower(): value} if header else {})
        assert (before.answers(request), after.answers(request)) == (now, then), (path, header)


def test_every_page_that_it_names_is_there() -> None:
    for page in re.findall(r"\]\(([-a-z]+\.md)\)", PAGE):
        assert (ROOT / "docs" / page).is_file(), page


def test_every_switch_has_a_row() -> None:
    assert [row[0].partition("`")[0] for row in rows("# How traffic is switched")] == [
        *("service", "ingress", "gateway", "rollouts")
    ]
