"""The note that a change leaves inside git's folder while it is under way, so that a kill can be repaired."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from bggen.errors import GitError

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1
_NAME = "journal.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One file: its temporary file, and the ids of its old and new content; None where there is none."""

    path: str
    temp: str | None
    old: str | None
    new: str | None
    executable: bool


@dataclass(frozen=True, slots=True)
class Journal:
    """A change that moves `ref` from `old` to `new`; `folders` did not exist before, outermost first."""

    ref: str
    old: str
    new: str
    items: tuple[Item, ...]
    folders: tuple[str, ...]


def exists(folder: Path) -> bool:
    """Whether a change was left unfinished.

    A loss of power may leave an empty note: `write` does not wait for the disk, as git does not for refs and index
    either. There is nothing to go by then, and the next look at the status shows what is amiss.
    """
    path = folder / _NAME
    return path.exists() and path.stat().st_size > 0


def write(folder: Path, journal: Journal) -> None:
    """Write the note; when this returns it survives a kill.

    Raises:
        GitError: the file system fails.
    """
    text = json.dumps({"version": _VERSION, **asdict(journal)})
    try:
        with (folder / f"{_NAME}.tmp").open("w", encoding="utf-8") as file:
            file.write(text)
        (folder / f"{_NAME}.tmp").replace(folder / _NAME)
    except OSError as error:
        raise GitError(f"cannot write to git's own folder: {error.strerror}") from error


def read(folder: Path) -> Journal:
    """Return the note.

    Raises:
        GitError: it is not one that this bggen understands.
    """
    path = folder / _NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("version") != _VERSION:
            data = None  # of another bggen: as unreadable as a broken one
        items = tuple(Item(**item) for item in data.pop("items"))
        return Journal(**{**data, "items": items, "folders": tuple(data["folders"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise GitError(
            f"cannot read {path}, the note of an unfinished change",
            hint="look at `git status`, put right what is wrong, and remove that file",
        ) from error


def remove(folder: Path) -> None:
    """Remove the note, also one that was only begun."""
    for name in (f"{_NAME}.tmp", _NAME):
        (folder / name).unlink(missing_ok=True)
