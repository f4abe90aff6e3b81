"""Reading one (app, env): specs, state and manifests, from the work tree or from a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen.app.place import NAME, app_names, choose_app, choose_env
from bggen.errors import InvalidError, TooNewError, UsageError
from bggen.plan import env_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.app.place import Place
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
        folder = env_folder(app, env)
        found = {name: self.files.read(f"{folder}/{name}") for name in state_files.FILES}
        content = {name: text for name, text in found.items() if text is not None}
        return state_files.decode(app, env, folder, content), content

    def manifests(self, app: str, env: str) -> Mapping[str, bytes]:
        """Return the files of `manifests/` by name; folders and links in it are not ours, and are left out."""
        folder = f"{env_folder(app, env)}/manifests"
        names = [name for name, kind in self.files.names(folder).items() if kind == "file"]
        found = {name: self.files.read(f"{folder}/{name}") for name in sorted(names)}
        return {name: content for name, content in found.items() if content is not None}


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


def choose_several(
    source: Source,
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
) -> tuple[list[tuple[str, str]], tuple[InvalidError, ...]]:
    """Return the (app, env) pairs that a reading command means, and what made apps unreadable.

    Without names these are all of them; in an app's folder only that app's, and in an environment's only that pair.
    """
    repo = source.repo()
    if not apps and place.app is not None:
        apps = [place.app]
        if not envs and place.env is not None and place.env in repo.environments:
            envs = [place.env]
    names = [choose_app(place, name, source.files) for name in apps] if apps else app_names(source.files)
    for env in envs or ():
        choose_env(place, env, list(repo.environments), list(repo.environments))
    pairs: list[tuple[str, str]] = []
    failed: list[InvalidError] = []
    for name in names:
        try:
            own = source.environments(name, repo)
        except InvalidError as error:
            failed.append(error)
            continue
        pairs += [(name, env) for env in own if not envs or env in envs]
    return pairs, tuple(failed)
