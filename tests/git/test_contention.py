"""Several processes push to one branch at once: whoever loses a race decides again, and nobody's decision is lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.contests import different_apps, flips_against_bumps, same_app
from tests.support.servers.repos import BareRepo
from tests.support.writers import (
    Writers,
    active_images,
    assert_sound,
    documents,
    hook,
    land_amid,
    load,
    make_apps,
    prepare,
    run_here,
    url_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Ran

HELLO = "ghcr.io/acme/hello"


@pytest.fixture
def writers(tmp_path: Path, env: dict[str, str]) -> Writers:
    return Writers(tmp_path / "writers", env)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> BareRepo:
    folder = tmp_path_factory.mktemp("template")
    bare = make_apps(folder / "config.git", 1)
    writers = Writers(folder / "writers", bare.env)
    for tag in ("first", "tested"):
        documents([writers.run("bump", "-a", "hello", "--image", tag, "--repo", url_of(bare), "-o", "json")])
    return bare


@pytest.fixture
def bare(template: BareRepo, tmp_path: Path) -> BareRepo:
    """`hello` with `first` in blue, active, and `tested` in green, pending; beside it an app without a release."""
    shutil.copytree(template.path, tmp_path / "config.git")
    return BareRepo(tmp_path / "config.git", template.env)


def test_every_process_lands_with_its_own_app(tmp_path: Path, writers: Writers) -> None:
    assert max(different_apps(tmp_path, writers, 5, checkouts=2)) > 1


def test_processes_of_one_machine_take_turns(tmp_path: Path, env: dict[str, str]) -> None:
    assert different_apps(tmp_path, Writers(tmp_path / "writers", env, shared=True), 4) == [1] * 4


def test_bumps_of_one_app_follow_each_other(tmp_path: Path, writers: Writers) -> None:
    same_app(tmp_path, writers, 4, checkouts=1)


def test_what_was_not_tried_is_never_live(tmp_path: Path, writers: Writers) -> None:
    flips_against_bumps(tmp_path, writers, 10, seed=1, at_once=5)


BUMP = ("bump", "--image", "untested")


@pytest.mark.parametrize("checkout", [False, True], ids=["remote", "checkout"])
@pytest.mark.parametrize(
    ("command", "meanwhile", "kind"),
    [
        (BUMP, ("flip",), "stale"),
        ((*BUMP, "--flip"), ("flip",), "stale"),
        (("park",), ("flip",), "stale"),
        (("flip",), BUMP, "stale"),
        (("flip", "--release", "2"), BUMP, "stale"),
        (("flip", "--to", "green"), BUMP, "stale"),
        (("flip",), ("hold", "--reason", "no"), "hold"),
        # Done by somebody else.
        (("flip",), ("flip",), None),
        (("flip", "--release", "2"), ("flip",), None),
        (BUMP, BUMP, None),
        (("park",), ("park",), None),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else None,
)
def test_a_decision_that_something_else_overtook(
    bare: BareRepo,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    command: tuple[str, ...],
    meanwhile: tuple[str, ...],
    kind: str | None,
    checkout: bool,
) -> None:
    other = prepare(bare, capfd, *meanwhile, "-a", "hello")
    land_amid(bare, other)
    ran = run_in(bare, tmp_path, capfd, *command, checkout=checkout)
    assert bare.tip() == other
    assert ran.json["attempts"] == 2
    assert ran.json["changed"] is False
    assert ran.json["commit"] is None
    if kind is None:
        assert ran.code == 0
    else:
        assert ran.code == 3
        assert ran.json["error"]["kind"] == kind


@pytest.mark.parametrize("checkout", [False, True], ids=["remote", "checkout"])
def test_a_bump_that_may_take_the_other_colour_lands_there(
    bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path, *, checkout: bool
) -> None:
    flip = prepare(bare, capfd, "flip", "-a", "hello")
    land_amid(bare, flip)
    ran = run_in(bare, tmp_path, capfd, *BUMP, "--retarget", checkout=checkout)
    assert ran.code == 0
    assert bare.git("rev-parse", "main^") == flip
    assert active_images(bare) == {f"{HELLO}:tested"}
    assert ran.json["images"]["blue"] == {"hello": f"{HELLO}:untested"}


@pytest.mark.parametrize("checkout", [False, True], ids=["remote", "checkout"])
def test_what_happens_elsewhere_is_no_reason_to_refuse(
    bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path, *, checkout: bool
) -> None:
    start = bare.tip()
    other = prepare(bare, capfd, "bump", "-a", "app-000", "--image", "v1")
    land_amid(bare, other)
    ran = run_in(bare, tmp_path, capfd, "flip", checkout=checkout)
    assert ran.code == 0
    assert ran.json["attempts"] == 2
    assert assert_sound(bare, start) == [other, ran.json["commit"]]


def test_a_rollback_goes_where_it_was_first_meant_to(
    bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run_here(capfd, "flip", "-a", "hello", "--repo", url_of(bare)).code == 0
    other = prepare(bare, capfd, *BUMP, "-a", "hello")
    land_amid(bare, other)
    ran = run_in(bare, tmp_path, capfd, "rollback", checkout=False)
    assert ran.code == 0, ran.err
    # Blue has been given to another release meanwhile: what served before comes back all the same.
    assert active_images(bare) == {f"{HELLO}:first"}
    assert load(bare, "apps/hello/prod/release.yaml")["hold"]


@pytest.mark.parametrize("retries", [0, 2])
def test_it_gives_up_when_the_branch_never_rests(
    bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path, retries: int
) -> None:
    before = bare.tip()
    # Somebody else's push is under way, and does not end.
    hook(bare, ": > refs/heads/main.lock\n")
    ran = run_in(bare, tmp_path, capfd, "flip", "--retries", str(retries), checkout=False)
    assert ran.code == 5
    assert ran.json["error"]["kind"] == "contention"
    assert ran.json["attempts"] == retries + 1
    assert "failed to update ref" in ran.json["error"]["message"]
    assert bare.tip() == before


def test_it_lands_once_the_branch_rests(bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    hook(
        bare, "echo x >> pushes\nrm -f refs/heads/main.lock\n[ $(wc -l < pushes) -gt 2 ] || : > refs/heads/main.lock\n"
    )
    ran = run_in(bare, tmp_path, capfd, "flip", checkout=False)
    assert ran.code == 0
    assert ran.json["attempts"] == 3
    assert active_images(bare) == {f"{HELLO}:tested"}


def run_in(bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str], *command: str, checkout: bool) -> Ran:
    """Run a command on `hello`, on the remote itself or in a checkout that pushes."""
    place = ["--repo", url_of(bare)]
    if checkout:
        bare.git("clone", "--quiet", str(bare.path), str(tmp_path / "clone"))
        place = ["--repo", str(tmp_path / "clone"), "--push"]
    return run_here(capfd, *command, "-a", "hello", *place, "--output", "json")
