"""One file against its published schema: its data, and every problem with its place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bggen import yamlio
from bggen.errors import InvalidError
from bggen.model import Problem
from bggen.resources import resource_dir
from bggen.spec.accepting import Acceptor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema import Draft202012Validator

    from bggen.yamlio import Document, Path

SchemaName = Literal["app", "overlay", "repo"]

# Values here are text for the program that reads them, or (quantities, versions) would lose digits as numbers.
_RULES = yamlio.Rules(
    text_under=frozenset(
        (
            *("env", "labels", "annotations", "args", "command", "resources", "kubernetes"),
            *("files", "nodeSelector", "pods", "schedule"),
        )
    ),
    names_under=frozenset(("components", "environments", "metrics")),
    # A patch is Kubernetes' own YAML: `optional: true` beneath its `env` has to stay what it is.
    as_is_under=frozenset(("patches",)),
)


class Verdicts(Protocol):
    """What is known of files that were validated before. A wrong verdict costs words, never safety."""

    def __hash__(self) -> int:
        """Return what tells it from others: what was read by it is kept with it."""

    def known(self, digest: str) -> bool:
        """Return whether a file of this digest was found valid."""

    def remember(self, digest: str) -> None:
        """Keep that a file of this digest is valid."""


class Forgetful:
    """Verdicts that remember nothing."""

    def known(self, digest: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return that nothing is known."""
        return False

    def remember(self, digest: str) -> None:
        """Forget it."""


FORGETFUL = Forgetful()


@dataclass(slots=True)
class Checked:
    """A file that was read, as far as it could be.

    Attributes:
        document: None where the text could not be read.
        data: its data without what the schema refuses.
        problems: in the order in which they were found; one may stand there twice.
        refused: paths of what was taken out of `data`, or is missing in it.
    """

    path: str
    document: Document | None = None
    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)

    def report(self, where: Path, message: str, *, key: bool = False) -> None:
        """Add a problem at a path; one that the schema refused already is not reported again."""
        if self.document is None or self.is_refused(where):
            return
        place = self.document.position(where, key=key)
        self.problems.append(Problem(self.path, place.line, place.column, yamlio.dotted(where), message))

    def is_refused(self, where: Path) -> bool:
        """Whether the schema refused what stands at the path, or something around it."""
        return any(where[:length] in self.refused for length in range(1, len(where) + 1))

    def refused_in(self, key: str) -> list[str]:
        """Return the keys of a mapping at the top whose whole values the schema refused."""
        return [str(part) for first, *rest in self.refused for part in rest[:1] if first == key and len(rest) == 1]

    def has(self, where: Path) -> bool:
        """Whether something stands at the path."""
        return self.document is not None and self.document.has(where)


def check(content: bytes, path: str, schema: SchemaName, verdicts: Verdicts = FORGETFUL) -> Checked:
    """Read a file and hold it to its schema.

    Args:
        content: the file's bytes.
        path: the file as errors show it.
        schema: the published schema's name.
        verdicts: spares a file that was valid before the schema's work.
    """
    checked = Checked(path)
    try:
        document = read(content, path)
    except InvalidError as error:
        checked.problems += error.problems
        return checked
    checked.document = document
    checked.data = document.data
    hashed = _schema_hash(schema).copy()
    hashed.update(content)
    digest = hashed.hexdigest()
    if verdicts.known(digest):
        return checked
    if not _acceptor(schema).accepts(checked.data):
        _apply(checked, schema)
    if not checked.problems:
        verdicts.remember(digest)
    return checked


@lru_cache(maxsize=8)
def read(content: bytes, path: str) -> Document:
    """Read a file that people write, by what its keys say of their values.

    One bggen.yaml belongs to all apps, and an app.yaml to all environments of its app, so the last ones are kept.

    Raises:
        InvalidError: with every problem of the file's YAML.
    """
    return yamlio.parse(content, path, _RULES)


def _apply(checked: Checked, schema: SchemaName) -> None:
    from bggen.spec.messages import findings  # noqa: PLC0415 - with jsonschema, which a file that fits spares

    found = [finding for error in _validator(schema).iter_errors(checked.data) for finding in findings(error)]
    if not found:
        return
    for finding in found:
        checked.report(finding.where, finding.message, key=finding.about_key)
    checked.data = _copy(checked.data)
    for finding in found:
        # A badly named component is still a component: what is said about its name is enough.
        if not finding.only_name:
            checked.refused.add(_take_out(checked.data, finding.where))


@cache
def _schema_text(name: SchemaName) -> bytes:
    return (resource_dir("schemas") / f"{name}.schema.json").read_bytes()


@cache
def _schema_hash(name: SchemaName) -> hashlib._Hash:
    text = _schema_text(name)
    return hashlib.sha256(len(text).to_bytes(8, "big") + text)


@cache
def _schema(name: SchemaName) -> Mapping[str, Any]:
    import json  # noqa: PLC0415 - a file that is known to fit needs no schema

    schema: Mapping[str, Any] = json.loads(_schema_text(name))
    return schema


@cache
def _acceptor(name: SchemaName) -> Acceptor:
    return Acceptor(_schema(name))


@cache
def _validator(name: SchemaName) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - importing it costs more than all the rest

    return Draft202012Validator(_schema(name))


def _copy(value: Any) -> Any:
    """Return a copy in which aliases no longer share anything; yamlio bounds its depth and size."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _take_out(data: dict[str, Any], where: Path) -> Path:
    """Remove what stands at the path, and return the path of what is gone: of a list, that is all of it."""
    holder: Any = data
    for index, part in enumerate(where):
        inner = holder.get(part) if isinstance(holder, dict) else None
        if index == len(where) - 1 or isinstance(inner, list):
            if isinstance(holder, dict):
                holder.pop(part, None)
            return where[: index + 1]
        holder = inner
    return where
