"""What `import` made of existing objects → the text that people read, and the JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.report.look import BAD, DIM, GOOD, HINT, PLAIN, STRONG, WARNING, labelled
from bggen.report.words import patch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.adopting.parts import Adoption, Difference, Note
    from bggen.app.views import Imported
    from bggen.model import Color
    from bggen.report.look import Line, Style

# More manifests than this are only counted.
_FEW = 3
_VERBS: dict[str, Style] = {"creates": GOOD, "changes": WARNING, "refused": BAD, "leaves": DIM}


def adoption_lines(view: Imported, *, verbose: bool = False) -> Iterator[Line]:
    """Return what goes to standard output."""
    found = view.adoption
    yield from _app(found)
    yield from _part("first sync", _fates(found))
    yield from _part("warnings", _notes(found.warnings))
    yield from _part("kept by patches in app.yaml", (f"  {field}" for field in found.patched))
    yield from _part("different afterwards", _differences([each for each in found.differences if each.why]))
    yield from _part("as bggen does it in every app", _differences([e for e in found.differences if not e.why]))
    yield from _part("not expressed", _notes(found.left))
    yield from _part("steps", _notes(found.steps))
    yield ""
    for change in view.changes:
        yield from patch(change.diff)
    verb = "would be written" if view.dry_run else "written"
    listed = [change.path for change in view.changes]
    manifests = [path for path in listed if "/manifests/" in path]
    shown = listed if verbose or len(manifests) < _FEW else [path for path in listed if path not in manifests]
    yield from (labelled(verb, GOOD, path) for path in shown)
    if shown != listed:
        yield labelled(verb, GOOD, f"apps/{found.state.app}/{found.state.env}/manifests, {len(manifests)} files")
    if not view.changes:
        yield labelled("nothing to do", GOOD, f"apps/{found.state.app} holds all of this already")
    elif view.dry_run:
        yield labelled("dry run", WARNING, "nothing was done")
    else:
        yield labelled("next", HINT, f"git add apps/{found.state.app} && git commit; see docs/adoption.md")


def _part(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    listed = list(lines)
    if listed:
        yield ""
        yield ((f"{title}:", STRONG),)
        yield from listed


def _app(found: Adoption) -> Iterator[Line]:
    drawn, state = found.layout, found.state
    count = len(drawn.groups)
    what = f"{count} component{'s' * (count != 1)} of {found.objects} objects"
    yield ((f"{state.app}/{state.env}:", STRONG), (f" {what}", PLAIN))
    for color in drawn.colors():
        release = state.release(color)
        role = "active" if color is state.active else state.idle if not state.pending else f"{state.idle}, pending"
        told = f" ({drawn.why})" if drawn.why and color is state.active else ""
        called = f", {drawn.key}: {drawn.values[color]}" if drawn.key and color in drawn.values else ""
        number = release.number if release else 0
        yield f"  {color}: release {number}, {role}{called}{told}"
        for group in drawn.groups:
            if color in group.workloads and release:
                image = release.images.get(group.name, "")
                by = f", users by Service {group.main.name}" if group.main else ""
                yield f"    {group.name}: {group.workloads[color].title}{by}, {image}"


def _fates(found: Adoption) -> Iterator[Line]:
    for fate in found.fates:
        message = f": {fate.message}" if fate.message else ""
        yield ((f"  {fate.verb:<8}", _VERBS[fate.verb]), (f" {fate.object}{message}", PLAIN))


def _notes(notes: Sequence[Note]) -> Iterator[Line]:
    for note in notes:
        yield ((f"  {note.about}", STRONG), (f": {note.message}", PLAIN))
        yield from (f"      {command}" for command in note.commands)


def _differences(differences: Sequence[Difference]) -> Iterator[Line]:
    """Yield each field once, with all objects that it is the same of."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for each in differences:
        rows.setdefault((each.field, each.before, each.after, each.why), []).append(each.new)
    for (field, before, after, why), objects in rows.items():
        values = f"{before or '(none)'} → {after or '(none)'}"
        yield ((f"  {', '.join(objects)}", DIM), (f" {field}: {values}{f': {why}' if why else ''}", PLAIN))


def adoption_document(view: Imported) -> dict[str, Any]:
    """Return the document but for its `schemaVersion`."""
    found = view.adoption
    return {
        "action": "import",
        "app": found.state.app,
        "env": found.state.env,
        "changed": bool(view.changes) and not view.dry_run,
        "dryRun": view.dry_run,
        "active": found.state.active,
        "colors": {str(color): _color(found, color) for color in found.layout.colors()},
        "files": [change.path for change in view.changes],
        "diff": "".join(change.diff for change in view.changes),
        "firstSync": [{"verb": each.verb, "object": each.object, "message": each.message} for each in found.fates],
        "warnings": _rows(found.warnings),
        "patched": list(found.patched),
        "differences": [
            {
                "object": each.new,
                "field": each.field,
                "before": each.before,
                "after": each.after,
                "reason": each.why or None,
            }
            for each in found.differences
        ],
        "notExpressed": _rows(found.left),
        "steps": _rows(found.steps),
    }


def _color(found: Adoption, color: Color) -> dict[str, Any]:
    release = found.state.release(color)
    return {
        "release": release.number if release else None,
        "value": found.layout.values.get(color),
        "images": release.images if release else {},
    }


def _rows(notes: Sequence[Note]) -> list[dict[str, Any]]:
    return [{"about": note.about, "message": note.message, "commands": list(note.commands)} for note in notes]
