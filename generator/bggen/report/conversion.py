"""The plan of `convert` → what people read, and the document of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen import yamlio
from bggen.comparing.words import shown
from bggen.report.look import DIM, HINT, PLAIN, STRONG, WARNING, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bggen.app.views import Converted
    from bggen.report.look import Line


def conversion_lines(outcome: Converted) -> Iterator[Line]:
    """Return the lines of text."""
    plan = outcome.plan
    what = "a Rollout" if plan.to == "rollouts" else "Deployments of two colours"
    yield (
        (f"{plan.app}/{plan.env}:", STRONG),
        (f" to {what}, as a new app {plan.name} beside it; this only shows how", PLAIN),
    )
    yield ""
    yield (("What changes in the copied files", STRONG),)
    for edit in plan.edits:
        value = "(taken out)" if edit.value is None else shown(edit.value)
        yield ((f"  {edit.file}: {yamlio.dotted(edit.path)}: {value}", PLAIN), (f"  {edit.why}", DIM))
    yield from _section("What cannot come along", plan.lost)
    if plan.open:
        yield ""
        yield (("What has to be settled by hand first", STRONG),)
        for problem in plan.open:
            yield labelled("  open", WARNING, problem)
    yield from _section(f"Objects of {plan.name}, which appear", (" ".join(each) for each in plan.appear))
    yield from _section(f"Objects of {plan.app}, which stay as they are until it is deleted", map(" ".join, plan.go))
    for number, step in enumerate(plan.steps, 1):
        yield ""
        yield ((f"{number}. {step.title}", STRONG),)
        for command in step.commands:
            yield (("     ", PLAIN), (command, HINT))
        for check in step.checks:
            yield f"   look: {check}"
        yield ((f"   back: {step.back}", DIM),)


def _section(title: str, lines: Iterable[str]) -> Iterator[Line]:
    found = list(lines)
    if found:
        yield ""
        yield ((title, STRONG),)
        yield from (f"  {line}" for line in found)


def conversion_document(outcome: Converted) -> dict[str, Any]:
    """Return the document but for its `schemaVersion`."""
    plan = outcome.plan
    return {
        "action": "convert",
        "app": plan.app,
        "env": plan.env,
        "to": plan.to,
        "name": plan.name,
        "ready": not plan.open,
        "edits": [
            {"file": each.file, "field": yamlio.dotted(each.path), "value": each.value, "why": each.why}
            for each in plan.edits
        ],
        "lost": list(plan.lost),
        "open": list(plan.open),
        "appear": [{"kind": kind, "name": name} for kind, name in plan.appear],
        "go": [{"kind": kind, "name": name} for kind, name in plan.go],
        "steps": [
            {
                "title": each.title,
                "commands": list(each.commands),
                "checks": list(each.checks),
                "back": each.back,
            }
            for each in plan.steps
        ],
    }
