"""What must hold, whatever the input: bggen refuses it with places that exist, or takes it all the way."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator

from bggen import kubeschema, state, transitions
from bggen.app import patching
from bggen.checks import check, collisions
from bggen.comparing import compare, compare_objects, rows
from bggen.errors import InvalidError, RefusedError, UsageError
from bggen.model import EnvState, Release
from bggen.render import LATEST, render
from bggen.spec import spec_from_data, spec_to_data
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.crds import FOLDER, object_problems
from tests.support.states import bumped, first, flipped, parked
from tests.unit.test_schemas import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bggen.model import AppSpec, Problem
    from bggen.transitions import Transition

_BREAK = re.compile(r"\r\n|\r|\n")
_LONGEST = 2000
_NOW = "2026-06-01T12:00:00Z"


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
    """Whether a resolved spec can be kept, read back, rendered in every state, and applied.

    False where `bump` refuses its patches; then everything else of it is looked at.
    """
    assert spec_from_data(spec_to_data(spec)) == spec
    _strict().validate(spec_to_data(spec))
    fitting = _fitting(_with_images(spec, "v1"))
    start = first(fitting, renderer=LATEST)
    ready = bumped(start, _with_images(fitting, "v2", again=True), LATEST)
    check_states((start, ready, parked(ready), flipped(ready)))
    return fitting.patches == spec.patches


def check_pair(one: AppSpec, two: AppSpec) -> int:
    """Whether two specs of one app get along in the two colours, and return how many commands were done."""
    specs = tuple(_fitting(_with_images(spec, "v1")) for spec in (one, two))
    state = EnvState(one.name, "prod")
    done = [state]
    for command in _COMMANDS:
        with contextlib.suppress(RefusedError, UsageError):
            after = command(done[-1], *specs).after
            if after != done[-1]:
                done.append(after)
    check_states(done[1:])
    for state in done[1:]:
        _check_difference(state)
    return len(done) - 1


def _bump(which: int) -> Callable[[EnvState, AppSpec, AppSpec], Transition]:
    return lambda state, *specs: transitions.bump(state, BumpRequest(specs[which], LATEST))


def _rollback(state: EnvState, *_: AppSpec) -> Transition:
    return transitions.rollback(state, transitions.rollback_target(state, None), by="Ann")


def _scale(state: EnvState, one: AppSpec, _two: AppSpec) -> Transition:
    bounds = {name: "5..9" if each.autoscale else "5" for name, each in one.components.items() if each.kind != "cron"}
    return transitions.scale(state, transitions.parse_replicas([f"{name}={n}" for name, n in bounds.items()]), None)


def _flip(*, smoke: bool = True) -> Callable[[EnvState, AppSpec, AppSpec], Transition]:
    request = FlipRequest(_NOW, allow_less_capacity=True, override_hold="urgent", smoke=smoke)
    return lambda state, *_: transitions.flip(state, request)


# Both specs in both colours, with each thing of a state that the rendering knows: parked, gate, saved, and a hold.
_COMMANDS: tuple[Callable[[EnvState, AppSpec, AppSpec], Transition], ...] = (
    _bump(0),
    _bump(1),
    _flip(),
    lambda state, *_: transitions.park(state),
    _bump(1),
    _scale,
    _rollback,
    lambda state, *_: transitions.park(state),
    _bump(1),
    _flip(smoke=False),
    _bump(0),
    _flip(),
    _rollback,
)


def check_states(states: Sequence[EnvState]) -> None:
    """Whether states can be kept, and what is rendered of them is what Kubernetes takes."""
    known: set[str] = set()
    for each in states:
        check_state(each)
        manifests = render(each)
        assert check(each, manifests) == ()
        assert collisions([("", manifests)]) == ()
        # Each release is rendered for the version that it was frozen with; the cluster is not older than any of them.
        releases = [release for release in (each.blue, each.green, each.saved) if release]
        version = max((release.spec.kubernetes for release in releases), key=lambda text: int(text.partition(".")[2]))
        # An object that two states have in common is looked at once.
        new = [manifest for manifest in manifests if manifest.text not in known]
        known.update(manifest.text for manifest in new)
        # Without the CRDs, custom resources are passed over.
        refuses = object_problems if FOLDER.is_dir() else kubeschema.validate_objects
        assert not refuses(new, version), refuses(new, version)


def _check_difference(found: EnvState) -> None:
    active, idle = found.active_release, found.idle_release
    if active is None or idle is None:
        return
    difference = compare(active, idle)
    assert difference.same == active.same_content(idle)
    assert bool(rows(difference)) == (not difference.same)
    objects = compare_objects(found)
    assert not (objects and difference.same)


def _fitting(spec: AppSpec) -> AppSpec:
    """Return the spec without its patches, where `bump` would refuse them."""
    if spec.patches and patching._findings(Release(1, LATEST, spec), "prod", schemas=True):
        return replace(spec, patches=())
    return spec


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


def _with_images(spec: AppSpec, tag: str, *, again: bool = False) -> AppSpec:
    """Return the spec as a bump freezes it: every image with a tag or a digest; `again` changes them."""
    components: dict[str, Any] = {
        name: component
        if component.image.pinned and not (again and component.image.tag == "v1")
        else replace(component, image=replace(component.image, tag=tag))
        for name, component in spec.components.items()
    }
    return replace(spec, components=components)
