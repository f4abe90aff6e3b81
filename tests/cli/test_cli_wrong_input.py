"""Wrong input gives one clear line for each problem and the right exit code, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import HELLO, SETTINGS, SHOP

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo, Ran

DIGEST = "sha256:" + "0" * 64
APP = "apps/hello/app.yaml"


def refuse(repo: ConfigRepo, code: int, *arguments: str, folder: str = ".") -> Ran:
    """Run a command that must fail, and see that nothing changed and that it said so in clean lines."""
    before = repo.files(), repo.tip(), repo.git("status", "--porcelain")
    ran = repo.bggen(*arguments, folder=folder)
    assert ran.code == code, f"bggen {' '.join(arguments)}: exit {ran.code}\n{ran.out}\n{ran.err}"
    assert (repo.files(), repo.tip(), repo.git("status", "--porcelain")) == before
    lines = ran.err.splitlines()
    assert lines
    for line in lines:
        assert line.startswith(("error: ", "hint: ")), ran.err
        assert line.isprintable()
        assert len(line) < 400
    assert "Traceback" not in ran.err + ran.out
    as_json = repo.bggen(*arguments, "--output", "json", folder=folder)
    assert as_json.code == code
    assert as_json.json["error"]["code"] == code
    assert as_json.json["changed"] in (False, None)
    return ran


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HELLO}tagg: v1\n", ["apps/hello/app.yaml:8:1: tagg: unknown key"]),
        (HELLO.replace("image:", "imgae:"), ["apps/hello/app.yaml:4:1: imgae: unknown key", "did you mean"]),
        (HELLO.replace("host:", "hots:"), ["apps/hello/app.yaml:7:3: route.hots: unknown key", "did you mean"]),
        (
            SHOP.replace("shop", "hello").replace("env:", "evn:"),
            ["apps/hello/app.yaml:8:5: components.web.evn: unknown"],
        ),
        (HELLO.replace("8080", "eighty"), ["apps/hello/app.yaml:5:7: port: "]),
        (HELLO.replace("8080", "99999"), ["apps/hello/app.yaml:5:7: port: "]),
        (HELLO.replace("8080", "eighty") + "tagg: v1\n", ["5:7: port: ", "8:1: tagg: unknown key"]),
        (HELLO.replace("name: hello", "name: other"), ["apps/hello/app.yaml:3:7: name: "]),
        (f"{HELLO}env: {{A: '${{nope.url}}'}}\n", ["apps/hello/app.yaml:8:10: env.A: ", "nope"]),
        (HELLO + "env:\n\tA: b\n", ["apps/hello/app.yaml:9:1", "tab"]),
        (HELLO + "port: 9090\n", ["apps/hello/app.yaml:8:1: port: "]),
        (HELLO + "route: [\n", ["apps/hello/app.yaml:"]),
        ("", ["apps/hello/app.yaml: is empty"]),
        ("- a\n", ["apps/hello/app.yaml:1:1: "]),
        (HELLO.replace("ghcr.io/acme/hello", "a b"), ["apps/hello/app.yaml:4:8: image: "]),
        (HELLO.replace("ghcr.io/acme/hello", '"a\\nb"'), ["apps/hello/app.yaml:4:8: image: "]),
        (HELLO.replace("ghcr.io/acme/hello", "-a"), ["apps/hello/app.yaml:4:8: image: "]),
        (HELLO.replace("ghcr.io/acme/hello", "ghcr.io/Acme/hello"), ["apps/hello/app.yaml:4:8: image: ", "lower case"]),
        (
            HELLO.replace("ghcr.io/acme/hello", f"a@{DIGEST}@{DIGEST}"),
            ["apps/hello/app.yaml:4:8: image: ", "two digests"],
        ),
        *(
            (SHOP.replace("shop", "hello").replace("  api:", f"  {name}:").replace("api", "web"), ["components"])
            for name in ('"-x"', '"../x"', "blue", "web-preview", "x" * 64)
        ),
    ],
)
def test_a_wrong_app_yaml(repo: ConfigRepo, text: str, expected: list[str]) -> None:
    repo.commit({APP: text})
    bump = refuse(repo, 1, "bump", "--app", "hello", "--env", "prod", "--image", "v1")
    for part in expected:
        assert part in bump.err
    validate = repo.bggen("validate")
    assert validate.code == 1
    for part in expected:
        assert part in validate.out + validate.err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: " + b"x" * 100_000_000, "104,857,600"),
        (HELLO.encode() + b"\x00\x01", ""),
        (HELLO.encode() + b"# \xff\xfe\n", "UTF-8"),
        (
            b"a: &a [x, x, x, x, x, x, x, x, x]\n"
            + b"".join(b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 107)),
            "",
        ),
        (b"[" * 100_000, ""),
    ],
    ids=["100 MB", "binary", "not UTF-8", "alias bomb", "deeply nested"],
)
def test_a_hostile_app_yaml(repo: ConfigRepo, content: bytes, expected: str) -> None:
    repo.commit({APP: content})
    ran = refuse(repo, 1, "bump", "--app", "hello", "--env", "prod", "--image", "v1")
    assert ran.err.startswith("error: apps/hello/app.yaml")
    if len(content) < 1_000_000:
        assert expected in ran.err
    else:
        assert "bytes" in ran.err


def test_problems_of_all_files_are_reported_in_one_run(repo: ConfigRepo) -> None:
    repo.commit(
        {
            APP: HELLO + "tagg: v1\n",
            "apps/hello/prod/overlay.yaml": "replicsa: 3\n",
            "bggen.yaml": SETTINGS + "defualts: {}\n",
        }
    )
    ran = refuse(repo, 1, "bump", "--image", "v1", "--app", "hello", "--env", "prod")
    validated = repo.bggen("validate")
    assert validated.code == 1
    for part in (f"{APP}:8:1: tagg", "apps/hello/prod/overlay.yaml:1:1: replicsa", "bggen.yaml:6:1: defualts"):
        assert part in ran.err
        assert part in validated.out


def test_an_overlay_for_an_unknown_environment(repo: ConfigRepo) -> None:
    repo.commit({"apps/hello/qa/overlay.yaml": "replicas: 2\n"})
    ran = repo.bggen("validate")
    assert ran.code == 1
    assert "apps/hello/qa/overlay.yaml:1:1: bggen.yaml has no environment qa (prod)" in ran.out
    assert "no environment 'qa'" in refuse(repo, 2, "bump", "--env", "qa", "--image", "v1").err


def test_an_environment_that_the_app_has_left(live: ConfigRepo) -> None:
    live.commit(
        {"bggen.yaml": SETTINGS.replace("  prod: {}", "  prod: {}\n  qa: {}"), APP: HELLO + "environments: [qa]\n"}
    )
    ran = live.bggen("validate")
    assert ran.code == 1
    assert "apps/hello/prod/release.yaml:1:1: app.yaml has no environment prod (qa)" in ran.out


def test_a_missing_bggen_yaml(repo: ConfigRepo) -> None:
    ran = refuse(repo, 2, "status", folder="..")
    assert "no bggen.yaml" in ran.err
    assert "bggen init" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["bump", "--app", "nope"], 2, "no app 'nope'"),
        (["bump", "--app", "../x"], 2, "no app '../x'"),
        (["bump", "--env", "nope"], 2, "no environment 'nope'"),
        (["bump", "--nope"], 2, "No such option"),
        (["nope"], 2, "No such command"),
        (["bump", "--image", "v 1"], 2, "is not an image tag"),
        (["bump", "--image", "v1\n"], 2, "is not an image tag"),
        (["bump", "--image", "-v"], 2, "is not an image tag"),
        (["bump", "--image", f"@{DIGEST}@{DIGEST}"], 2, "two digests"),
        (["bump", "--image", "Ghcr/x:v1"], 2, "lower case"),
        (["bump", "--sequence", "x"], 2, "not COMPONENT=INT"),
        (["flip", "--to", "red"], 2, "red"),
        (["flip", "--accept-drift"], 2, "--accept-drift goes with --to"),
        (["flip", "--release", "x"], 2, "x"),
        (["scale"], 2, "COMPONENT=N"),
        (["scale", "hello"], 2, "not COMPONENT=N"),
        (["scale", "hello=0"], 2, "1 to 1000 replicas"),
        (["scale", "hello=1", "--on", "red"], 2, "red"),
        (["hold"], 2, "--reason"),
        (["hold", "--reason", " "], 2, "--reason is empty"),
        (["hold", "--reason", "x", "--until", "soon"], 2, "is not a time"),
        (["hold", "--reason", "x", "--until", "2026-01-01T00:00"], 2, "has no time zone"),
        (["hold", "--reason", "x", "--until", "2026-01-01T00:00Z"], 2, "is over already"),
        (["new", "hello", "--image", "x"], 2, "apps/hello exists already"),
        (["new", "blue", "--image", "x"], 2, "name"),
        (["new", "../x", "--image", "x"], 2, "name"),
        (["new", "x", "--image", "X"], 2, "lower case"),
        (["new", "x", "--image", "x", "--port", "0"], 2, "port"),
        (["schema", "nope"], 2, "no schema 'nope'"),
        (["--repo", "/nonexistent", "status"], 2, "no such folder"),
        (["--repo", "https://me:secret@example.com/config.git", "status"], 2, "a password in a URL"),
        (["--repo", "ext::sh -c id", "bump"], 2, "not a URL that git can be given"),
        (["bump"], 3, "no image for hello"),
        (["flip"], 3, "nothing has been released yet"),
        (["rollback"], 3, "nothing has been released yet"),
        (["park"], 3, "nothing has been released yet"),
        (["scale", "hello=2"], 3, "nothing has been released yet"),
        (["diff"], 3, "nothing has been released yet"),
    ],
)
def test_wrong_usage_before_the_first_release(repo: ConfigRepo, arguments: list[str], code: int, message: str) -> None:
    assert message in refuse(repo, code, *arguments).err


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["flip"], "empty-idle"),
        (["rollback"], "no-previous"),
        (["park"], "empty-idle"),
        (["scale", "hello=2", "--on", "green"], "empty-idle"),
        (["diff"], "empty-idle"),
        (["flip", "--if-active", "green"], "not-active"),
        (["flip", "--release", "7"], "empty-idle"),
    ],
)
def test_refused_with_one_release(repo: ConfigRepo, arguments: list[str], kind: str) -> None:
    repo.ok("bump", "--image", "v1")
    refuse(repo, 3, *arguments)
    document = repo.bggen(*arguments, "--output", "json").json
    assert document["error"]["kind"] == kind


def test_less_capacity_is_refused(live: ConfigRepo) -> None:
    live.commit({APP: HELLO + "replicas: 3\n"})
    live.ok("bump", "--image", "v3", "--flip")
    live.commit({APP: HELLO + "replicas: 1\n"})
    live.ok("bump", "--image", "v4")
    assert "replicas of hello 1 of 3" in refuse(live, 3, "flip").err
    live.ok("flip", "--allow-less-capacity")


def test_a_component_that_there_is_not_and_bounds_for_one_that_is_not_autoscaled(live: ConfigRepo) -> None:
    ran = refuse(live, 2, "scale", "web=2")
    assert "no component web on blue and green" in ran.err
    assert "there is hello" in ran.err
    assert "hello is not autoscaled" in refuse(live, 2, "scale", "hello=2..9").err


def test_a_failure_document_holds_what_was_known_by_then(live: ConfigRepo) -> None:
    live.ok("hold", "--reason", "launch")
    document = live.bggen("flip", "--output", "json").json
    assert document["active"] == {"before": "blue", "after": "blue"}
    assert document["release"] == {"blue": 1, "green": 2}
    assert (document["app"], document["env"], document["branch"], document["changed"]) == (
        "hello",
        "prod",
        "main",
        False,
    )
    assert document["error"]["kind"] == "hold"
    assert "launch" in document["error"]["message"]
    assert document["error"]["hint"]


@pytest.mark.parametrize("name", ["release.yaml", "blue.yaml", "green.yaml"])
def test_state_files_edited_deleted_or_swapped_by_hand(live: ConfigRepo, name: str) -> None:
    folder = "apps/hello/prod"
    content = {path: (live.path / folder / path).read_bytes() for path in ("release.yaml", "blue.yaml", "green.yaml")}
    other = next(path for path in content if path != name)
    for replacement in (content[name].replace(b"hello", b"hallo"), None, content[other]):
        tip = live.tip()
        live.commit({f"{folder}/{name}": replacement})
        for command in (["flip"], ["rollback"], ["bump", "--image", "v3"]):
            ran = live.bggen(*command, "--app", "hello", "--env", "prod", "--output", "json")
            assert ran.code == 1, (name, replacement, ran.out)
            assert ran.json["error"]["hint"] or ran.json["problems"]
        live.git("reset", "--quiet", "--hard", tip)


def test_a_state_of_a_newer_bggen(live: ConfigRepo) -> None:
    path = "apps/hello/prod/release.yaml"
    live.commit({path: (live.path / path).read_bytes().replace(b"bggen.dev/v1", b"bggen.dev/v2")})
    refuse(live, 1, "flip")
    assert live.bggen("flip", "--output", "json").json["error"]["kind"] == "too-new"


def test_a_repo_that_asks_for_a_newer_bggen(repo: ConfigRepo) -> None:
    repo.commit({"bggen.yaml": SETTINGS + 'bggen: ">=99.0"\n'})
    assert "99.0" in refuse(repo, 1, "bump", "--image", "v1").err
    assert repo.bggen("bump", "--output", "json").json["error"]["kind"] == "too-new"


@pytest.mark.parametrize("path", ["bggen.yaml", APP, "apps/hello/prod/overlay.yaml"])
def test_specs_that_are_not_committed(live: ConfigRepo, path: str) -> None:
    text = (live.path / path).read_text() if (live.path / path).exists() else ""
    live.write(path, text + "# changed\n")
    for command in (["bump", "--image", "v3"], ["flip"], ["park"], ["scale", "hello=2"]):
        ran = refuse(live, 3, *command)
        assert f"{path}: not committed" in ran.err


def test_a_planned_path_with_uncommitted_changes(live: ConfigRepo) -> None:
    path = "apps/hello/prod/manifests/service-hello.yaml"
    live.ok("flip")
    live.write(path, "mine\n")
    for command in (["flip", "--to", "blue"], ["rollback"]):
        assert f"{path}: has uncommitted changes" in refuse(live, 3, *command).err


def test_a_broken_app_does_not_hide_what_the_others_run(live: ConfigRepo) -> None:
    live.commit({"apps/broken/app.yaml": HELLO.replace("name: hello", "name: broken")})
    live.ok("bump", "--app", "broken", "--image", "v1")
    state = live.path / "apps/broken/prod/release.yaml"
    live.commit({"apps/broken/prod/release.yaml": state.read_text().replace("last: 1", "last: 2")})
    ran = live.bggen("status")
    assert ran.code == 1
    assert "hello  prod  blue 1 (v1)" in ran.out
    assert ran.err.startswith("error: apps/broken/prod/release.yaml: the digest")
    document = live.bggen("status", "--output", "json").json
    assert [row["app"] for row in document["apps"]] == ["hello"]
    assert document["error"]["kind"] == "state-mismatch"
    assert len(document["problems"]) == 1


def test_another_app_s_errors_block_nothing(live: ConfigRepo) -> None:
    live.commit({"apps/broken/app.yaml": "name: [", "apps/broken/prod/release.yaml": "x"})
    live.ok("bump", "--app", "hello", "--image", "v3")
    live.ok("flip", "--app", "hello", "--env", "prod")
    assert live.bggen("validate").code == 1


@pytest.mark.parametrize("what", ["apps/hello/prod", "apps/hello/prod/blue.yaml", APP])
def test_a_symbolic_link_in_place_of_a_folder_or_a_file(live: ConfigRepo, what: str) -> None:
    outside = live.path.parent / "outside"
    live.git("mv", what, "elsewhere")
    (live.path / "elsewhere").rename(outside)
    (live.path / what).symlink_to(outside)
    live.git("add", "--all")
    live.git("commit", "--quiet", "--message", "a link")
    kept = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    for command in (["bump", "--image", "v3"], ["rollback"], ["flip"]):
        ran = live.bggen(*command, "--app", "hello", "--env", "prod")
        if what == APP and command != ["bump", "--image", "v3"]:
            continue
        assert ran.code in (1, 3), (command, ran.err)
        assert "link" in ran.err
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == kept


def test_two_apps_that_render_one_object(repo: ConfigRepo) -> None:
    clash = HELLO.replace("name: hello", "name: shop-api")
    repo.commit({"apps/shop/app.yaml": SHOP, "apps/shop-api/app.yaml": clash})
    repo.ok("bump", "--app", "shop", "--image", "v1")
    assert repo.bggen("validate").code == 0
    repo.ok("bump", "--app", "shop-api", "--image", "v1")
    ran = repo.bggen("validate")
    assert ran.code == 1
    assert "Service" in ran.out
    assert "shop-api" in ran.out


def test_no_file_is_opened_for_a_name_that_leaves_the_repo(repo: ConfigRepo) -> None:
    (repo.path.parent / "evil").mkdir()
    (repo.path.parent / "evil" / "app.yaml").write_text(HELLO)
    refuse(repo, 2, "bump", "--app", "../../evil", "--image", "v1")
    refuse(repo, 2, "bump", "--app", "hello", "--env", "../../../evil", "--image", "v1")


def test_usage_errors_are_one_document_too(repo: ConfigRepo) -> None:
    for arguments in (
        ["--output", "json", "nope"],
        ["bump", "--output=json", "--nope"],
        ["flip", "-o", "json", "--to", "red"],
        ["flip", "-ojson", "--to", "red"],
    ):
        ran = repo.bggen(*arguments)
        assert (ran.code, ran.json["error"]["kind"], ran.json["error"]["code"]) == (2, "usage", 2)
