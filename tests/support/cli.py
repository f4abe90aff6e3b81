"""Run bggen's command line in this process, on a real config repo."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from bggen.cli.main import main
from bggen.resources import resource_dir
from tests.support.repos import Repo, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HELLO = """\
apiVersion: bggen.dev/v1
kind: App
name: hello
image: ghcr.io/acme/hello
port: 8080
route:
  host: hello.example.com
"""
SHOP = """\
apiVersion: bggen.dev/v1
kind: App
name: shop
components:
  web:
    image: ghcr.io/acme/shop-web
    port: 8080
    env:
      API_URL: ${api.url}
  api:
    image: ghcr.io/acme/shop-api
    port: 9090
route:
  host: shop.example.com
  paths: {/: web, /api: api}
"""
SETTINGS = """\
apiVersion: bggen.dev/v1
kind: Repo
environments:
  prod: {}
kubernetes: "1.34"
"""


# By action; the rest are changing commands.
_DOCUMENTS = {
    **dict.fromkeys(["init", "new", "render"], "files"),
    **{name: name for name in ("status", "diff", "history", "show", "validate", "check", "smoke", "convert", "import")},
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run of bggen came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output, held to its published schema."""
        document = json.loads(self.out)
        if document.get("schemaVersion") is None:
            return document
        looked = {"apps", "answers"} & document.keys()
        name = "change" if "error" in document and not looked else _DOCUMENTS.get(document["action"], "change")
        if document["action"] == "migrate" and "changed" not in document:
            name = "migrate"
        schema = json.loads((resource_dir("schemas") / f"{name}.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(document)
        assert document.keys() <= schema["properties"].keys(), "a field that nobody described"
        return document


class ConfigRepo(Repo):
    """A config repo with `hello` in `prod`, committed."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        path.mkdir()
        home = path.parent / "home"
        home.mkdir(exist_ok=True)
        super().__init__(path, clean_environment(home))
        for name in set(os.environ) - set(self.env):
            monkeypatch.delenv(name)
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(path)
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit({"bggen.yaml": SETTINGS, "apps/hello/app.yaml": HELLO}, "config repo")

    def bggen(self, *arguments: str, folder: str = ".") -> Ran:
        """Run one command in a folder of the repo."""
        self._monkeypatch.chdir(self.path / folder)
        self._capfd.readouterr()
        code = main(list(arguments))
        out, err = self._capfd.readouterr()
        return Ran(code, out, err)

    def ok(self, *arguments: str, folder: str = ".") -> Ran:
        """Run one command that must succeed."""
        ran = self.bggen(*arguments, folder=folder)
        assert ran.code == 0, f"bggen {' '.join(arguments)}: {ran.err}"
        return ran

    def document(self, *arguments: str, folder: str = ".") -> Any:
        """Run one command that must succeed, and return its JSON document."""
        return self.ok(*arguments, "--output", "json", folder=folder).json

    def files(self, folder: str = ".") -> dict[str, bytes]:
        """Return every file of the work tree, but git's own."""
        top = self.path / folder
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(top.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(self.path).parts
        }
