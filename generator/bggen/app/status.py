"""status: what runs where, from the work tree or a remote, and since when, from Git."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bggen.app.crew import crew
from bggen.app.inputs import REPO_FILE, Source, choose_apps, environments
from bggen.app.manifests import as_problem
from bggen.app.memory import asked, digest_of
from bggen.app.progress import SILENT
from bggen.app.reading import open_reading
from bggen.app.rows import row_from, row_line
from bggen.app.views import Status
from bggen.errors import BggenError, InvalidError
from bggen.plan import env_folder
from bggen.render import LATEST
from bggen.spec import FORGETFUL
from bggen.state import RELEASE_FILE
from bggen.transitions import BumpRequest, bump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.app.memory import Memory
    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.app.reading import History, Origin
    from bggen.app.views import StatusRow
    from bggen.model import EnvState
    from bggen.model.config import RepoConfig


def status(place: Place, apps: Sequence[str] | None, envs: Sequence[str] | None, progress: Progress = SILENT) -> Status:
    """Return what every (app, env) runs.

    Raises:
        InvalidError: bggen.yaml, the environments of an app, or a state file is wrong. What could be read of the other
            apps is in `known`: one broken app must not hide what the rest runs.
    """
    with open_reading(place) as reading:
        reading.bring_apps(apps or None)
        memory = reading.memory()
        source = Source(reading.files, memory)
        repo, names, meant = choose_apps(source, place, apps, envs)
        job = _Overview(reading.origin, repo, source.repo_text(), meant, memory)
        progress.start(len(names))
        with crew(job, len(names)) as workers:
            seen = workers.look(names, progress)
        memory.save(one.learnt for one in seen)
        rows = [job.row(*line) for one in seen for line in one.rows]
        since = _since(reading.history, rows)
    found = Status(tuple(replace(row, since=since.get((row.app, row.env))) for row in rows))
    errors = [error for one in seen for error in one.errors]
    if errors:
        problems = [problem for error in errors for problem in error.problems or (as_problem("", error),)]
        failure = InvalidError(errors[0].message, problems=problems, hint=errors[0].hint, kind=errors[0].kind)
        failure.known = found
        raise failure
    return found


@dataclass(slots=True)
class _Seen:
    """What came of looking at one app: (app, environment, line of `bggen.app.rows`), and what is wrong."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[InvalidError] = field(default_factory=list)
    learnt: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Overview:
    """The job of `status`; see `bggen.app.crew`."""

    origin: Origin
    repo: RepoConfig
    repo_text: bytes
    envs: tuple[str, ...]
    memory: Memory
    _source: Source | None = None

    def look(self, app: str) -> _Seen:
        """Read the states of one app."""
        seen = _Seen()
        source = self._files()
        try:
            own = environments(source, app, self.repo, self.envs, self.memory)
        except InvalidError as error:
            seen.errors.append(error)
            return seen
        for env in own:
            try:
                seen.rows.append((app, env, self._line(source, app, env)))
            except InvalidError as error:
                seen.errors.append(error)
        seen.learnt = self.memory.take()
        return seen

    def finish(self) -> Iterator[None]:
        """Leave everything as it is."""
        yield from ()

    def row(self, app: str, env: str, line: str) -> StatusRow:
        """Return the row that a line holds; one that holds none, out of a memory that is not ours, is read anew."""
        try:
            return row_from(app, env, line)
        except ValueError:
            source = self._files()
            return row_from(app, env, self._read(source, app, env, source.state_files(app, env)))

    def _line(self, source: Source, app: str, env: str) -> str:
        content = source.state_files(app, env)
        overlay = f"apps/{app}/{env}/overlay.yaml"
        try:
            specs = {path: source.files.read(path) for path in (f"apps/{app}/app.yaml", overlay)}
        except InvalidError:
            # A link, or a file that is too large: not worth remembering.
            return self._read(source, app, env, content)
        there = {path: text for path, text in specs.items() if text is not None}
        files = {REPO_FILE: self.repo_text, **there, **content}
        question = asked("status", app.encode(), env.encode(), digest_of(files).encode())
        answer = self.memory.answer(question)
        if answer is None:
            answer = self._read(source, app, env, content)
            self.memory.note(question, answer)
        return answer

    @staticmethod
    def _read(source: Source, app: str, env: str, content: Mapping[str, bytes]) -> str:
        state = source.decode(app, env, content)
        return row_line(state, pending_spec=_pending_spec(source, state))

    def _files(self) -> Source:
        if self._source is None:
            # The memory holds whole rows: whether their specs fit a schema need not be remembered beside them.
            self._source = Source(self.origin.files(), FORGETFUL)
        return self._source


def _since(history: History, rows: Sequence[StatusRow]) -> dict[tuple[str, str], str]:
    """Return since when each active colour is active; nothing where git cannot tell."""
    files = {
        f"{env_folder(row.app, row.env)}/{RELEASE_FILE}": (row.app, row.env) for row in rows if row.active is not None
    }
    try:
        found = history.active_since(list(files)) if files else {}
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
