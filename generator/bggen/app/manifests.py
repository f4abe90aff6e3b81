"""Compare the `manifests/` of one app after another with what their states render, and write them once all is known."""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen.app.inputs import Source, environments
from bggen.app.memory import asked, digest_of
from bggen.app.outcomes import FileChange
from bggen.errors import InvalidError, RefusedError
from bggen.model import Change, Problem
from bggen.plan import OUR_FIRST_LINE, compare_manifests, env_folder, unified
from bggen.render import render
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.app.memory import Memory
    from bggen.app.reading import Origin
    from bggen.model.config import RepoConfig
    from bggen.workspace import WorkTree

# What a file system gives a file at least.
_BLOCK = 4096


@dataclass(slots=True)
class Looked:
    """What came of looking at one app; small, because all apps' are held at once.

    Attributes:
        rendered: how many manifests its states render.
        grows: how many bytes more the disk has to hold.
        learnt: for Memory.
    """

    changes: list[FileChange] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    rendered: int = 0
    grows: int = 0
    problems: list[Problem] = field(default_factory=list)
    refused: RefusedError | None = None
    learnt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Changes of one (app, env) that wait to be written; compressed, manifests are a tenth of their size."""

    written: tuple[str, ...]
    packed: bytes
    removed: tuple[str, ...]

    def changes(self) -> list[Change]:
        contents = zlib.decompress(self.packed).split(b"\0") if self.written else []
        # Only what is to be there afterwards counts by now.
        return [
            *(Change(path, None, content) for path, content in zip(self.written, contents, strict=True)),
            *(Change(path, None, None) for path in self.removed),
        ]


@dataclass(slots=True)
class Manifests:
    """The job of `render`; see `bggen.app.crew`.

    Attributes:
        origin: where the files are.
        tree: where manifests are written; None where they are not.
        envs: the environments that are meant; all where it is empty.
        memory: what recognises an (app, env) that is as it should be; without it, everything is rendered, and nothing
            is kept to be written.
    """

    origin: Origin
    tree: WorkTree | None
    repo: RepoConfig
    envs: tuple[str, ...]
    memory: Memory | None
    show_diff: bool = False
    _kept: deque[list[_Kept]] = field(default_factory=deque)
    _source: Source | None = None

    def look(self, app: str) -> Looked:
        """Compare one app; everything that is wrong with it is in the result."""
        looked = Looked()
        source = self._files()
        self._kept.append([])
        try:
            own = environments(source, app, self.repo, self.envs, self.memory)
        except InvalidError as error:
            looked.problems += error.problems or (as_problem(f"apps/{app}/app.yaml", error),)
            return looked
        for env in own:
            try:
                self._compare(source, app, env, looked)
            except InvalidError as error:
                looked.problems += error.problems or (as_problem(env_folder(app, env), error),)
            except RefusedError as error:
                looked.refused = looked.refused or error
        looked.learnt = self.memory.take() if self.memory else {}
        return looked

    def finish(self) -> Iterator[None]:
        """Write what was kept, app by app, and of an (app, env) all or nothing."""
        if self.tree is None:
            raise ValueError("these manifests are only looked at")
        while self._kept:
            for kept in self._kept.popleft():
                self.tree.write(kept.changes())
            yield

    def texts(self, app: str) -> Iterator[str]:
        """Yield the app's objects as documents of a YAML stream."""
        source = self._files()
        for env in environments(source, app, self.repo, self.envs):
            yield from (f"---\n{manifest.text}" for manifest in render(source.state(app, env)[0]))

    def _files(self) -> Source:
        if self._source is None:
            self._source = Source(self.origin.files(), FORGETFUL)
        return self._source

    def _compare(self, source: Source, app: str, env: str, looked: Looked) -> None:
        content = source.state_files(app, env)
        current = source.manifests(app, env)
        ours = {name: text for name, text in current.items() if text.startswith(OUR_FIRST_LINE)}
        folder = env_folder(app, env)
        question = ""
        if self.memory:
            question = asked("manifests", app.encode(), env.encode(), digest_of(content).encode())
            if self.memory.answer(question) == digest_of(ours):
                looked.rendered += len(ours)
                looked.left_alone += sorted(f"{folder}/manifests/{name}" for name in current.keys() - ours.keys())
                return
        manifests = render(source.decode(app, env, content))
        compared = compare_manifests(folder, current, manifests)
        looked.rendered += len(manifests)
        looked.left_alone += compared.left_alone
        diffs = [unified(change) if self.show_diff else "" for change in compared.changes]
        looked.changes += map(FileChange.of, compared.changes, diffs)
        if self.memory:
            wanted = {manifest.file: manifest.text.encode() for manifest in manifests}
            self.memory.note(question, digest_of(wanted))
            looked.grows += sum(_blocks(change.after) - _blocks(change.before) for change in compared.changes)
            self._keep(compared.changes)

    def _keep(self, changes: Sequence[Change]) -> None:
        written = {change.path: change.after for change in changes if change.after is not None}
        removed = tuple(change.path for change in changes if change.after is None)
        if changes:
            self._kept[-1].append(_Kept(tuple(written), zlib.compress(b"\0".join(written.values()), 1), removed))


def as_problem(path: str, error: InvalidError) -> Problem:
    """Return an error that carries no problems of its own as one, so that it can be reported among others."""
    return Problem(path, 0, 0, "", error.message.removeprefix(f"{path}: "))


def _blocks(content: bytes | None) -> int:
    return 0 if content is None else -(-len(content) // _BLOCK) * _BLOCK
