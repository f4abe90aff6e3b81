"""history: who did what when, told from the state files that Git's history holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen import state as state_files
from bggen.app.inputs import Source, choose
from bggen.app.reading import open_reading
from bggen.app.views import History, HistoryEntry
from bggen.errors import BggenError, StateMismatchError
from bggen.events import Event, changed_images, events
from bggen.plan import env_folder
from bggen.provenance import read_source
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.app.place import Place
    from bggen.git.history import PastState
    from bggen.model import EnvState


@dataclass(frozen=True, slots=True)
class _Read:
    """State files, read as far as that goes: the state, whether its digest fits, and else why it cannot be read."""

    state: EnvState | None
    fits: bool = True
    why: str = ""


def history(place: Place, app: str | None, env: str | None, *, limit: int) -> History:
    """Return what the newest commits did to one (app, env).

    Raises:
        UsageError: which one is not clear.
        GitError: git failed.
        RefusedError: the branch has no commit yet.
    """
    with open_reading(place) as reading:
        name, environment = choose(Source(reading.files, FORGETFUL), place, app, env)
        folder = env_folder(name, environment)
        past = reading.history.past_states(folder, state_files.FILES, most=limit)
    before = _read(name, environment, folder, past.before)
    # What a change is compared with where the state right before it cannot be read.
    known = before.state
    entries = []
    for commit in reversed(past.states):
        after = _read(name, environment, folder, commit.files)
        entries.append(_entry(commit, known, before, after))
        before, known = after, after.state or known
    return History(name, environment, tuple(reversed(entries)), past.cut)


def _read(app: str, env: str, folder: str, files: Mapping[str, bytes]) -> _Read:
    try:
        return _Read(state_files.decode(app, env, folder, files))
    except StateMismatchError:
        pass
    except BggenError as error:
        return _Read(None, fits=False, why=error.message)
    try:
        return _Read(state_files.decode(app, env, folder, files, verify=False), fits=False)
    except BggenError as error:
        return _Read(None, fits=False, why=error.message)


def _entry(commit: PastState, known: EnvState | None, before: _Read, after: _Read) -> HistoryEntry:
    return HistoryEntry(
        commit=commit.commit,
        date=commit.date.strftime("%Y-%m-%dT%H:%M:%SZ"),
        author=commit.author,
        subject=commit.subject,
        events=_events(known, before, after),
        before=known,
        after=after.state,
        source=read_source(*commit.source),
        images=changed_images(known, after.state) if known and after.state else {},
    )


def _events(known: EnvState | None, before: _Read, after: _Read) -> tuple[Event, ...]:
    if after.state is None:
        return (Event("unreadable", f"unreadable: {after.why}"),)
    found = events(known, after.state) if known else ()
    if not after.fits:
        return (*found, Event("edit", "changed by hand or merge: the digest does not fit"))
    if not before.fits:
        return (*found, Event("repair", "the state is sound again"))
    return found or (Event("other", "a change of nothing that runs"),)
