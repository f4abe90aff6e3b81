"""The smoke test that stands before the switch, as release.yaml keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bggen import state as state_files
from bggen import yamlio
from bggen.errors import InvalidError
from bggen.model import EnvState, Image
from bggen.model.parts import HttpSmoke
from tests.support.states import bumped, first, flipped, hello_spec

FOLDER = "apps/hello/prod"
TESTED = replace(hello_spec("v2"), smoke=HttpSmoke("hello", "/", Image("curl", "8")))
GATED = replace(flipped(bumped(first(hello_spec()), TESTED)), gate=True)


def decode(files: dict[str, bytes]) -> EnvState:
    return state_files.decode("hello", "prod", FOLDER, files, verify=False)


def test_a_gate_is_kept() -> None:
    files = state_files.encode(GATED)
    assert yamlio.parse(files["release.yaml"], "release.yaml").data["gate"] is True
    assert state_files.decode("hello", "prod", FOLDER, files) == GATED


def test_no_gate_is_not_written() -> None:
    files = state_files.encode(replace(GATED, gate=False))
    assert b"gate" not in files["release.yaml"]
    assert not decode(files).gate


def test_a_gate_without_a_smoke_test_of_the_active_release_is_refused() -> None:
    with pytest.raises(InvalidError, match="the gate is there, but the active release has no smoke test"):
        decode(state_files.encode(replace(first(hello_spec()), gate=True)))


@pytest.mark.parametrize("value", [b"1", b"'true'", b"null", b"[]"])
def test_a_gate_is_true_or_false(value: bytes) -> None:
    files = state_files.encode(GATED)
    files["release.yaml"] = files["release.yaml"].replace(b"gate: true", b"gate: " + value)
    with pytest.raises(InvalidError, match="gate must be true or false"):
        decode(files)
