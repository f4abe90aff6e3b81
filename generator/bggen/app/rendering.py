"""render: manifests as the state says, written into the work tree, compared, or printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.inputs import Source, choose, choose_several
from bggen.app.outcomes import Stream, Written
from bggen.app.progress import SILENT
from bggen.errors import InvalidError, UsageError
from bggen.model import Problem
from bggen.plan import compare_manifests, env_folder
from bggen.render import render as render_state
from bggen.spec import FORGETFUL
from bggen.workspace import WorkTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.model import Change


def render(
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
    *,
    check: bool,
    show_diff: bool,
    progress: Progress = SILENT,
) -> Written:
    """Make `manifests/` in the work tree what the state files there render; with `check`, only compare.

    Raises:
        InvalidError: with the problems of every state that cannot be rendered; then nothing is written.
        RefusedError: a file that bggen did not write stands where a manifest goes.
    """
    tree = WorkTree(place.root)
    source = Source(tree, FORGETFUL)
    changes: list[Change] = []
    left: list[str] = []
    count = 0
    problems: list[Problem] = []
    pairs = _pairs(source, place, apps, envs)
    progress.start(len(pairs))
    for app, env in pairs:
        progress.advance()
        try:
            manifests = render_state(source.state(app, env)[0])
        except InvalidError as error:
            problems += error.problems or (as_problem(env_folder(app, env), error),)
            continue
        compared = compare_manifests(env_folder(app, env), source.manifests(app, env), manifests)
        changes += compared.changes
        left += compared.left_alone
        count += len(manifests)
    if problems:
        raise InvalidError(str(problems[0]), problems=problems)
    if not check:
        tree.write(changes)
    return Written(
        "render",
        tuple(changes),
        check=check,
        left_alone=tuple(left),
        rendered=count,
        show_diff=show_diff,
    )


def stream(place: Place, apps: Sequence[str] | None, envs: Sequence[str] | None) -> Stream:
    """Return the objects that the states render, and nothing else, as one YAML stream.

    Whoever applies the stream deletes what is no longer in it, so a single (app, env) is never guessed, and needs no
    other file than its state.

    Raises:
        UsageError: the working directory lies in no environment of the app, though it looks like one.
        InvalidError: with the first problem, before anything is printed.
    """
    source = Source(WorkTree(place.root), FORGETFUL)
    pair = _single(source, place, apps, envs)
    documents = [
        manifest.text
        for app, env in ([pair] if pair else _pairs(source, place, apps, envs))
        for manifest in render_state(source.state(app, env)[0])
    ]
    return Stream("render", "".join(f"---\n{document}" for document in documents))


def as_problem(path: str, error: InvalidError) -> Problem:
    """Return an error that carries no problems of its own as one, so that it can be reported among others."""
    return Problem(path, 0, 0, "", error.message.removeprefix(f"{path}: "))


def _single(
    source: Source,
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
) -> tuple[str, str] | None:
    """Return the (app, env) that is named, or that the working directory lies in, if it is one."""
    match list(apps or ()), list(envs or ()):
        case [app], [env]:
            return choose(source, place, app, env)
        case [], [] if place.env is not None:
            app, env = choose(source, place, None, None)
            if env != place.env:
                raise UsageError(f"apps/{app}/{place.env} is no environment of {app}", hint=f"there is {env}")
            return app, env
    return None


def _pairs(
    source: Source,
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
) -> list[tuple[str, str]]:
    pairs, failed = choose_several(source, place, apps, envs)
    problems = [problem for error in failed for problem in error.problems]
    if problems:
        raise InvalidError(str(problems[0]), problems=problems)
    return pairs
