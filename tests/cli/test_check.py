"""`bggen check`: what a required status check says of pull requests, on real git."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen import state as state_files
from bggen.app.basing import VARIABLES
from bggen.model import Color, EnvState, Release
from tests.cli.test_github import read
from tests.support.cli import HELLO, SETTINGS, SHOP
from tests.support.repos import Repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import ConfigRepo, Ran

FOLDER = "apps/hello/prod"
STATE = f"{FOLDER}/release.yaml"
MANIFESTS = f"{FOLDER}/manifests"
REQUEST = "request"


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "GITHUB_REF"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub(live: ConfigRepo, outside_of_ci: None) -> ConfigRepo:  # noqa: ARG001 - its variables go before they are read
    """`live`, with an `origin` that has its main; HEAD is on the branch of a request."""
    origin = live.path.parent / "origin.git"
    live.git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    live.git("remote", "add", "origin", origin.as_uri())
    live.git("push", "--quiet", "origin", "main")
    live.git("switch", "--quiet", "--create", REQUEST)
    for name in (*VARIABLES, "GITHUB_REF"):
        live.env.pop(name, None)
    return live


def on_main(repo: ConfigRepo, *work: Callable[[], object]) -> None:
    """Do something on main, push it, and come back to the request, whose clone has not fetched it."""
    repo.git("switch", "--quiet", "main")
    for each in work:
        each()
    repo.git("push", "--quiet", "origin", "main")
    repo.git("switch", "--quiet", REQUEST)


def bggen(repo: ConfigRepo, *arguments: str) -> Callable[[], object]:
    return lambda: repo.ok(*arguments)


def checked(repo: ConfigRepo, *arguments: str, code: int = 0) -> Ran:
    ran = repo.bggen("check", *arguments, "--output", "json")
    assert ran.code == code, f"{ran.out}\n{ran.err}"
    assert ran.json["action"] == "check"
    assert ("error" in ran.json) == (code != 0)
    if code:
        assert ran.json["error"]["code"] == code
    return ran


def problems(ran: Ran) -> list[str]:
    return [f"{row['path']}: {row['message']}" for row in ran.json["problems"]]


def with_release(state: EnvState, color: str, release: Release) -> EnvState:
    return replace(state, blue=release) if color == "blue" else replace(state, green=release)


def write_state(repo: ConfigRepo, change: Callable[[EnvState], EnvState], message: str = "by hand") -> None:
    """Commit a state that nobody decided, with the right digest and manifests."""
    folder = repo.path / FOLDER
    files = {name: (folder / name).read_bytes() for name in state_files.FILES if (folder / name).exists()}
    made = state_files.encode(change(state_files.decode("hello", "prod", FOLDER, files)))
    for name in state_files.FILES:
        (folder / name).unlink(missing_ok=True)
        if name in made:
            (folder / name).write_bytes(made[name])
    repo.ok("render")
    repo.commit({}, message)


def clone(repo: ConfigRepo, ref: str, *, depth: int | None = 1) -> Repo:
    """Check out a ref of origin as CI does: fetched alone, with the last commits alone, and HEAD detached."""
    path = repo.path.parent / f"ci-{len(list(repo.path.parent.iterdir()))}"
    path.mkdir()
    made = Repo(path, repo.env)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", repo.git("remote", "get-url", "origin"))
    made.git("fetch", "--quiet", "--no-tags", *([f"--depth={depth}"] if depth else []), "origin", ref)
    made.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    return made


def merge_as_the_forge_does(repo: ConfigRepo) -> str:
    """Leave what GitHub does for an open request: refs/pull/1/merge, a merge into main as it is; return its name."""
    repo.git("switch", "--quiet", "--detach", "main")
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", REQUEST)
    repo.git("push", "--quiet", "--force", "origin", f"{REQUEST}:refs/pull/1/head", "HEAD:refs/pull/1/merge")
    repo.git("switch", "--quiet", REQUEST)
    return "refs/pull/1/merge"


def test_a_sound_flip_is_told_and_passes(hub: ConfigRepo) -> None:
    hub.ok("flip")
    found = checked(hub).json
    main = hub.git("rev-parse", "main")
    assert found["base"] == {"name": "main", "commit": main, "fetched": True}
    assert (found["head"], found["mergeBase"]) == (hub.tip(), main)
    assert found["apps"] == [
        {
            "app": "hello",
            "env": "prod",
            "actions": ["flip"],
            "summary": "flip blue → green (v2)",
            "active": "green",
            "release": {"blue": 1, "green": 2},
        }
    ]
    assert not found["problems"] + found["differences"] + found["stale"] + found["warnings"]
    assert hub.ok("check").out.splitlines() == [
        "hello/prod: flip blue → green (v2)",
        f"sound: 1 environment of apps checked, compared with the newest main ({main[:12]})",
    ]


@pytest.mark.parametrize(
    "commands",
    [
        [["bump", "--image", "v3"]],
        [["bump", "--image", "v3", "--flip"]],
        [["flip"], ["rollback"]],
        [["flip"], ["bump", "--image", "v3"], ["rollback"]],
        [["flip"], ["bump", "--image", "v3"], ["flip"], ["rollback"]],
        [["park"], ["scale", "hello=5"], ["hold", "--reason", "x"]],
    ],
    ids=str,
)
def test_whatever_commands_do_passes(hub: ConfigRepo, commands: list[list[str]]) -> None:
    for command in commands[:-1]:
        on_main(hub, bggen(hub, *command))
    hub.git("reset", "--quiet", "--hard", "main")
    hub.ok(*commands[-1])
    checked(hub)


def test_where_nothing_is_changed_there_is_nothing_to_check(hub: ConfigRepo) -> None:
    assert hub.ok("check").out.startswith("nothing to check: no app is changed, compared with the newest main (")
    hub.commit({"README.md": "words\n", "apps/README.md": "more\n"})
    assert checked(hub).json["apps"] == []


@pytest.mark.parametrize(
    ("request_", "meanwhile", "words"),
    [
        (["bump", "--image", "untested"], ["flip"], "flip blue → green (v2)"),
        (["flip"], ["bump", "--image", "untested"], "bump green to untested (release 3)"),
        (["scale", "hello=4"], ["hold", "--reason", "party"], "hold flips: party"),
    ],
)
def test_a_decision_on_a_state_that_is_no_more_is_stale(
    hub: ConfigRepo, request_: list[str], meanwhile: list[str], words: str
) -> None:
    hub.ok(*request_)
    on_main(hub, bggen(hub, *meanwhile))
    ran = checked(hub, code=3)
    assert ran.json["error"]["kind"] == "stale"
    assert [(each["app"], each["env"], each["summary"]) for each in ran.json["stale"]] == [("hello", "prod", words)]
    assert words in ran.err
    assert "hint: run the bggen command that made this request again" in ran.err
    # The way out: the branch is made anew on the newest state.
    hub.git("reset", "--quiet", "--hard", "main")
    hub.ok(*request_)
    checked(hub)


def test_the_newest_base_is_asked_for_even_where_the_clone_has_an_older_one(hub: ConfigRepo) -> None:
    hub.ok("flip")
    hub.git("push", "--quiet", "origin", REQUEST)
    here = clone(hub, REQUEST, depth=None)
    here.git("fetch", "--quiet", "origin", "main:refs/remotes/origin/main")
    on_main(hub, bggen(hub, "bump", "--image", "untested"))
    refs = here.git("for-each-ref")
    checked(hub, "-C", str(here.path), code=3)
    assert here.git("for-each-ref") == refs
    old = checked(hub, "-C", str(here.path), "--no-fetch").json
    assert old["base"] == {"name": "main", "commit": here.git("rev-parse", "origin/main"), "fetched": False}


def test_what_landed_already_is_not_stale(hub: ConfigRepo) -> None:
    hub.ok("flip")
    on_main(hub, lambda: hub.git("merge", "--quiet", "--squash", REQUEST), lambda: hub.commit({}, "landed"))
    checked(hub)
    on_main(hub, bggen(hub, "park"))
    checked(hub, code=3)


def test_others_work_on_the_base_makes_nothing_stale(hub: ConfigRepo) -> None:
    hub.ok("flip")
    other = HELLO.replace("hello", "other")
    on_main(
        hub,
        lambda: hub.commit({"apps/other/app.yaml": other}),
        bggen(hub, "bump", "--app", "other", "--image", "v1"),
    )
    assert [pair["app"] for pair in checked(hub).json["apps"]] == ["hello"]
    hub.git("merge", "--quiet", "--no-edit", "main")
    assert [pair["app"] for pair in checked(hub).json["apps"]] == ["hello"]


def test_a_spec_that_changed_since_the_bump_is_a_warning(hub: ConfigRepo) -> None:
    hub.ok("bump", "--image", "v3")
    on_main(hub, lambda: hub.commit({"apps/hello/app.yaml": HELLO.replace("8080", "9090")}))
    assert checked(hub).json["warnings"] == [
        "hello/prod: release 3 was made before apps/hello/app.yaml changed on the base; the next bump takes that in"
    ]


def settle(repo: ConfigRepo) -> None:
    """Merge main, which must conflict, and take the whole state as the request has it."""
    assert repo.try_git("merge", "main").returncode != 0
    repo.git("rm", "--quiet", "-r", "--force", FOLDER)
    repo.git("checkout", "HEAD", "--", FOLDER)
    repo.ok("render", "--check")
    repo.commit({}, "settled")


def test_a_bump_from_before_a_flip_that_takes_its_own_side_is_found(hub: ConfigRepo) -> None:
    hub.ok("bump", "--image", "untested")
    on_main(hub, bggen(hub, "flip"))
    settle(hub)
    assert problems(checked(hub, code=1)) == [f"{STATE}: served goes back from 2 to 1, which only a revert does"]


def test_a_flip_from_before_a_bump_that_takes_its_own_side_is_found(hub: ConfigRepo) -> None:
    hub.ok("flip")
    on_main(hub, bggen(hub, "bump", "--image", "untested"))
    settle(hub)
    assert problems(checked(hub, code=1)) == [
        f"{FOLDER}/green.yaml: release 2 comes back, but it was never active",
        f"{STATE}: last goes back from 3 to 2, which only a revert does",
    ]


def test_a_revert_of_a_flip_after_a_bump_that_keeps_the_bump_is_found(hub: ConfigRepo) -> None:
    on_main(hub, bggen(hub, "flip"), bggen(hub, "bump", "--image", "untested"))
    hub.git("reset", "--quiet", "--hard", "main")
    assert hub.try_git("revert", "--no-edit", "HEAD~1").returncode != 0
    hub.git("checkout", "HEAD", "--", FOLDER)
    # What a merge by lines would have come to, and a digest that somebody made fit.
    write_state(hub, lambda state: replace(state, active=Color.BLUE, served=1, saved=None, previous=None))
    found = problems(checked(hub, code=1))
    assert f"{STATE}: blue takes traffic with release 3, but served says that none after 1 ever did" in found


def test_a_conflict_that_was_settled_by_lines_is_a_wrong_digest(hub: ConfigRepo) -> None:
    hub.ok("flip")
    on_main(hub, bggen(hub, "bump", "--image", "untested"))
    assert hub.try_git("merge", "main").returncode != 0
    text = (hub.path / STATE).read_text()
    hub.write(STATE, "".join(f"{line}\n" for line in text.splitlines() if line[:7] not in {"<<<<<<<", ">>>>>>>"}))
    hub.commit({})
    assert checked(hub, code=1).json["problems"]
    # One side of this file, and the other of green.yaml, which merged cleanly.
    hub.git("checkout", "HEAD~1", "--", STATE)
    hub.commit({})
    ran = checked(hub, code=1)
    assert ran.json["error"]["kind"] == "state-mismatch"
    assert "take one whole side" in ran.json["error"]["hint"]


def test_reverts_are_legitimate(hub: ConfigRepo) -> None:
    on_main(hub, bggen(hub, "flip"), bggen(hub, "park"), bggen(hub, "bump", "--image", "v3"))
    hub.git("reset", "--quiet", "--hard", "main")
    hub.git("revert", "--no-edit", "HEAD")
    assert checked(hub).json["apps"][0]["summary"].startswith("reverted: release 3 never was")
    hub.git("revert", "--no-edit", "HEAD~2", "HEAD~3")
    assert checked(hub).json["apps"][0]["actions"][0] == "revert"
    hub.git("push", "--quiet", "origin", REQUEST)
    # History is what explains it: a clone of one commit gets it, if it may.
    here = clone(hub, REQUEST)
    checked(hub, "-C", str(here.path))
    alone = clone(hub, REQUEST, depth=5)
    alone.git("update-ref", "refs/remotes/origin/main", f"{alone.tip()}~3")
    found = problems(checked(hub, "-C", str(alone.path), "--no-fetch", code=1))
    assert f"{STATE}: last goes back from 3 to 2, which only a revert does" in found


def test_a_rollback_to_an_old_release_is_found_in_history_and_not_made_up(hub: ConfigRepo) -> None:
    on_main(
        hub,
        bggen(hub, "flip"),
        *(bggen(hub, "bump", "--image", f"v{number}", "--flip") for number in (3, 4, 5)),
    )
    hub.git("reset", "--quiet", "--hard", "main")
    hub.ok("rollback", "--to", "1")
    assert checked(hub).json["apps"][0]["actions"] == ["rollback"]
    hub.git("push", "--quiet", "origin", REQUEST)
    here = clone(hub, REQUEST)
    checked(hub, "-C", str(here.path))

    def made_up(state: EnvState) -> EnvState:
        release = state.active_release
        assert release is not None
        return with_release(state, str(state.active), replace(release, number=2))

    write_state(hub, made_up)
    (found,) = problems(checked(hub, code=1))
    assert found.endswith(".yaml: release 2 comes back, but no earlier state of the base holds it like that")


def test_states_that_no_command_leads_to_are_found(hub: ConfigRepo) -> None:
    def other_image(state: EnvState, color: str, number: int) -> EnvState:
        release = state.release(Color(color))
        assert release is not None
        component = release.spec.components["hello"]
        image = replace(component.image, tag="untested")
        spec = replace(release.spec, components={"hello": replace(component, image=image)})
        changed = replace(release, number=number, spec=spec)
        return replace(with_release(state, color, changed), last=max(state.last, number))

    for change, file, words in (
        (lambda state: other_image(state, "green", 2), "green.yaml", "release 2 is another one than before"),
        (lambda state: other_image(state, "blue", 1), "blue.yaml", "release 1 is another one than before"),
        (
            lambda state: replace(other_image(state, "blue", 3), served=3),
            "blue.yaml",
            "blue takes traffic before and after, and its release changes from 1 to 3",
        ),
        (lambda state: replace(state, active=Color.GREEN), "release.yaml", "green takes traffic with release 2, but"),
    ):
        write_state(hub, change)
        found = problems(checked(hub, code=1))
        assert any(line.startswith(f"{FOLDER}/{file}: {words}") for line in found), found
        hub.git("reset", "--quiet", "--hard", "main")


def test_the_merge_commit_of_the_forge_alone_is_enough(hub: ConfigRepo) -> None:
    hub.ok("flip")
    here = clone(hub, merge_as_the_forge_does(hub))
    found = checked(hub, "-C", str(here.path)).json
    assert found["mergeBase"] == found["base"]["commit"] == hub.git("rev-parse", "main")
    # Its first parent was known, and nothing had to be deepened.
    assert here.git("rev-list", "--count", "HEAD") == "1"
    # Somebody merges something else, then something that makes the flip stale; the forge's commit stays as it is.
    on_main(hub, lambda: hub.commit({"apps/other/app.yaml": HELLO.replace("hello", "other")}))
    found = checked(hub, "-C", str(here.path)).json
    assert found["mergeBase"] == hub.git("rev-parse", "main~1")
    assert [pair["app"] for pair in found["apps"]] == ["hello"]
    on_main(hub, bggen(hub, "bump", "--app", "hello", "--image", "untested"))
    checked(hub, "-C", str(here.path), code=3)


@pytest.mark.parametrize("behind", [3, 60])
def test_a_shallow_clone_is_deepened_until_both_sides_meet(hub: ConfigRepo, behind: int) -> None:
    hub.ok("flip")
    fork = hub.git("rev-parse", "main")
    hub.git("push", "--quiet", "origin", REQUEST)
    other = HELLO.replace("hello", "other")
    on_main(hub, lambda: [hub.commit({"apps/other/app.yaml": f"{other}# {number}\n"}) for number in range(behind)])
    here = clone(hub, REQUEST)
    refs = here.git("for-each-ref")
    found = checked(hub, "-C", str(here.path)).json
    assert found["mergeBase"] == fork
    assert [pair["app"] for pair in found["apps"]] == ["hello"]
    assert found["warnings"] == []
    assert here.git("for-each-ref") == refs
    here.git("fsck", "--strict")


def test_a_server_that_knows_only_the_oldest_protocol_will_do(hub: ConfigRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {"COUNT": "1", "KEY_0": "protocol.version", "VALUE_0": "0"}.items():
        hub.env[f"GIT_CONFIG_{key}"] = value
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    hub.ok("flip")
    fork = hub.git("rev-parse", "main")
    on_main(hub, lambda: hub.commit({"notes": "x"}))
    hub.git("push", "--quiet", "origin", REQUEST)
    here = clone(hub, REQUEST)
    assert checked(hub, "-C", str(here.path)).json["mergeBase"] == fork
    # A commit that no branch there ends with, it does not deepen; all of the history it gives.
    late = clone(hub, REQUEST)
    hub.ok("park")
    hub.git("push", "--quiet", "origin", REQUEST)
    assert checked(hub, "-C", str(late.path)).json["mergeBase"] == fork


def test_an_older_common_commit_that_shows_first_is_not_taken(hub: ConfigRepo) -> None:
    """A merge of an old branch brings an old commit close to the tip, while the real fork is far away."""
    old = hub.git("rev-parse", "main~1")
    hub.git("branch", "side", old)
    on_main(hub, lambda: [hub.commit({"notes": f"{number}"}) for number in range(4)])
    hub.git("reset", "--quiet", "--hard", "main")
    fork = hub.tip()
    hub.ok("flip")
    hub.git("push", "--quiet", "origin", REQUEST)

    def merge_old() -> None:
        for number in range(4):
            hub.commit({"notes": f"later {number}"})
        hub.git("merge", "--quiet", "--no-edit", "--strategy=ours", "side")

    on_main(hub, merge_old)
    here = clone(hub, REQUEST, depth=8)
    here.git("fetch", "--quiet", "--depth=3", "origin", "main:refs/heads/main")
    assert checked(hub, "-C", str(here.path)).json["mergeBase"] == fork


def test_a_clone_that_may_not_fetch_says_what_it_lacks(hub: ConfigRepo) -> None:
    hub.ok("flip")
    hub.git("push", "--quiet", "origin", REQUEST)
    here = clone(hub, REQUEST)
    on_main(hub, lambda: hub.commit({"notes": "x"}))
    ran = hub.bggen("check", "--no-fetch", "-C", str(here.path))
    assert ran.code == 2
    assert "error: it is not clear what to compare with" in ran.err
    ran = hub.bggen("check", "--no-fetch", "--base", "main", "-C", str(here.path))
    assert ran.code == 3
    assert "error: there is no branch main to compare with: neither here nor on origin" in ran.err
    here.git("fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    ran = hub.bggen("check", "--no-fetch", "-C", str(here.path))
    assert ran.code == 3
    assert "HEAD and main have no commit in common in this shallow clone" in ran.err


def test_without_the_remote_it_says_what_it_compared_with(hub: ConfigRepo) -> None:
    hub.ok("flip")
    hub.git("fetch", "--quiet", "origin")
    hub.git("remote", "set-url", "origin", (hub.path.parent / "gone.git").as_uri())
    found = checked(hub).json
    assert found["base"]["fetched"] is False
    assert len(found["warnings"]) == 1
    assert found["warnings"][0].startswith("could not ask origin for main, compared with what is here: ")
    ran = hub.bggen("check", "--base", "release/1.x", "--output", "json")
    assert (ran.code, ran.json["error"]["kind"]) == (6, "git")
    assert ran.json["error"]["message"].startswith("cannot ask origin for release/1.x: ")


@pytest.mark.parametrize("scheme", ["http", "https", "git", "ssh", "nonsense"])
def test_a_password_in_the_remotes_url_is_not_shown(hub: ConfigRepo, scheme: str) -> None:
    hub.git("fetch", "--quiet", "origin")
    hub.git("remote", "set-url", "origin", f"{scheme}://me:canary@localhost:1/x.git")
    for base in ("main", "missing"):
        for form in ("text", "json", "github"):
            ran = hub.bggen("check", "--base", base, "--output", form, "--verbose")
            assert ran.code == (0 if base == "main" else 6)
            assert "canary" not in ran.out + ran.err
            assert "could not ask origin" in ran.out or "cannot ask origin" in ran.out + ran.err


def test_without_a_remote_the_local_branch_counts(live: ConfigRepo) -> None:
    live.git("switch", "--quiet", "--create", REQUEST)
    live.ok("flip")
    found = checked(live).json
    assert found["base"] == {"name": "main", "commit": live.git("rev-parse", "main"), "fetched": False}
    assert found["warnings"] == []


def test_manifests_that_are_not_what_the_state_renders_are_differences(hub: ConfigRepo) -> None:
    hub.ok("flip")
    service = hub.path / MANIFESTS / "service-hello.yaml"
    service.write_text(service.read_text().replace("port: 80\n", "port: 81\n"))
    (hub.path / MANIFESTS / "ingress-hello.yaml").unlink()
    hub.commit({f"{MANIFESTS}/configmap-old.yaml": "# Generated by bggen from x: do not edit.\n"})
    ran = checked(hub, code=4)
    assert ran.json["error"]["kind"] == "drift"
    assert ran.json["differences"] == [
        {"path": f"{MANIFESTS}/configmap-old.yaml", "change": "removed"},
        {"path": f"{MANIFESTS}/ingress-hello.yaml", "change": "written"},
        {"path": f"{MANIFESTS}/service-hello.yaml", "change": "changed"},
    ]
    assert "hint: bggen render, and commit what it writes" in ran.err


def test_the_worst_decides_the_exit_code_and_all_is_told(hub: ConfigRepo) -> None:
    hub.ok("flip")
    on_main(hub, bggen(hub, "bump", "--image", "untested"))
    service = hub.path / MANIFESTS / "service-hello.yaml"
    service.write_text(service.read_text().replace("port: 80\n", "port: 81\n"))
    hub.commit({})
    found = checked(hub, code=4).json
    assert found["differences"]
    assert found["stale"]
    hub.commit({"apps/hello/app.yaml": HELLO.replace("port", "prot")})
    found = checked(hub, code=1).json
    assert found["problems"][0]["line"] == 5
    assert found["differences"]
    assert found["stale"]
    assert found["error"]["message"] == f"{len(found['problems'])} problems in what this request changes"


def test_only_what_the_request_touches_is_checked(hub: ConfigRepo) -> None:
    on_main(hub, lambda: hub.commit({"apps/broken/app.yaml": "nonsense: 1\n"}))
    hub.git("merge", "--quiet", "--no-edit", "main")
    hub.ok("flip", "--app", "hello")
    assert [pair["app"] for pair in checked(hub).json["apps"]] == ["hello"]
    everything = checked(hub, "--all", code=1)
    assert {row["path"] for row in everything.json["problems"]} == {"apps/broken/app.yaml"}
    hub.commit({"apps/broken/app.yaml": "nonsense: 2\n"})
    checked(hub, code=1)


def test_a_rollback_does_not_wait_for_a_spec_that_others_broke(hub: ConfigRepo) -> None:
    bad = {"apps/hello/app.yaml": HELLO.replace("port", "prot"), "bggen.yaml": f"{SETTINGS}extra: 1\n"}
    on_main(hub, bggen(hub, "flip"), lambda: hub.commit(bad))
    hub.git("reset", "--quiet", "--hard", "main")
    hub.ok("rollback", "--app", "hello", "--env", "prod")
    found = checked(hub).json
    assert found["apps"][0]["actions"] == ["rollback"]
    assert len(found["warnings"]) == 1
    assert "the request does not change it" in found["warnings"][0]


def test_settings_that_change_concern_everything(hub: ConfigRepo) -> None:
    hub.commit({"bggen.yaml": SETTINGS.replace("1.34", "1.33")})
    assert [(pair["app"], pair["summary"]) for pair in checked(hub).json["apps"]] == [("hello", "")]
    hub.commit({"bggen.yaml": f"{SETTINGS}extra: 1\n"})
    assert problems(checked(hub, code=1))[0].startswith("bggen.yaml: unknown key")
    hub.commit({"bggen.yaml": SETTINGS.replace("prod", "live")})
    assert any("bggen.yaml has no environment prod" in line for line in problems(checked(hub, code=1)))


def test_a_newer_bggen_is_asked_for(hub: ConfigRepo) -> None:
    hub.commit({"bggen.yaml": f'bggen: ">=99.0"\n{SETTINGS}'})
    ran = hub.bggen("check", "--output", "json")
    assert (ran.code, ran.json["error"]["kind"]) == (1, "too-new")


def test_an_app_that_goes(hub: ConfigRepo) -> None:
    hub.git("rm", "--quiet", "-r", "apps/hello")
    hub.commit({})
    found = checked(hub).json
    assert found["apps"][0]["actions"] == ["remove"]
    assert found["warnings"] == ["hello/prod is taken out: Argo CD deletes what takes traffic there"]
    hub.git("reset", "--quiet", "--hard", "main")
    hub.git("rm", "--quiet", "apps/hello/app.yaml")
    hub.commit({})
    assert problems(checked(hub, code=1)) == [
        "apps/hello/app.yaml: is missing, but apps/hello/prod holds a state: take the folder out as well"
    ]
    hub.git("reset", "--quiet", "--hard", "main")
    hub.git("rm", "--quiet", *(f"{FOLDER}/{name}" for name in ("release.yaml", "blue.yaml", "green.yaml")))
    hub.commit({})
    assert {each["change"] for each in checked(hub, code=4).json["differences"]} == {"removed"}
    on_main(hub, bggen(hub, "flip"))
    assert checked(hub, code=4).json["stale"]


def test_an_environment_that_goes(hub: ConfigRepo) -> None:
    hub.git("rm", "--quiet", "-r", FOLDER)
    hub.commit({})
    assert checked(hub).json["apps"][0]["actions"] == ["remove"]


def test_a_new_app_and_a_renamed_one(hub: ConfigRepo) -> None:
    hub.commit({"apps/shop/app.yaml": SHOP})
    assert [pair["app"] for pair in checked(hub).json["apps"]] == ["shop"]
    hub.ok("bump", "--app", "shop", "--image", "v1")
    assert checked(hub).json["apps"][0]["actions"] == ["bump"]
    # A folder that was renamed holds the state of another app.
    hub.git("mv", "apps/hello", "apps/hallo")
    hub.commit({"apps/hallo/app.yaml": HELLO.replace("hello", "hallo")})
    found = problems(checked(hub, code=1))
    assert any("apps/hallo/prod/release.yaml: app is 'hello', but the folder says 'hallo'" in line for line in found)


def test_names_are_compared_over_the_whole_repo(hub: ConfigRepo) -> None:
    shop_api = HELLO.replace("hello", "shop-api")

    def release_shop() -> None:
        hub.commit({"apps/shop/app.yaml": SHOP})
        hub.ok("bump", "--app", "shop", "--image", "v1")

    on_main(hub, release_shop)
    hub.git("merge", "--quiet", "--no-edit", "main")
    hub.commit({"apps/shop-api/app.yaml": shop_api})
    hub.ok("bump", "--app", "shop-api", "--image", "v1")
    found = problems(checked(hub, code=1))
    wanted = "Deployment shop-api-blue is also written by apps/shop/prod/manifests/deployment-shop-api-blue.yaml"
    assert f"apps/shop-api/prod/manifests/deployment-shop-api-blue.yaml: {wanted}" in found
    # Once it is on the base, it is not the fault of those who come later.
    on_main(hub, lambda: hub.git("merge", "--quiet", REQUEST))
    hub.ok("flip", "--app", "hello")
    assert [pair["app"] for pair in checked(hub).json["apps"]] == ["hello"]


def test_ports_of_nodes_are_compared_over_the_whole_repo(hub: ConfigRepo) -> None:
    def spec(name: str) -> str:
        return HELLO.replace("hello", name) + "service: {type: NodePort, nodePort: 30080}\n"

    def release(name: str) -> None:
        hub.commit({f"apps/{name}/app.yaml": spec(name)})
        hub.ok("bump", "--app", name, "--image", "v1")

    on_main(hub, lambda: release("one"))
    hub.git("merge", "--quiet", "--no-edit", "main")
    release("two")
    one, two = (f"apps/{name}/prod/manifests/service-{name}.yaml" for name in ("one", "two"))
    assert problems(checked(hub, code=1)) == [f"{two}: nodePort 30080 is also wanted by {one}"]


def test_only_the_commit_counts(hub: ConfigRepo) -> None:
    hub.ok("flip")
    hub.write(STATE, "nonsense\n")
    hub.write("apps/new/app.yaml", "nonsense\n")
    assert checked(hub).json["warnings"] == ["2 uncommitted files not looked at: check reads the commit HEAD"]
    assert (hub.path / STATE).read_text() == "nonsense\n"


def test_annotations_stand_at_the_files(hub: ConfigRepo) -> None:
    hub.ok("flip")
    assert hub.ok("check", "--output", "github").out == ""
    on_main(hub, bggen(hub, "bump", "--image", "untested"))
    service = hub.path / MANIFESTS / "service-hello.yaml"
    service.write_text(service.read_text().replace("port: 80\n", "port: 81\n"))
    hub.commit({"apps/hello/app.yaml": HELLO.replace("port", "prot")})
    ran = hub.bggen("check", "--output", "github")
    assert ran.code == 1
    found = [read(line) for line in ran.out.splitlines()]
    assert list(dict.fromkeys(properties["file"] for properties, _ in found)) == [
        "apps/hello/app.yaml",
        f"{MANIFESTS}/service-hello.yaml",
        STATE,
    ]
    assert found[0][0]["line"] == "5"
    assert "bump green to untested (release 3)" in found[-1][1]
    hub.write("apps/x", "x")
    warned = hub.bggen("check", "--output", "github").out.splitlines()[-1]
    assert warned == "::warning title=bggen check::1 uncommitted file not looked at: check reads the commit HEAD"


def test_a_config_repo_in_a_folder_of_its_repository(hub: ConfigRepo) -> None:
    def start() -> None:
        hub.commit({"plat/x y/bggen.yaml": SETTINGS, "plat/x y/apps/hello/app.yaml": HELLO})
        hub.ok("bump", "--image", "v1", folder="plat/x y")

    on_main(hub, start)
    hub.git("reset", "--quiet", "--hard", "main")
    hub.ok("bump", "--image", "v2", folder="plat/x y")
    found = hub.document("check", folder="plat/x y/apps")
    assert [pair["actions"] for pair in found["apps"]] == [["bump"]]
    assert checked(hub).json["apps"] == []


def test_the_base_is_a_branch_a_tracking_branch_or_a_commit(hub: ConfigRepo) -> None:
    hub.ok("flip")
    main = hub.git("rev-parse", "main")
    hub.git("tag", "v1", "main")
    hub.git("fetch", "--quiet", "origin")
    for base in ("main", "refs/heads/main", "origin/main", "refs/remotes/origin/main"):
        found = checked(hub, "--base", base).json["base"]
        assert found == {"name": "main", "commit": main, "fetched": True}
    for base in (main, main[:10], "v1", "refs/tags/v1"):
        found = checked(hub, "--base", base).json["base"]
        assert (found["commit"], found["fetched"]) == (main, False)


def test_a_commit_that_is_not_here_is_fetched(hub: ConfigRepo) -> None:
    hub.ok("flip")
    hub.git("push", "--quiet", "origin", REQUEST)
    main = hub.git("rev-parse", "main")
    here = clone(hub, REQUEST)
    assert checked(hub, "-C", str(here.path), "--base", main).json["mergeBase"] == main
    ran = hub.bggen("check", "-C", str(here.path), "--base", "1" * 40)
    assert ran.code == 3
    assert "there is no commit 1111111111 here" in ran.err


@pytest.mark.parametrize(
    "base",
    [
        *("", "-x", "--upload-pack=touch x", "a..b", "main~1", "main^", "@{u}", "@", "HEAD", "a b", "a\nb", "a\x1b[2J"),
        *("/main", "main/", ".a", "a/.b", "a.lock", "a//b", "a:b", "a*", "a?", "[a", "a\\b", "a\u202eb", "a."),
    ],
)
def test_what_git_would_take_for_something_else_is_refused(hub: ConfigRepo, base: str) -> None:
    ran = hub.bggen("check", f"--base={base}", "--output", "json")
    assert (ran.code, ran.json["error"]["kind"]) == (2, "usage")
    assert "\x1b" not in ran.err
    assert not (hub.path / "x").exists()


def test_what_cannot_be_compared_with_is_refused(hub: ConfigRepo) -> None:
    ran = hub.bggen("check", "--base", "nope")
    assert ran.code == 3
    assert "error: there is no branch nope to compare with: neither here nor on origin" in ran.err
    hub.git("switch", "--quiet", "--orphan", "alien")
    hub.commit({"bggen.yaml": SETTINGS})
    ran = hub.bggen("check", "--output", "json")
    assert (ran.code, ran.json["error"]["kind"]) == (3, "branch")
    assert ran.json["error"]["message"] == "HEAD and main have no commit in common"


@pytest.mark.parametrize("variable", [*VARIABLES, "GITHUB_REF"])
def test_ci_says_what_the_base_is(hub: ConfigRepo, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.git("push", "--quiet", "origin", "main:release/1.x")
    values = ["release/1.x", "refs/heads/release/1.x"]
    if variable == "GITHUB_REF":
        values = [f"refs/heads/gh-readonly-queue/release/1.x/pr-12-{'a' * 40}"]
    for value in values:
        monkeypatch.setenv(variable, value)
        assert checked(hub).json["base"]["name"] == "release/1.x"
    assert checked(hub, "--base", "main").json["base"]["name"] == "main"
    monkeypatch.setenv(variable, "refs/heads/gh-readonly-queue/a..b/pr-1-abc" if "REF" in variable else "--all")
    ran = hub.bggen("check")
    assert ran.code == 2
    assert variable in ran.err


def test_the_default_branch_is_what_the_remote_says(hub: ConfigRepo) -> None:
    hub.git("push", "--quiet", "origin", "main:trunk")
    origin = Repo(hub.path.parent / "origin.git", hub.env)
    origin.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    assert checked(hub).json["base"]["name"] == "trunk"
    hub.git("fetch", "--quiet", "origin")
    hub.git("remote", "set-head", "origin", "main")
    assert checked(hub).json["base"]["name"] == "main"


def test_a_remote_cannot_name_what_git_would_take_for_something_else(hub: ConfigRepo) -> None:
    origin = Repo(hub.path.parent / "origin.git", hub.env)
    origin.write("HEAD", "ref: refs/heads/--upload-pack=x\n")
    origin.write("refs/heads/--upload-pack=x", f"{hub.git('rev-parse', 'main')}\n")
    ran = hub.bggen("check")
    assert ran.code == 2
    assert "the remote's default branch '--upload-pack=x': no name of a branch" in ran.err


def test_settings_alone_can_be_wrong(hub: ConfigRepo) -> None:
    on_main(hub, lambda: hub.git("rm", "--quiet", "-r", "apps"), lambda: hub.commit({}))
    hub.git("reset", "--quiet", "--hard", "main")
    hub.commit({"bggen.yaml": f"{SETTINGS}extra: 1\n"})
    ran = hub.bggen("check")
    assert ran.code == 1
    assert ran.out.splitlines()[-1].startswith("not sound: 0 environments of apps checked")
    assert ran.err.startswith("error: 1 problem in what this request changes")


def test_links_and_other_oddities_are_problems(hub: ConfigRepo, tmp_path: Path) -> None:
    blue = hub.path / FOLDER / "blue.yaml"
    blue.unlink()
    blue.symlink_to(tmp_path / "elsewhere")
    hub.commit({})
    (found,) = problems(checked(hub, code=1))
    assert found.startswith(f"{FOLDER}/blue.yaml: is a symbolic link")
    hub.git("reset", "--quiet", "--hard", "main")
    hub.ok("flip")
    hub.commit({f"{MANIFESTS}/mine.yaml": "a: [\n"})
    assert any("Argo CD cannot read it" in line for line in problems(checked(hub, code=1)))


def test_a_state_that_was_broken_on_the_base_may_be_put_right(hub: ConfigRepo) -> None:
    sound = (hub.path / STATE).read_text()
    on_main(hub, lambda: hub.commit({STATE: sound.replace("last: 2", "last: 3")}))
    hub.git("reset", "--quiet", "--hard", "main")
    assert hub.bggen("status").code == 1
    hub.commit({STATE: sound})
    assert [(pair["actions"], pair["summary"]) for pair in checked(hub).json["apps"]] == [
        (["repair"], "the state is sound again")
    ]


@pytest.mark.parametrize("workers", ["1", "3"])
def test_many_apps_are_looked_at_by_several_workers(
    hub: ConfigRepo, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BGGEN_WORKERS", workers)
    names = [f"app{number}" for number in range(6)]

    def add() -> None:
        hub.commit({f"apps/{name}/app.yaml": HELLO.replace("hello", name) for name in names})
        for name in names:
            hub.ok("bump", "--app", name, "--image", "v1")

    on_main(hub, add)
    hub.git("reset", "--quiet", "--hard", "main")
    hub.commit(
        {
            "bggen.yaml": SETTINGS.replace("1.34", "1.33"),
            "apps/app3/prod/blue.yaml": "nonsense\n",
            "apps/app4/app.yaml": "nonsense\n",
        }
    )
    on_main(hub, bggen(hub, "bump", "--app", "app3", "--image", "v2"))
    found = checked(hub, code=1).json
    assert [pair["app"] for pair in found["apps"]] == [*names, "hello"]
    assert {row["path"].split("/")[1] for row in found["problems"]} == {"app3", "app4"}
    assert [(each["app"], each["summary"]) for each in found["stale"]] == [("app3", "bump green to v2 (release 2)")]
