"""join and drain on the command line, and the guide to them, on a real config repo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.console import matches, steps

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

GUIDE = (Path(__file__).parents[2] / "docs" / "two-halves.md").read_text(encoding="utf-8")
(SPEC,) = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
HINT = "hint: bggen drain --app shop --env prod takes it out; {} then\n"


@pytest.fixture
def halves(repo: ConfigRepo) -> ConfigRepo:
    """`shop` of the guide alone; nothing released yet."""
    repo.git("rm", "--quiet", "-r", "apps/hello")
    repo.commit({"apps/shop/app.yaml": SPEC}, "shop instead of hello")
    return repo


@pytest.fixture
def joined(halves: ConfigRepo) -> ConfigRepo:
    """Both colours with v1, and both serve."""
    for command in (["bump", "--image", "v1"], ["bump", "--as-active"], ["join"]):
        halves.ok(*command)
    return halves


def weights(repo: ConfigRepo) -> dict[str, int]:
    """Return the weight of each colour in the route."""
    text = (repo.path / "apps/shop/prod/manifests/httproute-shop.yaml").read_text(encoding="utf-8")
    return {color: int(weight) for color, weight in re.findall(r"shop-web-(\w+)\n.*\n +weight: (\d+)", text)}


def test_the_guide_does_what_it_says(halves: ConfigRepo) -> None:
    served = []
    for step in steps(GUIDE):
        name, *arguments = step.command.split()
        assert name == "bggen"
        ran = halves.bggen(*arguments)
        assert ran.code == step.code, ran.err
        assert matches((ran.out + ran.err).splitlines(), step.lines), f"$ {step.command}\n{ran.out}"
        if arguments[0] != "status":
            served.append((arguments[0], {color for color, weight in weights(halves).items() if weight}))
    assert served == [
        ("bump", {"blue"}),
        ("bump", {"blue"}),
        ("join", {"blue", "green"}),
        ("drain", {"blue"}),
        ("bump", {"blue"}),
        ("flip", {"green"}),
        ("bump", {"green"}),
        ("join", {"blue", "green"}),
    ]
    halves.ok("validate")
    told = [line.split("  ")[-3:] for line in halves.ok("history").out.splitlines()[1:]]
    assert len(told) == len(served)
    trailers = halves.git("log", "--format=%(trailers:key=Bggen-Action,valueonly)").split()
    assert trailers[:5] == ["join", "bump", "flip", "bump", "drain"]


def test_what_serves_is_told_everywhere(joined: ConfigRepo) -> None:
    assert "green serves beside blue" in joined.ok("status").out
    assert joined.document("status")["apps"][0]["joined"] is True
    assert joined.document("diff")["joined"] is True
    plan = joined.document("drain", "--dry-run")
    assert plan["joined"] == {"before": True, "after": False}
    assert "Bggen-Action: drain" in plan["message"]
    document = joined.document("drain")
    assert (document["action"], document["joined"]) == ("drain", {"before": True, "after": False})
    assert document["active"] == {"before": "blue", "after": "blue"}
    assert [each["actions"] for each in joined.document("history")["entries"]][:2] == [["drain"], ["join"]]
    assert joined.document("drain")["reason"] == "blue serves alone already"


def test_what_would_change_a_half_that_serves_is_refused(joined: ConfigRepo) -> None:
    for command in (["bump", "--image", "v2"], ["flip"], ["park"], ["bump", "--image", "v2", "--flip"]):
        ran = joined.bggen(*command)
        assert (ran.code, ran.err) == (3, f"error: shop/prod: green serves beside blue\n{HINT.format(command[0])}")
    assert joined.bggen("flip", "--output", "json").json["error"]["kind"] == "joined"


def test_a_repeated_bump_is_done_and_the_spec_is_not_pending(joined: ConfigRepo) -> None:
    ran = joined.ok("bump", "--image", "v1")
    assert "nothing to do: both colours serve, and hold this release already" in ran.out
    assert joined.document("status")["apps"][0]["pendingSpec"] is False
    joined.commit({"apps/shop/app.yaml": SPEC.replace("replicas: 3", "replicas: 4")}, "more")
    assert joined.document("status")["apps"][0]["pendingSpec"] is True


def test_as_active_goes_with_nothing_that_says_otherwise(joined: ConfigRepo) -> None:
    for option in (["--image", "v2"], ["--sequence", "web=1"], ["--keep-config"], ["--flip"]):
        ran = joined.bggen("bump", "--as-active", *option)
        assert ran.code == 2
        assert ran.err.startswith("error: --as-active takes all from the active release")


def test_a_broken_spec_keeps_nobody_from_evening_the_halves(joined: ConfigRepo) -> None:
    for command in (["drain"], ["bump", "--image", "v2"], ["flip"]):
        joined.ok(*command)
    joined.commit({"apps/shop/app.yaml": SPEC.replace("port: 8080", "port: http")}, "broken")
    joined.ok("bump", "--as-active")
    joined.ok("join")
    assert weights(joined) == {"blue": 100, "green": 100}


def test_a_rollback_leaves_both_halves(joined: ConfigRepo) -> None:
    for command in (["drain"], ["bump", "--image", "v2"], ["flip"], ["bump", "--as-active"], ["join"]):
        joined.ok(*command)
    ran = joined.ok("rollback")
    assert "  note: blue served beside green, and serves alone now; its pods are replaced while they serve\n" in ran.out
    assert weights(joined) == {"blue": 100, "green": 0}
    assert joined.bggen("join").code == 3
