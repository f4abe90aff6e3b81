"""status: what runs where, from the work tree, and since when, from Git."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen.app.crew import crew
from bggen.app.inputs import REPO_FILE, Source, choose_apps, environments
from bggen.app.manifests import as_problem
from bggen.app.memory import asked, digest_of, memory_of
from bggen.app.progress import SILENT
from bggen.app.views import Status, StatusRow
from bggen.errors import BggenError, InvalidError
from bggen.plan import env_folder
from bggen.render import LATEST
from bggen.state import RELEASE_FILE
from bggen.transitions import BumpRequest, bump
from bggen.workspace import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bggen.app.memory import Memory
    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.model import EnvState, RepoConfig


def status(place: Place, apps: Sequence[str] | None, envs: Sequence[str] | None, progress: Progress = SILENT) -> Status:
    """Return what every (app, env) runs.

    Raises:
        InvalidError: bggen.yaml, the environments of an app, or a state file is wrong. What could be read of the other
            apps is in `known`: one broken app must not hide what the rest runs.
    """
    memory = memory_of(place.root)
    source = Source(WorkTree(place.root), memory)
    repo, names = choose_apps(source, place, apps, envs)
    progress.start(len(names))
    with crew(_Overview(place.root, repo, source.repo_text(), tuple(envs or ()), memory), len(names)) as workers:
        seen = workers.look(names, progress)
    memory.save(one.learnt for one in seen)
    states = [state for one in seen for state, _ in one.states]
    since = _since(place, states)
    found = Status(
        tuple(
            StatusRow(state, since.get((state.app, state.env)), pending)
            for one in seen
            for state, pending in one.states
        )
    )
    errors = [error for one in seen for error in one.errors]
    if errors:
        problems = [problem for error in errors for problem in error.problems or (as_problem("", error),)]
        failure = InvalidError(errors[0].message, problems=problems, hint=errors[0].hint, kind=errors[0].kind)
        failure.known = found
        raise failure
    return found


@dataclass(slots=True)
class _Seen:
    """What came of looking at one app: its states, each with whether the spec has changes that no colour has."""

    states: list[tuple[EnvState, bool]] = field(default_factory=list)
    errors: list[InvalidError] = field(default_factory=list)
    learnt: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Overview:
    """The job of `status`; see `bggen.app.crew`."""

    root: Path
    repo: RepoConfig
    repo_text: bytes
    envs: tuple[str, ...]
    memory: Memory
    _source: Source | None = None

    def look(self, app: str) -> _Seen:
        """Read the states of one app."""
        seen = _Seen()
        if self._source is None:
            self._source = Source(WorkTree(self.root), self.memory)
        source = self._source
        try:
            own = environments(source, app, self.repo, self.envs, self.memory)
        except InvalidError as error:
            seen.errors.append(error)
            return seen
        for env in own:
            try:
                state, content = source.state(app, env)
            except InvalidError as error:
                seen.errors.append(error)
            else:
                seen.states.append((state, self._pending(source, state, content)))
        seen.learnt = self.memory.take()
        return seen

    def finish(self) -> Iterator[None]:
        """Leave everything as it is."""
        yield from ()

    def _pending(self, source: Source, state: EnvState, content: Mapping[str, bytes]) -> bool:
        app, env = state.app, state.env
        try:
            specs = {
                path: source.files.read(path) for path in (f"apps/{app}/app.yaml", f"apps/{app}/{env}/overlay.yaml")
            }
        except BggenError:
            return _pending_spec(source, state)
        found = {path: text for path, text in specs.items() if text is not None}
        files = {REPO_FILE: self.repo_text, **found, **content}
        question = asked("pending", app.encode(), env.encode(), digest_of(files).encode())
        answer = self.memory.answer(question)
        if answer is None:
            answer = "yes" if _pending_spec(source, state) else "no"
            self.memory.note(question, answer)
        return answer == "yes"


def _since(place: Place, states: Sequence[EnvState]) -> dict[tuple[str, str], str]:
    """Return since when each active colour is active; nothing where git cannot tell."""
    from bggen.git.history import active_since  # noqa: PLC0415 - it brings GitPython

    files = {
        f"{env_folder(state.app, state.env)}/{RELEASE_FILE}": (state.app, state.env)
        for state in states
        if state.active is not None
    }
    try:
        found = active_since(place.root, list(files)) if files else {}
    except BggenError:
        return {}
    return {files[path]: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for path, moment in found.items() if moment}


def _pending_spec(source: Source, state: EnvState) -> bool:
    """Whether the spec holds changes that no colour has: what a bump that names no image would release."""
    try:
        spec = source.spec(state.app, state.env)
        return bump(state, BumpRequest(spec=spec, renderer=LATEST)).changed
    except InvalidError:
        # What cannot be released yet is a change that no colour has, too.
        return True
    except BggenError:
        return state.active is not None
