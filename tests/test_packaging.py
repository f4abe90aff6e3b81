"""What `pip install bggen` brings: built from a copy of this checkout, and run where the sources cannot be seen."""

from __future__ import annotations

import ast
import email
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from tests.support.repos import Repo, clean_environment

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DATA = ("templates", "schemas")
# What a checkout that is used also holds; none of it may get into a package.
STRAYS = ("generator/bggen/__pycache__/x.pyc", "templates/v1/__pycache__/x.jinja", ".bench/x", ".demo/x", ".venv/x")
# Public parts of a dependency's own interface that live in a distribution of their own.
COMES_WITH = {"referencing": "jsonschema"}
# Imported by what an extra installs for.
EXTRA = {"jwt": "github-app"}


def checkout_files() -> list[Path]:
    """Return the files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


@dataclass(frozen=True, slots=True)
class Built:
    """What was built, and where it is installed."""

    sdist: Path
    wheel: Path
    direct_wheel: Path
    environment: Path

    def run(self, *command: str, cwd: Path) -> str:
        """Run a program of the environment, and return what it printed."""
        cwd.mkdir(parents=True, exist_ok=True)
        env = clean_environment(cwd)
        env.pop("PYTHONPATH", None)
        done = subprocess.run(
            [self.environment / "bin" / command[0], *command[1:]],
            cwd=cwd,
            env=env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the sdist, a wheel from it and one without it, and install the wheel where no source can be seen."""
    folder = tmp_path_factory.mktemp("packaging")
    source, dist, direct = folder / "source", folder / "dist", folder / "direct"
    for path in checkout_files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    for stray in STRAYS:
        (source / stray).parent.mkdir(parents=True, exist_ok=True)
        (source / stray).write_bytes(b"made by a run, not by people")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]
    subprocess.run([*build, dist, source], check=True, stdout=subprocess.PIPE)
    subprocess.run([*build, direct, "--wheel", source], check=True, stdout=subprocess.PIPE)
    shutil.rmtree(source)
    (sdist,), (wheel,), (direct_wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl"), direct.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    python = str(environment / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    # The libraries come from here, behind the environment's own: a .pth file's folders have their .pth files ignored,
    # so that an editable bggen stays out of sight.
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return Built(sdist, wheel, direct_wheel, environment)


def test_the_wheel_holds_the_package_its_data_and_nothing_else(built: Built) -> None:
    expected = {
        "/".join(("bggen", *(path.parts[2:] if path.parts[0] == "generator" else path.parts)))
        for path in checkout_files()
        if path.parts[0] in {"generator", *DATA}
    }
    names = zipfile.ZipFile(built.wheel).namelist()
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert set(names) - info == expected
    assert {f"bggen/{kind}" for kind in DATA} <= {"/".join(name.split("/")[:2]) for name in expected}
    assert {"bggen/py.typed", "bggen/__main__.py"} <= expected
    assert any(name.endswith("/licenses/LICENSE") for name in info)


def test_the_wheel_is_the_same_with_and_without_the_sdist(built: Built) -> None:
    def contents(wheel: Path) -> dict[str, bytes]:
        archive = zipfile.ZipFile(wheel)
        return {name: archive.read(name) for name in archive.namelist()}

    assert contents(built.wheel) == contents(built.direct_wheel)


def test_the_sdist_holds_what_a_packager_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "PKG-INFO", "README.md", "CHANGELOG.md", "LICENSE"} <= names
    tops = {"generator", *DATA, "tests", "sample-repo", "docs"}
    assert {str(path) for path in checkout_files() if path.parts[0] in tops} <= names
    assert not names.intersection(STRAYS)


def test_the_metadata_says_what_it_needs(built: Built) -> None:
    archive = zipfile.ZipFile(built.wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Requires-Python"] == PYPROJECT["project"]["requires-python"]
    assert metadata["License-Expression"] == "Apache-2.0"
    version = built.run("bggen", "--version", cwd=built.environment)
    assert version.split()[-1] == metadata["Version"]


def test_the_command_runs_from_the_installed_wheel_alone(built: Built, tmp_path: Path) -> None:
    script = "import bggen, json, sys; print(json.dumps([bggen.__file__, *sys.path]))"
    home, *search_path = json.loads(built.run("python", "-c", script, cwd=tmp_path))
    assert Path(home).is_relative_to(built.environment)
    assert str(ROOT / "generator") not in search_path

    def bggen(*arguments: str) -> str:
        return built.run("bggen", *arguments, cwd=repo.path)

    repo = Repo(tmp_path / "config", clean_environment(tmp_path))
    repo.path.mkdir()
    bggen("init")
    repo.git("init", "--quiet", "--initial-branch=main")
    (tmp_path / "config" / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n", encoding="utf-8")
    repo.git("add", "bggen.yaml", "apps")
    repo.git("commit", "--quiet", "--message", "start")
    bggen("bump", "--env", "prod", "--image", "v1")
    bggen("bump", "--env", "prod", "--image", "v2")
    flipped = json.loads(bggen("flip", "--env", "prod", "--release", "2", "--output", "json"))
    assert flipped["active"] == {"before": "blue", "after": "green"}
    assert flipped["commit"] == repo.tip()
    assert "color: green" in repo.show("apps/hello/prod/manifests/service-hello.yaml").decode()
    bggen("validate")
    bggen("render", "--check")
    assert repo.git("status", "--porcelain", "--", "apps") == ""
    with zipfile.ZipFile(built.wheel) as archive:
        published = {name: archive.read(name).decode() for name in archive.namelist() if "/schemas/" in name}
    printed = {f"bggen/schemas/{name}.schema.json": bggen("schema", name) for name in bggen("schema").split()}
    assert printed == published


def _normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def _imported() -> set[str]:
    """Return the top-level modules of other projects that bggen imports, anywhere."""
    found: set[str] = set()
    for path in (ROOT / "generator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"bggen"}


def test_the_dependencies_are_what_is_imported_no_more_and_no_less() -> None:
    homes = packages_distributions()
    declared = {_normal(requirement) for requirement in PYPROJECT["project"]["dependencies"]}
    needed = {_normal(homes[module][0]) for module in _imported() - COMES_WITH.keys() - EXTRA.keys()}
    assert needed == declared
    for module, owner in COMES_WITH.items():
        assert module in {_normal(requirement) for requirement in requires(owner) or ()}
    for module, extra in EXTRA.items():
        (wanted,) = PYPROJECT["project"]["optional-dependencies"][extra]
        assert _normal(homes[module][0]) == _normal(wanted)


def test_the_extra_is_what_the_code_looks_for() -> None:
    from bggen import kubeschema  # noqa: PLC0415 - only this test needs the sources

    (extra,) = PYPROJECT["project"]["optional-dependencies"]["kubernetes"]
    assert _normal(kubeschema._PACKAGE) == _normal(extra)
    assert "bggen[kubernetes]" in kubeschema.HOW_TO_INSTALL
