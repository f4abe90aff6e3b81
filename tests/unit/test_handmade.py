"""Hand-made files beside our manifests: what Argo CD could not read, or would take for one of ours."""

from __future__ import annotations

import pytest

from bggen.handmade import check_handmade
from bggen.render import render
from tests.support.states import first, shop_spec

MANIFESTS = render(first(shop_spec()))
PATH = "apps/shop/prod/manifests/mine.yaml"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n"


def found(content: str | bytes, path: str = PATH) -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    return [str(problem) for problem in check_handmade({path: data}, MANIFESTS)]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# only a comment\n",
        CONFIG_MAP,
        f"---\n{CONFIG_MAP}---\n{CONFIG_MAP}...\n",
        f"{CONFIG_MAP}data: {{a: &x one, b: &x two, c: *x}}\n",
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}}',
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: mine}}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: shop-web, namespace: elsewhere}\n",
    ],
)
def test_objects_of_one_s_own_are_fine(content: str) -> None:
    assert found(content) == []


def test_what_argo_cd_does_not_read_is_not_looked_at() -> None:
    assert found("a: [", "apps/shop/prod/manifests/notes.txt") == []


@pytest.mark.parametrize(
    ("content", "start"),
    [
        ("a: [\n", f"{PATH}:2:1: "),
        ("a: 1\na: 2\n", f"{PATH}:2:1: found duplicate key"),
        (b"a: \xff\n", PATH),
        ("[" * 5000, PATH),
        ("a: \x01\n", PATH),
    ],
)
def test_a_file_that_cannot_be_read_stops_every_sync(content: str | bytes, start: str) -> None:
    (problem,) = found(content)
    assert problem.startswith(start)
    assert "Argo CD cannot read it" in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    "content", ["a: 1\n", "- a\n", "text\n", CONFIG_MAP.replace("name", "nom"), CONFIG_MAP + "---\n1\n"]
)
def test_something_that_is_no_object_is_a_problem(content: str) -> None:
    (problem,) = found(content)
    assert "no Kubernetes object" in problem


@pytest.mark.parametrize("namespace", ["", ", namespace: shop"])
def test_one_of_our_objects_written_a_second_time_is_a_problem(namespace: str) -> None:
    content = f"apiVersion: v1\nkind: Service\nmetadata: {{name: shop-web{namespace}}}\n"
    assert found(content) == [f"{PATH}: is the same Service as service-shop-web.yaml: rename or delete it"]
