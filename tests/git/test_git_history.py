"""What the first-parent history tells: since when a colour is active, and what a past release was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError, RefusedError
from bggen.git.history import active_since, past_release, past_states
from tests.support.repos import Repo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

PROD = "apps/shop/prod"
STATE = f"{PROD}/release.yaml"
NAMES = ["release.yaml", "blue.yaml", "green.yaml"]


def state(active: str, note: str = "") -> dict[str, str | bytes | None]:
    return {STATE: f"# Generated\nactive: {active}\nlast: {note}\n"}


def release(color: str, number: int, image: str) -> dict[str, str | bytes | None]:
    return {f"{PROD}/{color}.yaml": f"apiVersion: x\nrelease: {number}\nspec:\n  image: {image}\n  release: 99\n"}


def day(number: int) -> str:
    return f"2026-01-{number:02}T12:00:00+0100"


def at(number: int) -> datetime:
    return datetime(2026, 1, number, 11, tzinfo=UTC)


@pytest.fixture
def story(repo: Repo) -> Repo:
    """Blue 1, blue and green 2, green active, then a bump of blue to 3 on a day after the flip."""
    repo.commit(state("blue", "1") | release("blue", 1, "v1"), "first", day(2))
    repo.commit(state("blue", "2") | release("green", 2, "v2"), "bump", day(3))
    repo.commit(state("green", "2"), "flip", day(4))
    repo.commit(state("green", "3") | release("blue", 3, "v3"), "bump", day(5))
    repo.commit({"README": "unrelated\n"}, "other", day(6))
    return repo


def test_since_the_newest_change_of_active(story: Repo) -> None:
    assert active_since(story.path, [STATE]) == {STATE: at(4)}


def test_since_the_first_release(repo: Repo) -> None:
    (repo.path / STATE).unlink()
    repo.commit({}, "gone", day(1))
    repo.commit(state("blue"), "first", day(2))
    repo.commit(state("blue", "2"), "bump", day(3))
    assert active_since(repo.path, [STATE]) == {STATE: at(2)}


def test_several_at_once(story: Repo) -> None:
    other = "apps/shop/staging/release.yaml"
    story.commit({other: "active: blue\n"}, "staging", day(7))
    assert active_since(story.path, [STATE, other, "apps/none/prod/release.yaml"]) == {
        STATE: at(4),
        other: at(7),
        "apps/none/prod/release.yaml": None,
    }


def test_nothing_asked(story: Repo) -> None:
    assert active_since(story.path, []) == {}


def test_merge_counts_when_it_was_merged(story: Repo) -> None:
    story.git("switch", "-qc", "side")
    story.commit(state("blue", "3"), "flip on a branch", day(10))
    story.git("switch", "-q", "main")
    story.commit({"README": "meanwhile\n"}, "other", day(11))
    story.env |= {"GIT_COMMITTER_DATE": day(12)}
    story.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert active_since(story.path, [STATE]) == {STATE: at(12)}
    assert active_since(story.path, [STATE, "README"])[STATE] == at(12)


def test_squash_merge_counts_when_it_was_merged(story: Repo) -> None:
    story.git("switch", "-qc", "side")
    story.commit(state("blue", "3"), "flip", day(10))
    story.commit(state("green", "3"), "flip back", day(10))
    story.commit(state("blue", "4"), "flip again", day(10))
    story.git("switch", "-q", "main")
    story.git("merge", "-q", "--squash", "side")
    story.commit({}, "squashed", day(13))
    assert active_since(story.path, [STATE]) == {STATE: at(13)}


def test_shallow_clone(story: Repo, tmp_path: Path) -> None:
    for depth, expected in [(1, None), (2, None), (3, None), (4, at(4)), (20, at(4))]:
        clone = Repo(tmp_path / f"clone {depth}", story.env)
        story.git("clone", "-q", f"--depth={depth}", f"file://{story.path}", str(clone.path))
        assert active_since(clone.path, [STATE]) == {STATE: expected}
        assert active_since(clone.path, [STATE, "README"])[STATE] == expected


def test_settings_do_not_matter(story: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "log.follow": "true",
        "log.showSignature": "true",
        "log.decorate": "full",
        "log.diffMerges": "off",
        "diff.external": "false",
        "diff.noprefix": "true",
        "diff.renames": "copies",
        "diff.relative": "true",
        "core.quotepath": "true",
        "color.ui": "always",
        "format.pretty": "oneline",
        "notes.displayRef": "*",
    }.items():
        story.git("config", name, value)
    story.write(".git/info/attributes", "*.yaml diff=broken\n")
    story.git("config", "diff.broken.textconv", "false")
    other = make_repo(tmp_path / "other", story.env)
    other.commit({})
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, str(other.path / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert active_since(story.path, [STATE, "README"]) == {STATE: at(4), "README": None}
    found = past_release(story.path, PROD, 1)
    assert found is not None
    assert found.color == "blue"


def test_subfolder_with_an_odd_name(env: dict[str, str], tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "mono", env)
    prefix = 'plat "form" ü/'
    repo.commit({prefix + STATE: "active: blue\n", prefix + PROD + "/blue.yaml": "release: 1\n"}, "first", day(2))
    repo.commit({prefix + STATE: "active: green\n", STATE: "active: x\n"}, "flip", day(3))
    root = repo.path / prefix
    assert active_since(root, [STATE]) == {STATE: at(3)}
    assert active_since(root, [STATE, "x"]) == {STATE: at(3), "x": None}
    found = past_release(root, PROD, 1)
    assert found is not None
    assert (found.date, found.content) == (at(2), b"release: 1\n")


def test_sha256_and_detached_head(env: dict[str, str], tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "sha256", env, "--object-format=sha256")
    repo.commit(state("blue") | release("blue", 1, "v1"), "first", day(2))
    repo.git("checkout", "-q", "--detach")
    assert active_since(repo.path, [STATE]) == {STATE: at(2)}
    found = past_release(repo.path, PROD, 1)
    assert found is not None
    assert len(found.commit) == 64


def test_past_release(story: Repo) -> None:
    first = past_release(story.path, PROD, 1)
    assert first is not None
    assert first.color == "blue"
    assert first.content == story.show(f"{PROD}/blue.yaml", "HEAD~4")
    # The newest commit in which it was active, not the one that made it.
    assert first.commit == story.git("rev-parse", "HEAD~3")
    assert first.date == at(3)
    second = past_release(story.path, PROD, 2)
    assert second is not None
    assert (second.color, second.date) == ("green", at(5))


def test_release_that_never_was_active_is_not_found(story: Repo) -> None:
    assert past_release(story.path, PROD, 3) is None
    assert past_release(story.path, PROD, 99) is None
    assert past_release(story.path, "apps/none/prod", 1) is None


def test_past_release_looks_at_so_many_commits(story: Repo) -> None:
    assert past_release(story.path, PROD, 1, most=2) is None
    assert past_release(story.path, PROD, 1, most=3) is not None


def test_past_release_in_a_shallow_clone(story: Repo, tmp_path: Path) -> None:
    clone = Repo(tmp_path / "clone", story.env)
    story.git("clone", "-q", "--depth=1", f"file://{story.path}", str(clone.path))
    assert past_release(clone.path, PROD, 1) is None
    found = past_release(clone.path, PROD, 2)
    assert found is not None
    assert found.color == "green"


def test_no_history(tmp_path: Path, env: dict[str, str]) -> None:
    with pytest.raises(GitError, match="is not in a git repository"):
        active_since(tmp_path, [STATE])
    repo = make_repo(tmp_path / "new", env)
    with pytest.raises(RefusedError, match="has no commit yet"):
        past_release(repo.path, PROD, 1)


def test_damaged_history_is_told(story: Repo) -> None:
    tree = story.git("rev-parse", f"HEAD~2:{PROD}")
    (story.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(GitError, match="cannot read the history: "):
        active_since(story.path, [STATE, "README"])


def test_past_states_newest_first(story: Repo) -> None:
    past = past_states(story.path, PROD, NAMES, most=20)
    assert [(each.subject, each.date) for each in past.states] == [
        ("bump", at(5)),
        ("flip", at(4)),
        ("bump", at(3)),
        ("first", at(2)),
        *((each.subject, each.date) for each in past.states[4:]),
    ]
    assert past.states[0].commit == story.git("rev-parse", "HEAD~1")
    assert {each.author for each in past.states} == {"Ada"}
    assert past.states[1].files == {name: story.show(f"{PROD}/{name}", "HEAD~2") for name in NAMES}
    assert set(past.states[3].files) == {"release.yaml", "blue.yaml"}
    assert (past.before, past.cut) == ({}, None)


def test_past_states_are_limited_and_say_what_was_before(story: Repo) -> None:
    past = past_states(story.path, PROD, NAMES, most=2)
    assert [each.subject for each in past.states] == ["bump", "flip"]
    assert past.before == {name: story.show(f"{PROD}/{name}", "HEAD~3") for name in NAMES}
    assert past.cut == "limit"


def test_past_states_of_a_shallow_clone(story: Repo, tmp_path: Path) -> None:
    clone = Repo(tmp_path / "clone", story.env)
    story.git("clone", "-q", "--depth=3", f"file://{story.path}", str(clone.path))
    past = past_states(clone.path, PROD, NAMES, most=20)
    assert [each.subject for each in past.states] == ["bump"]
    assert past.before == {name: story.show(f"{PROD}/{name}", "HEAD~2") for name in NAMES}
    assert past.cut == "shallow"


def test_past_states_whose_authors_and_subjects_are_odd(repo: Repo) -> None:
    repo.git("config", "i18n.logOutputEncoding", "latin1")
    repo.env |= {"GIT_AUTHOR_NAME": "Zoë\x01\x1bX"}
    repo.commit(state("blue"), "Grüße\x1b\n\nbody", day(2))
    repo.git("commit", "-q", "--allow-empty-message", "--allow-empty", "-m", "")
    repo.commit(state("green"), "\x0bnext", day(3))
    past = past_states(repo.path, PROD, NAMES, most=2)
    assert [(each.author, each.subject) for each in past.states] == [("Zoë??X", "?next"), ("Zoë??X", "Grüße?")]


def test_past_states_of_files_that_are_none(repo: Repo) -> None:
    (repo.path / STATE).unlink()
    repo.commit({f"{STATE}/folder": "x"}, "a folder", day(2))
    (newest,) = past_states(repo.path, PROD, NAMES[:1], most=1).states
    assert newest.files == {"release.yaml": b""}
    assert past_states(repo.path, "apps/none/prod", NAMES, most=1).states == ()


def test_many_at_once_are_told_as_each_alone(repo: Repo) -> None:
    paths = [f"apps/app-{number}/prod/release.yaml" for number in range(120)]
    repo.commit(dict.fromkeys(paths, "active: blue\nlast: 1\n"), "first", day(2))
    repo.commit({paths[7]: "active: green\nlast: 1\n", paths[8]: "active: blue\nlast: 2\n"}, "some", day(3))
    # Of the same look, and nobody's business.
    repo.commit({"apps/other/stage/release.yaml": "active: green\n", "apps/x/prod/deep/release.yaml": "active: blue\n"})
    since = active_since(repo.path, [*paths, "apps/none/prod/release.yaml"])
    assert since == {**dict.fromkeys(paths, at(2)), paths[7]: at(3), "apps/none/prod/release.yaml": None}
    assert active_since(repo.path, paths[:50]) == {path: since[path] for path in paths[:50]}


def test_many_at_once_in_a_folder_whose_name_is_a_pattern(repo: Repo) -> None:
    paths = [f"[a]*/app-{number}/prod/release.yaml" for number in range(120)]
    repo.commit(dict.fromkeys(paths, "active: blue\n"), "first", day(2))
    repo.commit({"a-other/app-0/prod/release.yaml": "active: blue\n"}, "other", day(3))
    assert active_since(repo.path, paths) == dict.fromkeys(paths, at(2))
