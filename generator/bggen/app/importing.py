"""import: an app, its state and its manifests, of objects that exist already."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from bggen import yamlio
from bggen.adopting import adopt
from bggen.adopting.objects import objects
from bggen.app.inputs import Source
from bggen.app.outcomes import FileChange
from bggen.app.place import choose_env, refuse_remote
from bggen.app.starting import schema_line
from bggen.app.views import Imported
from bggen.errors import InvalidError, RefusedError, UsageError
from bggen.model import Change
from bggen.plan import env_folder, unified
from bggen.spec import FORGETFUL
from bggen.state import encode
from bggen.workspace import WorkTree, printable
from bggen.yamlio.foreign import MOST_MIB, parse_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bggen.adopting.parts import Adoption, Asked
    from bggen.app.place import Place
    from bggen.yamlio import Document

_ENDINGS = (".yaml", ".yml", ".json")
_MOST_FILES = 200
_STANDARD_INPUT = "-"


def adopted(place: Place, cwd: Path, files: Sequence[str], asked: Asked, *, dry_run: bool) -> Imported:
    """Make an app of what the files hold, and write it: its spec, its state and its manifests.

    Args:
        place: the config repo.
        cwd: what relative names are relative to.
        files: files, folders, or `-`.
        asked: what the user said beside; an environment that is empty is yet to be chosen.
        dry_run: whether nothing is to be written.

    Raises:
        UsageError: the options do not fit, or the objects do not say enough.
        InvalidError: with everything that is wrong with the files.
        RefusedError: the app exists already, and is another one (`exists`).
    """
    from dataclasses import replace  # noqa: PLC0415 - beside its only use

    refuse_remote(place, "import")
    tree = WorkTree(place.root)
    source = Source(tree, FORGETFUL)
    config = source.repo()
    known = list(config.environments)
    asked = replace(asked, env=choose_env(place, asked.env or None, known, known))
    found = objects(list(_documents(cwd, files)))
    adoption = adopt(found, asked, source.repo_text(), config)
    changes = _changes(tree, adoption)
    written = [change for change in changes if change.before != change.after]
    if written and not dry_run:
        tree.write(written)
    return Imported(
        adoption,
        tuple(FileChange.of(change, unified(change) if dry_run else "") for change in written),
        dry_run=dry_run,
    )


def _changes(tree: WorkTree, adoption: Adoption) -> list[Change]:
    """Return the files of the app.

    Raises:
        RefusedError: there are some already, and not all of them are the same.
    """
    app, env = adoption.state.app, adoption.state.env
    folder = env_folder(app, env)
    spec = f"{schema_line(tree, 'app', '../../')}{yamlio.dump(adoption.spec)}".encode()
    wanted = {f"apps/{app}/app.yaml": spec}
    wanted |= {f"{folder}/{name}": content for name, content in encode(adoption.state).items()}
    wanted |= {f"{folder}/manifests/{each.file}": each.text.encode() for each in adoption.manifests}
    there = {path: tree.read(path) for path in wanted}
    exists = bool(tree.names(f"apps/{app}"))
    same = exists and all(there[path] == content for path, content in wanted.items())
    if exists and not same:
        raise RefusedError(
            f"apps/{app} exists already, and is not what these files make",
            hint="import overwrites nothing: say another name with --app, or move the folder away first",
            kind="exists",
        )
    return [Change(path, there[path], content) for path, content in sorted(wanted.items())]


def _documents(cwd: Path, files: Sequence[str]) -> Iterator[Document]:
    """Yield every document of the files.

    Raises:
        UsageError: a file is not there, or nothing is in any.
        InvalidError: one cannot be read.
    """
    seen = False
    for name in files:
        for shown, content in _contents(cwd, name):
            for document in parse_stream(content, shown):
                seen = True
                yield document
    if not seen:
        raise UsageError("there is nothing in what was read", hint="kubectl get deploy,svc,ingress -o yaml prints some")


def _contents(cwd: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if name == _STANDARD_INPUT:
        yield "standard input", sys.stdin.buffer.read(_limit())
        return
    path = cwd / name
    shown = printable(name)
    try:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.name.endswith(_ENDINGS) and each.is_file())
            listed = [each for each in inside if not any(part.startswith(".") for part in each.relative_to(path).parts)]
            if len(listed) > _MOST_FILES:
                raise UsageError(f"{shown} holds more than {_MOST_FILES} files of YAML", hint="name those of one app")
            for each in listed:
                yield printable(str(each.relative_to(cwd) if each.is_relative_to(cwd) else each)), _read(each)
            if not listed:
                raise UsageError(f"{shown} holds no file of YAML or JSON")
        else:
            yield shown, _read(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have that name"
        raise UsageError(f"{shown}: {reason}") from error


def _limit() -> int:
    # One byte more shows that there is more, which is then refused by its size.
    return MOST_MIB * 1024 * 1024 + 1


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        # `<(kubectl get …)` of a shell is a pipe.
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise InvalidError(f"{printable(str(path))} is no file")
        return file.read(_limit())
