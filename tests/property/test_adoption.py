"""What bggen rendered, imported again, renders the same, or the report says what does not."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bggen.adopting import adopt
from bggen.adopting.objects import objects
from bggen.adopting.parts import Asked
from bggen.checks import check, parsed
from bggen.errors import BggenError, InvalidError
from bggen.model import Color, EnvState, Release
from bggen.render import LATEST, render
from bggen.spec import FORGETFUL, load_repo
from bggen.yamlio.foreign import parse_stream
from tests.support.adoption import EXAMPLES, SETTINGS
from tests.support.walk_specs import APP, Habits, random_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.adopting.parts import Adoption
    from bggen.model import AppSpec, Manifest

LONG = os.environ.get("BGGEN_HYPOTHESIS") == "long"
SEEDS, DAMAGED = (600, 1000) if LONG else (20, 4)

# Of objects that an import leaves out, or whose place in a sync follows from what their components are.
_NOT_COMPARED = {"NetworkPolicy", "ServiceAccount"}
_PLACES = ("argocd.argoproj.io/sync-wave", "argocd.argoproj.io/sync-options")


def a_spec(seed: int) -> AppSpec:
    random = Random(seed)  # noqa: S311 - a seed that fails is to fail again
    spec = random_spec(random, Habits.of(random))
    components = {
        name: each if each.image.pinned else replace(each, image=replace(each.image, tag="v1"))
        for name, each in spec.components.items()
    }
    return replace(spec, components=components)


def imported(spec: AppSpec, manifests: tuple[Manifest, ...]) -> Adoption:
    namespace = f"\n    namespace: {spec.namespace}" if spec.namespace else " {}"
    settings = (
        f'apiVersion: bggen.dev/v1\nkind: Repo\nenvironments:\n  prod:{namespace}\nkubernetes: "{spec.kubernetes}"\n'
    ).encode()
    text = "".join(f"---\n{manifest.text}" for manifest in manifests).encode()
    found = objects(parse_stream(text, "rendered.yaml"))
    return adopt(found, Asked("prod", APP), settings, load_repo(settings, "bggen.yaml", FORGETFUL))


def leaves(before: Any, after: Any, where: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key):
                yield from leaves(before.get(key), after.get(key), f"{where}.{key}")
    elif before != after:
        yield where


def seen(data: Any) -> Any:
    """Return an object with what a container sees by path, since volumes may be called otherwise."""
    if isinstance(data, dict):
        found = {key: seen(value) for key, value in data.items() if key not in _PLACES}
        if "volumes" in found or "volumeMounts" in found:
            found.pop("volumes", None)
            found["volumeMounts"] = sorted(
                (mount["mountPath"], mount.get("subPath"), mount.get("readOnly"))
                for mount in data.get("volumeMounts", ())
            )
        return found
    return [seen(item) for item in data] if isinstance(data, list) else data


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_was_rendered_comes_back_or_is_told(seed: int) -> None:
    spec = a_spec(seed)
    state = EnvState(APP, "prod", active=Color.BLUE, blue=Release(1, LATEST, spec), last=1, served=1)
    try:
        manifests = render(state)
    except InvalidError:
        pytest.skip("its own patches do not fit")
    adoption = imported(spec, manifests)
    assert not check(adoption.state, adoption.manifests)
    told = {each.new for each in adoption.differences}
    after = {(manifest.kind, manifest.name): parsed(manifest) for manifest in adoption.manifests}
    for manifest in manifests:
        own = f"{manifest.kind} {manifest.name}"
        new = after.get((manifest.kind, manifest.name))
        if new is None:
            assert any(fate.object == own and fate.verb == "leaves" for fate in adoption.fates)
            continue
        if manifest.kind not in _NOT_COMPARED and own not in told:
            assert sorted(leaves(seen(parsed(manifest)), seen(new))) == [], own
    # Selectors are bggen's own already, so that no object is in the way.
    assert not [fate for fate in adoption.fates if fate.verb == "refused"]


JUNK: tuple[Any, ...] = (
    None,
    0,
    -1,
    3.5,
    True,
    "",
    "x\ny",
    "${a.b}",
    [],
    {},
    [None],
    [{}],
    {"name": None},
    {"a": {"b": 1}},
    "☃",
    2**63,
)


def damaged(random: Random, data: Any) -> Any:
    """Return data with something else in the place of a part of it."""
    if random.random() < 0.12 or not isinstance(data, dict | list) or not data:
        return random.choice(JUNK)
    if isinstance(data, list):
        index = random.randrange(len(data))
        return [damaged(random, item) if index == number else item for number, item in enumerate(data)]
    chosen = random.choice(sorted(data, key=str))
    return {key: damaged(random, value) if key == chosen else value for key, value in data.items()}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_damaged_objects_become_an_app_or_an_expected_error(name: str) -> None:
    random = Random(name)  # noqa: S311 - the same every time
    config = load_repo(SETTINGS.encode(), "bggen.yaml", FORGETFUL)
    whole = list(yaml.safe_load_all((EXAMPLES / name / "input.yaml").read_text(encoding="utf-8")))
    refused = []
    for _ in range(DAMAGED):
        parts = whole
        for _ in range(random.randint(1, 3)):
            parts = [damaged(random, each) if random.random() < 0.5 else each for each in parts]
        text = yaml.safe_dump_all(parts, allow_unicode=True)
        try:
            found = objects(parse_stream(text.encode(), "damaged.yaml"))
            adoption = adopt(found, Asked("prod"), SETTINGS.encode(), config)
        except BggenError as error:
            refused.append(error.message)
        else:
            assert not check(adoption.state, adoption.manifests)
    assert not [message for message in refused if "\n" in message]
