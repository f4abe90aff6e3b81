"""After a kill at any moment the repository is as before or as after, and the next command works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError
from bggen.git import Checkout, journal
from bggen.model import Change
from tests.support.longer import only_long
from tests.support.repos import (
    Repo,
    assert_delivered,
    assert_no_leftovers,
    clean_environment,
    fill,
    make_repo,
    standard_changes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).resolve().parents[2]


def killed_at_each_step(
    template: Path, env: dict[str, str], what: str = "deliver", first: int = 0
) -> Iterator[tuple[Repo, bool]]:
    """Yield a copy of the repository for each step before which the work was killed, and one that got through."""
    search = os.pathsep.join([str(SOURCE / "generator"), str(SOURCE)])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.killed", str(template), what, str(first)],
        env=env | {"PYTHONPATH": search},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            root, _, outcome = line.rstrip("\n").partition("\t")
            yield Repo(Path(root), env), outcome == "killed"
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == 0


def bear_copies(repo: Repo) -> None:
    """Let the index of a copy be as fresh as that of the original, though its inodes and times are new."""
    repo.git("config", "core.checkStat", "minimal")
    repo.git("config", "core.trustctime", "false")


def recover(repo: Repo) -> str | None:
    with Checkout.open(repo.path) as checkout, checkout.lock():
        return checkout.recover()


def deliver_more(repo: Repo) -> None:
    with Checkout.open(repo.path) as checkout, checkout.lock():
        assert checkout.recover() is None
        new = [Change("apps/shop/prod/blue.yaml", b"release: 1\n", b"release: 3\n")]
        checkout.deliver(checkout.tip, new, "more", "more")
    assert_delivered(repo, new)


def mess(repo: Repo) -> None:
    """Leave work of every sort in the checkout."""
    repo.write("README", "stashed\n")
    repo.git("stash")
    repo.write("README", "staged\n")
    repo.git("add", "README")
    repo.write("README", "edited\n")
    repo.write("apps/hello/new", "staged\n")
    repo.git("add", "apps/hello/new")
    repo.write("apps/hello/intended", "soon\n")
    repo.git("add", "--intent-to-add", "apps/hello/intended")
    repo.write("untracked", "new\n")


@pytest.mark.parametrize("what", ["deliver", pytest.param("deliver-group", marks=only_long)])
def test_kill_at_every_step(repo: Repo, env: dict[str, str], what: str) -> None:
    mess(repo)
    bear_copies(repo)
    before, old = repo.snapshot(), repo.tip()
    outcomes = {"undone": 0, "finished": 0, "nothing to do": 0}
    for copy, killed in killed_at_each_step(repo.path, env, what):
        line = recover(copy)
        assert line is None or killed
        key = "nothing to do" if line is None else ("finished" if line.startswith("finished") else "undone")
        outcomes[key] += 1
        if copy.tip() == old:
            assert_no_leftovers(copy)
            assert not (copy.path / "apps/shop/prod/more").exists()
        else:
            assert copy.git("rev-parse", "HEAD^") == old
            assert_delivered(copy, standard_changes())
        deliver_more(copy)
        assert copy.snapshot() == before
        shutil.rmtree(copy.path)
    # Each kind of end was met, so the kills really fell on both sides of the branch's move.
    assert all(outcomes.values()), outcomes
    assert sum(outcomes.values()) > 30


@pytest.fixture(scope="module")
def half_template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A checkout whose branch has moved, while no file has followed yet."""
    folder = tmp_path_factory.mktemp("half")
    repo = make_repo(folder / "repo", clean_environment(folder))
    fill(repo)
    bear_copies(repo)
    old = repo.tip()
    for copy, _ in killed_at_each_step(repo.path, repo.env, first=30):
        if copy.tip() != old:
            return copy
    raise AssertionError("no kill fell after the branch moved")


@pytest.fixture
def half(half_template: Repo, env: dict[str, str], tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "half", env)
    shutil.copytree(half_template.path, repo.path)
    assert journal.exists(repo.path / ".git/bggen")
    assert (repo.path / "apps/shop/prod/release.yaml").read_text() == "active: blue\n"
    return repo


def test_kill_at_every_step_of_the_recovery(half: Repo, env: dict[str, str]) -> None:
    lines = []
    for copy, _ in killed_at_each_step(half.path, env, "recover"):
        lines.append(recover(copy))
        assert_delivered(copy, standard_changes())
        assert copy.git("status", "--porcelain") == ""
        shutil.rmtree(copy.path)
    assert len(lines) > 10
    assert lines[0] == f"finished the commit {half.tip()[:10]} on main, which was interrupted"
    assert lines[-1] is None


def test_file_that_was_edited_since_is_left_alone(half: Repo) -> None:
    half.write("apps/shop/prod/release.yaml", "mine\n")
    line = recover(half)
    assert line is not None
    assert line.endswith("; left alone, because they changed since: apps/shop/prod/release.yaml")
    assert half.git("status", "--porcelain", "-uall") == " M apps/shop/prod/release.yaml"
    assert (half.path / "apps/shop/prod/release.yaml").read_text() == "mine\n"
    assert (half.path / "apps/shop/prod/green.yaml").read_text() == "release: 2\n"
    assert_no_leftovers(half)


def test_file_that_was_made_since_in_place_of_a_new_one_is_left_alone(half: Repo) -> None:
    half.write("apps/shop/prod/green.yaml", "mine\n")
    half.write("apps/shop/prod/manifests/old.yaml", "mine too\n")
    line = recover(half)
    assert line is not None
    assert "apps/shop/prod/green.yaml" in line
    assert "apps/shop/prod/manifests/old.yaml" in line
    assert half.git("status", "--porcelain", "-uall").splitlines() == [
        " M apps/shop/prod/green.yaml",
        "?? apps/shop/prod/manifests/old.yaml",
    ]
    assert_no_leftovers(half)


def test_entry_that_was_staged_since_is_left_alone(half: Repo) -> None:
    half.write("apps/shop/prod/release.yaml", "staged\n")
    half.git("add", "apps/shop/prod/release.yaml")
    line = recover(half)
    assert line is not None
    assert line.endswith("they changed since: apps/shop/prod/release.yaml")
    assert half.git("status", "--porcelain", "-uall") == "M  apps/shop/prod/release.yaml"


def test_link_that_was_made_since_is_left_alone(half: Repo, tmp_path: Path) -> None:
    shutil.move(half.path / "apps/shop/prod", tmp_path / "outside")
    (half.path / "apps/shop/prod").symlink_to(tmp_path / "outside")
    before = {path: path.read_bytes() for path in (tmp_path / "outside").rglob("*") if path.is_file()}
    line = recover(half)
    assert line is not None
    assert "left alone" in line
    assert {path: path.read_bytes() for path in (tmp_path / "outside").rglob("*") if path.is_file()} == before
    assert not journal.exists(half.path / ".git/bggen")


def test_subfolder_of_a_monorepo(repo: Repo) -> None:
    # As `half`, but by hand: the branch has moved, and nothing has followed.
    prefix = "platform/config ü/"
    for path in ("apps", "bggen.yaml"):
        (repo.path / prefix).mkdir(parents=True, exist_ok=True)
        repo.git("mv", path, prefix + path)
    old = repo.commit({})
    root = repo.path / prefix
    with Checkout.open(root) as checkout:
        new = checkout.deliver(old, standard_changes(), "m", "r")
    items = tuple(
        journal.Item(
            change.path,
            f"{change.path}.tmp" if change.after else None,
            None if change.before is None else repo.git("rev-parse", f"{old}:{prefix}{change.path}"),
            None if change.after is None else repo.git("rev-parse", f"{new}:{prefix}{change.path}"),
            executable=False,
        )
        for change in standard_changes()
    )
    repo.git("reset", "-q", "--hard", old)
    repo.git("update-ref", "refs/heads/main", new)
    journal.write(repo.path / ".git/bggen", journal.Journal("refs/heads/main", old, new, items, ()))
    with Checkout.open(root) as checkout:
        line = checkout.recover()
    assert line == f"finished the commit {new[:10]} on main, which was interrupted"
    assert_delivered(repo, standard_changes(), prefix)
    assert repo.git("status", "--porcelain") == ""


def test_branch_that_went_on(half: Repo) -> None:
    tree = half.git("rev-parse", "HEAD^{tree}")
    newer = half.git("commit-tree", "-p", "HEAD", "-m", "newer", tree)
    half.git("update-ref", "refs/heads/main", newer)
    line = recover(half)
    assert line is not None
    assert line.startswith("finished the commit ")
    assert_delivered(half, standard_changes())
    assert half.tip() == newer


def test_branch_that_was_set_back(half: Repo) -> None:
    half.git("update-ref", "refs/heads/main", "HEAD^")
    assert recover(half) == "removed what an interrupted change to main left behind"
    assert half.git("status", "--porcelain", "-uall") == ""
    assert_no_leftovers(half)


def test_branch_that_was_left(half: Repo) -> None:
    half.git("branch", "other", "HEAD^")
    half.git("symbolic-ref", "HEAD", "refs/heads/other")
    line = recover(half)
    assert line == "removed what an interrupted change to main left behind; another branch is checked out now"
    assert half.git("status", "--porcelain", "-uall") == ""
    assert_no_leftovers(half)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 1, "items": [{}]}', "\ud800"])
def test_unreadable_journal_is_told(repo: Repo, text: str) -> None:
    repo.write(".git/bggen/journal.json", text.encode("utf-8", "surrogatepass"))
    with pytest.raises(GitError, match=r"cannot read .*journal\.json, the note of an unfinished change") as caught:
        recover(repo)
    assert caught.value.hint is not None


def test_an_empty_note_as_a_loss_of_power_leaves_it_is_none(repo: Repo) -> None:
    repo.write(".git/bggen/journal.json", "")
    assert recover(repo) is None


def test_unfinished_note_is_removed(repo: Repo) -> None:
    repo.write(".git/bggen/journal.json.tmp", "{")
    assert recover(repo) is None
    assert_no_leftovers(repo)


def test_interrupt_waits_until_the_change_is_made(repo: Repo, env: dict[str, str], tmp_path: Path) -> None:
    # The filter runs while git prepares the files; the second one, when the index takes them, interrupts us.
    script = tmp_path / "clean"
    script.write_text('#!/bin/sh\ntest -e "$ARMED" && kill -INT $(cat "$ARMED")\nexec cat\n')
    script.chmod(0o755)
    repo.commit({".gitattributes": "release.yaml filter=x\n"})
    repo.git("config", "filter.x.clean", str(script))
    armed = tmp_path / "pid"
    code = (
        "import os, sys; from pathlib import Path; from bggen.git import Checkout, journal\n"
        "from tests.support.repos import standard_changes\n"
        "write = journal.write\n"
        f"def arm(*args):\n    write(*args)\n    Path({str(armed)!r}).write_text(str(os.getpid()))\n"
        "journal.write = arm\n"
        "with Checkout.open(Path(sys.argv[1])) as c: c.deliver(c.tip, standard_changes(), 'm', 'r')\n"
        "print('not reached')\n"
    )
    search = os.pathsep.join([str(SOURCE / "generator"), str(SOURCE)])
    done = subprocess.run(
        [sys.executable, "-c", code, str(repo.path)],
        env=env | {"PYTHONPATH": search, "ARMED": str(armed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KeyboardInterrupt" in done.stderr
    assert done.stdout == ""
    armed.unlink()
    assert_delivered(repo, standard_changes())


def test_failure_after_the_branch_moved_is_told_and_repaired(repo: Repo, tmp_path: Path) -> None:
    # This filter works until the journal is there; so the index cannot follow the branch.
    script = tmp_path / "clean"
    script.write_text(f"#!/bin/sh\ntest -e '{repo.path}/.git/bggen/journal.json' && exit 1\nexec cat\n")
    script.chmod(0o755)
    repo.commit({".gitattributes": "release.yaml filter=x\n"})
    repo.git("config", "filter.x.clean", str(script))
    repo.git("config", "filter.x.smudge", "cat")
    repo.git("config", "filter.x.required", "true")
    old = repo.tip()
    with (
        Checkout.open(repo.path) as checkout,
        pytest.raises(GitError, match="cannot bring the index up to date") as caught,
    ):
        checkout.deliver(old, standard_changes(), "m", "r")
    assert f"the commit {repo.tip()[:10]} is on main, but not all of its files" in caught.value.message
    assert caught.value.hint == "the next bggen command that changes something puts that right"
    assert repo.git("rev-parse", "HEAD^") == old
    with pytest.raises(GitError):
        recover(repo)
    repo.git("config", "filter.x.clean", "cat")
    line = recover(repo)
    assert line == f"finished the commit {repo.tip()[:10]} on main, which was interrupted"
    assert_delivered(repo, standard_changes())
    deliver_more(repo)
