"""Properties of the spec: the order of keys means nothing, any text survives, no input leads to a crash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bggen import yamlio
from bggen.errors import InvalidError
from bggen.spec import resolve, spec_from_data, spec_to_data
from bggen.spec.references import REFERENCE

if TYPE_CHECKING:
    import random

    from bggen.model import AppSpec, Problem

VALID = Path(__file__).parents[1] / "examples" / "valid"
FILES = [(VALID / name).read_bytes() for name in ("all.repo.yaml", "shop.app.yaml", "changes.overlay.yaml")]
AS_READ = yamlio.Rules(text_under=frozenset(("kubernetes", "env")), names_under=frozenset(("components",)))
TREES: list[Any] = [yamlio.parse(content, "x", AS_READ).data for content in FILES]
# No program can be given U+0000.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(
    lambda text: all(found[1] is None for found in REFERENCE.finditer(text))
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,20}", fullmatch=True).filter(lambda name: ".." not in name)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


class Liar:
    def known(self, digest: str) -> bool:  # noqa: ARG002 - the protocol's signature
        return True

    def remember(self, digest: str) -> None:
        raise AssertionError(digest)


def shuffled(data: Any, generator: random.Random) -> Any:
    if isinstance(data, dict):
        keys = list(data)
        generator.shuffle(keys)
        return {key: shuffled(data[key], generator) for key in keys}
    return data


@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(generator: random.Random) -> None:
    expected = resolve(*FILES, app="shop", env="prod")
    repo, app, overlay = (yamlio.dump(shuffled(tree, generator)).encode() for tree in TREES)
    spec = resolve(repo, app, overlay, app="shop", env="prod")
    assert spec == expected
    assert yamlio.dump(spec_to_data(spec)) == yamlio.dump(spec_to_data(expected))


@given(
    env=st.dictionaries(NAMES, TEXT, max_size=4),
    arguments=st.lists(TEXT, max_size=3),
    annotations=st.dictionaries(NAMES.map(lambda name: f"a{name[:20]}b"), st.text(), max_size=3),
    files=st.dictionaries(st.sampled_from(["/a", "/b c", "/etc/x.ini"]), st.text(), max_size=3),
)
def test_any_text_survives_from_app_yaml_to_the_release(
    env: dict[str, str], arguments: list[str], annotations: dict[str, str], files: dict[str, str]
) -> None:
    fields = {"env": env, "args": arguments, "command": arguments[::-1], "annotations": annotations, "files": files}
    app = {"apiVersion": "bggen.dev/v1", "kind": "App", "name": "shop", "image": "x", **fields}
    spec = resolve(FILES[0], yamlio.dump(app).encode(), None, app="shop", env="prod")
    kept = spec_from_data(yamlio.parse(yamlio.dump(spec_to_data(spec)).encode(), "x").data)
    assert kept == spec
    component = kept.components["shop"]
    assert dict(component.env) == env
    assert list(component.args) == arguments
    assert list(component.command) == arguments[::-1]
    assert dict(component.annotations) == annotations
    assert dict(component.files) == files


def places(data: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [where, *(place for key, value in inside for place in places(value, (*where, key)))]


def replaced(data: Any, where: tuple[Any, ...], value: Any) -> Any:
    if not where:
        return value
    first, *rest = where
    if isinstance(data, list):
        return [replaced(item, tuple(rest), value) if index == first else item for index, item in enumerate(data)]
    return {**data, first: replaced(data.get(first), tuple(rest), value)}


@settings(max_examples=150)
@given(st.integers(0, 2), st.data(), st.booleans())
def test_no_value_anywhere_leads_to_anything_but_an_error(index: int, data: st.DataObject, trusted: bool) -> None:  # noqa: FBT001 - drawn
    where = data.draw(st.sampled_from(places(TREES[index])))
    if where and data.draw(st.booleans()):
        where = (*where[:-1], data.draw(st.text(max_size=5)) if isinstance(where[-1], str) else where[-1])
    trees = list(TREES)
    trees[index] = replaced(TREES[index], where, data.draw(JSON))
    if not isinstance(trees[index], dict):
        trees[index] = {"a": trees[index]}
    options = {"verdicts": Liar()} if trusted else {}
    repo, app, overlay = (yamlio.dump(tree).encode() for tree in trees)
    spec: AppSpec | None = None
    problems: tuple[Problem, ...] = ()
    try:
        spec = resolve(repo, app, overlay, app="shop", env="prod", **options)
    except InvalidError as error:
        problems = error.problems
    assert (spec is None) == bool(problems)
    assert problems == tuple(sorted(set(problems)))
    assert not any("\n" in str(problem) for problem in problems)
    if spec:
        assert spec_from_data(spec_to_data(spec)) == spec


@given(st.sampled_from(places(spec_to_data(resolve(*FILES, app="shop", env="prod")))), JSON)
def test_a_hostile_release_leads_to_a_value_error_at_worst(where: tuple[Any, ...], value: Any) -> None:
    data = spec_to_data(resolve(*FILES, app="shop", env="prod"))
    spec: AppSpec | None = None
    message = "spec"
    try:
        spec = spec_from_data(replaced(data, where, value))
    except ValueError as error:
        message = str(error)
    assert message.startswith(("spec", "a key of spec"))
    assert "\n" not in message
    assert spec is None or spec_from_data(spec_to_data(spec)) == spec
