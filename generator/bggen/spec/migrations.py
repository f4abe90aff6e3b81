"""`migrate` and `compatible` of an app: what they mean together, as canonical data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.spec.decoding import shown
from bggen.spec.layers import as_text, mapping
from bggen.spec.messages import nearest
from bggen.spec.semantics import check_env, check_words
from bggen.yamlio import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.spec.layers import Layers

    Section = tuple[Layers, dict[str, Any]]

# `<app>-contract-<8 hex>` within the 63 characters that a Job's name may have.
LONGEST_MIGRATING = 45
SET_BY_BGGEN = ("BGGEN_COLOR", "BGGEN_RELEASE", "BGGEN_SCHEMA")
_TIMEOUT = 600


def check_migrations(
    migrate: Section | None, compatible: Section | None, app: str, ports: Mapping[str, bool]
) -> dict[str, Any]:
    """Return both sections as canonical data, and report what is wrong with them.

    Args:
        migrate: where its fields came from, and the merged fields; None where there is no such section.
        compatible: likewise.
        app: the app's name.
        ports: whether each component of the app has a port.
    """
    data: dict[str, Any] = {}
    window: dict[str, Any] = {}
    if compatible is not None:
        window = data["compatible"] = compatible[1]
        _check_window(*compatible)
    if migrate is None:
        return data
    layers, fields = migrate
    if len(app) > LONGEST_MIGRATING:
        message = f"the name {app} has {len(app)} characters; {LONGEST_MIGRATING} are the most with migrations"
        layers.report((), message)
    if compatible is None and not layers.refused(()):
        layers.report((), "needs `compatible: {min: …, max: …}` beside it: the schemas that this release can run on")
    contract = mapping(fields.get("contract"))
    _check_jobs(layers, fields, ports)
    if compatible is not None:
        _check_together(layers, fields, contract, compatible[0], window)
    found = {"timeout": _TIMEOUT, **fields, "component": _component(layers, fields, ports)}
    found["command"] = _words(fields.get("command"))
    if "env" in fields:
        found["env"] = {key: as_text(value) for key, value in mapping(fields["env"]).items()}
    if contract:
        found["contract"] = {**contract, "command": _words(contract.get("command"))}
    return {**data, "migrate": found}


def _check_window(layers: Layers, window: Mapping[str, Any]) -> None:
    for key in ("min", "max"):
        if key not in window:
            layers.report((key,), "is missing")
    least, most = window.get("min"), window.get("max")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        layers.report(("max",), f"is less than `min`, {least}")


def _check_jobs(layers: Layers, fields: Mapping[str, Any], ports: Mapping[str, bool]) -> None:
    for part in ((), ("contract",)):
        if part and "contract" not in fields:
            continue
        phase = mapping(fields.get("contract")) if part else fields
        for key in ("command", "schema"):
            if key not in phase:
                layers.report((*part, key), "is missing")
        command = phase.get("command")
        if command == []:
            layers.report((*part, "command"), "must not be empty")
        check_words(layers, (*part, "command"), command, ports)
    check_env(layers, fields.get("env"), ports)
    for name in SET_BY_BGGEN:
        if name in mapping(fields.get("env")):
            layers.report(("env", name), "is set by bggen: choose another name")


def _check_together(
    layers: Layers, fields: Mapping[str, Any], contract: Mapping[str, Any], around: Layers, window: Mapping[str, Any]
) -> None:
    """Report numbers of schemas that contradict each other."""
    schema, after = fields.get("schema"), contract.get("schema")
    least, most = window.get("min"), window.get("max")
    if isinstance(schema, int):
        if isinstance(least, int) and least > schema:
            around.report(("min",), f"is more than `migrate.schema`, {schema}: the release must run on what it makes")
        elif isinstance(most, int) and most < schema and not (isinstance(least, int) and least > most):
            around.report(("max",), f"is less than `migrate.schema`, {schema}: the release must run on what it makes")
    if not isinstance(after, int):
        return
    if isinstance(schema, int) and after <= schema:
        layers.report(("contract", "schema"), f"must be more than `migrate.schema`, {schema}: it comes afterwards")
    elif isinstance(most, int) and after > most:
        message = f"is more than `compatible.max`, {most}: the release must run on what its third phase leaves"
        layers.report(("contract", "schema"), message)


def _component(layers: Layers, fields: Mapping[str, Any], ports: Mapping[str, bool]) -> Any:
    given = fields.get("component")
    if given is None:
        if len(ports) == 1:
            return next(iter(ports))
        names = ", ".join(dotted((name,)) for name in sorted(ports))
        layers.report(("component",), f"is missing: say whose image has the command ({names})")
    elif str(given) not in ports:
        near = nearest(str(given), ports)
        hint = f", did you mean `{near}`?" if near else ""
        layers.report(("component",), f"there is no component {shown(str(given))}{hint}")
    return given


def _words(value: Any) -> Any:
    return [as_text(word) for word in value] if isinstance(value, list) else value
