"""Many objects in one go: read while git answers, and stored as git stores so many."""

from __future__ import annotations

import os
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError
from bggen.git.objects import Objects, make
from bggen.git.process import Git

if TYPE_CHECKING:
    from tests.support.repos import Repo

WIDTH = 40


def blobs(repo: Repo, count: int, size: int = 10) -> dict[str, bytes]:
    """Store so many blobs by git itself, and return them by id."""
    bodies = [f"{number:0{size}}".encode() for number in range(count)]
    return {repo.git("hash-object", "-w", "--stdin", stdin=body.decode()): body for body in bodies}


def test_several_are_read_at_once_and_the_reader_goes_on(repo: Repo) -> None:
    expected = blobs(repo, 80)
    with closing(Objects(Git(repo.path))) as objects:
        absent = "1" * WIDTH
        found = objects.several([absent, *expected], limit=100)
        assert {oid: each.body for oid, each in found.items()} == expected
        assert objects.several([], limit=100) == {}
        commit = objects.get("HEAD")
        assert commit is not None
        assert commit.kind == "commit"


def test_what_is_too_large_is_left_out_and_the_reader_answers_again(repo: Repo) -> None:
    small, large = blobs(repo, 3), blobs(repo, 1, size=500_000)
    before, *others = small
    with closing(Objects(Git(repo.path))) as objects:
        found = objects.several([before, *large, *others], limit=1000)
        assert found[before].body == small[before]
        assert not large.keys() & found.keys()
        again = objects.get(others[0])
        assert again is not None
        assert again.body == small[others[0]]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("count", [1, 250])
def test_what_is_written_is_there_for_git(repo: Repo, count: int, own: bool) -> None:  # noqa: FBT001 - a parameter of the test
    made = [make("blob", f"content {number}\n".encode() * 50, WIDTH) for number in range(count)]
    with closing(Objects(Git(repo.path), own=own)) as objects:
        # The reader looked before they were there.
        assert objects.get(made[0].oid) is None
        objects.write(made)
        assert objects.several([each.oid for each in made], limit=10_000).keys() == {each.oid for each in made}
    kinds = repo.git("cat-file", "--batch-check=%(objecttype)", stdin="".join(f"{each.oid}\n" for each in made))
    assert kinds.split() == ["blob"] * count
    repo.git("fsck", "--strict")


def test_what_is_damaged_is_never_read_as_something_else(repo: Repo) -> None:
    ((oid, body),) = blobs(repo, 1, size=50).items()
    path = repo.path / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], zlib.compress(b"blob %d\0" % len(body) + os.urandom(len(body)))):
        path.write_bytes(damaged)
        with closing(Objects(Git(repo.path))) as objects:
            try:
                assert objects.get(oid) is None
            except GitError as error:
                assert "damaged" in error.message or "ended early" in error.message  # noqa: PT017 - either will do
