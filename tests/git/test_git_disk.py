"""A disk that fills up or cannot be written to: one clear line, and the repository is as before or as after."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError
from bggen.git import Checkout
from tests.support.disks import small_file_system
from tests.support.repos import Repo, assert_delivered, assert_no_leftovers, fill, make_repo, standard_changes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = 4096


@pytest.fixture
def small(tmp_path: Path, env: dict[str, str]) -> Iterator[Repo]:
    with small_file_system(tmp_path / "disk", "1m") as folder:
        repo = make_repo(folder / "repo", env)
        fill(repo)
        yield repo


def deliver(repo: Repo) -> None:
    with Checkout.open(repo.path) as checkout, checkout.lock():
        checkout.recover()
        checkout.deliver(checkout.tip, standard_changes(), "subject", "reflog")


def leave_free(folder: Path, pages: int) -> Path:
    """Fill the disk until only so many pages are free."""
    filler = folder / "filler"
    free = shutil.disk_usage(folder).free
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - pages * PAGE, 1))
    return filler


def test_disk_that_fills_up_at_each_moment(small: Repo) -> None:
    before, old, disk = small.snapshot(), small.tip(), small.path.parent
    errors = []
    for pages in range(60):
        filler = leave_free(disk, pages)
        try:
            deliver(small)
        except GitError as error:
            errors.append(error)
            filler.unlink()
        else:
            filler.unlink()
            break
        with Checkout.open(small.path) as checkout, checkout.lock():
            checkout.recover()
        assert_no_leftovers(small)
        if small.tip() == old:
            assert small.snapshot() == before
        else:
            assert_delivered(small, standard_changes())
            small.git("reset", "-q", "--hard", old)
    assert_delivered(small, standard_changes())
    assert small.snapshot() == before
    # It failed in git and in the work tree, and the words say why. Which step a page more or less hits depends on the
    # commit's id: its first two digits may need a new folder.
    assert {"write"} <= {error.message.split()[1] for error in errors} <= {"write", "move"}
    assert len({error.message.partition(":")[0] for error in errors}) > 1
    assert any("No space left on device" in error.message for error in errors)
    assert not any("\n" in error.message for error in errors)


def test_read_only_disk(small: Repo) -> None:
    before, old, disk = small.snapshot(), small.tip(), small.path.parent
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(GitError, match="Read-only file system"):
        deliver(small)
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert (small.snapshot(), small.tip()) == (before, old)
    deliver(small)
    assert_delivered(small, standard_changes())


def test_read_only_work_tree(small: Repo, tmp_path: Path) -> None:
    # The repository itself can be written: what fails is the first file beside its target.
    linked = tmp_path / "linked"
    subprocess.run(["git", "clone", "-q", str(small.path), str(linked)], check=True)
    git_dir = tmp_path / "git"
    shutil.move(linked / ".git", git_dir)
    (small.path.parent / "tree").mkdir()
    shutil.copytree(linked, small.path.parent / "tree", dirs_exist_ok=True)
    repo = Repo(small.path.parent / "tree", small.env)
    repo.write(".git", f"gitdir: {git_dir}\n")
    repo.git("status")
    old = repo.tip()
    subprocess.run(["mount", "-o", "remount,ro", str(small.path.parent)], check=True)
    with pytest.raises(GitError, match=r"cannot (write|make) apps/shop/prod/\S+: Read-only file system"):
        deliver(repo)
    subprocess.run(["mount", "-o", "remount,rw", str(small.path.parent)], check=True)
    assert repo.tip() == old
    assert repo.git("status", "--porcelain") == ""
    assert_no_leftovers(repo)
