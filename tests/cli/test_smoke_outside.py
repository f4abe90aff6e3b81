"""`bggen smoke`: the smoke test of a colour from where the user is, on real servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import HELLO
from tests.support.console import ROOT
from tests.support.servers.scripted import answer, hang, scripted, unused_port

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo

ASKED = "hello/prod: asked green (idle, release 2) for http://preview.hello.example.com/ready"


def commit(repo: ConfigRepo, **preview: Any) -> None:
    """Give `hello` a preview and a smoke test, v1 in blue, active, and v2 in green."""
    shown = ", ".join(f"{name}: {value}" for name, value in preview.items())
    text = f"{HELLO}{f'  preview: {{{shown}}}' if shown else ''}\nsmoke: {{path: /ready, timeout: 1}}\n"
    repo.commit({"apps/hello/app.yaml": text}, "a smoke test")
    repo.ok("bump", "--image", "v1")
    repo.ok("bump", "--image", "v2")


@pytest.fixture
def tested(repo: ConfigRepo) -> ConfigRepo:
    commit(repo, host="preview.hello.example.com")
    return repo


def test_it_passes_as_soon_as_the_status_is_right(tested: ConfigRepo) -> None:
    with scripted(503, 200) as server:
        ran = tested.ok("smoke", "--release", "2", "--connect-to", server.address, "--timeout", "30")
    assert ran.out.splitlines() == [f"{ASKED} through {server.address}", "passed: 503, then 200"]
    assert ran.err == ""
    assert server.header("Host") == ["preview.hello.example.com"] * 2
    assert server.paths == ["/ready"] * 2


def test_the_document_holds_all_of_it(tested: ConfigRepo) -> None:
    with scripted(200) as server:
        document = tested.document("smoke", "--connect-to", server.address, "--timeout", "7")
    assert document.pop("seconds") < 5
    assert document == {
        "schemaVersion": 1,
        "action": "smoke",
        "app": "hello",
        "env": "prod",
        "color": "green",
        "release": 2,
        "active": False,
        "url": "http://preview.hello.example.com/ready",
        "header": None,
        "headers": [],
        "connectTo": server.address,
        "expect": 200,
        "timeout": 7,
        "passed": True,
        "answers": [{"status": 200, "reason": None, "message": "200", "times": 1}],
        "doubt": None,
    }


def test_it_fails_with_exit_code_8_when_the_time_is_over(tested: ConfigRepo) -> None:
    with scripted(503, 404) as server:
        ran = tested.bggen("smoke", "--connect-to", server.address, "--timeout", "2")
        document = tested.bggen("smoke", "--connect-to", server.address, "--output", "json")
    assert ran.code == document.code == 8
    asked, failed = ran.out.splitlines()
    assert asked == f"{ASKED} through {server.address}"
    assert failed.startswith("failed: 503, then 404")
    pods = "kubectl get pods -l app.kubernetes.io/name=hello -L bggen.dev/color,bggen.dev/release"
    assert ran.err.splitlines() == [
        "error: hello/prod: green does not answer 200 within 2 s at http://preview.hello.example.com/ready: 404",
        f"hint: {pods} says whether release 2 is there yet",
    ]
    found = document.json
    assert (found["passed"], found["changed"]) == (False, False)
    assert found["answers"][-1]["status"] == 404
    assert (found["error"]["code"], found["error"]["kind"]) == (8, "verification")


@pytest.mark.parametrize(
    ("arguments", "last", "hint"),
    [
        (["--url", "http://preview.invalid"], "the host's name is not known", "--connect-to HOST[:PORT] asks there"),
        (["--url", f"http://127.0.0.1:{unused_port()}"], "connection refused", "kubectl get pods -l "),
    ],
)
def test_nobody_there(tested: ConfigRepo, arguments: list[str], last: str, hint: str) -> None:
    ran = tested.bggen("smoke", *arguments)
    assert ran.code == 8
    assert ran.err.splitlines()[0].endswith(f": {last}")
    assert ran.err.splitlines()[1].startswith(f"hint: {hint}")


def test_a_redirect_fails_and_says_so(tested: ConfigRepo) -> None:
    with scripted(answer(308, "Location: https://preview.hello.example.com/ready")) as server:
        ran = tested.bggen("smoke", "--connect-to", server.address)
    assert ran.code == 8
    assert "hint: redirects are not followed: --url https://HOST" in ran.err


def test_the_active_colour_and_a_header(repo: ConfigRepo) -> None:
    commit(repo, host="preview.hello.example.com")
    with scripted(200) as server:
        to = ["--connect-to", server.address]
        ran = repo.ok("smoke", "--color", "blue", *to)
        assert "asked blue (active, release 1) for http://hello.example.com/ready through" in ran.out
        repo.ok("flip")
        # The job of a pipeline that runs again asks for the same release.
        assert "asked green (active, release 2) for http://hello.e" in repo.ok("smoke", "--release", "2", *to).out
    assert server.header("Host") == ["hello.example.com"] * 2


def test_a_header_gets_its_value_from_the_environment(tested: ConfigRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_AUTH", "Bearer s3cret")
    with scripted(403) as server:
        arguments = ("smoke", "--connect-to", server.address, "--header", "Authorization=GATEWAY_AUTH", "--verbose")
        ran = tested.bggen(*arguments)
        document = tested.bggen(*arguments, "-o", "json")
    assert set(server.header("Authorization")) == {"bearer s3cret"}
    assert document.json["headers"] == ["Authorization"]
    assert "s3cret" not in ran.out + ran.err + document.out + document.err


def test_no_secret_of_the_config_repo_goes_to_the_app(tested: ConfigRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {name: f"{name}-s3cret" for name in ("BGGEN_TOKEN", "GITHUB_TOKEN", "CI_JOB_TOKEN", "GITLAB_TOKEN")}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ALIAS", f"Bearer {secrets['GITHUB_TOKEN']}")
    bare = tested.path.parent / "bare.git"
    tested.git("clone", "--quiet", "--bare", ".", str(bare))
    with scripted(200) as server:
        ran = tested.ok("smoke", "--repo", f"file://{bare}", "--connect-to", server.address)
        assert f"through {server.address}" in ran.out
        assert "s3cret" not in "".join(server.requests)
        for variable in (*secrets, "ALIAS"):
            refused = tested.bggen("smoke", "--connect-to", server.address, "--header", f"X={variable}")
            assert refused.code == 2
            assert f"--header X: {variable} is for the config repo, and not sent to an app" in refused.err
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Authorization: Bearer s3cret", "--header: is not like NAME=VARIABLE"),
        ("X=s3cret-value", "--header: is not like NAME=VARIABLE"),
        ("X=UNSET", "--header X: the variable UNSET is not set, or empty"),
        ("X=BROKEN", "--header X: BROKEN holds characters that no header can hold"),
        ("Host=HOME", "--header Host: is not for users to set"),
    ],
)
def test_headers_that_cannot_be(tested: ConfigRepo, monkeypatch: pytest.MonkeyPatch, header: str, message: str) -> None:
    monkeypatch.setenv("BROKEN", "a\r\nX-Other: b")
    ran = tested.bggen("smoke", "--url", "http://127.0.0.1:1", "--header", header)
    assert ran.code == 2
    assert message in ran.err
    assert "s3cret" not in ran.err


def test_refusals_say_which_flag(repo: ConfigRepo) -> None:
    commit(repo)
    ran = repo.bggen("smoke", "--output", "json")
    assert ran.code == 3
    assert ran.json["error"] == {
        "code": 3,
        "kind": "no-url",
        "message": "hello/prod: no URL is known: release 2 has no preview, so nothing leads to it from outside",
        "hint": "--url https://HOST says where it is reached",
    }
    stale = repo.bggen("smoke", "--release", "1", "--color", "green")
    assert (stale.code, "green does not hold release 1: blue holds release 1" in stale.err) == (3, True)
    with scripted(200) as server:
        assert repo.ok("smoke", "--url", f"http://{server.address}/base/").out.endswith("passed: 200\n")
    assert server.paths == ["/base/ready"]
    for arguments, words in (
        (["--url", "https://me:s3cret@a"], "a user or password in a URL is not taken"),
        (["--url", "gopher://a"], "is not like https://HOST[:PORT][/PATH]"),
        (["--connect-to", "http://a"], "is not like HOST[:PORT]"),
        (["--color", "red"], "'red' is not one of"),
        (["--timeout", "0"], "0 is not in the range"),
    ):
        ran = repo.bggen("smoke", *arguments)
        assert (ran.code, words in ran.err, "s3cret" in ran.err) == (2, True, False), ran.err


def test_ctrl_c_ends_it_at_once(tested: ConfigRepo) -> None:
    with scripted(hang) as server:
        command = [sys.executable, "-m", "bggen", "smoke", "--connect-to", server.address, "--timeout", "60"]
        env = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
        process = subprocess.Popen(command, cwd=tested.path, env=env, stderr=subprocess.PIPE, text=True)
        for _ in range(200):
            if server.requests:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err == ""
