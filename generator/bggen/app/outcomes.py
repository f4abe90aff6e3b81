"""What the changing and writing commands come to, as data; `report` makes text and JSON of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bggen.app.views import Checked, Smoked, Status, View
    from bggen.errors import BggenError
    from bggen.model import Change, EnvState
    from bggen.plan import Plan


@dataclass(frozen=True, slots=True)
class Part:
    """What a changing command decided for one (app, env).

    Attributes:
        app: None where the failure came before that was known; `env` and `before` alike.
        plan: None where no decision was reached.
        error: why not, where several apps were to change.
    """

    app: str | None = None
    env: str | None = None
    before: EnvState | None = None
    plan: Plan | None = None
    error: BggenError | None = None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What became of a pull request.

    `action` is `opened`, `updated`, `unchanged`, `closed`, `pushed` (the push opened it, or brought it up to date), or
    `page` (a person has to open it, at `url`).

    Attributes:
        number: None where there is none yet.
        url: its page; with `page` the one on which a person opens it, None where nobody knows that.
        notes: what the forge did not do, and why.
    """

    number: int | None
    url: str | None
    action: Literal["opened", "updated", "unchanged", "closed", "pushed", "page"]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """What a changing command did, or would do, or knew when it failed.

    Attributes:
        action: the command.
        parts: what it came to for each (app, env); one, but for a command that was given several.
        many: whether it was given several, or a selector.
        commit: the new commit, or with a branch of our own the one that holds the change already; None where neither.
        made: whether the commit is new.
        branch: the branch that it went to, or would have.
        base: the branch that it is to be merged into, where that is another.
        pushed: whether the remote has it.
        unknown: whether a push was sent whose answer was lost.
        request: the pull request, where one was asked for.
        attempts: how often the decision was made.
        dry_run: whether nothing was to be done anyway.
        message: the whole commit's.
        notes: what else happened on the way: repaired after a kill, a checkout left behind.
    """

    action: str
    parts: tuple[Part, ...] = ()
    many: bool = False
    commit: str | None = None
    made: bool = False
    branch: str | None = None
    base: str | None = None
    pushed: bool = False
    unknown: bool = False
    request: PullRequest | None = None
    attempts: int = 0
    dry_run: bool = False
    message: str = ""
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """All files of all parts, by path."""
        found = [change for part in self.parts if part.plan for change in part.plan.changes]
        return tuple(sorted(found, key=lambda change: change.path))

    @property
    def diff(self) -> str:
        """All changes as one unified diff."""
        from bggen.plan import unified  # noqa: PLC0415 - only a dry run shows it

        return "".join(unified(change) for change in self.changes)

    @property
    def changed(self) -> bool | None:
        """Whether anything is different now; None where nobody knows."""
        if self.unknown:
            return None
        return self.made or (
            self.request is not None and self.request.action in {"opened", "updated", "closed", "pushed"}
        )

    def after(self, part: Part) -> EnvState | None:
        """Return the state afterwards; the one before where nothing was done or decided."""
        done = part.plan is not None and (self.commit is not None or self.dry_run)
        return part.plan.transition.after if part.plan and done else part.before


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
    known: Changed | Status | Checked | Smoked | None = None


if TYPE_CHECKING:
    Outcome = Changed | Written | Stream | Failed | View
