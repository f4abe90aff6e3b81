"""The same state gives the same bytes: whatever the order of keys, the hash seed or the locale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.render import render
from tests.support.everything import pod_spec
from tests.support.python import run_python
from tests.support.states import bumped, first, flipped, shop_spec

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState

SCRIPT = """
import sys
from bggen.render import render
from tests.support.everything import pod_spec
from tests.support.states import bumped, first, flipped, shop_spec
state = bumped(flipped(bumped(first(pod_spec()), pod_spec("v2", "dark"))), pod_spec("v3", "grey"))
for manifest in (*render(bumped(first(shop_spec()), shop_spec("v2"))), *render(state)):
    sys.stdout.buffer.write(f"{manifest.file}\\n{manifest.text}".encode())
"""


def stream(state: EnvState) -> bytes:
    return "".join(f"{manifest.file}\n{manifest.text}" for manifest in render(state)).encode()


@pytest.mark.parametrize(("seed", "locale"), [("0", "C"), ("1", "tr_TR.UTF-8"), ("random", "C.UTF-8")])
def test_hash_seed_and_locale_change_no_byte(seed: str, locale: str) -> None:
    written = run_python(SCRIPT, PYTHONHASHSEED=seed, LC_ALL=locale)
    pods = bumped(flipped(bumped(first(pod_spec()), pod_spec("v2", "dark"))), pod_spec("v3", "grey"))
    assert pods.saved is not None
    assert written == stream(bumped(first(shop_spec()), shop_spec("v2"))) + stream(pods)


def reversed_keys(value: Any) -> Any:
    """The same spec, every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{name: reversed_keys(getattr(value, name)) for name in value.__dataclass_fields__})
    return value


@pytest.mark.parametrize("spec", [shop_spec(), pod_spec()])
def test_the_order_of_keys_changes_no_byte(spec: AppSpec) -> None:
    shuffled = reversed_keys(spec)
    assert list(shuffled.components) != list(spec.components)
    assert stream(first(shuffled)) == stream(first(spec))


def test_importing_the_room_loads_no_jinja() -> None:
    assert (
        run_python("import sys, bggen.render, bggen.checks; print({'jinja2', 'yaml'} & {*sys.modules})") == b"set()\n"
    )
