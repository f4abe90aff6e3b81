"""The tests' servers refuse as forges do, let others be faster, and speak git and ssh: plain git finds them real."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.servers.clients import PATIENCE, clone, try_clone
from tests.support.servers.daemon import git_daemon
from tests.support.servers.faults import refused
from tests.support.servers.hooks import delay_pushes, hold_pushes, outrun_pushes, refuse_pushes, remove_hooks
from tests.support.servers.verdicts import RACES, REFUSALS, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.daemon import GitDaemon
    from tests.support.servers.http import GitHttpServer
    from tests.support.servers.repos import BareRepo
    from tests.support.servers.sshd import SshServer


@pytest.mark.parametrize("verdict", [*REFUSALS, *RACES], ids=lambda verdict: verdict.name)
def test_a_forge_refuses_in_its_own_words(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str], verdict: Verdict
) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    before, commit = bare.tip(), client.commit({"file": "1"})
    http_server.faults.arm(refused(verdict))
    failed = client.push()
    assert failed.returncode == 1
    # Over HTTP git takes some reasons of the server for its own, and calls them `[rejected]`.
    assert f"rejected] ({verdict.reason})\n" in failed.stdout
    for line in verdict.lines:
        assert f"remote: {line}".rstrip() in failed.stderr
    assert bare.tip() == before
    assert client.push().returncode == 0
    assert bare.tip() == commit


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_hook_refuses_twice_and_then_lets_through(
    bare: BareRepo, tmp_path: Path, env: dict[str, str], hook: Literal["pre-receive", "update"]
) -> None:
    client = clone(bare.path.as_uri(), tmp_path / "clone", env)
    commit = client.commit({"file": "1"})
    refuse_pushes(bare, REFUSALS[2], times=2, hook=hook)
    for _ in range(2):
        failed = client.push()
        reason = "pre-receive hook declined" if hook == "pre-receive" else "hook declined"
        assert f"[remote rejected] ({reason})" in failed.stdout
        assert "remote: GitLab: You are not allowed" in failed.stderr
    assert client.push().returncode == 0
    assert bare.tip() == commit


def test_somebody_else_lands_while_a_push_is_under_way(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    before, mine = bare.tip(), client.commit({"file": "1"})
    outrun_pushes(bare)
    failed = client.push()
    assert failed.returncode == 1
    assert "[remote rejected] (" in failed.stdout
    assert f"but expected {before}" in failed.stderr
    theirs = bare.tip()
    assert bare.git("rev-parse", f"{theirs}^") == before
    assert bare.log()[0] == "somebody else"
    # Only the first push is outrun; the next one loses before it starts, until it knows what came.
    assert "(fetch first)" in client.push().stdout
    client.git("pull", "--quiet", "--rebase")
    assert client.push().returncode == 0
    assert mine != bare.tip() != theirs
    bare.git("fsck", "--strict")


def test_pushes_wait_at_a_gate(http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    before, commit = bare.tip(), client.commit({"file": "1"})
    gate = hold_pushes(bare)
    with subprocess.Popen(
        ["git", "push", "--quiet", "origin", "HEAD:main"], cwd=client.path, env=client.env, stderr=subprocess.DEVNULL
    ) as pushing:
        gate.wait_for(1)
        assert bare.tip() == before
        gate.open()
        assert pushing.wait(PATIENCE) == 0
    assert bare.tip() == commit
    remove_hooks(bare)
    delay_pushes(bare, 0.01, hook="post-receive")
    later = client.commit({"file": "2"})
    assert client.push().returncode == 0
    assert bare.tip() == later


def test_the_daemon_serves_and_takes_pushes(
    daemon: GitDaemon, served: Path, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    client = clone(daemon.url("config.git"), tmp_path / "clone", env, "--filter=blob:none")
    commit = client.commit({"file": "1"})
    assert client.push().returncode == 0
    assert bare.tip() == commit
    client.commit({"file": "2"})
    with git_daemon(served, tmp_path / "reading.log", pushes=False) as reading:
        client.git("remote", "set-url", "origin", reading.url("config.git"))
        client.git("fetch", "--quiet")
        assert "service not enabled" in client.push().stderr
    # It is gone when its block ends.
    assert client.run("fetch").returncode == 128
    assert bare.tip() == commit


def test_ssh_lets_in_who_knows_the_host(sshd: SshServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]) -> None:
    client = clone(sshd.url("config.git"), tmp_path / "clone", {**env, **sshd.env()}, "--filter=blob:none")
    commit = client.commit({"file": "1"})
    assert client.push().returncode == 0
    assert bare.tip() == commit
    short = clone(sshd.short_url("config.git"), tmp_path / "short", {**env, **sshd.env()})
    assert short.tip() == commit


@pytest.mark.parametrize("known", ["wrong", "none"])
def test_ssh_refuses_a_host_with_another_key(
    sshd: SshServer, bare: BareRepo, tmp_path: Path, env: dict[str, str], known: Literal["wrong", "none"]
) -> None:
    assert bare.tip()
    kept_out = try_clone(sshd.url("config.git"), tmp_path / "clone", {**env, **sshd.env(known)})
    assert kept_out.returncode == 128
    assert ("IDENTIFICATION HAS CHANGED" in kept_out.stderr) == (known == "wrong")
    assert "Host key verification failed" in kept_out.stderr
