"""check: whether what a pull request changes is sound, and still stands on the newest base."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from bggen import kubeschema
from bggen import state as state_files
from bggen.app.basing import base_from, parse_base
from bggen.app.clashing import clashes
from bggen.app.crew import crew
from bggen.app.inputs import REPO_FILE
from bggen.app.outcomes import Failed
from bggen.app.place import app_folders
from bggen.app.progress import SILENT
from bggen.app.proving import problems_of
from bggen.app.requested import Commits, Request
from bggen.app.touched import Touched, touched_by
from bggen.app.views import Checked
from bggen.errors import (
    BggenError,
    DifferencesError,
    InvalidError,
    RefusedError,
    StateMismatchError,
    TooNewError,
    UsageError,
)
from bggen.git.base import BaseSide
from bggen.git.between import changed_paths, uncommitted
from bggen.git.place import locate
from bggen.model import Problem
from bggen.plan import env_folder
from bggen.plausible import same_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.outcomes import Outcome
    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.app.requested import Doubtful, Found
    from bggen.model import Release
    from bggen.model.config import RepoConfig


def check(place: Place, base: str | None, *, everything: bool, fetch: bool, progress: Progress = SILENT) -> Outcome:
    """Check the commit HEAD against the newest commit of its base; the work tree does not count.

    Args:
        place: the config repo.
        base: a branch or a commit; by default what CI's variables say, or the default branch.
        everything: whether all apps are looked at, not only what the request changes.
        fetch: whether the remote may be asked.
        progress: told of the steps.

    Returns:
        What was found; where anything is wrong, as a failure that knows it. Problems come before differences, and
        those before what is stale: then the command has only to be run again.

    Raises:
        UsageError: the base is no name, or not known.
        RefusedError: there is no such base, or it has nothing in common with HEAD.
        GitError: git failed.
        TooNewError: bggen.yaml needs a newer bggen.
    """
    if place.url is not None:
        raise UsageError(
            "check reads the commit that is checked out", hint="run it in the checkout, without --repo URL"
        )
    where, head = locate(place.root)
    name = parse_base(base, "--base") if base is not None else base_from(os.environ)
    with BaseSide(where, fetch=fetch) as side:
        newest = side.resolve(name or _default(side))
        fork = side.merge_base(head.commit, newest)
        checked = Checked(newest.name, newest.commit, newest.fetched, head.commit, fork)
        commits = Commits(place.root)
        try:
            paths = changed_paths(where.git, fork, head.commit)
            repo, problems, warnings = _settings(commits, head.commit, newly=REPO_FILE in paths)
            touched = touched_by(paths)
            names = _names(commits, head.commit, fork, touched, everything=everything)
            job = Request(place.root, head.commit, newest.commit, fork, repo, touched, everything)
            progress.start(len(names))
            try:
                with crew(job, len(names)) as workers:
                    found = workers.look(names, progress)
            finally:
                job.close()
            problems += _unexplained(side, commits, newest.commit, found)
            problems += clashes(where.git, commits, head.commit, repo, [each for one in found for each in one.objects])
        finally:
            commits.close()
        dirty = uncommitted(where.git, [REPO_FILE, "apps"])
        if dirty:
            warnings.append(f"{dirty} uncommitted file{'s' * (dirty != 1)} not looked at: check reads the commit HEAD")
        warnings = [*side.warnings, *warnings]
    checked = replace(
        checked,
        pairs=tuple(pair for one in found for pair in one.pairs),
        problems=tuple(sorted({*problems, *(problem for one in found for problem in one.problems)})),
        differences=tuple(change for one in found for change in one.differences),
        stale=tuple(stale for one in found for stale in one.stale),
        warnings=(*warnings, *(line for one in found for line in one.warnings)),
        skipped=() if kubeschema.available() else (f"Kubernetes' own schemas: {kubeschema.HOW_TO_INSTALL}",),
    )
    error = _failure(checked, next((one.mismatch for one in found if one.mismatch), None))
    return Failed("check", error, checked) if error else checked


def _default(side: BaseSide) -> str:
    name = side.default_branch()
    if name is None:
        raise UsageError("it is not clear what to compare with", hint="--base main")
    # A remote says this, and it may be anybody's.
    return parse_base(name, "the remote's default branch")


def _settings(commits: Commits, head: str, *, newly: bool) -> tuple[RepoConfig | None, list[Problem], list[str]]:
    """Return bggen.yaml; where it is wrong, what is, or only a warning where the request does not change it."""
    try:
        return commits.at(head).repo(), [], []
    except TooNewError:
        raise
    except InvalidError as error:
        if newly:
            return None, list(problems_of(REPO_FILE, error)), []
        # A rollback must not wait until somebody has put it right.
        return None, [], [f"{error.message}; the request does not change it, and specs were not looked at"]


def _names(commits: Commits, head: str, fork: str, touched: Touched, *, everything: bool) -> list[str]:
    if not everything and not touched.settings:
        return sorted(touched.apps)
    return sorted({*app_folders(commits.at(head).files), *app_folders(commits.at(fork).files), *touched.apps})


def _unexplained(side: BaseSide, commits: Commits, base: str, found: Sequence[Found]) -> Iterator[Problem]:
    """Yield the doubts about states that the base's history does not explain."""
    for doubtful in (each for one in found for each in one.doubtful):
        wanted = {doubt.wanted.number: doubt.wanted for doubt in doubtful.doubts if doubt.wanted}
        if _in_the_past(side, commits, base, doubtful, wanted):
            continue
        for doubt in doubtful.doubts:
            if doubt.wanted is None or doubt.wanted.number in wanted:
                path = f"{env_folder(doubtful.app, doubtful.env)}/{doubt.file}"
                yield Problem(path, 0, 0, "", doubt.message)


def _in_the_past(side: BaseSide, commits: Commits, base: str, doubtful: Doubtful, wanted: dict[int, Release]) -> bool:
    """Whether the base had this whole state before; releases that it had are taken out of `wanted`."""
    app, env = doubtful.app, doubtful.env
    only_releases = all(doubt.wanted is not None for doubt in doubtful.doubts)
    paths = [f"{env_folder(app, env)}/{name}" for name in state_files.FILES]
    for commit in side.past(base, paths):
        source = commits.at(commit)
        try:
            files = source.state_files(app, env)
            if files == doubtful.files:
                return True
            past = state_files.decode(app, env, env_folder(app, env), files, verify=False) if wanted else None
        except BggenError:
            continue
        for release in (past.blue, past.green, past.saved) if past else ():
            if release and release.number in wanted and same_release(release, wanted[release.number]):
                del wanted[release.number]
        if only_releases and not wanted:
            return True
    return False


def _failure(checked: Checked, mismatch: StateMismatchError | None) -> BggenError | None:
    """Return the worst of what was found: what is broken, then what has to be rendered, then what to decide anew."""
    count = len(checked.problems)
    if count:
        only = count == 1 and mismatch is not None
        return InvalidError(
            f"{count} problem{'s' * (count != 1)} in what this request changes",
            hint=mismatch.hint if mismatch else None,
            kind="state-mismatch" if only else None,
        )
    if checked.differences:
        count = len(checked.differences)
        return DifferencesError(
            f"{count} manifest{'s differ' if count > 1 else ' differs'} from what the state renders",
            hint="bggen render, and commit what it writes",
        )
    if checked.stale:
        first = checked.stale[0]
        more = f", and {len(checked.stale) - 1} more" if len(checked.stale) > 1 else ""
        what = "; ".join(event.phrase for event in first.events)
        return RefusedError(
            f"{first.app}/{first.env}: decided on a state that {checked.base} has no more ({what}){more}",
            hint="run the bggen command that made this request again: it decides on the newest state",
            kind="stale",
        )
    return None
