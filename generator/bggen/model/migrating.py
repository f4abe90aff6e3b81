"""Migrations and the schema window; imported late, because most apps do without."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import EnvValue, Release


@dataclass(frozen=True, slots=True)
class Window:
    """The schemas that a release can run on; both numbers belong to it."""

    min: int
    max: int

    def holds(self, schema: int) -> bool:
        """Whether the release can run on that schema."""
        return self.min <= schema <= self.max

    def __str__(self) -> str:
        """Return it for people: `schema 2`, `schema 1 to 2`."""
        return f"schema {self.min}" if self.min == self.max else f"schema {self.min} to {self.max}"


@dataclass(frozen=True, slots=True)
class Contract:
    """The third phase: the command that takes away what no release needs any more, and the schema that this makes."""

    command: tuple[str, ...]
    schema: int


@dataclass(frozen=True, slots=True)
class Migrate:
    """How a release brings the database to the schema that it needs.

    Attributes:
        component: whose image, environment, files, secrets and account the Jobs' pods have.
        command: of the Job that expands the schema, before the release's pods start.
        schema: the number that the database has afterwards.
        env: environment variables of the Jobs, before those of the component.
        timeout: seconds that a Job may take.
        contract: the third phase, which `bggen migrate contract` runs.
    """

    component: str
    command: tuple[str, ...]
    schema: int
    env: Mapping[str, EnvValue] = field(default_factory=dict)
    timeout: int = 600
    contract: Contract | None = None


@dataclass(frozen=True, slots=True)
class Database:
    """What an (app, env) knows of its database.

    Attributes:
        schema: the number that the database has, or will have as soon as Argo CD applies what is committed. It never
            goes back, as the database does not.
        migration: the release whose Job stands before all pods; None after a rollback.
        contraction: the release whose third phase was run last, while a colour holds it.
    """

    schema: int
    migration: int | None = None
    contraction: int | None = None


def runs_on(release: Release, schema: int) -> bool:
    """Whether a release can run on a schema; one that says nothing of it is taken to."""
    return release.spec.compatible is None or release.spec.compatible.holds(schema)


def knows(release: Release | None, schema: int) -> bool:
    """Whether a release's migrations are no older than a schema: of its own Job, or of its third phase.

    An older one finds what it does not know, and many tools fail on that.
    """
    migrate = release.spec.migrate if release is not None else None
    if migrate is None:
        return False
    return max(migrate.schema, migrate.contract.schema if migrate.contract else 0) >= schema
