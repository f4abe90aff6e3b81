"""Where a change cannot be made, one line says why, and nothing has changed."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from bggen.errors import ContentionError, GitError, InvalidError, RefusedError
from bggen.git import Checkout
from bggen.git.lock import acquire
from bggen.model import Change
from tests.support.repos import Repo, assert_delivered, make_repo, standard_changes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def deliver(root: Path, changes: list[Change] | None = None) -> str:
    with Checkout.open(root) as checkout:
        return checkout.deliver(checkout.tip, changes or standard_changes(), "subject", "reflog")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="is not in a git repository") as caught:
        Checkout.open(tmp_path)
    assert caught.value.hint == "git init, and commit what is there"
    assert caught.value.exit_code == 6


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="is gone"):
        Checkout.open(tmp_path / "nope")


def test_bare_repository(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    with pytest.raises(GitError, match="is not a work tree: the repository is bare"):
        Checkout.open(tmp_path / "bare.git")
    with pytest.raises(GitError, match="is not a work tree"):
        Checkout.open(repo.path / ".git")


def test_unborn_branch(tmp_path: Path, env: dict[str, str]) -> None:
    repo = make_repo(tmp_path / "new", env)
    with pytest.raises(RefusedError, match="the branch main has no commit yet") as caught:
        Checkout.open(repo.path)
    assert caught.value.hint == "git add . && git commit -m 'Start'"


def test_detached_head(repo: Repo) -> None:
    repo.git("checkout", "-q", "--detach")
    with pytest.raises(RefusedError, match=f"HEAD is detached at {repo.tip()[:10]}") as caught:
        Checkout.open(repo.path)
    assert caught.value.kind == "branch"
    with Checkout.open(repo.path, changing=False) as checkout:
        assert (checkout.branch, checkout.tip) == ("", repo.tip())
        assert checkout.tip_files().read("README") == b"hello\n"
        with pytest.raises(RefusedError):
            checkout.deliver(checkout.tip, standard_changes(), "m", "r")


@pytest.mark.parametrize("kind", ["heads", "tags"])
def test_ambiguous_head(repo: Repo, kind: str) -> None:
    repo.git("update-ref", f"refs/{kind}/HEAD", "HEAD")
    with pytest.raises(RefusedError, match="HEAD is ambiguous"):
        Checkout.open(repo.path)


def conflict(repo: Repo) -> None:
    repo.git("switch", "-qc", "side")
    repo.commit({"README": "side\n"})
    repo.git("switch", "-q", "main")
    repo.commit({"README": "main\n"})


def start_merge(repo: Repo) -> None:
    conflict(repo)
    repo.try_git("merge", "side")


def start_rebase(repo: Repo) -> None:
    conflict(repo)
    repo.try_git("rebase", "side")


def start_pick(repo: Repo) -> None:
    conflict(repo)
    repo.try_git("cherry-pick", "side")


def start_revert(repo: Repo) -> None:
    first = repo.commit({"README": "two\n"})
    repo.commit({"README": "three\n"})
    repo.try_git("revert", "--no-edit", first)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (start_merge, "a merge is in progress"),
        (start_rebase, "a rebase"),
        (start_pick, "a cherry-pick is in progress"),
        (start_revert, "a revert is in progress"),
    ],
)
def test_work_in_progress(repo: Repo, start: Callable[[Repo], None], words: str) -> None:
    start(repo)
    status, tip = repo.git("status", "--porcelain=v2"), repo.tip()
    with pytest.raises(RefusedError, match=words) as caught:
        deliver(repo.path)
    assert caught.value.kind == "busy"
    assert (repo.git("status", "--porcelain=v2"), repo.tip()) == (status, tip)
    with Checkout.open(repo.path, changing=False) as checkout:
        assert checkout.tip_files().read("bggen.yaml") is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_dubious_ownership(repo: Repo) -> None:
    os.chown(repo.path, 12345, 12345)
    os.chown(repo.path / ".git", 12345, 12345)
    with pytest.raises(GitError, match=r"git refuses to work in .*: it belongs to another user") as caught:
        Checkout.open(repo.path)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("git config --global --add safe.directory ")


def test_no_git(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git was not found on PATH"):
        Checkout.open(repo.path)


def test_old_git(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text(
        '#!/bin/sh\ncase "$*" in *version) echo git version 1.8.3.1;; *) echo usage: git >&2; exit 129;; esac\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    with pytest.raises(GitError, match=r"git 1\.8 is too old") as caught:
        Checkout.open(repo.path)
    assert caught.value.hint == "install git 2.25 or newer"


def test_index_lock_that_stays(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bggen.git.place._PATIENCE", 0.1)
    before = repo.snapshot()
    lock = repo.path / ".git/index.lock"
    lock.touch()
    with pytest.raises(GitError, match=r"another git works in this checkout: .*index\.lock exists") as caught:
        deliver(repo.path)
    assert caught.value.hint == "wait for it; if none runs any more, remove that file"
    lock.unlink()
    assert repo.snapshot() == before
    assert list((repo.path / ".git/bggen").iterdir()) == [repo.path / ".git/bggen/lock"]
    deliver(repo.path)
    assert_delivered(repo, standard_changes())


def test_index_lock_that_goes(repo: Repo) -> None:
    lock = repo.path / ".git/index.lock"
    lock.touch()
    timer = threading.Timer(0.2, lock.unlink)
    timer.start()
    deliver(repo.path)
    timer.join()
    assert_delivered(repo, standard_changes())


def test_branch_lock_that_stays(repo: Repo) -> None:
    before, tip = repo.snapshot(), repo.tip()
    lock = repo.path / ".git/refs/heads/main.lock"
    lock.touch()
    with pytest.raises(GitError, match=r"cannot move the branch main: .*main\.lock"):
        deliver(repo.path)
    lock.unlink()
    assert (repo.snapshot(), repo.tip()) == (before, tip)
    deliver(repo.path)
    assert_delivered(repo, standard_changes())


def test_bggen_lock_is_waited_for_and_given_up(repo: Repo) -> None:
    with Checkout.open(repo.path) as checkout, checkout.lock():
        with pytest.raises(ContentionError) as caught:
            acquire(repo.path / ".git/bggen", patience=0.05)
        assert caught.value.exit_code == 5
        with checkout.lock():
            pass
        with pytest.raises(ContentionError):
            acquire(repo.path / ".git/bggen", patience=0.05)
    os.close(acquire(repo.path / ".git/bggen", patience=0.05))


@pytest.mark.parametrize("name", ["none", "mail", "name"])
def test_missing_identity(repo: Repo, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for key in [key for key in os.environ if key.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_"))]:
        monkeypatch.delenv(key)
    if name == "mail":
        repo.git("config", "user.email", "a@b.c")
        repo.git("config", "user.name", "")
    if name == "name":
        repo.git("config", "user.name", "Ada")
    before, tip = repo.snapshot(), repo.tip()
    with pytest.raises(RefusedError, match="git knows no name and mail address") as caught:
        deliver(repo.path)
    assert caught.value.kind == "identity"
    assert caught.value.hint == "git config user.name 'NAME' && git config user.email MAIL, or --author 'NAME <MAIL>'"
    assert (repo.snapshot(), repo.tip()) == (before, tip)
    with Checkout.open(repo.path) as checkout, pytest.raises(RefusedError):
        checkout.identity()


def test_identity(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with Checkout.open(repo.path) as checkout:
        assert checkout.identity() == "Ada <ada@example.com>"
        monkeypatch.delenv("GIT_COMMITTER_NAME")
    repo.git("config", "user.name", "Grace Ü Hopper")
    with Checkout.open(repo.path) as checkout:
        assert checkout.identity() == "Grace Ü Hopper <ada@example.com>"


def test_link_in_the_tip(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "manifests").mkdir(parents=True)
    shutil.rmtree(repo.path / "apps/shop/prod")
    (repo.path / "apps/shop/prod").symlink_to(outside)
    repo.commit({})
    tip = repo.tip()
    with Checkout.open(repo.path) as checkout:
        files = checkout.tip_files()
        assert files.names("apps/shop") == {"app.yaml": "file", "prod": "link"}
        for path in ("apps/shop/prod/release.yaml", "apps/shop/prod/manifests/service.yaml"):
            with pytest.raises(InvalidError, match="apps/shop/prod: is a symbolic link; bggen follows no links"):
                files.read(path)
        with pytest.raises(InvalidError, match="is a symbolic link"):
            files.names("apps/shop/prod/manifests")
        with pytest.raises(InvalidError, match="is a symbolic link"):
            files.read("apps/shop/prod")
        with pytest.raises(InvalidError, match="is a symbolic link"):
            checkout.deliver(checkout.tip, standard_changes(), "m", "r")
    assert repo.tip() == tip
    assert sorted(path.name for path in outside.rglob("*")) == ["manifests"]


def test_link_in_the_tip_where_disk_has_a_folder(repo: Repo, tmp_path: Path) -> None:
    shutil.rmtree(repo.path / "apps/shop/prod")
    (repo.path / "apps/shop/prod").symlink_to(tmp_path)
    repo.commit({})
    (repo.path / "apps/shop/prod").unlink()
    (repo.path / "apps/shop/prod").mkdir()
    tip = repo.tip()
    with pytest.raises(InvalidError, match="is a symbolic link"):
        deliver(repo.path)
    assert repo.tip() == tip


@pytest.mark.parametrize("where", ["apps/shop/prod", "apps/shop", "apps/shop/prod/manifests", "apps/shop/prod/more"])
def test_link_on_disk_in_place_of_a_folder(repo: Repo, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "outside"
    if (repo.path / where).exists():
        shutil.move(repo.path / where, outside)
    else:
        outside.mkdir()
    (repo.path / where).symlink_to(outside)
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    tip = repo.tip()
    with pytest.raises(InvalidError, match=f"{where}: is a symbolic link"):
        deliver(repo.path)
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    assert repo.tip() == tip


@pytest.mark.parametrize("tracked", [True, False])
def test_link_in_place_of_a_file(repo: Repo, tmp_path: Path, *, tracked: bool) -> None:
    outside = tmp_path / "outside"
    outside.write_text("safe\n")
    (repo.path / "apps/shop/prod/release.yaml").unlink()
    (repo.path / "apps/shop/prod/release.yaml").symlink_to(outside)
    if tracked:
        repo.commit({})
        with Checkout.open(repo.path) as checkout, pytest.raises(InvalidError, match="is a symbolic link"):
            checkout.tip_files().read("apps/shop/prod/release.yaml")
    tip = repo.tip()
    with pytest.raises(InvalidError, match=r"release\.yaml: is a symbolic link"):
        deliver(repo.path)
    assert outside.read_text() == "safe\n"
    assert repo.tip() == tip


def test_submodule_on_the_way(repo: Repo, tmp_path: Path) -> None:
    inner = make_repo(tmp_path / "inner", repo.env)
    inner.commit({"release.yaml": "active: blue\n"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "apps/shop/stage")
    repo.commit({})
    tip = repo.tip()
    with Checkout.open(repo.path) as checkout:
        assert checkout.tip_files().names("apps/shop")["stage"] == "submodule"
        with pytest.raises(InvalidError, match="apps/shop/stage: is a submodule; it must be a folder"):
            checkout.tip_files().read("apps/shop/stage/release.yaml")
        with pytest.raises(InvalidError, match="apps/shop/stage: is a submodule"):
            checkout.deliver(checkout.tip, [Change("apps/shop/stage/blue.yaml", None, b"x")], "m", "r")
    assert repo.tip() == tip


@pytest.mark.parametrize("path", ["README/x", "apps/shop", "apps/shop/app.yaml/x/y"])
def test_file_and_folder_change_places(repo: Repo, path: str) -> None:
    before, tip = repo.snapshot(), repo.tip()
    with pytest.raises(InvalidError, match="it must be a"):
        deliver(repo.path, [Change(path, b"?", b"x")])
    assert (repo.snapshot(), repo.tip()) == (before, tip)


def test_large_file_in_the_tip(repo: Repo) -> None:
    repo.commit({"apps/shop/app.yaml": b"#" * (1024 * 1024 + 1), "apps/hello/app.yaml": b"#" * 1024 * 1024})
    with Checkout.open(repo.path) as checkout:
        files = checkout.tip_files()
        with pytest.raises(InvalidError, match=r"app\.yaml: is 1,048,577 bytes long"):
            files.read("apps/shop/app.yaml")
        assert files.read("apps/hello/app.yaml") == b"#" * 1024 * 1024
        assert files.read("README") == b"hello\n"
        assert files.read("apps/none/app.yaml") is None
        assert files.read("README2") is None


def test_damaged_repository(repo: Repo) -> None:
    oid = repo.git("rev-parse", "HEAD:README")
    (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with Checkout.open(repo.path) as checkout, pytest.raises(GitError, match="its content is missing"):
        checkout.tip_files().read("README")
