"""Trees and packs that bggen makes are the ones that git makes."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bggen.errors import InvalidError
from bggen.git.objects import Objects, make
from bggen.git.process import Git
from bggen.git.trees import Entry, Rewrite, Tree, kind_of, lookup, parse, patch, serialise
from tests.support.repos import Repo, clean_environment, make_repo

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names whose order differs between folders and files, and between bytes and characters.
NAMES = st.sampled_from(["a", "a.b", "a-b", "a0", "ab", "A", "b", "z", "é", "\uff5a", "\U0001f600", "a b"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.dictionaries(PATHS, st.binary(max_size=20), max_size=8)


def without_clashes(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    kept: dict[str, bytes] = {}
    for path, content in contents.items():
        if not any(f"{other}/".startswith(f"{path}/") or f"{path}/".startswith(f"{other}/") for other in kept):
            kept[path] = content
    return kept


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    folder = tmp_path_factory.mktemp("trees")
    return make_repo(folder / "repo", clean_environment(folder), f"--object-format={request.param}")


def tree_by_git(repo: Repo, contents: Mapping[str, bytes]) -> str:
    (repo.path / ".git/index").unlink(missing_ok=True)
    lines = []
    for path, content in contents.items():
        done = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"], cwd=repo.path, input=content, capture_output=True, check=True
        )
        lines.append(f"100644 {done.stdout.decode().strip()} 0\t{path}\0")
    repo.git("update-index", "-z", "--index-info", stdin="".join(lines))
    return repo.git("write-tree")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=CONTENTS, after=CONTENTS)
def test_rewritten_tree_is_the_one_that_git_writes(
    shared: Repo, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    before, after = without_clashes(before), without_clashes(after)
    width = len(shared.git("hash-object", "--stdin", stdin=""))
    objects = Objects(Git(shared.path))

    def read(oid: str) -> bytes:
        found = objects.get(oid)
        assert found is not None
        assert found.body is not None
        assert serialise(parse(found.body, width)) == found.body
        return found.body

    try:
        top = tree_by_git(shared, before)
        if any(f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/") for a in before for b in after if a != b):
            return
        result = Rewrite(top, {**dict.fromkeys(before), **after}, read, width)
        objects.write(result.objects)
        for made in result.objects:
            assert shared.git("cat-file", "-t", made.oid) == made.kind
    finally:
        objects.close()
    assert result.top == tree_by_git(shared, after)
    assert {path for path, file in result.files.items() if file.new} == set(after)


def test_only_the_way_to_a_change_is_read() -> None:
    inner = make("tree", serialise({b"x": (b"100755", b"\1" * 20), b"y": (b"100644", b"\2" * 20)}), 40)
    top = make("tree", serialise({b"a": (b"40000", bytes.fromhex(inner.oid)), b"b": (b"40000", b"\3" * 20)}), 40)
    trees = {made.oid: made.body for made in (inner, top)}
    result = Rewrite(top.oid, {"a/x": b"new"}, trees.__getitem__, 40)
    assert [made.kind for made in result.objects] == ["blob", "tree", "tree"]
    assert result.files["a/x"].executable
    assert result.files["a/x"].old == "01" * 20


def test_unchanged_content_needs_no_object() -> None:
    blob = make("blob", b"same", 40)
    top = make("tree", serialise({b"x": (b"100644", bytes.fromhex(blob.oid))}), 40)
    result = Rewrite(top.oid, {"x": b"same", "gone": None, "no/folder": None}, {top.oid: top.body}.__getitem__, 40)
    assert result.top == top.oid
    assert result.objects == []


@pytest.mark.parametrize("mode", [b"120000", b"160000", b"40000"])
def test_what_is_no_file_is_not_replaced(mode: bytes) -> None:
    tree: Tree = {b"x": (mode, b"\1" * 20)}
    top = make("tree", serialise(tree), 40)
    with pytest.raises(InvalidError):
        Rewrite(top.oid, {"x": b"new"}, lambda _: top.body, 40)
    assert kind_of(tree[b"x"]) != "file"


@pytest.mark.parametrize("size", [0, 1, 15, 16, 2047, 2048, 70_000, 300_000])
def test_blobs_of_every_size_are_written(repo: Repo, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    made = make("blob", body, 40)
    objects = Objects(Git(repo.path))
    try:
        assert objects.get(made.oid) is None
        objects.write([made])
        found = objects.get(made.oid)
    finally:
        objects.close()
    assert found is not None
    assert (found.kind, found.size, found.body) == ("blob", size, body)


@pytest.mark.parametrize("width", [40, 64])
def test_large_tree_is_changed_as_a_small_one_is(width: int) -> None:
    chance = random.Random(7)  # noqa: S311 - any numbers will do
    tree: Tree = {}
    for number in range(3000):
        name = b"app-%d%s" % (number, chance.choice([b"", b"-x", b".y", b"0"]))
        tree[name] = (chance.choice([b"40000", b"100644"]), chance.randbytes(width // 2))
    # Ids and names that look like the line of another name.
    tree[b"40000 app-9"] = (b"100644", b"40000 app-7\0".ljust(width // 2, b"7"))
    body = serialise(tree)
    assert len(body) > 20_000
    names = [*chance.sample(sorted(tree), 40), b"40000 app-9", b"app-7", b"app-9", b"new", b"zzz", b"a"]
    for name in names:
        assert lookup(body, [name], width).get(name) == tree.get(name)
        mode = tree.get(name, (b"100644", b""))[0]
        for entry in ((mode, b"n" * (width // 2)), None):
            changes: dict[bytes, Entry | None] = {name: entry}
            expected = {**tree, **changes}
            assert patch(body, changes, width) == serialise({key: value for key, value in expected.items() if value})
