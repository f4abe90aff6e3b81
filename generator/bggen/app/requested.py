"""What a request does to one app: the job of `check`; see `bggen.app.crew`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen.app.inputs import REPO_FILE, Source
from bggen.app.outcomes import FileChange
from bggen.app.proving import object_problems, problems_of, spec_problems, strangers
from bggen.app.touched import OVERLAY, Touched, TouchedApp
from bggen.app.views import CheckedPair, Stale
from bggen.checks import node_ports
from bggen.errors import BggenError, InvalidError, RefusedError, StateMismatchError
from bggen.events import Event, events
from bggen.git.objects import Objects
from bggen.git.place import locate
from bggen.git.tip import TipFiles
from bggen.model import Problem
from bggen.plan import OUR_FIRST_LINE, compare_manifests, env_folder
from bggen.plausible import doubts, stranded
from bggen.render import render
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bggen.model import EnvState
    from bggen.model.config import RepoConfig
    from bggen.plausible import Doubt


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A state that only the past may explain, and its files."""

    app: str
    env: str
    files: Mapping[str, bytes]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class ObjectNames:
    """The files that an (app, env) renders, and the ports of nodes that its Services want."""

    app: str
    env: str
    files: tuple[str, ...]
    ports: tuple[int, ...]


@dataclass(slots=True)
class Found:
    """What came of looking at one app; small, because all apps' are held at once.

    Attributes:
        mismatch: the first wrong digest, whose hint tells the way out.
    """

    pairs: list[CheckedPair] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    differences: list[FileChange] = field(default_factory=list)
    stale: list[Stale] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)
    objects: list[ObjectNames] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mismatch: StateMismatchError | None = None


class Commits:
    """The config repo as commits hold it. Close it: it keeps a git process for reading."""

    def __init__(self, root: Path) -> None:
        place, _ = locate(root)
        self._prefix = place.prefix
        self._objects = Objects(place.git)
        self._files: dict[str, TipFiles] = {}

    def at(self, commit: str) -> Source:
        """Return the files of a commit."""
        if commit not in self._files:
            self._files[commit] = TipFiles(self._objects, commit, self._prefix)
        return Source(self._files[commit], FORGETFUL)

    def forget(self, app: str) -> None:
        """Let go of what was read of an app."""
        for files in self._files.values():
            files.forget(f"apps/{app}")

    def close(self) -> None:
        """End the process for reading."""
        self._objects.close()


@dataclass(slots=True)
class Request:
    """The job.

    Attributes:
        head: the commit that is checked.
        base: the newest commit of the base.
        fork: the newest one that both have.
        repo: bggen.yaml of the head; None where it cannot be read.
        touched: what the request changes.
        everything: whether all is looked at anyway.
    """

    root: Path
    head: str
    base: str
    fork: str
    repo: RepoConfig | None
    touched: Touched
    everything: bool
    _commits: Commits | None = None

    def look(self, app: str) -> Found:
        """Check what the request changes of one app."""
        found = Found()
        touched = self.touched.apps.get(app, TouchedApp())
        whole = self.everything or self.touched.settings or touched.whole
        own = self._environments(app, found, report=whole)
        held = self._held(app)
        for env in self._in_order({*own, *held} if whole else touched.envs & {*own, *held}):
            if env in own and (whole or env in touched.spec):
                found.problems += spec_problems(self._at(self.head), app, env)
            self._pair(app, env, found)
        if self.repo is not None and own:
            found.problems += (
                problem
                for problem in strangers(self._at(self.head), app, self.repo)
                if whole or problem.path.split("/")[2] in touched.envs
            )
        if self._commits is not None:
            self._commits.forget(app)
        return found

    def finish(self) -> Iterator[None]:
        """Leave everything as it is."""
        yield from ()

    def close(self) -> None:
        """End what was started for reading."""
        if self._commits is not None:
            self._commits.close()

    def _at(self, commit: str) -> Source:
        if self._commits is None:
            self._commits = Commits(self.root)
        return self._commits.at(commit)

    def _environments(self, app: str, found: Found, *, report: bool) -> Sequence[str]:
        head = self._at(self.head)
        path = f"apps/{app}/app.yaml"
        try:
            if head.files.read(path) is None:
                left = sorted(env for env in self._held(app) if head.state_files(app, env))
                if left:
                    message = f"is missing, but {env_folder(app, left[0])} holds a state: take the folder out as well"
                    found.problems.append(Problem(path, 0, 0, "", message))
                return ()
            return head.environments(app, self.repo) if self.repo is not None else ()
        except InvalidError as error:
            found.problems += problems_of(path, error) if report else ()
            return ()

    def _held(self, app: str) -> set[str]:
        """Return the folders of the app that hold a state or manifests, now or before."""
        held = set()
        for commit in (self.head, self.fork):
            files = self._at(commit).files
            try:
                folders = [name for name, kind in files.names(f"apps/{app}").items() if kind == "folder"]
                marks = {*state_files.FILES, "manifests"}
                held |= {name for name in folders if not marks.isdisjoint(files.names(env_folder(app, name)))}
            except InvalidError:
                # A link or a file where a folder should be: whoever reads the pair says so.
                continue
        return held

    def _in_order(self, envs: set[str] | frozenset[str]) -> list[str]:
        order = list(self.repo.environments) if self.repo is not None else []
        return sorted(envs, key=lambda env: (order.index(env) if env in order else len(order), env))

    def _pair(self, app: str, env: str, found: Found) -> None:
        head = self._at(self.head)
        after: EnvState | None = None
        try:
            files = head.state_files(app, env)
            current = head.manifests(app, env)
            after = head.decode(app, env, files)
            self._objects(after, current, found)
        except RefusedError as error:
            found.problems.append(Problem(f"{env_folder(app, env)}/manifests", 0, 0, "", error.message))
        except InvalidError as error:
            found.problems += problems_of(env_folder(app, env), error)
            if isinstance(error, StateMismatchError):
                found.mismatch = found.mismatch or error
        before = self._read(self.fork, app, env)
        found.pairs.append(CheckedPair(app, env, _told(before, after), after))
        if self._is_stale(app, env):
            found.stale.append(Stale(app, env, self._on_the_base(app, env, before)))
        elif after is not None and before != after:
            self._doubt(before, after, files, found)
            self._warn(before, after, found)

    def _objects(self, after: EnvState, current: Mapping[str, bytes], found: Found) -> None:
        manifests = render(after)
        found.problems += object_problems(after, manifests, current)
        compared = compare_manifests(env_folder(after.app, after.env), current, manifests)
        found.differences += map(FileChange.of, compared.changes)
        ports = tuple(port for manifest in manifests for port in node_ports(manifest))
        files = tuple(manifest.file for manifest in manifests)
        found.objects.append(ObjectNames(after.app, after.env, files, ports))

    def _doubt(self, before: EnvState | None, after: EnvState, files: Mapping[str, bytes], found: Found) -> None:
        folder = env_folder(after.app, after.env)
        found.problems += (Problem(f"{folder}/{each.file}", 0, 0, "", each.message) for each in stranded(before, after))
        # Where nothing was, or nothing that can be read, the state can only be held against itself.
        doubted = doubts(before if before and before.active else after, after)
        if doubted:
            found.doubtful.append(Doubtful(after.app, after.env, files, doubted))

    def _warn(self, before: EnvState | None, after: EnvState, found: Found) -> None:
        app, env = after.app, after.env
        if after.active is None:
            found.warnings.append(f"{app}/{env} is taken out: Argo CD deletes what takes traffic there")
        elif before is not None and before.database and before.database.schema > _schema(after):
            message = f"schema {before.database.schema} is taken back in Git, but the database does not go back"
            found.warnings.append(f"{app}/{env}: {message}")
        elif before is not None and after.last > before.last:
            specs = (REPO_FILE, f"apps/{app}/app.yaml", f"{env_folder(app, env)}/{OVERLAY}")
            fork, base = self._at(self.fork).files, self._at(self.base).files
            moved = [path for path in specs if fork.read(path) != base.read(path)]
            if moved:
                message = f"{app}/{env}: release {after.last} was made before {moved[0]} changed on the base"
                found.warnings.append(f"{message}; the next bump takes that in")

    def _is_stale(self, app: str, env: str) -> bool:
        """Whether the request decides something here, and so did somebody else on the base since."""
        head, fork, base = (self._files(commit, app, env) for commit in (self.head, self.fork, self.base))
        if base in (fork, head):
            return False
        return head != fork or self._ours(self.head, app, env) != self._ours(self.fork, app, env)

    def _files(self, commit: str, app: str, env: str) -> Mapping[str, bytes] | None:
        try:
            return self._at(commit).state_files(app, env)
        except InvalidError:
            return None

    def _ours(self, commit: str, app: str, env: str) -> Mapping[str, bytes] | None:
        try:
            current = self._at(commit).manifests(app, env)
        except InvalidError:
            return None
        return {name: content for name, content in current.items() if content.startswith(OUR_FIRST_LINE)}

    def _read(self, commit: str, app: str, env: str) -> EnvState | None:
        """Return the state; None where it cannot be read, which is not this request's fault."""
        try:
            return self._at(commit).state(app, env)[0]
        except BggenError:
            return None

    def _on_the_base(self, app: str, env: str, before: EnvState | None) -> tuple[Event, ...]:
        now = self._read(self.base, app, env)
        told = events(before, now) if before is not None and now is not None else ()
        return told or (Event("other", "its state changed"),)


def _schema(state: EnvState) -> int:
    return state.database.schema if state.database else 0


def _told(before: EnvState | None, after: EnvState | None) -> tuple[Event, ...]:
    if after is None:
        return (Event("unreadable", "its state cannot be read"),)
    if before is None:
        return (Event("repair", "the state is sound again"),)
    return events(before, after)
