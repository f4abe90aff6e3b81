"""Files on disk are read and written inside the config repo only, each at once or not at all."""

from __future__ import annotations

import os
import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError, InvalidError
from bggen.model import Change
from bggen.workspace import MAX_BYTES, WorkTree, find_root
from tests.support.disks import small_file_system

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "repo"
    (made / "apps/shop/prod").mkdir(parents=True)
    (made / "bggen.yaml").write_text("x\n")
    (made / "apps/shop/app.yaml").write_text("name: shop\n")
    return made


def test_read_and_names(root: Path) -> None:
    work = WorkTree(root)
    (root / "link").symlink_to("apps")
    os.mkfifo(root / "pipe")
    assert work.read("apps/shop/app.yaml") == b"name: shop\n"
    assert work.read("apps/shop/none.yaml") is None
    assert work.read("apps/none/app.yaml") is None
    assert work.names("") == {"apps": "folder", "bggen.yaml": "file", "link": "link", "pipe": "other"}
    assert work.names("apps/none") == {}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("link", "link: is a symbolic link; bggen follows no links"),
        ("folder/x", "folder: is a symbolic link; bggen follows no links"),
        ("folder/deep/x", "folder: is a symbolic link; bggen follows no links"),
        ("dangling", "dangling: is a symbolic link; bggen follows no links"),
        ("apps", "apps: is a folder; it must be a file"),
        ("pipe", "pipe: is neither a file nor a folder; it must be a file"),
        ("bggen.yaml/x", "bggen.yaml: is a file; it must be a folder"),
        ("large", "large: is 1,048,577 bytes long; bggen reads files up to 1,048,576 bytes"),
        ("../secret", "../secret: is not a path inside the config repo"),
        ("/etc/passwd", "/etc/passwd: is not a path inside the config repo"),
        (".git/config", ".git/config: is not a path inside the config repo"),
        ("a\nb", "a?b: is not a path inside the config repo"),
    ],
)
def test_what_is_not_read(root: Path, path: str, words: str) -> None:
    (root.parent / "secret").write_text("s")
    (root.parent / "outside").mkdir()
    (root.parent / "outside/x").write_text("s")
    (root / "link").symlink_to("../secret")
    (root / "dangling").symlink_to("nowhere")
    (root / "folder").symlink_to("../outside")
    (root / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    os.mkfifo(root / "pipe")
    with pytest.raises(InvalidError) as caught:
        WorkTree(root).read(path)
    assert caught.value.message == words
    assert [str(problem) for problem in caught.value.problems] == [words]


def test_file_of_the_largest_size_is_read(root: Path) -> None:
    (root / "large").write_bytes(b"#" * MAX_BYTES)
    assert WorkTree(root).read("large") == b"#" * MAX_BYTES


def test_names_of_a_link_are_refused(root: Path) -> None:
    (root / "apps/shop/staging").symlink_to("prod")
    with pytest.raises(InvalidError, match="apps/shop/staging: is a symbolic link"):
        WorkTree(root).names("apps/shop/staging")


def test_write(root: Path) -> None:
    (root / "apps/shop/prod/old.yaml").write_text("old\n")
    (root / "apps/shop/app.yaml").chmod(0o755)
    WorkTree(root).write([
        Change("apps/shop/app.yaml", b"name: shop\n", b"name: shop2\n"),
        Change("apps/new/prod/manifests/x.yaml", None, b"x\n"),
        Change("apps/shop/prod/old.yaml", b"old\n", None),
        Change("apps/shop/prod/gone.yaml", b"gone\n", None),
    ])  # fmt: skip
    assert (root / "apps/shop/app.yaml").read_bytes() == b"name: shop2\n"
    assert (root / "apps/new/prod/manifests/x.yaml").read_bytes() == b"x\n"
    assert not (root / "apps/shop/prod").exists()
    assert sorted(path.name for path in root.rglob("*") if path.is_file()) == ["app.yaml", "bggen.yaml", "x.yaml"]


def test_empty_folders_above_the_root_stay(tmp_path: Path) -> None:
    root = tmp_path / "a/b"
    root.mkdir(parents=True)
    (root / "bggen.yaml").write_text("x")
    WorkTree(root).write([Change("bggen.yaml", b"x", None)])
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("path", ["link/x", "link", "apps/shop/prod/link"])
def test_nothing_is_written_through_a_link(root: Path, path: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (root / path.removesuffix("/x")).symlink_to(outside)
    with pytest.raises(InvalidError, match="is a symbolic link"):
        WorkTree(root).write([Change("first", None, b"1"), Change(path, None, b"2")])
    assert list(outside.iterdir()) == []
    assert not (root / "first").exists()


def test_failed_write_leaves_nothing(root: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    changes = [Change("apps/shop/app.yaml", b"", b"new\n"), Change("more/deep/large", None, b"#" * 100_000)]
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        with pytest.raises(GitError, match="cannot write more/deep/large: File too large"):
            WorkTree(root).write(changes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (root / "apps/shop/app.yaml").read_text() == "name: shop\n"
    assert sorted(path.name for path in root.rglob("*")) == ["app.yaml", "apps", "bggen.yaml", "prod", "shop"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_file_system(tmp_path / "small", "64k") as folder:
        yield folder


def test_full_disk(small_disk: Path) -> None:
    (small_disk / "a.yaml").write_text("old\n")
    with pytest.raises(GitError, match=r"cannot write b\.yaml: No space left on device"):
        WorkTree(small_disk).write([Change("a.yaml", b"old\n", b"new\n"), Change("b.yaml", None, b"#" * 100_000)])
    assert [path.name for path in small_disk.iterdir()] == ["a.yaml"]
    assert (small_disk / "a.yaml").read_text() == "old\n"


def test_read_only_disk(small_disk: Path) -> None:
    (small_disk / "a.yaml").write_text("old\n")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(GitError, match=r"cannot write a\.yaml: Read-only file system"):
        WorkTree(small_disk).write([Change("a.yaml", b"old\n", b"new\n")])
    with pytest.raises(GitError, match="cannot make new: Read-only file system"):
        WorkTree(small_disk).write([Change("new/a.yaml", None, b"new\n")])


def test_find_root(root: Path) -> None:
    assert find_root(root) == root
    assert find_root(root / "apps/shop/prod") == root
    assert find_root(root.parent) is None
    (root.parent / "way").symlink_to(root / "apps")
    assert find_root(root.parent / "way/shop") == root
