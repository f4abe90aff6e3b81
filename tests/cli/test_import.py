"""bggen import: the examples of tests/examples/adoption, and what the imported apps can do then."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.adoption import EXAMPLES, Scratch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = sorted(path.name for path in EXAMPLES.iterdir())


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Scratch:
    return Scratch(tmp_path / "config", monkeypatch, capfd)


def example(name: str) -> bytes:
    return (EXAMPLES / name / "input.yaml").read_bytes()


def options(name: str) -> list[str]:
    file = EXAMPLES / name / "arguments"
    return file.read_text(encoding="utf-8").split() if file.exists() else []


def held(path: Path, text: str) -> None:
    """Compare with a file of the example; UPDATE_GOLDEN=1 writes it."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_an_example_becomes_its_app_which_all_commands_take(repo: Scratch, name: str) -> None:
    report = repo.adopted(example(name), *options(name))
    held(EXAMPLES / name / "report.txt", report)
    held(EXAMPLES / name / "app.yaml", repo.spec())
    repo.ok("validate")
    repo.ok("render", "--check")
    before = repo.files()
    again = repo.adopt(example(name), *options(name))
    assert again.code == 0
    assert "nothing to do" in again.out
    assert repo.files() == before
    (app,) = repo.document("status")["apps"]
    repo.ok("bump", "--image", "v99")
    repo.ok("flip")
    assert repo.document("status")["apps"][0]["active"] != app["active"]
    repo.ok("rollback")
    repo.ok("validate")


def test_the_document_says_what_the_report_says(repo: Scratch) -> None:
    document = repo.document("import", str(EXAMPLES / "two-colors-created" / "input.yaml"))
    assert (document["app"], document["active"]) == ("guestbook", "blue")
    assert document["colors"]["green"] == {
        "release": 1,
        "value": "green",
        "images": {"guestbook": "registry.example.com:5000/guestbook:0.9"},
    }
    assert {"verb": "creates", "object": "Deployment guestbook-blue", "message": ""} in document["firstSync"]
    (trap,) = [row for row in document["warnings"] if row["about"] == "Service guestbook"]
    # The command is one that a shell takes apart again into the annotation.
    annotation = trap["commands"][0].partition("last-applied-configuration=")[2].removesuffix("'")
    assert json.loads(annotation)["spec"]["selector"] == {"app": "guestbook", "color": "blue"}


def test_a_dry_run_shows_everything_and_writes_nothing(repo: Scratch) -> None:
    before = repo.files()
    ran = repo.adopt(example("one-color-helm"), "--dry-run")
    assert ran.code == 0
    assert "+name: shop" in ran.out
    assert "+++ b/apps/shop/prod/manifests/deployment-shop-blue.yaml" in ran.out
    assert "would be written: apps/shop/app.yaml" in ran.out
    assert repo.files() == before


def test_nothing_is_overwritten(repo: Scratch) -> None:
    repo.adopted(example("one-color-helm"))
    repo.ok("bump", "--image", "v2")
    before = repo.files()
    ran = repo.bggen("import", "../input.yaml", "--output", "json")
    assert ran.code == 3
    assert ran.json["error"]["kind"] == "exists"
    assert repo.files() == before


def test_folders_json_and_standard_input_are_read(repo: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(yaml.safe_load_all(example("colors-in-names")))
    folder = repo.path.parent / "objects"
    folder.mkdir()
    (folder / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": found[:3]}, indent="\t"))
    (folder / "rest.yml").write_text(yaml.safe_dump_all(found[3:]))
    (folder / ".hidden.yaml").write_text("not: [closed")
    (folder / "notes.txt").write_text("nothing for us")
    ran = repo.ok("import", str(folder))
    assert "of 5 objects" in ran.out
    with (EXAMPLES / "colors-in-names" / "input.yaml").open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": file}))
        assert "nothing to do" in repo.ok("import", "-").out


def test_other_names_and_roles_can_be_said(repo: Scratch) -> None:
    slots = example("slots-of-two-components")
    report = repo.adopted(slots, "--app", "store", "--color-label", "slot", "--active", "a")
    assert "blue: release 2, active, slot: a (--active says so)" in report
    assert repo.path.joinpath("apps/store/app.yaml").exists()


def two_deployments(change: Callable[[str, dict[str, object]], None]) -> str:
    """Return two Deployments and a Service, changed by their names."""
    found = list(yaml.safe_load_all(example("colors-in-names")))[:3]
    for each in found:
        change(each["metadata"]["name"], each)
    return yaml.safe_dump_all(found)


@pytest.mark.parametrize(
    ("text", "arguments", "code", "message"),
    [
        ("", (), 2, "there is nothing in what was read"),
        ("a: 1", (), 1, "../input.yaml:1:1: document 1: apiVersion is missing"),
        ("- 1", (), 1, "../input.yaml:1:1: document 1: is no object of Kubernetes"),
        ("---\na: [1", (), 1, "../input.yaml:2:"),
        ("a: 1\n---\nb: {", (), 1, "../input.yaml:3:5: is not valid YAML: did not find"),
        ("\x00\x01", (), 1, "../input.yaml: is not a text file"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{n}: &c{n} [*b, *b]\n" for n in range(9)), (), 1, "apiVersion"),
        ("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}", (), 2, "no Deployment in what was read"),
        (
            'apiVersion: v1\nkind: Service\nmetadata: {name: "a\\nb"}',
            (),
            1,
            "metadata.name: must be a name on one line",
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: 3",
            (),
            1,
            "document 1: spec: must be a mapping",
        ),
    ],
)
def test_wrong_input_is_one_line(repo: Scratch, text: str, arguments: tuple[str, ...], code: int, message: str) -> None:
    ran = repo.adopt(text, *arguments)
    assert ran.code == code, ran.err
    assert message in ran.err.splitlines()[0]
    assert repo.files("apps") == {}


def test_an_alias_bomb_is_refused(repo: Scratch) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    ran = repo.adopt("\n".join(lines))
    assert ran.code == 1
    assert "aliases make more than 100,000 values" in ran.err


def test_a_file_that_is_too_large_is_refused(repo: Scratch) -> None:
    ran = repo.adopt(b"# " + b"x" * (4 * 1024 * 1024))
    assert ran.code == 1
    assert "the limit is 4 MB" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--active", "red"), "--active red: the colours are called blue and green"),
        (("--color-label", "nothing"), "--color-label nothing: no Deployment's pods have that label"),
        (("--app", "Shop_1"), "'Shop_1' is no name that an app may have"),
        (("--env", "nowhere"), "no environment 'nowhere' in bggen.yaml"),
    ],
)
def test_options_that_do_not_fit_are_named(repo: Scratch, arguments: tuple[str, ...], message: str) -> None:
    ran = repo.adopt(example("applied-with-versions"), *arguments)
    assert ran.code == 2
    assert message in ran.err


def test_a_file_that_is_not_there_is_named(repo: Scratch) -> None:
    ran = repo.bggen("import", "no\nsuch.yaml")
    assert ran.code == 2
    assert ran.err == "error: no?such.yaml: No such file or directory\n"


def test_who_takes_traffic_is_asked_where_a_service_leads_to_both(repo: Scratch) -> None:
    text = example("stable-and-canary").replace(
        b"selector: {app: cart, track: stable}, ports", b"selector: {app: cart}, ports"
    )
    ran = repo.adopt(text)
    assert ran.code == 2
    assert "Service cart leads to stable and canary at once" in ran.err or "canary and stable" in ran.err
    assert "--active" in ran.err
    assert repo.adopt(text, "--active", "stable").code == 0


def test_the_objects_of_two_namespaces_are_no_app(repo: Scratch) -> None:
    def moved(name: str, each: dict[str, object]) -> None:
        metadata = each["metadata"]
        assert isinstance(metadata, dict)
        metadata["namespace"] = name

    ran = repo.adopt(two_deployments(moved))
    assert ran.code == 2
    assert "several namespaces: portal-blue, portal-green" in ran.err
