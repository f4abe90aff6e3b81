"""A cache of a remote: whatever is wrong with it, the remote stays sound, and the next run, or the one after, works."""

from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.longer import LONG
from tests.support.servers.repos import somebody_pushes
from tests.support.writers import assert_sound, make_apps, run_here, url_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers.repos import BareRepo


@pytest.fixture
def bare(tmp_path: Path) -> BareRepo:
    return make_apps(tmp_path / "config.git", 3)


class Cache:
    """A cache folder, and bggen that works with it."""

    def __init__(self, folder: Path, bare: BareRepo, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._bare = bare
        self._capfd = capfd
        self._images = 0

    def bump(self, app: str = "hello") -> int:
        """Bump to an image that is new every time, and return the exit code."""
        self._images += 1
        where = ["--repo", url_of(self._bare), "--cache-dir", str(self.folder)]
        ran = run_here(self._capfd, "bump", "-a", app, "--image", f"v{self._images}", *where, "-o", "json")
        if ran.code == 0:
            assert ran.json["commit"] == self._bare.tip()
        else:
            assert ran.code == 6, ran.err
            assert "Traceback" not in ran.err
        return ran.code

    @property
    def repos(self) -> list[Path]:
        """The repositories of all generations, the oldest first."""
        return sorted(self.folder.glob("*/*/repo.git"), key=lambda path: int(path.parent.name))


@pytest.fixture
def cache(tmp_path: Path, bare: BareRepo, capfd: pytest.CaptureFixture[str]) -> Cache:
    return Cache(tmp_path / "cache", bare, capfd)


def files(repo: Path, pattern: str) -> list[Path]:
    found = sorted(repo.glob(pattern))
    assert found, pattern
    for path in found:
        path.chmod(0o644)
    return found


def truncate_packs(repo: Path) -> None:
    for path in files(repo, "objects/pack/*.pack"):
        os.truncate(path, path.stat().st_size // 2)


def empty_packs(repo: Path) -> None:
    for path in files(repo, "objects/pack/*.pack"):
        os.truncate(path, 0)


def scramble_packs(repo: Path) -> None:
    for path in files(repo, "objects/pack/*.pack"):
        content = bytearray(path.read_bytes())
        content[20:-20] = bytes(len(content) - 40)
        path.write_bytes(content)


def lose_packs(repo: Path) -> None:
    for path in files(repo, "objects/pack/*.pack"):
        path.unlink()


def truncate_indexes(repo: Path) -> None:
    for path in files(repo, "objects/pack/*.idx"):
        os.truncate(path, path.stat().st_size // 2)


def empty_loose_objects(repo: Path) -> None:
    for path in files(repo, "objects/[0-9a-f][0-9a-f]/*"):
        os.truncate(path, 0)


def garble_shallow(repo: Path) -> None:
    (repo / "shallow").write_text("garbage\n")


def lose_shallow(repo: Path) -> None:
    (repo / "shallow").unlink()


def empty_config(repo: Path) -> None:
    (repo / "config").write_text("")


def garble_config(repo: Path) -> None:
    (repo / "config").write_text("[core\n")


def lose_head(repo: Path) -> None:
    (repo / "HEAD").unlink()


def lose_objects(repo: Path) -> None:
    shutil.rmtree(repo / "objects")


@pytest.mark.parametrize(
    "damage",
    [
        truncate_packs,
        empty_packs,
        scramble_packs,
        lose_packs,
        truncate_indexes,
        empty_loose_objects,
        garble_shallow,
        lose_shallow,
        empty_config,
        garble_config,
        lose_head,
        lose_objects,
    ],
    ids=lambda damage: damage.__name__,
)
def test_damage_is_noticed_and_the_run_after_works(
    bare: BareRepo, cache: Cache, damage: Callable[[Path], None]
) -> None:
    start = bare.tip()
    assert cache.bump() == 0
    assert cache.bump("app-000") == 0
    (repo,) = cache.repos
    damage(repo)
    landed = 2
    codes = []
    for app in ("hello", "app-001"):
        codes.append(cache.bump(app))
        landed += codes[-1] == 0
    assert codes[-1] == 0, codes
    assert len(assert_sound(bare, start)) == landed


def test_locks_and_half_a_pack_of_a_killed_git_are_removed(cache: Cache) -> None:
    assert cache.bump() == 0
    (repo,) = cache.repos
    left = [repo / "shallow.lock", repo / "config.lock", repo / "objects/pack/tmp_pack_x", repo / "FETCH_HEAD.lock"]
    for path in left:
        path.write_bytes(b"x" * 100)
        os.utime(path, (0, 0))
    # Another process writes it at this moment.
    written = repo / "objects/pack/tmp_pack_y"
    written.write_bytes(b"y")
    assert cache.bump() == 0
    assert cache.repos == [repo]
    assert not [path for path in left if path.exists()]
    assert written.exists()


def test_it_survives_a_half_made_generation(cache: Cache) -> None:
    assert cache.bump() == 0
    (repo,) = cache.repos
    (repo.parents[1] / "2" / "repo.git" / "objects").mkdir(parents=True)
    assert cache.bump() == 0
    assert cache.bump() == 0
    assert [path.parent.name for path in cache.repos] == ["2"]


def test_a_remote_whose_history_was_made_anew(bare: BareRepo, cache: Cache, tmp_path: Path) -> None:
    assert cache.bump() == 0
    for path in sorted(bare.path.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    other = make_apps(tmp_path / "other.git", 2)
    for path in sorted(other.path.iterdir()):
        path.rename(bare.path / path.name)
    assert cache.bump() == 0
    somebody_pushes(bare, "README", "hello\n")
    assert cache.bump() == 0
    assert len(bare.log()) == 4


def test_nobody_else_may_look_into_it(cache: Cache) -> None:
    assert cache.bump() == 0
    (home,) = cache.folder.iterdir()
    assert home.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made(bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    where = ["--repo", url_of(bare), "--cache-dir", str(tmp_path / "file" / "cache"), "-o", "json"]
    ran = run_here(capfd, "bump", "-a", "hello", "--image", "v1", *where)
    assert (ran.code, ran.json["error"]["kind"]) == (6, "files")


def hurt(path: Path, chance: random.Random) -> str:
    """Damage a file somehow, and return how."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) + 1)
    how = chance.choice(["cut", "zeros", "flip", "gone", "more"])
    if how == "gone":
        path.unlink()
        return how
    if how == "cut":
        del content[place:]
    elif how == "zeros":
        content[place : place + 64] = bytes(len(content[place : place + 64]))
    elif how == "flip" and place < len(content):
        content[place] ^= 1 << chance.randrange(8)
    elif how == "more":
        content[place:place] = b"\xff" * 7
    path.write_bytes(content)
    return f"{how} at {place}"


@pytest.mark.parametrize("seed", range(200 if LONG else 3))
def test_any_damage_is_got_over(bare: BareRepo, cache: Cache, seed: int) -> None:
    chance = random.Random(seed if LONG else None)  # noqa: S311 - chance is all that is wanted
    start = bare.tip()
    for app in ("hello", "app-000", "hello"):
        assert cache.bump(app) == 0
    (repo,) = cache.repos
    path = chance.choice(sorted(path for path in repo.rglob("*") if path.is_file()))
    how = f"{path.relative_to(repo)}: {hurt(path, chance)}"
    codes = [cache.bump(app) for app in ("hello", "app-001", "hello")]
    assert codes[-2:] == [0, 0], (how, codes)
    assert len(assert_sound(bare, start)) == 3 + codes.count(0)
