"""Many processes that all write to one bare repository at once, and what has to come of it, at any size."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from tests.support.many import name_of
from tests.support.repos import Repo
from tests.support.writers import (
    active_images,
    assert_sound,
    documents,
    finish,
    load,
    make_apps,
    trailers,
    url_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.servers.repos import BareRepo
    from tests.support.writers import Writers

_IMAGE = "ghcr.io/acme"


def clones(bare: BareRepo, folder: Path, count: int) -> list[Repo]:
    """Return so many checkouts."""
    made = []
    for number in range(count):
        bare.git("clone", "--quiet", str(bare.path), str(folder / f"clone-{number}"))
        made.append(Repo(folder / f"clone-{number}", bare.env))
    return made


def different_apps(folder: Path, writers: Writers, count: int, checkouts: int = 0) -> list[int]:
    """Let each process bump an app of its own, the first few in checkouts; return how many attempts each took."""
    bare = make_apps(folder / "config.git", count)
    start = bare.tip()
    places = [["--repo", str(repo.path), "--push"] for repo in clones(bare, folder, checkouts)]
    places += [["--repo", url_of(bare)]] * (count - checkouts)
    running = [
        writers.start("bump", "-a", name_of(n), "-e", "prod", "--image", f"v{n}", "-o", "json", *place)
        for n, place in enumerate(places)
    ]
    ended = documents(finish(running))
    made = assert_sound(bare, start)
    assert {one["commit"] for one in ended} == set(made)
    assert len(made) == count
    assert all(one["changed"] and one["pushed"] for one in ended)
    for number in range(count):
        assert active_images(bare, name_of(number)) == {f"{_IMAGE}/{name_of(number)}:v{number}"}
    return [one["attempts"] for one in ended]


def same_app(folder: Path, writers: Writers, count: int, checkouts: int = 0) -> None:
    """Let all processes bump one app, each with an image of its own."""
    bare = make_apps(folder / "config.git", 0)
    documents([writers.run("bump", "--image", "first", "--repo", url_of(bare), "-o", "json")])
    start = bare.tip()
    places = [["--repo", str(repo.path), "--push"] for repo in clones(bare, folder, checkouts)]
    places += [["--repo", url_of(bare)]] * (count - checkouts)
    ended = documents(
        finish([writers.start("bump", "--image", f"v{n}", "-o", "json", *place) for n, place in enumerate(places)])
    )
    made = assert_sound(bare, start)
    assert {one["commit"] for one in ended} == set(made)
    assert len(made) == count
    # Nobody's number is another's: each document names the one that its commit gave.
    assert sorted(one["release"]["green"] for one in ended) == list(range(2, count + 2))
    assert [trailers(bare, commit)["Bggen-Release"] for commit in made] == [str(n) for n in range(2, count + 2)]
    winner = next(one for one in ended if one["commit"] == made[-1])
    pods = load(bare, "apps/hello/prod/manifests/deployment-hello-green.yaml")["spec"]["template"]["spec"]
    assert winner["images"]["green"]["hello"] == pods["containers"][0]["image"]
    assert active_images(bare) == {f"{_IMAGE}/hello:first"}


def flips_against_bumps(folder: Path, writers: Writers, rounds: int, *, seed: int | None, at_once: int) -> None:
    """Let a flip and a bump of the same app race, for so many apps: what was not tried idle is never live.

    The flip names the release that was tested, as CI does. What is allowed: the flip was first; then the bump was
    refused, or decided after the flip and so for the colour that had become idle. Or the bump was first; then the
    tested release is gone, and the flip is refused. With `--retarget` the bump always lands.
    """
    chance = random.Random(seed)  # noqa: S311 - chance is all that is wanted
    bare = make_apps(folder / "config.git", rounds)
    where = ["--repo", url_of(bare), "-o", "json"]
    for tag in ("first", "tested"):
        documents([writers.run("bump", "--match", "app-*", "-e", "prod", "--image", tag, *where)])
    start = bare.tip()
    for wave in _waves(rounds, at_once):
        retarget = {n: chance.random() < 0.5 for n in wave}
        commands = [
            (n, ["flip", "--release", "2"] if flip else ["bump", "--image", "untested", *["--retarget"] * retarget[n]])
            for n in wave
            for flip in (True, False)
        ]
        chance.shuffle(commands)
        running = {}
        for n, words in commands:
            running[n, words[0]] = writers.start(*words, "-a", name_of(n), "-e", "prod", *where)
            time.sleep(chance.uniform(0, 0.1))
        ended = dict(zip(running, finish(running.values()), strict=True))
        for n in wave:
            flip, bump = ended[n, "flip"], ended[n, "bump"]
            assert_fair(bare, name_of(n), (flip.code, bump.code), retarget=retarget[n])
            for one in (flip, bump):
                assert one.code == 0 or one.json["error"]["code"] == 3, one.err
    for commit in assert_sound(bare, start):
        app = trailers(bare, commit)["Bggen-App"]
        assert active_images(bare, app, commit=commit) <= {f"{_IMAGE}/{app}:{tag}" for tag in ("first", "tested")}


def assert_fair(bare: BareRepo, app: str, codes: tuple[int, int], *, retarget: bool) -> None:
    """Assert that the state fits how flip and bump of an app ended."""
    state = load(bare, f"apps/{app}/prod/release.yaml")
    releases = {color: load(bare, f"apps/{app}/prod/{color}.yaml")["release"] for color in ("blue", "green")}
    facts = (state["active"], releases["blue"], releases["green"])
    if codes == (0, 3):
        assert not retarget
        assert facts == ("green", 1, 2)
    elif codes == (3, 0):
        assert facts == ("blue", 1, 3)
    else:
        assert codes == (0, 0)
        assert facts == ("green", 3, 2)


def _waves(count: int, at_once: int) -> list[Sequence[int]]:
    return [range(first, min(first + at_once, count)) for first in range(0, count, at_once)]
