"""What the reading commands come to, as data; apart from `outcomes`, since a flip must not wait for dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import EnvState, Problem


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
    skipped: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where there is any problem."""
        return 1 if self.problems else 0


View = Shown | Status | Compared | Validated
