"""`bggen history`: who did what when, whatever became of the commits' messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import HELLO, SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import ConfigRepo

PROD = "apps/hello/prod"
STATE = f"{PROD}/release.yaml"


def told(repo: ConfigRepo, *options: str) -> list[list[str]]:
    """The actions of every commit, the oldest first."""
    return [entry["actions"] for entry in reversed(repo.document("history", *options)["entries"])]


def newest(repo: ConfigRepo) -> dict[str, Any]:
    found: dict[str, Any] = repo.document("history")["entries"][0]
    return found


def test_every_command_is_told_with_who_and_when(live: ConfigRepo) -> None:
    for command in (["flip"], ["bump", "--image", "v3"], ["rollback"], ["unhold"], ["park"], ["wake"]):
        live.ok(*command)
    live.ok("hold", "--reason", "launch", "--until", "2099-01-01T00:00Z")
    live.ok("bump", "--image", "v4", "--flip", "--override-hold", "urgent")
    live.ok("flip", "--override-hold", "still urgent")
    commands = ["bump", "bump", "flip", "bump", "rollback", "unhold", "park", "wake", "hold"]
    # To flip away from release 4 leads back to the one before.
    assert told(live) == [*([command] for command in commands), ["bump", "flip"], ["rollback"]]
    document = live.document("history")
    assert (document["app"], document["env"], document["complete"], document["cut"]) == ("hello", "prod", True, None)
    ids = live.git("log", "--format=%H", "--", STATE).splitlines()
    assert [entry["commit"] for entry in document["entries"]] == ids
    dates = live.git("log", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--", STATE).splitlines()
    assert [entry["date"] for entry in document["entries"]] == dates
    assert {entry["author"] for entry in document["entries"]} == {"Ada"}


def test_an_entry_holds_what_changed(live: ConfigRepo) -> None:
    live.ok("flip")
    tip = live.tip()
    assert newest(live) | {"date": None} == {
        "commit": tip,
        "date": None,
        "author": "Ada",
        "subject": "hello(prod): flip blue → green (v2)",
        "actions": ["flip"],
        "summary": "flip blue → green (v2)",
        "active": {"before": "blue", "after": "green"},
        "release": {"blue": 1, "green": 2},
        "source": None,
        "schema": None,
        "images": {"blue": {}, "green": {}},
    }
    live.ok("bump", "--image", "v3")
    images = {"hello": {"before": "ghcr.io/acme/hello:v1", "after": "ghcr.io/acme/hello:v3"}}
    assert newest(live)["images"] == {"blue": images, "green": {}}
    first = live.document("history")["entries"][-1]
    assert first["active"] == {"before": None, "after": "blue"}
    assert first["summary"] == "first release: blue v1 (release 1)"


def test_the_text_is_an_aligned_table(live: ConfigRepo) -> None:
    live.ok("flip")
    lines = live.ok("history").out.splitlines()
    cells = [re.split(r" {2,}", line) for line in lines]
    assert cells[0] == ["DATE", "COMMIT", "WHO", "WHAT", "ACTIVE", "IDLE"]
    assert cells[1][1:] == [live.tip()[:12], "Ada", "flip blue → green (v2)", "green 2 (v2)", "blue 1 (v1)"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", cells[1][0])
    assert cells[3][3:] == ["first release: blue v1 (release 1)", "blue 1 (v1)", "-"]
    for head in ("WHO", "WHAT", "ACTIVE"):
        assert {line[lines[0].index(head) - 1] for line in lines} == {" "}


def test_a_squash_merge_is_told_by_what_it_did(live: ConfigRepo) -> None:
    live.git("switch", "--quiet", "--create", "side")
    live.ok("flip")
    live.ok("bump", "--image", "v3")
    live.ok("park")
    live.git("switch", "--quiet", "main")
    live.git("merge", "--quiet", "--squash", "side")
    live.git("commit", "--quiet", "--message", "Update things (#12)")
    entry = newest(live)
    assert entry["subject"] == "Update things (#12)"
    assert entry["actions"] == ["bump", "flip", "park"]
    assert entry["active"] == {"before": "blue", "after": "green"}


def test_a_merge_is_one_entry_of_who_merged_it(live: ConfigRepo) -> None:
    live.git("switch", "--quiet", "--create", "side")
    live.ok("flip")
    live.ok("bump", "--image", "v3")
    live.git("switch", "--quiet", "main")
    live.commit({"README": "meanwhile\n"}, "other")
    live.env |= {"GIT_AUTHOR_NAME": "Grace"}
    live.git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")
    entry = newest(live)
    assert (entry["author"], entry["actions"]) == ("Grace", ["bump", "flip"])
    assert len(told(live)) == 3


def test_reverts_by_hand_are_told(live: ConfigRepo) -> None:
    live.ok("flip")
    live.git("revert", "--no-edit", "HEAD")
    assert newest(live)["actions"] == ["revert", "rollback"]
    live.git("revert", "--no-edit", "HEAD")
    assert newest(live)["actions"] == ["flip"]
    live.git("revert", "--no-edit", "HEAD", "HEAD~1", "HEAD~2", "HEAD~3")
    assert newest(live)["summary"] == "reverted: release 2 never was"


def test_edits_by_hand_and_unreadable_states_do_not_stop_the_list(live: ConfigRepo) -> None:
    text = (live.path / STATE).read_text()
    live.commit({STATE: text.replace("active: blue", "active: green")}, "a hand")
    live.commit({STATE: "nonsense: ["}, "broken")
    live.commit({STATE: ""}, "empty")
    live.commit({STATE: text}, "mended")
    live.commit({f"{PROD}/green.yaml": "release: x\n"}, "a colour's file alone")
    live.git("revert", "--no-edit", "HEAD")
    live.commit({STATE: None}, "half of it gone")
    live.commit({f"{PROD}/blue.yaml": None, f"{PROD}/green.yaml": None}, "all of it gone")
    assert told(live)[2:] == [
        ["flip", "edit"],
        ["unreadable"],
        ["unreadable"],
        ["rollback", "repair"],
        ["unreadable"],
        ["repair"],
        ["unreadable"],
        ["remove", "repair"],
    ]
    shown = live.ok("history").out
    assert "changed by hand or merge: the digest does not fit" in shown
    entry = live.document("history")["entries"][-4]
    assert (entry["release"], entry["active"]["after"], entry["images"]) == (None, None, {})


def test_a_file_that_is_a_link_is_unreadable(live: ConfigRepo) -> None:
    (live.path / STATE).unlink()
    (live.path / STATE).symlink_to("blue.yaml")
    live.commit({}, "a link")
    assert live.bggen("history", "--env", "prod").code == 0
    assert newest(live)["actions"] == ["unreadable"]


def test_the_limit_is_said_to_cut(live: ConfigRepo) -> None:
    live.ok("flip")
    document = live.document("history", "--limit", "2")
    assert (document["complete"], document["cut"]) == (False, "limit")
    # The oldest one that is shown is compared with what stood before it.
    assert [entry["actions"] for entry in document["entries"]] == [["flip"], ["bump"]]
    assert document["entries"][-1]["active"] == {"before": "blue", "after": "blue"}
    assert live.ok("history", "--limit", "2").out.splitlines()[-1] == "there are older changes: --limit 4 shows more"
    assert live.document("history", "--limit", "3")["complete"] is True
    for wrong in ("0", "-1", "many"):
        assert live.bggen("history", "--limit", wrong).code == 2


@pytest.mark.parametrize(("depth", "actions", "cut"), [(1, [], "shallow"), (2, [["flip"]], "shallow")])
def test_a_shallow_clone_says_that_it_is_cut(
    live: ConfigRepo, tmp_path: Path, depth: int, actions: list[list[str]], cut: str
) -> None:
    live.ok("flip")
    clone = tmp_path / "clone"
    live.git("clone", "--quiet", f"--depth={depth}", f"file://{live.path}", str(clone))
    document = live.document("history", "-C", str(clone))
    assert [entry["actions"] for entry in document["entries"]] == actions
    assert (document["complete"], document["cut"]) == (False, cut)
    last = live.ok("history", "-C", str(clone)).out.splitlines()[-1]
    assert last == "this clone is shallow, so older changes are not known: git fetch --unshallow brings them"


def test_a_config_repo_in_a_subfolder(live: ConfigRepo) -> None:
    live.commit({"plat ü/bggen.yaml": SETTINGS, "plat ü/apps/hello/app.yaml": HELLO}, "another config repo")
    live.ok("bump", "--image", "v7", folder="plat ü")
    found = live.ok("history", "--output", "json", folder="plat ü").json["entries"]
    assert [(entry["actions"], entry["release"]["blue"]) for entry in found] == [(["bump"], 1)]
    assert len(told(live)) == 2


def test_names_and_reasons_cannot_move_the_cursor(live: ConfigRepo) -> None:
    live.ok("hold", "--reason", "a\x1b[2Jb\x9bc")
    live.ok("flip", "--override-hold", "urgent")
    live.env |= {"GIT_AUTHOR_NAME": "Ann\x1b[31m\x9b\u202eEve"}
    live.git("commit", "--quiet", "--amend", "--reset-author", "--message", "sub\x1bject\x07 \x85 x")
    shown = live.ok("history").out
    assert "Ann?[31m??Eve" in shown
    assert all(char.isprintable() or char == "\n" for char in shown)
    printed = live.ok("history", "--output", "json").out
    assert all(char.isprintable() or char == "\n" for char in printed)
    assert newest(live)["subject"] == "sub?ject? ? x"


def test_a_long_reason_is_cut_in_the_table_and_whole_in_the_document(live: ConfigRepo) -> None:
    live.ok("hold", "--reason", "because " * 40)
    assert max(map(len, live.ok("history").out.splitlines())) < 180
    assert newest(live)["summary"] == "hold flips: " + ("because " * 40).strip()


def test_an_action_is_named_once(live: ConfigRepo) -> None:
    green = (live.path / PROD / "green.yaml").read_text()
    live.commit({f"{PROD}/green.yaml": green.replace("hello:v2", "hello:v2x")}, "a hand")
    assert newest(live)["actions"] == ["edit"]
    assert newest(live)["summary"].startswith("release 2 in green was edited; changed by hand or merge")


def test_nothing_released_yet(repo: ConfigRepo) -> None:
    assert repo.ok("history").out == "hello/prod: nothing was ever released\n"
    document = repo.document("history")
    assert (document["entries"], document["complete"]) == ([], True)


def test_outside_of_git_it_fails_in_one_line(repo: ConfigRepo, tmp_path: Path) -> None:
    bare = tmp_path / "no git"
    (bare / "apps/hello").mkdir(parents=True)
    (bare / "bggen.yaml").write_text(SETTINGS)
    (bare / "apps/hello/app.yaml").write_text(HELLO)
    ran = repo.bggen("history", "-C", str(bare))
    assert (ran.code, ran.out) == (6, "")
    assert ran.err.startswith("error: ")
    assert "not in a git repository" in ran.err


SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("trailers", "source", "cell"),
    [
        (
            {"sha": SHA, "repourl": "https://bot:s3cret@git.example.com/acme/shop"},
            {"sha": SHA, "repo": "https://git.example.com/acme/shop"},
            f"{SHA[:12]} https://git.example.com/acme/shop",
        ),
        ({"sha": "abcdef0"}, {"sha": "abcdef0", "repo": None}, "abcdef0"),
        ({"sha": "\x1b[31mabcdef0"}, None, "-"),
        ({"sha": "abcdef0", "repourl": "\x1b[31mhttps://a/b"}, {"sha": "abcdef0", "repo": None}, "abcdef0"),
        ({"repourl": "https://git.example.com/acme/shop"}, None, "-"),
    ],
)
def test_the_source_commit_is_told_from_the_trailers(
    live: ConfigRepo, trailers: dict[str, str], source: dict[str, str] | None, cell: str
) -> None:
    live.ok("flip")
    message = live.git("log", "-1", "--format=%B").rstrip("\n")
    lines = [f"Argocd-reference-commit-{key}: {value}" for key, value in trailers.items()]
    live.git("commit", "--amend", "--quiet", "--message", "\n".join([message, *lines]))
    assert newest(live)["source"] == source
    head, row, *rest = (re.split(r" {2,}", line) for line in live.ok("history", "--verbose").out.splitlines())
    assert (head[-1], row[-1]) == ("SOURCE", cell)
    assert {each[-1] for each in rest} == {"-"}
    assert "s3cret" not in live.ok("history", "-o", "json").out
