"""What the use cases come to, as data; `report` makes text and JSON of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.errors import BggenError
    from bggen.model import Change, EnvState, Problem
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
class Written:
    """Files that a command wrote, or would write, into the work tree.

    Attributes:
        check: whether they were only compared.
        notes: what else the user should know, the next step above all.
    """

    action: str
    changes: tuple[Change, ...]
    check: bool = False
    left_alone: tuple[str, ...] = ()
    rendered: int = 0
    show_diff: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """Text that goes to standard output as it is."""

    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The resolved spec of one (app, env)."""

    app: str
    env: str
    spec: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What runs where in one (app, env).

    Attributes:
        since: when the active colour became active, RFC 3339; None where Git does not tell.
        pending_spec: whether the spec holds changes that no colour has yet.
    """

    state: EnvState
    since: str | None
    pending_spec: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What runs where."""

    rows: tuple[StatusRow, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Active against idle.

    Attributes:
        images: component → (active's image, idle's image), only where they differ.
        diff: of the frozen specs, as a unified diff.
    """

    state: EnvState
    images: Mapping[str, tuple[str | None, str | None]]
    diff: str


@dataclass(frozen=True, slots=True)
class Validated:
    """What `validate` found.

    Attributes:
        skipped: what could not be checked, and why.
    """

    problems: tuple[Problem, ...]
    apps: int
    objects: int
    skipped: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Failed:
    """A command that failed before, or while, it did its work; `known` is what it knew by then."""

    action: str | None
    error: BggenError
    known: Changed | None = None


Outcome = Changed | Written | Stream | Shown | Status | Compared | Validated | Failed
