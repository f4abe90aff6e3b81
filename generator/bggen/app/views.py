"""What the reading commands come to, as data; apart from `outcomes`, since a flip must not wait for dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.adopting.parts import Adoption
    from bggen.app.outcomes import FileChange
    from bggen.comparing import Comparison, ObjectDifference
    from bggen.converting import Conversion
    from bggen.events import Event
    from bggen.model import EnvState, Hold, Idle, Problem
    from bggen.model.probes import Question, Tries
    from bggen.provenance import SourceCommit


@dataclass(frozen=True, slots=True)
class Shown:
    """The resolved spec of one (app, env)."""

    app: str
    env: str
    spec: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Brief:
    """What status tells of a release: its number, and the image of every component as Kubernetes reads it."""

    number: int
    images: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DatabaseBrief:
    """What status tells of a database; a colour whose release says nothing of schemas has no window.

    `phase` is the next one of a migration, see `Migrations`; None also where something still needs the old schema.
    """

    schema: int
    windows: Mapping[Color, tuple[int, int]]
    phase: str | None


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What runs where in one (app, env); small, because all rows are held at once. See EnvState for the words.

    Attributes:
        releases: what each colour holds; an empty one is not in it.
        previous: the number of the release that `rollback` returns to.
        rollback: that release, where it can be read now.
        pending_spec: whether the spec holds changes that no colour has yet.
        gate: whether a smoke test of the active colour stands before the switch to it.
        joined: whether the idle colour, which holds the same, serves beside the active one.
        database: None where no release ever had a migration.
        since: when the active colour became active, RFC 3339; None where Git does not tell.
    """

    app: str
    env: str
    active: Color | None
    idle: Idle
    pending: bool
    releases: Mapping[Color, Brief]
    previous: int | None
    rollback: Brief | None
    hold: Hold | None
    pending_spec: bool
    gate: bool
    joined: bool
    database: DatabaseBrief | None = None
    since: str | None = None

    @property
    def idle_color(self) -> Color:
        """The colour that the next bump fills: blue before the first release."""
        return Color.BLUE if self.active is None else self.active.other

    @property
    def active_release(self) -> Brief | None:
        """What users are served by; None before the first release."""
        return None if self.active is None else self.releases.get(self.active)

    @property
    def idle_release(self) -> Brief | None:
        """What the idle colour holds; None while it is empty."""
        return self.releases.get(self.idle_color)


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
        comparison: every difference of the frozen specs.
        objects: what of the rendered objects differs.
    """

    state: EnvState
    images: Mapping[str, tuple[str | None, str | None]]
    diff: str
    comparison: Comparison
    objects: tuple[ObjectDifference, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What one commit did to one (app, env).

    Attributes:
        commit: its full id.
        date: the committer date, RFC 3339 in UTC.
        author: who made it.
        subject: the first line of its message.
        events: what happened, told from the state files.
        before: the newest state before it that could be read.
        after: the state that it left; None where that cannot be read.
        source: the source commit that its message names: id and repository.
        images: colour → component → the images that it had and has, where they differ.
    """

    commit: str
    date: str
    author: str
    subject: str
    events: tuple[Event, ...]
    before: EnvState | None
    after: EnvState | None
    source: SourceCommit | None
    images: Mapping[Color, Mapping[str, tuple[str | None, str | None]]]


@dataclass(frozen=True, slots=True)
class History:
    """Who did what when, newest first.

    Attributes:
        cut: what hides older changes: the limit, or a shallow clone; None where there are none.
    """

    app: str
    env: str
    entries: tuple[HistoryEntry, ...]
    cut: Literal["limit", "shallow"] | None


@dataclass(frozen=True, slots=True)
class Validated:
    """What `validate` found.

    Attributes:
        skipped: what could not be checked, and why.
    """

    problems: tuple[Problem, ...]
    apps: int
    objects: int
    skipped: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where there is any problem."""
        return 1 if self.problems else 0


@dataclass(frozen=True, slots=True)
class CheckedPair:
    """What a request does to one (app, env).

    Attributes:
        events: what happened to its state; nothing where that stays as it is.
        after: the state that the request leaves; None where that cannot be read.
    """

    app: str
    env: str
    events: tuple[Event, ...]
    after: EnvState | None


@dataclass(frozen=True, slots=True)
class Stale:
    """A decision that was made on a state that the base has no more, and what happened on the base since."""

    app: str
    env: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found.

    Attributes:
        base: the branch or commit that was compared with, as people write it.
        base_commit: its newest commit.
        fetched: whether the remote was asked for it just now.
        head: the commit that was checked.
        fork: the newest commit that both have.
        pairs: what was looked at.
        differences: manifests that are not what their state renders.
        stale: what has to be decided again.
        warnings: what should not be overlooked, and fails nothing.
        skipped: what could not be checked, and why.
    """

    base: str
    base_commit: str
    fetched: bool
    head: str
    fork: str
    pairs: tuple[CheckedPair, ...] = ()
    problems: tuple[Problem, ...] = ()
    differences: tuple[FileChange, ...] = ()
    stale: tuple[Stale, ...] = ()
    warnings: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Smoked:
    """What `smoke` asked, and what came of it.

    Attributes:
        connect_to: what took the connections, where it was named.
        headers: the names of further headers; their values may be secret.
    """

    app: str
    env: str
    question: Question
    tries: Tries
    connect_to: str | None
    headers: tuple[str, ...]


Role = Literal["active", "idle", "parked", "previous"]


@dataclass(frozen=True, slots=True)
class Runner:
    """A release that runs, or may run again, and what it has to do with the database.

    Attributes:
        color: the colour that holds it, or held it.
        role: what it is there.
        release: its number.
        window: the oldest and the newest schema that it can run on; None where it does not say.
        makes: the schema that its migration makes; None where it has none.
        contracts: the schema that its third phase makes; None where it has none.
        migrates: whether its migration stands before all pods.
        contracted: whether its third phase was run.
    """

    color: Color
    role: Role
    release: int
    window: tuple[int, int] | None
    makes: int | None
    contracts: int | None
    migrates: bool
    contracted: bool


@dataclass(frozen=True, slots=True)
class Migrations:
    """What an (app, env) knows of its database.

    Attributes:
        schema: the number that it has, or will have as soon as Argo CD applies what is committed; None for unknown.
        phase: the next one: `use` is a flip, `remove` the third one; None where nothing is left to do.
        words: the same for people.
        needs: who needs what the next phase would take away.
    """

    app: str
    env: str
    schema: int | None
    runners: tuple[Runner, ...]
    phase: Literal["use", "remove"] | None
    words: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Converted:
    """How an app would move between a Rollout and Deployments."""

    plan: Conversion


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import` made of objects that existed already.

    Attributes:
        adoption: what they come to.
        changes: the files that were written, or would be.
        dry_run: whether nothing was to be done anyway.
    """

    adoption: Adoption
    changes: tuple[FileChange, ...]
    dry_run: bool = False


View = Imported | Migrations | Shown | Status | Compared | History | Validated | Checked | Smoked | Converted
