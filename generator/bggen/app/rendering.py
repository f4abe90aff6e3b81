"""render: manifests as the state says: written into the work tree, compared, or printed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bggen.app.crew import crew
from bggen.app.inputs import Source, choose, choose_apps
from bggen.app.manifests import Manifests
from bggen.app.memory import Memory
from bggen.app.outcomes import Stream, Written
from bggen.app.place import refuse_remote
from bggen.app.progress import SILENT
from bggen.app.reading import open_reading
from bggen.errors import GitError, InvalidError, UsageError
from bggen.render import render as render_state
from bggen.spec import FORGETFUL
from bggen.workspace import WorkTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.app.manifests import Looked
    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.model import Problem


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
        RefusedError: a file that bggen did not write stands where a manifest goes; then nothing is written, either.
        GitError: the disk cannot hold what is to be written.
    """
    if not check:
        refuse_remote(place, "render without --check or --stdout")
    with open_reading(place) as reading:
        reading.bring_apps(apps or None)
        # Others rely on what `--check` says. So it proves everything anew, whatever earlier runs have found.
        memory = Memory(None) if check else reading.memory()
        source = Source(reading.files, FORGETFUL if check else memory)
        repo, names, meant = choose_apps(source, place, apps, envs)
        tree, known = (None, None) if check else (WorkTree(place.root), memory)
        job = Manifests(reading.origin, tree, repo, meant, known, show_diff=show_diff)
        progress.start(len(names) if check else 2 * len(names))
        with crew(job, len(names)) as workers:
            looked = workers.look(names, progress)
            _raise_what_stands_in_the_way(looked)
            if not check:
                _refuse_a_full_disk(place, looked)
                workers.finish(progress)
        memory.save(one.learnt for one in looked)
    return Written(
        "render",
        tuple(change for one in looked for change in one.changes),
        check=check,
        left_alone=tuple(path for one in looked for path in one.left_alone),
        rendered=sum(one.rendered for one in looked),
    )


def stream(place: Place, apps: Sequence[str] | None, envs: Sequence[str] | None) -> Stream:
    """Return the objects that the states render, and nothing else, as one YAML stream.

    Whoever applies the stream deletes what is no longer in it, so a single (app, env) is never guessed, and needs no
    other file than its state.

    Raises:
        UsageError: the working directory lies in no environment of the app, though it looks like one.
        InvalidError: with the first problem, before anything is printed.
    """
    with open_reading(place) as reading:
        source = Source(reading.files, FORGETFUL)
        pair = _single(source, place, apps, envs)
        if pair:
            documents = [f"---\n{manifest.text}" for manifest in render_state(source.state(*pair)[0])]
            return Stream("render", "".join(documents))
        reading.bring_apps(apps or None)
        repo, names, meant = choose_apps(source, place, apps, envs)
        job = Manifests(reading.origin, None, repo, meant, None)
        return Stream("render", "".join(text for name in names for text in job.texts(name)))


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


def _raise_what_stands_in_the_way(looked: Sequence[Looked]) -> None:
    problems: list[Problem] = [problem for one in looked for problem in one.problems]
    if problems:
        raise InvalidError(str(problems[0]), problems=problems)
    for one in looked:
        if one.refused:
            raise one.refused


def _refuse_a_full_disk(place: Place, looked: Sequence[Looked]) -> None:
    needed = sum(one.grows for one in looked)
    facts = os.statvfs(place.root)
    free = facts.f_bavail * facts.f_frsize
    if needed > 0 and needed > free:
        raise GitError(
            f"the manifests need {needed:,} bytes more than they have, and the disk has {free:,}",
            hint="nothing was written; make room, or name some of the apps with --app",
            kind="files",
        )
