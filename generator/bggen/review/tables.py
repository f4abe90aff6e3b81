"""Plans → the tables and lists of a body: what takes traffic, which images run, how many replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.review.markdown import cell, code
from bggen.transitions.capacity import replicas_of
from bggen.transitions.result import version

if TYPE_CHECKING:
    from bggen.model import Color, Component, EnvState, Release
    from bggen.plan import Plan
    from bggen.review.facts import Pair


def colors(plan: Plan) -> str:
    """Return the table of one plan: both colours, before and after."""
    states = (plan.transition.before, plan.transition.after)
    rows = [("takes traffic", [_active(state) for state in states]), ("idle", [_idle(state) for state in states])]
    if any(state.database for state in states):
        rows.append(("schema", [_schema(state) for state in states]))
    if any(state.hold for state in states):
        rows.append(("flips", ["on hold" if state.hold else "allowed" for state in states]))
    lines = [f"| {name} | {before} | {after} |\n" for name, (before, after) in rows]
    return f"| | Before | After |\n|---|---|---|\n{''.join(lines)}\n"


def app_row(plan: Plan) -> str:
    """Return the line of one plan in the table of a batch."""
    before, after = plan.transition.before, plan.transition.after
    names = f"{cell(after.app)} | {cell(after.env)}"
    return f"| {names} | {_active(before)} | {_active(after)} | {_idle(after)} |\n"


APP_HEAD = "| App | Environment | Traffic before | Traffic after | Idle after |\n|---|---|---|---|---|\n"


def _active(state: EnvState) -> str:
    if state.active is None:
        return "nothing"
    beside = f"; {_color(state.idle_color, state.idle_release)}" if state.joined else ""
    return f"{_color(state.active, state.active_release)}{beside}"


def _idle(state: EnvState) -> str:
    if state.active is None or state.idle_release is None:
        return "empty"
    if state.joined:
        return "none"
    return f"{_color(state.idle_color, state.idle_release)}{', parked' if state.parked else ''}"


def _schema(state: EnvState) -> str:
    """Return the schema, and what the active release and the idle one run on."""
    if state.database is None:
        return "unknown"
    releases = ((state.active, state.active_release), (state.idle_color, state.idle_release))
    windows = [
        f"**{color}** runs on {window}"
        for color, release in releases
        if release is not None and (window := release.spec.compatible) is not None
    ]
    return "; ".join([str(state.database.schema), *windows])


def _color(color: Color, release: Release | None) -> str:
    if release is None:
        return f"**{color}**"
    name = version(release)
    return f"**{color}**, release {release.number}" + ("" if name.startswith("release ") else f", {cell(name)}")


def images(two: Pair) -> str:
    """Return the images and replicas of both releases, by component, in full."""
    old = two.old.spec.components if two.old else {}
    new = two.new.spec.components
    lines = [f"Images and replicas, {two.old_name} → {two.new_name}:\n\n"]
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        shown = (_image(one), _image(other))
        if shown[0] == shown[1]:
            lines.append(f"- {code(name)}: {shown[1]}, as before\n")
        else:
            lines.append(f"- {code(name)}:\n  - before: {shown[0]}\n  - after: {shown[1]}\n")
    return f"{''.join(lines)}\n"


def _image(component: Component | None) -> str:
    if component is None:
        return "none"
    count = "" if component.kind == "cron" else f", replicas {replicas_of(component)}"
    return f"{code(str(component.image))}{count}"
