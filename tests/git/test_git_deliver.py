"""A delivery commits the planned paths, and leaves everything else of the user's as it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bggen.errors import InvalidError, RefusedError
from bggen.git import Checkout, Moved
from bggen.model import Change
from tests.support.repos import Repo, assert_delivered, make_repo, standard_changes

if TYPE_CHECKING:
    from pathlib import Path

    from bggen.workspace import Files


def deliver(root: Path, changes: list[Change], message: str = "shop(prod): flip\n\nBggen-App: shop\n") -> str:
    with Checkout.open(root) as checkout, checkout.lock():
        assert checkout.recover() is None
        assert checkout.watch([change.path for change in changes]).result() == frozenset()
        return checkout.deliver(checkout.tip, changes, message, "bggen: flip")


def test_commit_holds_only_the_planned_paths(repo: Repo) -> None:
    before = repo.tip()
    changes = standard_changes()
    commit = deliver(repo.path, changes)
    assert repo.tip() == commit
    assert repo.git("rev-parse", "HEAD^") == before
    assert sorted(repo.changed()) == sorted(change.path for change in changes)
    assert repo.git("log", "-1", "--format=%B") == "shop(prod): flip\n\nBggen-App: shop\n"
    assert repo.git("log", "-1", "--format=%an <%ae> %cn <%ce>") == "Ada <ada@example.com> Ada <ada@example.com>"
    assert_delivered(repo, changes)
    for change in changes:
        if change.after is not None:
            assert (repo.path / change.path).read_bytes() == change.after
    assert repo.git("reflog", "-1", "--format=%gs") == "bggen: flip"
    assert repo.git("reflog", "-1", "--format=%gs", "main") == "bggen: flip"


def test_folder_that_becomes_empty_goes(repo: Repo) -> None:
    deliver(repo.path, [
        Change("apps/shop/prod/manifests/old.yaml", b"kind: Old\n", None),
        Change("apps/shop/prod/manifests/service.yaml", b"color: blue\n", None),
    ])  # fmt: skip
    assert not (repo.path / "apps/shop/prod/manifests").exists()
    assert repo.git("ls-tree", "--name-only", "HEAD:apps/shop/prod").split() == ["blue.yaml", "release.yaml"]
    assert repo.git("status", "--porcelain") == ""


def test_unchanged_content_makes_no_commit(repo: Repo) -> None:
    before = repo.tip()
    assert deliver(repo.path, [Change("README", b"hello\n", b"hello\n")]) == before
    assert repo.tip() == before


def test_executable_file_stays_executable(repo: Repo) -> None:
    (repo.path / "README").chmod(0o755)
    repo.commit({})
    deliver(repo.path, [Change("README", b"hello\n", b"bye\n")])
    assert repo.git("ls-tree", "HEAD", "README").startswith("100755")
    assert os.access(repo.path / "README", os.X_OK)
    assert repo.git("status", "--porcelain") == ""


def test_everything_else_of_the_user_stays(repo: Repo) -> None:
    repo.write("README", "stashed\n")
    repo.git("stash")
    repo.write("README", "staged\n")
    repo.git("add", "README")
    repo.write("README", "staged, then edited\n")
    repo.write("apps/hello/app.yaml", "edited\n")
    repo.write("apps/hello/untracked", "new\n")
    repo.write("apps/hello/intended", "soon\n")
    repo.git("add", "--intent-to-add", "apps/hello/intended")
    repo.write("apps/shop/prod/added.yaml", "staged\n")
    repo.git("add", "apps/shop/prod/added.yaml")
    repo.git("rm", "--quiet", "--cached", "apps/shop/app.yaml")
    before = repo.snapshot()
    changes = standard_changes()
    deliver(repo.path, changes)
    assert repo.snapshot() == before
    assert_delivered(repo, changes)
    assert sorted(repo.changed()) == sorted(change.path for change in changes)


def test_partially_staged_file_beside_the_change_stays(repo: Repo) -> None:
    lines = [f"line {number}\n" for number in range(40)]
    repo.commit({"apps/shop/prod/notes": "".join(lines)})
    repo.write("apps/shop/prod/notes", "first\n" + "".join(lines))
    repo.git("add", "apps/shop/prod/notes")
    repo.write("apps/shop/prod/notes", "first\n" + "".join(lines) + "last\n")
    before = repo.snapshot()
    deliver(repo.path, standard_changes())
    assert repo.snapshot() == before


@pytest.mark.parametrize("name", ["release/2026", "wip-ü-☃", "a@b", "-x", "refs/heads/main", "with'quote", "$(x)"])
def test_branch_names(repo: Repo, name: str) -> None:
    repo.git("update-ref", f"refs/heads/{name}", "HEAD")
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{name}")
    main = repo.git("rev-parse", "refs/heads/main")
    with Checkout.open(repo.path) as checkout:
        assert checkout.branch == name
    commit = deliver(repo.path, standard_changes())
    assert repo.git("rev-parse", f"refs/heads/{name}") == commit
    assert repo.git("rev-parse", "refs/heads/main") == main
    assert repo.git("symbolic-ref", "HEAD") == f"refs/heads/{name}"
    assert_delivered(repo, standard_changes())


def test_branch_that_stands_for_another(repo: Repo) -> None:
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("symbolic-ref", "HEAD", "refs/heads/alias")
    commit = deliver(repo.path, standard_changes())
    assert repo.git("rev-parse", "refs/heads/main") == commit
    assert repo.git("symbolic-ref", "refs/heads/alias") == "refs/heads/main"


def test_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", repo.env)
    before = repo.snapshot()
    commit = deliver(linked.path, standard_changes())
    assert linked.tip() == commit
    assert_delivered(linked, standard_changes())
    assert repo.snapshot() == before
    assert repo.git("rev-parse", "side") == commit


def test_inside_a_submodule(repo: Repo, tmp_path: Path) -> None:
    outer = make_repo(tmp_path / "outer", repo.env)
    outer.commit({"README": "outer\n"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.path), "config")
    outer.git("commit", "-qm", "submodule")
    tip = outer.tip()
    inner = Repo(outer.path / "config", repo.env)
    commit = deliver(inner.path, standard_changes())
    assert inner.tip() == commit
    assert_delivered(inner, standard_changes())
    assert outer.tip() == tip


def test_subfolder_of_a_monorepo(env: dict[str, str], tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "mono", env)
    prefix = "platform/config ü/"
    for name, content in {
        "bggen.yaml": "a\n",
        "apps/shop/prod/release.yaml": "active: blue\n",
        "apps/shop/prod/manifests/old.yaml": "kind: Old\n",
        "apps/shop/prod/manifests/service.yaml": "color: blue\n",
    }.items():
        repo.write(prefix + name, content)
    repo.commit({"src/main.c": "int main;\n"})
    repo.write("src/main.c", "edited\n")
    root = repo.path / prefix
    with Checkout.open(root) as checkout:
        assert checkout.tip_files().read("apps/shop/prod/release.yaml") == b"active: blue\n"
        files: Files = checkout.tip_files()
        assert files.names("") == {"bggen.yaml": "file", "apps": "folder"}
        assert checkout.tip_files().names("src") == {}
        repo.write(f"{prefix}apps/shop/prod/release.yaml", "edited\n")
        assert checkout.watch(["apps/shop"]).result() == {"apps/shop/prod/release.yaml"}
        assert checkout.watch([""]).result() == {"apps/shop/prod/release.yaml"}
        repo.git("checkout", "--", f"{prefix}apps")
    deliver(root, standard_changes())
    assert_delivered(repo, standard_changes(), prefix)
    assert repo.git("status", "--porcelain") == " M src/main.c"


def test_moved_branch_is_told_and_nothing_changed(repo: Repo) -> None:
    with Checkout.open(repo.path) as checkout:
        old = checkout.tip
        repo.commit({"README": "newer\n"})
        before, tip = repo.snapshot(), repo.tip()
        with pytest.raises(Moved):
            checkout.deliver(old, standard_changes(), "m", "r")
        assert (repo.snapshot(), repo.tip()) == (before, tip)
        checkout.refresh()
        checkout.deliver(checkout.tip, standard_changes(), "m", "r")
    assert_delivered(repo, standard_changes())
    assert repo.git("rev-parse", "HEAD^") == tip


def test_switched_branch_is_told_and_nothing_changed(repo: Repo) -> None:
    with Checkout.open(repo.path) as checkout:
        repo.git("switch", "-qc", "other")
        before = repo.snapshot()
        with pytest.raises(Moved):
            checkout.deliver(checkout.tip, standard_changes(), "m", "r")
        assert repo.snapshot() == before
        assert repo.git("rev-parse", "main") == repo.git("rev-parse", "other")
        checkout.refresh()
        assert checkout.branch == "other"


def test_ignored_file_in_the_way_is_refused(repo: Repo) -> None:
    repo.commit({".gitignore": "green.yaml\n"})
    repo.write("apps/shop/prod/green.yaml", "mine\n")
    before = repo.snapshot()
    with pytest.raises(RefusedError, match=r"green\.yaml exists on disk, but not on the branch"):
        deliver(repo.path, standard_changes())
    assert (repo.path / "apps/shop/prod/green.yaml").read_text() == "mine\n"
    assert repo.snapshot() == before


def test_ignored_paths_are_committed(repo: Repo) -> None:
    repo.commit({".gitignore": "*.yaml\n"})
    deliver(repo.path, standard_changes())
    assert_delivered(repo, standard_changes())


@pytest.mark.parametrize("path", ["../out", "/etc/x", "apps/../../x", ".git/config", "apps/.GIT/x", "a//b", "a\nb"])
def test_path_outside_is_refused(repo: Repo, path: str) -> None:
    before = repo.snapshot()
    with pytest.raises(InvalidError), Checkout.open(repo.path) as checkout:
        checkout.deliver(checkout.tip, [Change(path, None, b"x")], "m", "r")
    assert repo.snapshot() == before


def test_sparse_checkout(repo: Repo) -> None:
    repo.git("sparse-checkout", "set", "apps/shop")
    assert not (repo.path / "apps/hello").exists()
    before = repo.snapshot()
    deliver(repo.path, [*standard_changes(), Change("apps/hello/app.yaml", b"name: hello\n", b"name: hello2\n")])
    assert repo.snapshot() == before
    assert repo.git("status", "--porcelain") == ""
    assert_delivered(repo, standard_changes())


def test_many_paths(repo: Repo) -> None:
    changes = [Change(f"apps/a{n % 50}/prod/manifests/{'x' * 60}{n}.yaml", None, b"%d\n" % n) for n in range(2000)]
    deliver(repo.path, changes)
    assert len(repo.changed()) == 2000
    assert repo.git("status", "--porcelain") == ""


def test_watch_sees_every_sort_of_change(repo: Repo) -> None:
    repo.write("apps/shop/prod/release.yaml", "edited\n")
    repo.write("apps/shop/prod/blue.yaml", "staged\n")
    repo.git("add", "apps/shop/prod/blue.yaml")
    (repo.path / "apps/shop/prod/manifests/old.yaml").unlink()
    repo.git("mv", "apps/shop/prod/manifests/service.yaml", "apps/shop/prod/manifests/renamed ü.yaml")
    repo.write("apps/shop/prod/deep/er/green.yaml", "untracked\n")
    repo.write("README", "elsewhere\n")
    below = {
        "apps/shop/prod/release.yaml",
        "apps/shop/prod/blue.yaml",
        "apps/shop/prod/manifests/old.yaml",
        "apps/shop/prod/manifests/service.yaml",
        "apps/shop/prod/manifests/renamed ü.yaml",
        "apps/shop/prod/deep/er/green.yaml",
    }
    with Checkout.open(repo.path) as checkout:
        assert checkout.watch(["apps/shop/prod"]).result() == below
        assert checkout.watch(["apps/shop/prod/release.yaml", "apps/shop/app.yaml", "gone"]).result() == {
            "apps/shop/prod/release.yaml"
        }
        assert checkout.watch([f"many/{'x' * 100}{n}" for n in range(2000)] + ["README"]).result() == {"README"}
        assert checkout.watch(["apps/hello"]).result() == frozenset()


MARKS = ["--assume-unchanged", "--skip-worktree"]


@pytest.mark.parametrize("option", MARKS)
@pytest.mark.parametrize("watched", [True, False])
def test_edit_that_git_was_told_not_to_look_at_is_refused(repo: Repo, option: str, *, watched: bool) -> None:
    repo.git("update-index", option, "apps/shop/prod/release.yaml")
    repo.write("apps/shop/prod/release.yaml", "mine\n")
    tip = repo.tip()
    with Checkout.open(repo.path) as checkout:
        if watched:
            checkout.watch(["apps/shop"]).result()
        with pytest.raises(RefusedError, match=r"release\.yaml was edited, and git was told not to look") as caught:
            checkout.deliver(checkout.tip, standard_changes(), "m", "r")
    assert caught.value.kind == "uncommitted"
    assert repo.tip() == tip
    assert (repo.path / "apps/shop/prod/release.yaml").read_text() == "mine\n"
    assert list(repo.path.rglob(".bggen-*")) == []


@pytest.mark.parametrize("option", MARKS)
@pytest.mark.parametrize("watched", [True, False])
def test_marked_path_is_committed_and_the_mark_goes(repo: Repo, option: str, *, watched: bool) -> None:
    repo.git("update-index", option, "apps/shop/prod/release.yaml", "apps/shop/prod/manifests/old.yaml")
    with Checkout.open(repo.path) as checkout:
        if watched:
            assert checkout.watch(["apps/shop"]).result() == frozenset()
        checkout.deliver(checkout.tip, standard_changes(), "m", "r")
    assert_delivered(repo, standard_changes())
    repo.write("apps/shop/prod/release.yaml", "edited\n")
    assert repo.git("status", "--porcelain") == " M apps/shop/prod/release.yaml"


def test_watch_follows_git_in_what_counts_as_a_change(repo: Repo) -> None:
    repo.commit({".gitignore": "*.swp\n", "apps/shop/crlf.yaml": "a\r\nb\r\n"})
    repo.git("config", "core.autocrlf", "true")
    (repo.path / "apps/shop/link").symlink_to("prod")
    repo.commit({})
    repo.write("apps/shop/.app.yaml.swp", "ignored\n")
    with Checkout.open(repo.path) as checkout:
        assert checkout.watch(["apps/shop", "bggen.yaml"]).result() == frozenset()
        (repo.path / "apps/shop/app.yaml").chmod(0o755)
        assert checkout.watch(["apps/shop"]).result() == {"apps/shop/app.yaml"}
        (repo.path / "apps/shop/link").unlink()
        (repo.path / "apps/shop/link").symlink_to("elsewhere")
        assert checkout.watch(["apps/shop/link"]).result() == {"apps/shop/link"}
        repo.write("apps/new.yaml", "new\n")
        assert checkout.watch(["apps/new.yaml"]).result() == {"apps/new.yaml"}
        repo.git("add", "--intent-to-add", "apps/new.yaml")
        assert checkout.watch(["apps/new.yaml"]).result() == {"apps/new.yaml"}
