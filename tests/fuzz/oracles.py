"""What must hold, whatever the input: bggen refuses it with places that exist, or takes it all the way."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator

from bggen import kubeschema, state
from bggen.checks import check, collisions
from bggen.errors import InvalidError
from bggen.render import LATEST, render
from bggen.spec import spec_from_data, spec_to_data
from tests.support.states import bumped, first, flipped, parked
from tests.unit.test_schemas import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import AppSpec, EnvState, Problem

_BREAK = re.compile(r"\r\n|\r|\n")
_LONGEST = 2000
# Fields that a spec may have before there is anything that renders them. Whoever renders one takes it away here.
NOT_RENDERED_YET = frozenset(
    (
        *("schedule", "ports", "service", "autoscale", "envFrom", "configMap", "field", "files", "mounts", "writable"),
        *("start", "startSeconds", "group", "serviceAccount", "imagePullSecrets", "nodeSelector", "tolerations"),
        *("priorityClass", "colorAntiAffinity", "publishesStatus", "preview", "smoke", "network", "patches"),
        *("kind: worker", "kind: cron", "switch: ingress"),
    )
)


def check_refusal(error: InvalidError, files: Mapping[str, bytes]) -> None:
    """Whether people can act on it: one line for each problem, at a place that exists."""
    check_line(error.message)
    if error.hint:
        check_line(error.hint)
    assert list(error.problems) == sorted(set(error.problems))
    for problem in error.problems:
        check_line(str(problem))
        _check_place(problem, files[problem.path])


def check_line(line: str) -> None:
    """Whether an error is one line that is not too long to read."""
    assert line.strip()
    assert "\n" not in line
    assert "\r" not in line
    assert len(line) < _LONGEST


def _check_place(problem: Problem, content: bytes) -> None:
    if problem.line == 0:
        assert problem.column == 0
        return
    lines = _BREAK.split(content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace"))
    assert 1 <= problem.line <= len(lines), problem
    assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem


def check_spec(spec: AppSpec) -> bool:
    """Whether a resolved spec can be kept, read back, rendered in every state, and applied; False if not rendered."""
    assert spec_from_data(spec_to_data(spec)) == spec
    _strict().validate(spec_to_data(spec))
    start = first(_with_images(spec, "v1"), renderer=LATEST)
    ready = bumped(start, _with_images(spec, "v2"), LATEST)
    steps = (start, ready, parked(ready), flipped(ready))
    for step in steps:
        check_state(step)
    if NOT_RENDERED_YET & set(_fields(spec_to_data(spec))):
        return False
    for step in steps:
        manifests = render(step)
        assert check(step, manifests) == ()
        assert collisions([("", manifests)]) == ()
    release = ready.active_release
    assert release
    assert kubeschema.validate_objects(render(ready), release.spec.kubernetes) == ()
    return True


def _fields(data: Any) -> Iterator[str]:
    """Yield the names of all fields, and those of choices with the choice."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield f"{key}: {value}"
            yield from _fields(value)
    elif isinstance(data, list):
        for item in data:
            yield from _fields(item)


def check_state(found: EnvState) -> None:
    """Whether the state survives being written and read, byte for byte."""
    files = state.encode(found)
    read = state.decode(found.app, found.env, "x", files)
    assert read == found
    assert state.encode(read) == files


def check_rendering(found: EnvState) -> None:
    """Whether a state that somebody may have written renders as YAML of objects, or is refused."""
    try:
        manifests = render(found)
    except InvalidError as error:
        check_line(error.message)
        return
    assert render(found) == manifests
    for manifest in manifests:
        data = yaml.safe_load(manifest.text)
        assert (data["kind"], data["metadata"]["name"]) == (manifest.kind, manifest.name)


@cache
def _strict() -> Draft202012Validator:
    schema = load("color")
    return Draft202012Validator({"$ref": "#/$defs/spec", "$defs": schema["$defs"]})


def _with_images(spec: AppSpec, tag: str) -> AppSpec:
    """Return the spec as a bump freezes it: every image with a tag or a digest."""
    components: dict[str, Any] = {
        name: component if component.image.pinned else replace(component, image=replace(component.image, tag=tag))
        for name, component in spec.components.items()
    }
    return replace(spec, components=components)
