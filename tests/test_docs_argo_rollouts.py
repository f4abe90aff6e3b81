"""docs/argo-rollouts.md keeps its word: its specs are valid, and its Application promotes nothing by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bggen.checks import check
from bggen.images import parse_image_arg
from bggen.model import EnvState
from bggen.render import LATEST, render
from bggen.spec import resolve
from bggen.transitions import BumpRequest, bump
from tests.support.crds import crd_problems, needs_crds

PAGE = (Path(__file__).parents[1] / "docs" / "argo-rollouts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
APPLICATION = next(yaml.safe_load(block) for block in BLOCKS if "kind: Application" in block)
SPECS = [block for block in BLOCKS if "kind: App\n" in block]
REPO = b"apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: {}}\n"


@pytest.mark.parametrize("text", SPECS)
def test_an_example_renders(text: str) -> None:
    spec = resolve(REPO, text.encode(), None, app="cart", env="prod")
    state = bump(EnvState("cart", "prod"), BumpRequest(spec, LATEST, (parse_image_arg("v1"),))).after
    made = render(state)
    assert "rollout-cart.yaml" in {manifest.file for manifest in made}
    assert check(state, made) == ()


def test_there_are_examples() -> None:
    assert len(SPECS) == 2


@needs_crds
def test_the_application_is_one() -> None:
    assert crd_problems(APPLICATION) == []


def test_the_application_leaves_the_selectors_to_the_controller() -> None:
    options = APPLICATION["spec"]["syncPolicy"]["syncOptions"]
    assert not {"Replace=true", "Force=true", "ServerSideApply=true", "PruneLast=true"} & set(options)
    ignored = APPLICATION["spec"]["ignoreDifferences"]
    assert [(each["group"], each["kind"]) for each in ignored] == [("argoproj.io", "Rollout")]
    assert "RespectIgnoreDifferences=true" in options
