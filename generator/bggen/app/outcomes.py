"""What the changing and writing commands come to, as data; `report` makes text and JSON of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bggen.app.views import Checked, Status, View
    from bggen.errors import BggenError
    from bggen.model import Change, EnvState
    from bggen.plan import Plan


@dataclass(frozen=True, slots=True)
class Changed:
    """What a changing command did, or would do, or knew when it failed.

    Attributes:
        action: the command.
        app: None where the failure came before that was known; `env` and `before` alike.
        plan: None where no decision was reached.
        commit: the new commit; None where there is none.
        branch: the branch that it went to, or would have.
        attempts: how often the decision was made.
        dry_run: whether nothing was to be done anyway.
        recovered: what was repaired after an earlier run had been killed.
    """

    action: str
    app: str | None = None
    env: str | None = None
    before: EnvState | None = None
    plan: Plan | None = None
    commit: str | None = None
    branch: str | None = None
    attempts: int = 0
    dry_run: bool = False
    recovered: str | None = None

    @property
    def after(self) -> EnvState | None:
        """The state afterwards; the one before where nothing was done or decided."""
        done = self.plan is not None and (self.commit is not None or self.dry_run)
        return self.plan.transition.after if self.plan and done else self.before


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that was written anew, changed or removed; its contents stay where they were compared.

    Attributes:
        path: relative to the config repo's root.
        diff: the unified diff, where it was asked for.
    """

    path: str
    verb: Literal["written", "changed", "removed"]
    diff: str = ""

    @classmethod
    def of(cls, change: Change, diff: str = "") -> FileChange:
        """Return what the report needs of a change."""
        if change.after is None:
            return cls(change.path, "removed", diff)
        return cls(change.path, "written" if change.before is None else "changed", diff)


@dataclass(frozen=True, slots=True)
class Written:
    """Files that a command wrote, or would write, into the work tree.

    Attributes:
        check: whether they were only compared.
        notes: what else the user should know, the next step above all.
    """

    action: str
    changes: tuple[FileChange, ...]
    check: bool = False
    left_alone: tuple[str, ...] = ()
    rendered: int = 0
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """4 where files were only compared, and differ."""
        return 4 if self.check and self.changes else 0


@dataclass(frozen=True, slots=True)
class Stream:
    """Text that goes to standard output as it is."""

    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A command that failed before, or while, it did its work; `known` is what it knew by then."""

    action: str | None
    error: BggenError
    known: Changed | Status | Checked | None = None


if TYPE_CHECKING:
    Outcome = Changed | Written | Stream | Failed | View
