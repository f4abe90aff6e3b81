"""init and new: the first files of a config repo and of an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import yamlio
from bggen.app.outcomes import FileChange, Written
from bggen.app.place import is_url, needs_files, refuse_remote
from bggen.errors import InvalidError, UsageError
from bggen.model import API_VERSION, Change
from bggen.spec import FORGETFUL, load_repo, resolve
from bggen.workspace import MARKER, WorkTree

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from bggen.app.place import Place

_PUBLISHED = "https://bggen.dev/schemas/v1"
# Where a config repo may keep the schemas, for editors without a network.
_OWN = ".bggen"

_REPO = f"""\
apiVersion: {API_VERSION}
kind: Repo
# In the order of promotion.
environments:
  staging: {{}}
  prod:
    defaults:
      replicas: 3
# Your clusters' minor version: for validation, and for which fields are rendered.
kubernetes: "1.34"
# For every component of every app, unless its own spec says otherwise.
defaults:
  resources:
    cpu: 100m
    memory: 128Mi
"""


def init(cwd: Path, repo: str | None, directory: Path | None) -> Written:
    """Write bggen.yaml and one sample app; where there is a bggen.yaml, nothing.

    Args:
        cwd: the working directory.
        repo: `--repo`, a folder.
        directory: a folder in it.

    Raises:
        UsageError: the folder cannot be one.
    """
    if is_url(repo, cwd):
        raise needs_files("init")
    folder = cwd / (repo or ".") / (directory or ".")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    if (folder / MARKER).exists():
        return Written("init", (), notes=(f"{folder / MARKER} exists: this is a config repo already",))
    folder.mkdir(parents=True, exist_ok=True)
    tree = WorkTree(folder)
    changes = [Change(MARKER, None, f"{schema_line(tree, 'repo')}{_REPO}".encode())]
    if "hello" not in tree.names("apps"):
        sample = _app(tree, "hello", "ghcr.io/acme/hello", 8080, "hello.example.com")
        changes.append(Change("apps/hello/app.yaml", None, sample))
    tree.write(changes)
    notes = (
        "next: git init, where this is no repository yet; git add . && git commit",
        "next: bggen bump --app hello --env staging --image TAG",
    )
    return Written("init", tuple(map(FileChange.of, changes)), notes=notes)


def new(place: Place, name: str, image: str, port: int | None, host: str | None) -> Written:
    """Write apps/NAME/app.yaml.

    Raises:
        UsageError: the app exists already, or the options make no valid app.
    """
    refuse_remote(place, "new")
    tree = WorkTree(place.root)
    path = f"apps/{name}/app.yaml"
    if "/" not in name and name in tree.names("apps"):
        raise UsageError(f"apps/{name} exists already")
    repo = tree.read(MARKER) or b""
    content = _app(tree, name, image, port, host)
    try:
        # Whatever the options do wrong is said by the same rules as for a file, before there is one.
        resolve(repo, content, None, app=name, env=_first_environment(repo), verdicts=FORGETFUL)
    except InvalidError as error:
        messages = [f"{problem.where}: {problem.message}" for problem in error.problems] or [error.message]
        raise UsageError(f"not a valid app: {'; '.join(messages)}") from error
    changes = (Change(path, None, content),)
    tree.write(changes)
    return Written(
        "new",
        tuple(map(FileChange.of, changes)),
        notes=(f"next: git add {path} && git commit, then bggen bump --app {name} --image TAG",),
    )


def _app(tree: WorkTree, name: str, image: str, port: int | None, host: str | None) -> bytes:
    data: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "App", "name": name, "image": image}
    if port is not None:
        data["port"] = port
    if host is not None:
        data["route"] = {"host": host}
    return f"{schema_line(tree, 'app', '../../')}{yamlio.dump(data)}".encode()


def schema_line(tree: WorkTree, name: str, up: str = "") -> str:
    """Return the line by which editors find the schema: the repo's own copy where there is one."""
    file = f"{name}.schema.json"
    place = f"{up}{_OWN}" if tree.check(f"{_OWN}/{file}") == "file" else _PUBLISHED
    return f"# yaml-language-server: $schema={place}/{file}\n"


def _first_environment(repo: bytes) -> str:
    return next(iter(load_repo(repo, MARKER, FORGETFUL).environments))
