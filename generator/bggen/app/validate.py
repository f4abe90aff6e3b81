"""validate: specs, state and rendered objects of the work tree, every problem in one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import kubeschema, yamlio
from bggen.app.inputs import REPO_FILE, Source, choose_several
from bggen.app.patching import patch_problems
from bggen.app.place import app_names
from bggen.app.progress import SILENT
from bggen.app.rendering import as_problem
from bggen.app.views import Validated
from bggen.checks import check, collisions
from bggen.errors import InvalidError
from bggen.handmade import check_handmade
from bggen.model import Problem
from bggen.plan import OUR_FIRST_LINE, env_folder
from bggen.render import render
from bggen.spec import FORGETFUL
from bggen.state import RELEASE_FILE
from bggen.workspace import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.model import Manifest
    from bggen.model.config import RepoConfig


def validate(
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
    *,
    progress: Progress = SILENT,
) -> Validated:
    """Check what the work tree holds; names are compared over the whole repo only where no app is singled out.

    Where bggen.yaml is wrong, the specs are checked as far as that goes without it.
    """
    source = Source(WorkTree(place.root), FORGETFUL)
    try:
        repo = source.repo()
    except InvalidError as error:
        return _without_settings(source, error)
    pairs, failed = choose_several(source, place, apps, envs)
    problems = [problem for error in failed for problem in _of("apps", error)]
    everything: list[tuple[str, Sequence[Manifest]]] = []
    progress.start(len(pairs))
    for app, env in pairs:
        found, manifests = _check_pair(source, app, env)
        problems += found
        everything.append((_cluster(repo, env), manifests))
        progress.advance()
    for app in sorted({app for app, _ in pairs}):
        problems += _strangers(source, app, repo)
    if not apps and not envs:
        problems += collisions(everything)
    skipped = () if kubeschema.available() else (f"Kubernetes' own schemas: {kubeschema.HOW_TO_INSTALL}",)
    return Validated(
        problems=tuple(sorted(set(problems))),
        apps=len({app for app, _ in pairs}) + len(failed),
        objects=sum(len(manifests) for _, manifests in everything),
        skipped=skipped,
    )


def _without_settings(source: Source, error: InvalidError) -> Validated:
    """Report what is wrong with bggen.yaml, and with the specs of all apps in the environments that it names."""
    problems = list(_of(REPO_FILE, error))
    try:
        named = yamlio.parse(source.repo_text(), REPO_FILE).data.get("environments")
    except InvalidError:
        named = None
    names = app_names(source.files) if isinstance(named, dict) else []
    for app in names:
        for env in named or ():
            try:
                source.spec(app, env)
            except InvalidError as found:
                problems += _of(f"apps/{app}/app.yaml", found)
    return Validated(tuple(sorted(set(problems))), apps=len(names), objects=0)


def _check_pair(source: Source, app: str, env: str) -> tuple[list[Problem], Sequence[Manifest]]:
    problems: list[Problem] = []
    folder = env_folder(app, env)
    try:
        problems += patch_problems(source, source.spec(app, env), env)
    except InvalidError as error:
        problems += _of(f"apps/{app}/app.yaml", error)
    try:
        state, _ = source.state(app, env)
        manifests = render(state)
    except InvalidError as error:
        return [*problems, *_of(folder, error)], ()
    problems += check(state, manifests)
    release = state.active_release
    if release and kubeschema.available():
        problems += kubeschema.validate_objects(manifests, release.spec.kubernetes, f"{folder}/manifests")
    handmade = {
        f"{folder}/manifests/{name}": content
        for name, content in source.manifests(app, env).items()
        if not content.startswith(OUR_FIRST_LINE)
    }
    return [*problems, *check_handmade(handmade, manifests)], manifests


def _strangers(source: Source, app: str, repo: RepoConfig) -> Iterator[Problem]:
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


def _cluster(repo: RepoConfig, env: str) -> str:
    """Return what tells clusters apart; an environment with neither cluster nor namespace may be anywhere."""
    environment = repo.environments[env]
    return environment.cluster or ("" if environment.namespace else f"environment {env}")


def _of(path: str, error: InvalidError) -> tuple[Problem, ...]:
    return error.problems or (as_problem(path, error),)
