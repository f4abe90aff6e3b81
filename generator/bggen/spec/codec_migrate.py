"""Migrations and schema windows of specs, and schemas of states ↔ canonical data; imported late, as their model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.model.migrating import Contract, Database, Migrate, Window
from bggen.spec.codec import env_data, env_from_data
from bggen.spec.decoding import Fields, present, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import AppSpec, Component, EnvState


def migrate_parts(spec: AppSpec) -> dict[str, Any]:
    """Return `migrate` and `compatible` as data, as far as the spec has them."""
    data: dict[str, Any] = {}
    migrate, window = spec.migrate, spec.compatible
    if migrate is not None:
        contract = migrate.contract
        data["migrate"] = present(
            {
                "component": migrate.component,
                "command": list(migrate.command),
                "schema": migrate.schema,
                "env": env_data(migrate.env),
                "timeout": migrate.timeout,
                "contract": contract and {"command": list(contract.command), "schema": contract.schema},
            }
        )
    if window is not None:
        data["compatible"] = {"min": window.min, "max": window.max}
    return data


def migrate_parts_from_data(fields: Fields, components: Mapping[str, Component]) -> dict[str, Any]:
    """Return the arguments of AppSpec for both.

    Raises:
        ValueError: one is wrong, or they contradict each other.
    """
    window = _window(fields) if "compatible" in fields else None
    migrate = _migrate(fields, components) if "migrate" in fields else None
    if migrate is not None:
        for schema in (migrate.schema, *([migrate.contract.schema] if migrate.contract else [])):
            if window is None or not window.holds(schema):
                raise ValueError(f"{fields.place('compatible')} does not hold {schema}")
    return {"migrate": migrate, "compatible": window}


def database_from_data(data: Mapping[str, Any]) -> Database:
    """Return what release.yaml says of the database.

    Raises:
        ValueError: a number is wrong, or `schema` is missing.
    """
    known = {key: data[key] for key in ("schema", "migration", "contraction") if key in data}
    for key in ("schema", *known):
        if type(known.get(key)) is not int or known[key] < 1:
            raise ValueError(f"{key} must be a whole number from 1")
    return Database(**known)


def database_rules(state: EnvState, database: Database) -> Iterator[tuple[bool, str]]:
    """Yield what holds of a state that commands lead to, and what to say where it does not."""
    held = {release.number: release.spec.migrate for release in (state.blue, state.green) if release}
    migration, contraction = (held.get(number or 0) for number in (database.migration, database.contraction))
    if database.migration is not None:
        holds = migration is not None and migration.schema <= database.schema
        yield holds, f"migration is {database.migration}, but no colour holds that release with a migration"
    if database.contraction is not None:
        holds = contraction is not None and contraction.contract is not None
        yield holds, f"contraction is {database.contraction}, but no colour holds that release with a third phase"


def _window(fields: Fields) -> Window:
    data = Fields(fields.raw("compatible"), fields.place("compatible"), frozenset({"min", "max"}))
    window = Window(_schema(data, "min"), _schema(data, "max"))
    if window.min > window.max:
        raise ValueError(f"{data.place('max')} is below min")
    return window


def _migrate(fields: Fields, components: Mapping[str, Component]) -> Migrate:
    required = frozenset({"component", "command", "schema", "timeout"})
    data = Fields(fields.raw("migrate"), fields.place("migrate"), required, frozenset({"env", "contract"}))
    migrate = Migrate(
        component=data.text("component"),
        command=_command(data),
        schema=_schema(data, "schema"),
        env=data.pairs("env", env_from_data),
        timeout=data.number("timeout"),
        contract=_contract(data) if "contract" in data else None,
    )
    if migrate.component not in components:
        raise ValueError(f"{data.place('component')} is {shown(migrate.component)}, no component")
    if migrate.contract is not None and migrate.contract.schema <= migrate.schema:
        raise ValueError(f"{data.place('contract')} does not come after {data.place('schema')}")
    return migrate


def _contract(fields: Fields) -> Contract:
    data = Fields(fields.raw("contract"), fields.place("contract"), frozenset({"command", "schema"}))
    return Contract(_command(data), _schema(data, "schema"))


def _command(data: Fields) -> tuple[str, ...]:
    command = data.texts("command")
    if not command:
        raise ValueError(f"{data.place('command')} is empty")
    return command


def _schema(data: Fields, key: str) -> int:
    found = data.number(key)
    if found < 1:
        raise ValueError(f"{data.place(key)} must be 1 or more")
    return found
