"""What editors show of the files that people write, asked of the real yaml-language-server where there is one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.language_server import COMMAND, LanguageServer
from tests.unit.test_schemas import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli import ConfigRepo

DOCUMENT = (Path(__file__).parents[2] / "docs" / "editor.md").read_text(encoding="utf-8")
PUBLISHED = "# yaml-language-server: $schema=https://bggen.dev/schemas/v1/"
OWN = "# yaml-language-server: $schema=../../.bggen/app.schema.json\n"
COMPONENT = f"{OWN}apiVersion: bggen.dev/v1\nkind: App\nname: shop\ncomponents:\n  web:\n    "


def keep_schemas(repo: ConfigRepo) -> None:
    """Do what docs/editor.md says for a repo that keeps the schemas itself."""
    (script,) = re.findall(r"```sh\n(mkdir .*?)```", DOCUMENT, re.DOTALL)
    names = re.findall(r"for name in (.*?);", script)[0].split()
    assert names == ["app", "overlay", "repo"]
    for name in names:
        repo.write(f".bggen/{name}.schema.json", repo.ok("schema", name).out)


@pytest.fixture
def server(repo: ConfigRepo) -> Iterator[LanguageServer]:
    if shutil.which(COMMAND) is None:
        pytest.skip(f"{COMMAND} is not installed: npm install --global {COMMAND}")
    keep_schemas(repo)
    server = LanguageServer(repo.path, repo.env)
    yield server
    server.close()


def test_the_first_line_of_what_people_write_names_the_schema(repo: ConfigRepo) -> None:
    repo.ok("init", "other")
    repo.ok("new", "shop", "--image", "ghcr.io/acme/shop")
    lines = {
        path: (repo.path / path).read_text().splitlines()[0]
        for path in ("other/bggen.yaml", "other/apps/hello/app.yaml", "apps/shop/app.yaml")
    }
    assert list(lines.values()) == [f"{PUBLISHED}{name}.schema.json" for name in ("repo", "app", "app")]
    # It is the schema that says so, too.
    assert f"{PUBLISHED}app.schema.json".endswith(f"={load('app')['$id']}")
    assert f"`{PUBLISHED}overlay.schema.json`" in DOCUMENT


def test_the_line_names_the_repo_s_own_copy_where_there_is_one(repo: ConfigRepo) -> None:
    keep_schemas(repo)
    repo.ok("new", "shop", "--image", "ghcr.io/acme/shop")
    assert (repo.path / "apps/shop/app.yaml").read_text().startswith(OWN)
    (repo.path / "bggen.yaml").unlink()
    repo.ok("init")
    first = (repo.path / "bggen.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=.bggen/repo.schema.json"


def test_what_we_write_is_right_for_the_editor(repo: ConfigRepo, server: LanguageServer) -> None:
    repo.ok("new", "shop", "--image", "ghcr.io/acme/shop", "--port", "8080", "--host", "shop.example.com")
    path = repo.path / "apps/shop/app.yaml"
    assert server.open(path, path.read_text()) == []
    (repo.path / "bggen.yaml").unlink()
    repo.ok("init")
    path = repo.path / "bggen.yaml"
    assert server.open(path, path.read_text()) == []
    line = "# yaml-language-server: $schema=../../../.bggen/overlay.schema.json\n"
    assert line in DOCUMENT
    assert server.open(repo.path / "apps/shop/prod/overlay.yaml", f"{line}components: {{web: {{replicas: 3}}}}\n") == []


def test_a_mistake_is_underlined(repo: ConfigRepo, server: LanguageServer) -> None:
    assert server.open(repo.path / "apps/shop/app.yaml", f"{COMPONENT}prot: 8080\n") == [
        "Property prot is not allowed."
    ]


def test_fields_are_offered_with_their_description(repo: ConfigRepo, server: LanguageServer) -> None:
    path = repo.path / "apps/shop/app.yaml"
    server.open(path, COMPONENT)
    offered = server.complete(path, 6, 4)
    described = load("app")["$defs"]["component"]["properties"]
    assert set(described) <= set(offered)
    for name, field in described.items():
        assert field["description"] in offered[name]


@pytest.mark.parametrize("field", ["kind", "security", "concurrencyPolicy", "colorAntiAffinity"])
def test_choices_are_offered_with_what_each_means(repo: ConfigRepo, server: LanguageServer, field: str) -> None:
    path = repo.path / "apps/shop/app.yaml"
    server.open(path, f"{COMPONENT}{field}: \n")
    choices = load("app")["$defs"]["component"]["properties"][field]
    expected = ["null" if value is None else value for value in choices["enum"]]
    assert server.complete(path, 6, 4 + len(f"{field}: ")) == dict(
        zip(expected, choices["enumDescriptions"], strict=True)
    )


def test_hovering_shows_title_description_choices_and_an_example(repo: ConfigRepo, server: LanguageServer) -> None:
    path = repo.path / "apps/shop/app.yaml"
    server.open(path, f"{COMPONENT}security: baseline\nroute:\n  host: shop.example.com\n")
    shown = server.hover(path, 6, 6)
    assert shown.startswith("#### Pod security\n")
    assert "Pod Security Standard that the pods meet." in shown
    assert "* `restricted`: Not root, no privileges, no capabilities." in shown
    assert "```yaml\nrestricted\n```" in shown
    assert server.hover(path, 5, 3).startswith("#### Component\n")
    assert server.hover(path, 7, 2).startswith("#### Route\n")
    assert server.hover(path, 8, 4).startswith("#### Host\n")
