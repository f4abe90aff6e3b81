"""The history of a remote's branch, of which little is here: commits are fetched without files, then what is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.errors import GitError
from bggen.git import history
from bggen.git.history import MAX_STATE, MOST_COMMITS, Past, PastRelease, PastState, active_color, is_release
from bggen.git.line import Line
from bggen.git.partial import PartialObjects
from bggen.git.told import FORMAT, read_log
from bggen.workspace import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bggen.git.line import Step
    from bggen.git.store import Store
    from bggen.git.told import Told
    from bggen.git.trees import Entry

# How far back `status` looks for a moment that it can do without.
_MOST_FOR_SINCE = 1000
_COLORS = ("blue", "green")
_ACTIVE_LINE = re.compile(rb"^active: .*$", re.MULTILINE)
_FOLDER, _SUBMODULE = b"40000", b"160000"


def past_release(store: Store, ref: str, tip: str, folder: str, number: int) -> PastRelease | None:
    """Return the release of that number, out of the newest commit in which it was active.

    Args:
        store: a checkout's, whose history is here, or a remote's.
        ref: the branch, in full.
        tip: the commit of it that the history ends with.
        folder: the (app, env)'s folder.
        number: the release's number.

    Returns:
        None where no commit of the history had it active.

    Raises:
        GitError: the history cannot be read.
    """
    if not isinstance(store.objects, PartialObjects):
        return history.past_release(store.git.cwd, folder, number, tip=tip)
    return Distant(store, ref, tip).past_release(folder, number)


class Distant:
    """The first-parent history of a remote's branch; it tells what `bggen.git.history` tells of a checkout's."""

    def __init__(self, store: Store, ref: str, tip: str) -> None:
        """Fetch nothing yet.

        Args:
            store: a remote's.
            ref: the branch, in full.
            tip: the commit of it that the history ends with, which is here.
        """
        if not isinstance(store.objects, PartialObjects):
            raise TypeError("a checkout has its history here")
        self._store = store
        self._objects = store.objects
        self._ref = ref
        self._tip = tip

    def past_release(self, folder: str, number: int, *, most: int = MOST_COMMITS) -> PastRelease | None:
        """Return the release of that number; see `bggen.git.history.past_release`."""
        state, colors = f"{folder}/release.yaml", {color: f"{folder}/{color}.yaml" for color in _COLORS}
        seen = 0
        for steps in self._line([state, *colors.values()]).windows():
            fitting = [step for step in steps if step.changes(state)][: most - seen]
            seen += len(fitting)
            self._bring([step.after for step in fitting])
            for step in fitting:
                color = active_color(self._content(step.after[state]) or b"")
                content = (self._content(step.after[colors[color]]) or b"") if color else b""
                if is_release(content, number):
                    return PastRelease(step.commit, self._told([step])[step.commit].date, color, content)
            if seen >= most:
                break
        return None

    def past_states(self, folder: str, names: Sequence[str], *, most: int) -> Past:
        """Return the commits that changed any of the state files; see `bggen.git.history.past_states`."""
        paths = {name: f"{folder}/{name}" for name in names}
        steps: list[Step] = []
        for window in self._line(list(paths.values())).windows():
            steps += window
            if len(steps) > most:
                break
        # One more than is wanted: what the oldest one found.
        steps = steps[: most + 1]
        self._bring([step.after for step in steps])
        told = self._told(steps)
        states = []
        for step in steps:
            found = {name: self._content(step.after[path]) for name, path in paths.items()}
            files = {name: content for name, content in found.items() if content is not None}
            commit = told[step.commit]
            author, subject = printable(commit.author), printable(commit.subject)
            states.append(PastState(commit.id, commit.date, author, subject, files, commit.source))
        if len(states) > most:
            return Past(tuple(states[:most]), states[most].files, "limit")
        if steps and steps[-1].cut:
            # As where a clone is shallow: it tells what was, and not who did it.
            return Past(tuple(states[:-1]), states[-1].files, "shallow")
        return Past(tuple(states), {}, None)

    def active_since(self, paths: Sequence[str]) -> dict[str, datetime | None]:
        """Return when the `active:` line of each release.yaml last changed; None also where that is long ago."""
        found: dict[str, Step | None] = {}
        for steps in self._line(paths).windows(most=_MOST_FOR_SINCE):
            missing = [path for path in paths if path not in found]
            self._bring(
                [{path: side[path] for path in missing} for step in steps for side in (step.before, step.after)]
            )
            for step in steps:
                for path in missing:
                    if (
                        path not in found
                        and step.changes(path)
                        and self._active(step.before[path]) != self._active(step.after[path])
                    ):
                        found[path] = None if step.cut else step
            if len(found) == len(set(paths)):
                break
        told = self._told([step for step in found.values() if step])
        moments = {path: told[step.commit].date if step else None for path, step in found.items()}
        return {path: moments.get(path) for path in paths}

    def _line(self, paths: Sequence[str]) -> Line:
        return Line(self._store.refs, self._objects, self._ref, self._tip, paths)

    def _bring(self, sides: Sequence[Mapping[str, Entry | None]]) -> None:
        """Get the files' contents, all at once."""
        entries = {
            entry for side in sides for entry in side.values() if entry and entry[0] not in {_FOLDER, _SUBMODULE}
        }
        missing = self._objects.missing(sorted(oid.hex() for _, oid in entries))
        if missing:
            self._objects.bring(missing)

    def _content(self, entry: Entry | None) -> bytes | None:
        """Return the file's content, which is here; b"" for what is no readable file, None for nothing."""
        if entry is None or entry[0] == _SUBMODULE:
            return None
        if entry[0] == _FOLDER:
            return b""
        found = self._objects.here(entry[1].hex(), limit=MAX_STATE)
        if found is None:
            raise GitError("cannot read the history: the remote does not give all of it")
        return found.body or b""

    def _active(self, entry: Entry | None) -> list[bytes]:
        return _ACTIVE_LINE.findall(self._content(entry) or b"")

    def _told(self, steps: Sequence[Step]) -> dict[str, Told]:
        if not steps:
            return {}
        words = ["log", "--no-walk=unsorted", "--encoding=UTF-8", "--no-notes", FORMAT, "--stdin"]
        asked = "".join(f"{step.commit}\n" for step in steps).encode()
        return {
            commit.id: commit for commit in read_log(self._store.git.output("read the history", *words, stdin=asked))
        }
