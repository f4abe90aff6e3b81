"""The fuzz targets: what goes in, and what must hold of what comes out."""

from __future__ import annotations

import contextlib
import copy
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bggen import state, yamlio
from bggen.errors import InvalidError, UsageError
from bggen.handmade import check_handmade
from bggen.images import parse_image, parse_image_arg
from bggen.spec import environments_of, load_repo, resolve
from bggen.spec.references import mistakes
from bggen.yamlio import dotted
from tests.fuzz import corpus
from tests.fuzz.grammar import JUNK, documents, shown_values
from tests.fuzz.mutation import altered, at, damaged, paths, written
from tests.fuzz.oracles import check_line, check_pair, check_refusal, check_rendering, check_spec, check_state
from tests.support.states import texts
from tests.unit.test_schemas import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.model import AppSpec, Problem

APP, ENV = "shop", "prod"
_KINDS = ("repo", "app", "overlay")
_MOST_REPAIRS = 12
_COLORS = 2


@dataclass(frozen=True, slots=True)
class Target:
    """What is made up, what is done with it, and what became of it: `seen` counts outcomes."""

    name: str
    inputs: st.SearchStrategy[Any]
    holds: Callable[[Any, Counter[str]], None]
    seen: Counter[str] = field(default_factory=Counter)


@st.composite
def _structures(draw: st.DrawFn) -> dict[str, Any]:
    """The data of the three files: made by their schemas, or seeds with changes."""
    data: dict[str, Any] = {}
    for kind in _KINDS:
        if kind == "overlay" and draw(st.integers(0, 2)) == 0:
            continue
        how = draw(st.sampled_from(["schema", "schema", "seed", "changed"]))
        if how == "schema":
            data[kind] = draw(documents(load(kind)))
        else:
            data[kind] = copy.deepcopy(draw(st.sampled_from(_readable(kind))))
        if how == "changed":
            data[kind] = draw(altered(data[kind]))
    if isinstance(data["app"], dict) and draw(st.integers(0, 9)):
        data["app"] |= {"apiVersion": "bggen.dev/v1", "kind": "App", "name": APP}
    if isinstance(data["repo"], dict) and draw(st.integers(0, 9)):
        data["repo"] |= {"environments": {"staging": {}, ENV: {}, **_mapping(data["repo"].get("environments"))}}
    return data


@cache
def _readable(kind: str) -> tuple[Any, ...]:
    found = []
    for content in corpus.specs(kind):
        with contextlib.suppress(yaml.YAMLError):
            found.append(yaml.safe_load(content))
    return tuple(data for data in found if isinstance(data, dict))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@st.composite
def _spec_bytes(draw: st.DrawFn) -> dict[str, bytes]:
    """The bytes of the three files: seeds that were damaged, or data that was written and perhaps damaged."""
    if draw(st.booleans()):
        files = {kind: draw(written(value)) for kind, value in draw(_structures()).items()}
    else:
        folders = {kind: draw(st.sampled_from(["valid", "valid", "valid", "invalid"])) for kind in _KINDS}
        files = {kind: draw(st.sampled_from(corpus.specs(kind, folders[kind]))) for kind in _KINDS}
        if draw(st.booleans()):
            del files["overlay"]
    for kind in draw(st.lists(st.sampled_from(sorted(files)), max_size=2)):
        files[kind] = draw(damaged(files[kind], corpus.specs("app")))
    return files


def _resolved(files: Mapping[str, bytes], seen: Counter[str]) -> InvalidError | AppSpec:
    """Resolve, and go all the way where that succeeds; return the refusal otherwise."""
    # A seed is taken in the folder that its name says.
    named = re.search(rb"^name: ([a-z]{1,60})$", files["app"], re.MULTILINE)
    name = named[1].decode() if named else APP
    try:
        spec = resolve(files["repo"], files["app"], files.get("overlay"), app=name, env=ENV)
    except InvalidError as error:
        paths_of = {"repo": "bggen.yaml", "app": f"apps/{name}/app.yaml", "overlay": f"apps/{name}/{ENV}/overlay.yaml"}
        check_refusal(error, {paths_of[kind]: content for kind, content in files.items()})
        return error
    seen["rendered" if check_spec(spec) else "rendered without their patches"] += 1
    return spec


def _spec_text(files: dict[str, bytes], seen: Counter[str]) -> None:
    found = [_resolved(files, seen)]
    if "overlay" in files:
        found.append(_resolved({kind: content for kind, content in files.items() if kind != "overlay"}, seen))
    seen["refused"] += sum(isinstance(each, InvalidError) for each in found)
    _pair([each for each in found if not isinstance(each, InvalidError)], seen)
    try:
        repo = load_repo(files["repo"])
        environments_of(files["app"], repo, "app.yaml")
    except InvalidError as error:
        check_refusal(error, {"bggen.yaml": files["repo"], "app.yaml": files["app"]})


def _spec_structure(given: tuple[dict[str, Any], st.DataObject], seen: Counter[str]) -> None:
    """Two specs, each of them repaired; the second one is another one, or the first one with a few changes."""
    data, more = given
    one = _repaired_spec(data, more, seen)
    if one is None or not more.draw(st.booleans()):
        return
    other = more.draw(_structures()) if more.draw(st.booleans()) else {**data, "app": more.draw(altered(data["app"]))}
    two = _repaired_spec(other, more, seen)
    _pair([one, two] if two else [], seen)


def _pair(specs: list[AppSpec], seen: Counter[str]) -> None:
    if len(specs) == _COLORS and len({spec.name for spec in specs}) == 1:
        done = check_pair(*specs)
        seen["pairs"] += 1
        seen["commands"] += done


def _repaired_spec(data: dict[str, Any], more: st.DataObject, seen: Counter[str]) -> AppSpec | None:
    """Take away what is refused until the rest resolves: so every field gets through, beside any other."""
    for _ in range(_MOST_REPAIRS):
        files = {kind: more.draw(written(value)) for kind, value in data.items()}
        found = _resolved(files, seen)
        if not isinstance(found, InvalidError):
            return found
        seen["refused"] += 1
        if not all(isinstance(value, dict) for value in data.values()) or not _repaired(data, found):
            return None
    return None


def _repaired(data: dict[str, Any], error: InvalidError) -> bool:
    """Add what is missing, remove what is refused, and tell whether anything changed."""
    changed = False
    for problem in error.problems:
        own = "repo" if problem.path == "bggen.yaml" else problem.path.rpartition("/")[2].removesuffix(".yaml")
        # What the merged files lack is reported in one of them, and may stand in another.
        kinds = (own, *(kind for kind in data if kind != own))
        changed = any(_repair(kind, data[kind], problem) for kind in kinds) or changed
    return changed


def _repair(kind: str, file: dict[str, Any], problem: Problem) -> bool:
    shown = shown_values(kind)
    places = {dotted(where): where for where in paths(file)}
    above, _, last = problem.where.rpartition(".")
    holder = at(file, places.get(above, ()))
    if problem.message == "is missing" and last in shown and isinstance(holder, dict):
        holder[last] = shown[last]
        return True
    name = problem.where
    while name and name not in places:
        name = re.sub(r"[.\[][^.\[]*\Z|\A[^.\[]*\Z", "", name)
    if not name:
        return False
    *inner, key = places[name]
    del at(file, tuple(inner))[key]
    return True


@st.composite
def _state_files(draw: st.DrawFn) -> tuple[dict[str, bytes], bool]:
    """The files of a seed, damaged, with a digest that fits them where that matters; and whether it is verified."""
    files = dict(draw(st.sampled_from(corpus.states())))
    for name in draw(st.lists(st.sampled_from(state.FILES), min_size=1, max_size=2, unique=True)):
        other = draw(st.sampled_from(corpus.states()))
        before = files.get(name) or other.get(name) or b""
        match draw(st.sampled_from(["bytes", "data", "data", "other", "gone"])):
            case "bytes":
                files[name] = draw(damaged(before, list(other.values())))
            case "data" if before:
                files[name] = yamlio.dump(_mapping(_dumpable(draw(altered(yaml.safe_load(before)))))).encode()
            case "other" if name in other:
                files[name] = other[name]
            case _:
                files.pop(name, None)
    release = files.get(state.RELEASE_FILE)
    if release is not None and draw(st.booleans()):
        head = release.decode(errors="replace").rpartition("state:")[0]
        others = {name: content for name, content in files.items() if name != state.RELEASE_FILE}
        digest = state._digest(head, others)
        files[state.RELEASE_FILE] = f"{head}state: {digest}\n".encode()
    return files, draw(st.booleans())


def _dumpable(value: Any) -> Any:
    """Return the value without what no YAML file of ours holds."""
    if isinstance(value, dict):
        return {str(key): _dumpable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dumpable(item) for item in value]
    if isinstance(value, float) and value not in (0.5, 8080.0):
        return 0.5
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _state_text(given: tuple[dict[str, bytes], bool], seen: Counter[str]) -> None:
    files, verify = given
    found = re.findall(rb"^(app|env): ([a-z0-9-]+)$", files.get(state.RELEASE_FILE, b""), re.MULTILINE)
    names = {key.decode(): value.decode() for key, value in found}
    try:
        decoded = state.decode(names.get("app", APP), names.get("env", ENV), "x", files, verify=verify)
    except InvalidError as error:
        seen["refused"] += 1
        check_refusal(error, {f"x/{name}": content for name, content in files.items()})
        return
    seen["decoded"] += 1
    if files:
        check_state(decoded)
        check_rendering(decoded)


def _round_trip(data: dict[str, Any], seen: Counter[str]) -> None:
    try:
        text = yamlio.dump(data)
    except InvalidError:
        seen["refused"] += 1
        return
    seen["written"] += 1
    ruamel = YAML(typ="safe", pure=True)
    for read in (yaml.safe_load(text), ruamel.load(io.StringIO(text)), yamlio.parse(text.encode(), "x").data):
        # Text, so that 1 and True and 1.0, or NaN and itself, are told apart as they should.
        assert repr(read) == repr(data)


def _any_yaml(content: bytes, seen: Counter[str]) -> None:
    try:
        document = yamlio.parse(content, "x")
    except InvalidError as error:
        seen["refused"] += 1
        check_refusal(error, {"x": content})
    else:
        seen["read"] += 1
        assert {(), *paths(document.data)} == set(document.marks)
    for problem in check_handmade({"x.yaml": content}, ()):
        check_refusal(InvalidError(str(problem), problems=[problem]), {"x.yaml": content})


def _image(text: str, seen: Counter[str]) -> None:
    try:
        image = parse_image(text)
    except ValueError as error:
        seen["refused"] += 1
        check_line(str(error))
    else:
        seen["read"] += 1
        assert str(image) == text
        assert parse_image(str(image)) == image
    try:
        arg = parse_image_arg(text)
    except UsageError as error:
        check_line(error.message)
    else:
        assert arg.tag or arg.digest
    for mistake in mistakes(text, {"web": True, "api": False}):
        check_line(mistake)


_REFERENCES = (
    texts()
    | st.text("abA0-._/:@=${}", max_size=40)
    | st.from_regex(r"[a-z0-9]+([.:/][a-z0-9-]+){0,4}(:[\w.-]{1,130})?(@sha256:[0-9a-f]{62,66})?", fullmatch=True)
)
TARGETS = (
    Target("spec-structure", st.tuples(_structures(), st.data()), _spec_structure),
    Target("spec-text", _spec_bytes(), _spec_text),
    Target("state", _state_files(), _state_text),
    Target("yaml-round-trip", st.dictionaries(texts(), JUNK, max_size=4), _round_trip),
    Target(
        "yaml-reading",
        st.sampled_from([*corpus.specs("app"), *corpus.manifests()]).flatmap(damaged) | st.binary(max_size=200),
        _any_yaml,
    ),
    Target("images", _REFERENCES, _image),
)
