"""status: what runs where, from the work tree, and since when, from Git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.inputs import Source, choose_several
from bggen.app.progress import SILENT
from bggen.app.rendering import as_problem
from bggen.app.views import Status, StatusRow
from bggen.errors import BggenError, InvalidError
from bggen.plan import env_folder
from bggen.render import LATEST
from bggen.spec import FORGETFUL
from bggen.state import RELEASE_FILE
from bggen.transitions import BumpRequest, bump
from bggen.workspace import WorkTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.model import EnvState


def status(
    place: Place,
    apps: Sequence[str] | None,
    envs: Sequence[str] | None,
    *,
    progress: Progress = SILENT,
) -> Status:
    """Return what every (app, env) runs.

    Raises:
        InvalidError: bggen.yaml, the environments of an app, or a state file is wrong. What could be read of the other
            apps is in `known`: one broken app must not hide what the rest runs.
    """
    source = Source(WorkTree(place.root), FORGETFUL)
    pairs, failed = choose_several(source, place, apps, envs)
    errors = list(failed)
    states = []
    for app, env in pairs:
        try:
            states.append(source.state(app, env)[0])
        except InvalidError as error:
            errors.append(error)
    since = _since(place, states)
    # The specs take longest by far.
    progress.start(len(states))
    rows = []
    for state in states:
        rows.append(StatusRow(state, since.get((state.app, state.env)), _pending_spec(source, state)))
        progress.advance()
    found = Status(tuple(rows))
    if errors:
        problems = [problem for error in errors for problem in error.problems or (as_problem("", error),)]
        failure = InvalidError(errors[0].message, problems=problems, hint=errors[0].hint, kind=errors[0].kind)
        failure.known = found
        raise failure
    return found


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
