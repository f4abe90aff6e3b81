"""bggen.yaml, decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment of bggen.yaml. `namespace` may still hold `{app}`; `defaults` is a component as parsed."""

    name: str
    namespace: str | None = None
    kubernetes: str | None = None
    cluster: str | None = None
    defaults: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """`forge` of bggen.yaml: `type` is one of its schema, `api` the address of the API where it is given."""

    type: str
    api: str | None = None


@dataclass(frozen=True, slots=True)
class RepoConfig:
    """bggen.yaml, decoded. The order of `environments` is the order of promotion."""

    environments: Mapping[str, Environment]
    kubernetes: str
    defaults: Mapping[str, object] = field(default_factory=dict)
    requires: str | None = None
    forge: ForgeSettings | None = None
