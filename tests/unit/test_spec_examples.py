"""Example files: what is valid, and what each mistake says and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from bggen.errors import InvalidError
from bggen.spec import environments_of, load_repo, resolve, spec_from_data, spec_to_data

EXAMPLES = Path(__file__).parents[1] / "examples"
REPO = (EXAMPLES / "valid" / "all.repo.yaml").read_bytes()
SHOP = (EXAMPLES / "valid" / "shop.app.yaml").read_bytes()
EXPECTED = "# error: "


def examples(folder: str) -> list[Path]:
    found = sorted((EXAMPLES / folder).iterdir())
    assert found
    return found


def read(example: Path, app: str = "shop") -> str:
    """Take the example for what its name says, and return the path that its errors carry."""
    content = example.read_bytes()
    kind = example.name.split(".")[1]
    if kind == "repo":
        load_repo(content)
        return "bggen.yaml"
    if kind == "app":
        spec = resolve(REPO, content, None, app=app, env="prod")
    else:
        spec = resolve(REPO, SHOP, content, app="shop", env="prod")
    assert spec_from_data(spec_to_data(spec)) == spec
    return ""


@pytest.mark.parametrize("example", examples("valid"), ids=lambda path: path.name)
def test_valid(example: Path) -> None:
    read(example, app=example.name.split(".")[0])


@pytest.mark.parametrize("example", examples("invalid"), ids=lambda path: path.name)
def test_invalid(example: Path) -> None:
    expected = [line.removeprefix(EXPECTED) for line in example.read_text().splitlines() if line.startswith(EXPECTED)]
    path = {"repo": "bggen.yaml", "app": "apps/shop/app.yaml", "overlay": "apps/shop/prod/overlay.yaml"}
    with pytest.raises(InvalidError) as caught:
        read(example)
    start = path[example.name.split(".")[1]] + ":"
    seen = [str(problem) for problem in caught.value.problems]
    assert all(line.startswith(start) and "\n" not in line for line in seen)
    shown = [line.removeprefix(start).strip() for line in seen]
    assert sorted(shown) == sorted(expected)
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == sorted(places)


def test_the_environments_of_the_shop() -> None:
    assert environments_of(SHOP, load_repo(REPO)) == ("staging", "prod")
