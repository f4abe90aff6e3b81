"""Prove one app: its specs, states, objects and folders, wherever its files are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import kubeschema
from bggen.app.manifests import as_problem
from bggen.app.patching import patch_problems
from bggen.checks import check
from bggen.errors import InvalidError
from bggen.handmade import check_handmade
from bggen.model import Problem
from bggen.plan import OUR_FIRST_LINE, env_folder
from bggen.render import render
from bggen.state import RELEASE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.app.inputs import Source
    from bggen.model import EnvState, Manifest
    from bggen.model.config import RepoConfig


def spec_problems(source: Source, app: str, env: str) -> list[Problem]:
    """Return what is wrong with the spec of an (app, env), its patches included."""
    try:
        return patch_problems(source, source.spec(app, env), env)
    except InvalidError as error:
        return list(problems_of(f"apps/{app}/app.yaml", error))


def state_problems(source: Source, app: str, env: str) -> tuple[list[Problem], Sequence[Manifest]]:
    """Return what is wrong with the state of an (app, env) and with what it renders, and the objects themselves.

    Objects are none where the state cannot be read, or not be rendered.
    """
    try:
        state, _ = source.state(app, env)
        manifests = render(state)
    except InvalidError as error:
        return list(problems_of(env_folder(app, env), error)), ()
    return object_problems(state, manifests, source.manifests(app, env)), manifests


def object_problems(state: EnvState, manifests: Sequence[Manifest], current: Mapping[str, bytes]) -> list[Problem]:
    """Return what is wrong with the objects that a state renders, and with hand-made files beside them.

    Args:
        state: the state.
        manifests: what it renders.
        current: the files of its `manifests/`, by name.
    """
    folder = env_folder(state.app, state.env)
    problems = list(check(state, manifests))
    release = state.active_release
    if release and kubeschema.available():
        problems += kubeschema.validate_objects(manifests, release.spec.kubernetes, f"{folder}/manifests")
    handmade = {
        f"{folder}/manifests/{name}": content
        for name, content in current.items()
        if not content.startswith(OUR_FIRST_LINE)
    }
    return [*problems, *check_handmade(handmade, manifests)]


def strangers(source: Source, app: str, repo: RepoConfig) -> Iterator[Problem]:
    """Report folders that look like environments, but are none of bggen.yaml's, or none of the app's."""
    own = source.environments(app, repo)
    for name, kind in sorted(source.files.names(f"apps/{app}").items()):
        if kind != "folder" or name in own:
            continue
        for file in ("overlay.yaml", RELEASE_FILE):
            if file in source.files.names(f"apps/{app}/{name}"):
                where, known = ("app.yaml", own) if name in repo.environments else ("bggen.yaml", repo.environments)
                message = f"{where} has no environment {name} ({', '.join(known)})"
                yield Problem(f"apps/{app}/{name}/{file}", 1, 1, "", message)


def cluster_of(repo: RepoConfig, env: str) -> str:
    """Return what tells an environment's cluster apart; one with neither cluster nor namespace may be anywhere."""
    environment = repo.environments[env]
    return environment.cluster or ("" if environment.namespace else f"environment {env}")


def problems_of(path: str, error: InvalidError) -> tuple[Problem, ...]:
    """Return the problems of an error, or the error as one, at that path."""
    return error.problems or (as_problem(path, error),)
