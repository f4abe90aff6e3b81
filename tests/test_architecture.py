"""The map of the code, held by reading its source: who imports whom, what the core may not touch, how large it gets."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.python import run_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(__file__).parents[1] / "generator" / "bggen"
MOST_LINES = 350

CORE = {
    *("errors", "model", "images", "yamlio", "spec", "state", "transitions", "render", "checks", "plan"),
    *(
        "adopting",
        "asking",
        "batch",
        "comparing",
        "converting",
        "credentials",
        "events",
        "handmade",
        "kubeschema",
        "patch",
        "plausible",
    ),
    *("provenance", "remotes", "resources", "review", "sound"),
}
SHELL = {"forge", "git", "probing", "workspace"}
LAYERS = {
    **dict.fromkeys(CORE, "core"),
    **dict.fromkeys(SHELL, "shell"),
    "app": "app",
    "report": "report",
    "cli": "cli",
    "__main__": "start",
}
# Imports that only name types count as well: who reads a module has to know what they are. No room needs an exception.
MAY_IMPORT = {
    "core": CORE,
    "shell": SHELL | {"errors", "model", "remotes", "credentials"},
    "app": CORE | SHELL | {"app"},
    "report": CORE | {"report", "app.outcomes", "app.views"},
    "cli": CORE | {"app", "report", "cli"},
    "start": {"cli"},
}
THIRD_PARTY = {
    "git": {"git.history"},
    "httpx": {"forge.client", "forge.trust", "probing"},
    "jwt": {"forge.github_app"},
    "jinja2": {"render.templates", "render.bytecode"},
    "jsonschema": {"spec.schema", "kubeschema"},
    "referencing": {"kubeschema"},
    "ruamel": {"handmade"},
    "typer": {"cli"},
    # `checks` reads manifests that were just written, and wants libyaml's speed rather than positions.
    "yaml": {"yamlio", "checks"},
}
# Each takes longer to import than a flip's work takes, so it is imported in the function that needs it.
HEAVY = {"git", "httpx", "jinja2", "jwt", "jsonschema", "referencing", "ruamel", "yaml"}

# Made of a heavy library, and therefore imported late itself.
LATE = {"render.bytecode"}

IMPURE_MODULES = {
    *("asyncio", "fcntl", "getpass", "glob", "io", "locale", "logging", "multiprocessing", "os", "platform", "random"),
    *("secrets", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
}
IMPURE_NAMES = {"open", "input", "print", "exec", "eval", "breakpoint"}
IMPURE_METHODS = {
    *("read_text", "read_bytes", "write_text", "write_bytes", "open", "iterdir", "glob", "rglob", "exists", "is_dir"),
    *("is_file", "mkdir", "unlink", "touch", "stat", "cwd", "home", "now", "utcnow", "today", "getenv"),
}
# Package data is as constant as code: our templates and schemas, and Kubernetes' own.
READ_PACKAGE_DATA = {"resources", "spec.schema", "kubeschema", "render.templates"}
# Keeps compiled templates beside the templates, as Python itself does with compiled modules; no result depends on it.
CACHES = {"render.bytecode"}
# Keeps compiled templates, as Python itself keeps compiled modules: it changes no result. It is imported late itself.
COMPILES = {"render.bytecode"}


def sources(package: Path = PACKAGE) -> dict[str, str]:
    """Return module name, without `bggen.`, → source; a package has its folder's name, and bggen itself `""`."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imports(tree: ast.AST, modules: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Yield every imported module, wherever the import stands, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = f"{'.' * node.level}{node.module or ''}"
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                # `from bggen import yamlio` imports a module, `from bggen.yamlio import dump` a name of one.
                yield (inner if inner.removeprefix("bggen.") in modules else base), node.lineno


def within(module: str, rooms: set[str]) -> bool:
    """Whether the module is one of the rooms, or lies in one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def import_findings(modules: Mapping[str, str]) -> list[str]:
    found = []
    for name, text in modules.items():
        layer = LAYERS.get(name.split(".")[0]) if name else "core"
        if layer is None:
            found.append(f"{name}: stands in no room of the map")
            continue
        for imported, line in imports(ast.parse(text), modules):
            top, _, inner = imported.partition(".")
            place = f"{name or 'bggen'}:{line}: imports {imported}"
            if top == "":
                found.append(f"{place}: relative imports hide the room")
            elif top == "bggen":
                if inner and not within(inner, MAY_IMPORT[layer]):
                    found.append(f"{place}: {layer} may not")
            elif top in THIRD_PARTY and not within(name, THIRD_PARTY[top]):
                found.append(f"{place}: only {', '.join(sorted(THIRD_PARTY[top]))} may")
    return found


def late_findings(modules: Mapping[str, str]) -> list[str]:
    """Return the heavy imports that happen as soon as their module is imported."""
    found = []
    for name, text in modules.items():
        if name in COMPILES:
            continue
        for node in _run_on_import(ast.parse(text).body):
            for imported, line in imports(node, modules) if isinstance(node, ast.Import | ast.ImportFrom) else ():
                heavy = imported.split(".")[0] in HEAVY and name not in LATE
                if heavy or imported.removeprefix("bggen.") in LATE:
                    found.append(f"{name}:{line}: imports {imported} before anything needs it")
    return found


def _run_on_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _run_on_import(node.orelse)
            continue
        yield node
        for field in ("body", "orelse", "finalbody"):
            yield from _run_on_import(getattr(node, field, []))


def purity_findings(modules: Mapping[str, str]) -> list[str]:
    """Return where the core reaches for files, processes, the clock or the environment."""
    found = []
    for name, text in modules.items():
        if LAYERS.get(name.split(".")[0]) != "core" or name in COMPILES:
            continue
        reads_data = name in READ_PACKAGE_DATA
        tree = ast.parse(text)
        for imported, line in imports(tree, modules):
            top = imported.split(".")[0]
            if top in IMPURE_MODULES or (top == "pathlib" and not reads_data):
                found.append(f"{name}:{line}: imports {imported}")
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in IMPURE_NAMES:
                found.append(f"{name}:{called.lineno}: calls {called.id}")
            if isinstance(called, ast.Attribute) and called.attr in IMPURE_METHODS and not reads_data:
                found.append(f"{name}:{called.lineno}: calls .{called.attr}")
            if isinstance(node, ast.Attribute) and node.attr == "environ":
                found.append(f"{name}:{node.lineno}: uses .environ")
    return found


def cycles(modules: Mapping[str, str]) -> list[str]:
    """Return the rooms that reach themselves through other rooms; imports that only name types are left out."""
    uses: dict[str, set[str]] = {}
    for name, text in modules.items():
        room = name.split(".")[0]
        nodes = [node for node in ast.walk(_without_types(ast.parse(text))) if isinstance(node, ast.stmt)]
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                inner = {
                    found.partition(".")[2].split(".")[0] for found, _ in imports(node, modules) if "bggen" in found
                }
                uses.setdefault(room, set()).update(inner - {room, ""})
    found = []
    for start in uses:
        reached, waiting = set[str](), {start}
        while waiting:
            new = set().union(*(uses.get(room, set()) for room in waiting)) - reached
            reached |= new
            waiting = new
        if start in reached:
            found.append(start)
    return sorted(found)


def _without_types(tree: ast.Module) -> ast.Module:
    class Dropped(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            return node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    tree = Dropped().visit(tree)
    assert isinstance(tree, ast.Module)
    return tree


def shape_findings(modules: Mapping[str, str]) -> list[str]:
    found = [f"{name or 'bggen'}: has no docstring" for name, text in modules.items() if not _docstring(text)]
    sizes = {name: len(text.splitlines()) for name, text in modules.items()}
    return found + [f"{name}: {size} lines" for name, size in sizes.items() if size > MOST_LINES]


def _docstring(text: str) -> str | None:
    return ast.get_docstring(ast.parse(text))


def test_every_import_follows_the_map() -> None:
    assert import_findings(sources()) == []


def test_the_map_names_only_rooms_that_exist() -> None:
    modules = sources()
    assert {name.split(".")[0] for name in modules} - {""} == set(LAYERS)
    named = {room for rooms in THIRD_PARTY.values() for room in rooms} | READ_PACKAGE_DATA | COMPILES
    assert named | {"app.outcomes", "app.views"} <= set(modules)


def test_no_two_rooms_need_each_other() -> None:
    assert cycles(sources()) == []


def test_heavy_imports_wait_until_they_are_needed() -> None:
    assert late_findings(sources()) == []


def test_the_core_touches_no_file_process_clock_or_environment() -> None:
    assert purity_findings(sources()) == []


def test_modules_say_what_they_are_for_and_stay_small() -> None:
    assert shape_findings(sources()) == []


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("state", "from bggen.git.tip import TipFiles", "state:1: imports bggen.git.tip: core may not"),
        ("state", "from bggen import workspace", "state:1: imports bggen.workspace: core may not"),
        ("state", "def f():\n    import bggen.app.place", "state:2: imports bggen.app.place: core may not"),
        (
            "plan",
            "if TYPE_CHECKING:\n    from bggen.report.text import text",
            "plan:2: imports bggen.report.text: core may not",
        ),
        ("git.tip", "from bggen.plan import Plan", "git.tip:1: imports bggen.plan: shell may not"),
        ("app.status", "from bggen.cli.session import Session", "app.status:1: imports bggen.cli.session: app may not"),
        ("report.text", "from bggen.app.place import Place", "report.text:1: imports bggen.app.place: report may not"),
        ("cli.main", "from bggen.git import Checkout", "cli.main:1: imports bggen.git: cli may not"),
        ("plan", "from . import state", "plan:1: imports .: relative imports hide the room"),
        ("git.tip", "from git import Repo", "git.tip:1: imports git: only git.history may"),
        ("state", "from yaml import safe_load", "state:1: imports yaml: only checks, yamlio may"),
        ("newroom", "x = 1", "newroom: stands in no room of the map"),
    ],
)
def test_an_import_against_the_map_is_found(name: str, text: str, finding: str) -> None:
    known = dict.fromkeys(["workspace", "state", "git", "app.place"], "")
    assert import_findings({**known, name: text}) == [finding]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("import os", "state:1: imports os"),
        ("def f():\n    import subprocess", "state:2: imports subprocess"),
        ("from pathlib import Path", "state:1: imports pathlib"),
        ("open('x')", "state:1: calls open"),
        ("x = path.read_text()", "state:1: calls .read_text"),
        ("x = datetime.now()", "state:1: calls .now"),
        ("x = what.environ['A']", "state:1: uses .environ"),
    ],
)
def test_impurity_of_the_core_is_found(text: str, finding: str) -> None:
    assert purity_findings({"state": text}) == [finding]
    assert purity_findings({"workspace": text}) == []


def test_other_breaches_are_found() -> None:
    late = {"yamlio": "try:\n    import yaml\nfinally:\n    pass\ndef f():\n    import yaml"}
    assert late_findings(late) == ["yamlio:2: imports yaml before anything needs it"]
    assert late_findings({"yamlio": "if TYPE_CHECKING:\n    import yaml"}) == []
    through = {"render.bytecode": "import jinja2", "render": "import bggen.render.bytecode"}
    assert late_findings(through) == ["render:1: imports bggen.render.bytecode before anything needs it"]
    circle = {"state": "import bggen.plan", "plan": "def f():\n    from bggen import state"}
    assert cycles(circle) == ["plan", "state"]
    assert cycles({**circle, "plan": "if TYPE_CHECKING:\n    from bggen import state"}) == []
    assert shape_findings({"state": "x = 1\n" * (MOST_LINES + 1)}) == ["state: has no docstring", "state: 351 lines"]


def test_help_imports_neither_use_cases_nor_libraries() -> None:
    script = """
import json, sys
from bggen.cli.main import main
sys.stdout, kept = open("/dev/null", "w"), sys.stdout
main(["--help"])
print(json.dumps(sorted(sys.modules)), file=kept)
"""
    loaded = json.loads(run_python(script))
    assert {name.split(".")[0] for name in loaded} & HEAVY == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("bggen.")}
    assert rooms == {"cli", "model"}
