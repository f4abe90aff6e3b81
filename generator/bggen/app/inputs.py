"""Reading one (app, env): specs, state and manifests, from the work tree or from a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen.app.memory import asked
from bggen.app.place import NAME, app_folders, app_names, choose_app, choose_env
from bggen.errors import InvalidError, TooNewError, UsageError
from bggen.plan import env_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bggen.app.memory import Memory
    from bggen.app.place import Place
    from bggen.app.wish import Selection
    from bggen.model import AppSpec, EnvState
    from bggen.model.config import RepoConfig
    from bggen.spec import Verdicts
    from bggen.workspace import Files

REPO_FILE = "bggen.yaml"


@dataclass(frozen=True, slots=True)
class Source:
    """Where files are read from, and what is known of them already."""

    files: Files
    verdicts: Verdicts

    def repo(self) -> RepoConfig:
        """Return bggen.yaml.

        Raises:
            InvalidError: it is missing or wrong, or asks for a newer bggen.
        """
        from bggen.spec import load_repo  # noqa: PLC0415 - a rollback does not need it

        return load_repo(self.repo_text(), REPO_FILE, self.verdicts)

    def repo_text(self) -> bytes:
        """Return bggen.yaml as it is."""
        content = self.files.read(REPO_FILE)
        if content is None:
            raise InvalidError(f"{REPO_FILE} is missing", hint="commit it; bggen init starts a config repo")
        return content

    def spec(self, app: str, env: str) -> AppSpec:
        """Return the resolved spec of an (app, env).

        Raises:
            InvalidError: with every problem of all the files that it comes from.
        """
        from bggen.spec import resolve  # noqa: PLC0415 - most commands never read the spec

        folder = f"apps/{app}"
        content = self.files.read(f"{folder}/app.yaml")
        if content is None:
            raise InvalidError(f"{folder}/app.yaml is missing")
        overlay = self.files.read(f"{folder}/{env}/overlay.yaml")
        return resolve(self.repo_text(), content, overlay, app=app, env=env, verdicts=self.verdicts)

    def environments(self, app: str, repo: RepoConfig) -> Sequence[str]:
        """Return the environments that the app says it is in, in the order of bggen.yaml."""
        from bggen.spec import environments_of  # noqa: PLC0415 - not needed where the command names one

        path = f"apps/{app}/app.yaml"
        return environments_of(self.files.read(path) or b"", repo, path)

    def state(self, app: str, env: str) -> tuple[EnvState, Mapping[str, bytes]]:
        """Return the state of an (app, env), and the files that hold it."""
        content = self.state_files(app, env)
        return self.decode(app, env, content), content

    def state_files(self, app: str, env: str) -> Mapping[str, bytes]:
        """Return the files that hold the state of an (app, env), by name; none before the first release."""
        folder = env_folder(app, env)
        found = {name: self.files.read(f"{folder}/{name}") for name in state_files.FILES}
        return {name: text for name, text in found.items() if text is not None}

    @staticmethod
    def decode(app: str, env: str, content: Mapping[str, bytes]) -> EnvState:
        """Return what the state files hold."""
        return state_files.decode(app, env, env_folder(app, env), content)

    def manifests(self, app: str, env: str) -> Mapping[str, bytes]:
        """Return the files of `manifests/` by name; folders and links in it are not ours, and are left out."""
        return self.files.contents(f"{env_folder(app, env)}/manifests")


def choose(source: Source, place: Place, app: str | None, env: str | None) -> tuple[str, str]:
    """Return the app and the environment that a command means.

    An environment that is named, or lies around the working directory, and has a state needs no other file: a spec or
    a bggen.yaml that somebody broke must not stand in the way of a rollback.

    Raises:
        UsageError: with the choices.
    """
    name = choose_app(place, app, source.files)
    wanted = env or place.env
    # Checked before it becomes part of a path.
    if wanted is not None and NAME.match(wanted):
        if state_files.RELEASE_FILE in source.files.names(env_folder(name, wanted)):
            return name, wanted
    elif env is not None:
        raise UsageError(f"no environment {env!r}")
    try:
        repo = source.repo()
        own = source.environments(name, repo)
    except TooNewError:
        raise
    except InvalidError:
        if wanted is not None:
            # It raises, too, and with the problems of all the files instead of the first one's.
            source.spec(name, wanted)
        raise
    return name, choose_env(place, env, list(repo.environments), own)


def choose_pairs(
    source: Source, place: Place, selection: Selection, bring: Callable[[Sequence[str]], None]
) -> list[tuple[str, str]]:
    """Return the (app, env) pairs that a changing command means.

    Of a pattern, or of all, it is the apps that are in the environment; an app that was named has to be.

    Args:
        source: where they are read from.
        place: where the command runs.
        selection: what the user said.
        bring: gets folders that are about to be read, in one go.

    Raises:
        UsageError: with the choices, or because nothing fits.
        InvalidError: bggen.yaml or an app.yaml is wrong.
    """
    chosen = list(dict.fromkeys(selection.apps))
    if selection.match is None and not selection.every:
        if len(chosen) > 1:
            return [choose(source, place, app, selection.env) for app in chosen]
        return [choose(source, place, chosen[0] if chosen else None, selection.env)]
    if chosen:
        raise UsageError("--app names apps, and --match or --all looks for them: give one of them")
    if selection.match is not None and selection.every:
        raise UsageError("--match is a choice, and --all is none: give one of them")
    repo = source.repo()
    env = choose_env(place, selection.env, list(repo.environments), list(repo.environments))
    fitting = [name for name in app_folders(source.files) if selection.match is None or _fits(name, selection.match)]
    bring([f"apps/{name}" for name in fitting])
    found = [
        (name, env)
        for name in fitting
        if source.files.read(f"apps/{name}/app.yaml") is not None and env in source.environments(name, repo)
    ]
    if not found:
        what = "no app" if selection.match is None else f"no app that fits {selection.match!r}"
        raise UsageError(f"{what} is in environment {env}", hint=f"there is {', '.join(app_names(source.files)[:20])}")
    return found


def _fits(name: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase  # noqa: PLC0415 - only a pattern needs it

    return fnmatchcase(name, pattern)


def choose_apps(
    source: Source,
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
) -> tuple[RepoConfig, list[str], tuple[str, ...]]:
    """Return the settings, the apps, and the environments that a reading command means; no environments mean all.

    Without names it is every folder that may be an app; in an app's folder only that one, and in an environment's only
    that pair.

    Raises:
        InvalidError: bggen.yaml is wrong.
        UsageError: there is no such app or environment.
    """
    repo = source.repo()
    if not apps and place.app is not None:
        apps = [place.app]
        if not envs and place.env is not None and place.env in repo.environments:
            envs = [place.env]
    names = [choose_app(place, name, source.files) for name in apps or ()]
    for env in envs or ():
        choose_env(place, env, list(repo.environments), list(repo.environments))
    return repo, list(dict.fromkeys(names)) if apps else app_folders(source.files), tuple(envs or ())


def environments(
    source: Source, app: str, repo: RepoConfig, envs: Sequence[str], memory: Memory | None = None
) -> Sequence[str]:
    """Return the environments of an app that a reading command means; a folder without an app.yaml is in none.

    Args:
        source: where the app is read from.
        app: the app.
        repo: the settings.
        envs: those that were named; none of them for all.
        memory: spares a known app.yaml being read as YAML.

    Raises:
        InvalidError: app.yaml cannot be read.
    """
    content = source.files.read(f"apps/{app}/app.yaml")
    if content is None:
        return ()
    question, known = "", None
    if memory is not None:
        question = asked("environments", content, *(env.encode() for env in repo.environments))
        known = memory.answer(question)
    if known is None:
        own = source.environments(app, repo)
        if memory is not None and own:
            memory.note(question, ",".join(own))
    else:
        own = known.split(",")
    return [env for env in repo.environments if env in own and (not envs or env in envs)]
