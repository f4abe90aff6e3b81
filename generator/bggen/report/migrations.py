"""What `bggen migrate` found → text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.report.look import DIM, GOOD, HINT, PLAIN, STRONG, WARNING
from bggen.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.views import Migrations, Runner
    from bggen.report.look import Line, Look

_NONE = "-"


def migration_lines(view: Migrations, look: Look) -> Iterator[Line]:
    """Return the text: the schema, who can run on what, and what comes next."""
    schema = f"schema {view.schema}" if view.schema is not None else "no schema is known"
    yield ((f"{view.app}/{view.env}:", STRONG), (f" {schema}", PLAIN))
    if view.runners:
        head = ["COLOUR", "IS", "RELEASE", "RUNS ON", "MIGRATES TO", "CONTRACTS TO"]
        rows = [_cells(runner, look) for runner in view.runners]
        yield from table(rows, head=head, look=look, giving_way=[])
    yield (("next: ", HINT if view.phase else GOOD), (view.words, PLAIN))
    for need in view.needs:
        yield (("needed: ", WARNING), (need, PLAIN))


def _cells(runner: Runner, look: Look) -> list[Line]:
    window = "any, as it says nothing" if runner.window is None else "{} to {}".format(*runner.window)
    if runner.window is not None and runner.window[0] == runner.window[1]:
        window = str(runner.window[0])
    return [
        (look.tile(runner.color, wide=True),),
        runner.role,
        str(runner.release),
        window,
        _made(runner.makes, "its Job is rendered", done=runner.migrates),
        _made(runner.contracts, "its Job is rendered", done=runner.contracted),
    ]


def _made(schema: int | None, words: str, *, done: bool) -> Line:
    return ((_NONE if schema is None else str(schema), PLAIN), (f" ({words})" if done else "", DIM))


def migrations_document(view: Migrations) -> dict[str, Any]:
    """Return the JSON document but for its `schemaVersion`."""
    return {
        "action": "migrate",
        "app": view.app,
        "env": view.env,
        "schema": view.schema,
        "releases": [
            {
                "color": runner.color,
                "role": runner.role,
                "release": runner.release,
                "compatible": window_document(runner.window),
                "migrate": runner.makes,
                "contract": runner.contracts,
                "migrationRendered": runner.migrates,
                "contractRendered": runner.contracted,
            }
            for runner in view.runners
        ],
        "next": view.phase,
        "summary": view.words,
        "needed": list(view.needs),
    }


def window_document(window: tuple[int, int] | None) -> dict[str, int] | None:
    """Return a window as documents have it; null where a release says nothing of schemas."""
    return None if window is None else {"min": window[0], "max": window[1]}
