"""The servers of the tests are what they claim to be: plain git finds them real, strict, and broken when told so."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.access import Access
from tests.support.servers.clients import PATIENCE, clone, try_clone
from tests.support.servers.faults import Fault, answer_lost, push_unheard, unreachable
from tests.support.servers.http import GitHttpServer
from tests.support.servers.repos import make_bare, somebody_pushes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers.repos import BareRepo
    from tests.support.servers.tls import Certificates

SECRET = "s3cret-canary"  # noqa: S105 - of a server that lives as long as a test


def test_http_serves_clones_and_takes_pushes(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    commit = client.commit({"big": "".join(f"{number}\n" for number in range(600_000))}, "big")
    # More than http.postBuffer, so that git sends it in chunks; and little, so that git sends it whole.
    assert client.git("config", "http.postBuffer", "65536") == ""
    assert client.push().returncode == 0
    assert bare.tip() == commit
    chunked = http_server.exchanges.all("receive-pack", refs=False)[-1]
    assert chunked.header("Transfer-Encoding") == "chunked"
    assert chunked.received > 65536
    small = client.commit({"big": None}, "small")
    assert client.push().returncode == 0
    assert bare.tip() == small
    bare.git("fsck", "--strict")


def test_a_partial_clone_brings_little_and_the_counters_tell(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    somebody_pushes(bare, "noise", "".join(f"{number * 7919 % 1_000_003}\n" for number in range(100_000)))
    http_server.exchanges.clear()
    clone(http_server.url("config.git"), tmp_path / "partial", env, "--filter=blob:none", "--no-checkout", "--depth=1")
    partial, trips = http_server.exchanges.sent, http_server.exchanges.count()
    # Version 2: capabilities, refs, pack.
    assert trips == 3
    assert http_server.exchanges.all()[0].header("Git-Protocol") == "version=2"
    assert http_server.exchanges.count("upload-pack", refs=True) == 1
    http_server.exchanges.clear()
    whole = clone(http_server.url("config.git"), tmp_path / "whole", env)
    assert http_server.exchanges.sent > 20 * partial
    # What was sent is the pack, and the little around it.
    pack = next((whole.path / ".git/objects/pack").glob("*.pack")).stat().st_size
    assert pack < http_server.exchanges.sent < pack * 1.05 + 2000


def test_a_server_may_refuse_filters(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    assert bare.tip()
    http_server.settings["uploadpackfilter.tree.maxDepth"] = "0"
    refused = try_clone(http_server.url("config.git"), tmp_path / "refused", env, "--filter=tree:2", "--no-checkout")
    assert "tree filter allows max depth 0" in refused.stderr
    http_server.settings["uploadpack.allowFilter"] = "false"
    ignored = try_clone(http_server.url("config.git"), tmp_path / "ignored", env, "--filter=blob:none")
    assert "filtering not recognized by server" in ignored.stderr


def test_compressed_requests_are_understood(
    http_server: GitHttpServer, served: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    many = make_bare(served / "many.git", {"file": "0"})
    for number in range(30):
        somebody_pushes(many, "file", f"{number}", branch=f"topic-{number}")
    client = clone(http_server.url("many.git"), tmp_path / "clone", env)
    # Thirty lines of `want` are worth compressing.
    assert http_server.exchanges.all()[-1].header("Content-Encoding") == "gzip"
    assert len(client.git("branch", "--remotes").splitlines()) == 2 + 30


def test_passwords_are_asked_for_and_checked(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    http_server.access = Access(users={"ada": SECRET, "bob": "bobs"}, readers={"bob"}, hidden={"private"})
    anonymous = try_clone(http_server.url("config.git"), tmp_path / "anonymous", env)
    assert "could not read Username" in anonymous.stderr
    assert http_server.exchanges.all()[-1].status == 401
    wrong = try_clone(http_server.url("config.git", user="ada:wrong"), tmp_path / "wrong", env)
    assert "Authentication failed" in wrong.stderr
    reader = clone(http_server.url("config.git", user="bob:bobs"), tmp_path / "reader", env)
    reader.commit({"file": "1"})
    assert "403" in reader.push().stderr
    hidden = try_clone(http_server.url("private.git", user=f"ada:{SECRET}"), tmp_path / "hidden", env)
    assert "not found" in hidden.stderr
    writer = clone(http_server.url("config.git", user=f"ada:{SECRET}"), tmp_path / "writer", env)
    commit = writer.commit({"file": "2"})
    assert writer.push().returncode == 0
    assert bare.tip() == commit
    assert http_server.exchanges.all()[-1].user == "ada"
    assert http_server.exchanges.saw(SECRET)


def test_a_public_repository_asks_only_who_pushes(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    http_server.access = Access(users={"*": SECRET}, public=True)
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    commit = client.commit({"file": "1"})
    assert client.push().returncode == 128
    # Any name will do with a token.
    client.git("remote", "set-url", "origin", http_server.url("config.git", user=f"anybody:{SECRET}"))
    assert client.push().returncode == 0
    assert bare.tip() == commit


def test_tls_is_trusted_only_with_the_authority(
    https_server: GitHttpServer, bare: BareRepo, certificates: Certificates, tmp_path: Path, env: dict[str, str]
) -> None:
    refused = try_clone(https_server.url("config.git"), tmp_path / "refused", env)
    assert "certificate" in refused.stderr
    assert https_server.exchanges.count() == 0
    client = clone(https_server.url("config.git"), tmp_path / "clone", {**env, **certificates.trust()})
    commit = client.commit({"file": "1"})
    assert client.push().returncode == 0
    assert bare.tip() == commit


def test_a_push_lands_although_its_answer_is_lost(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    for after in (1, 30):
        commit = client.commit({"file": f"{after}"})
        http_server.faults.arm(answer_lost(after=after))
        failed = client.push()
        assert failed.returncode == 1, failed
        assert "\t[remote failure]" in failed.stdout or "RPC failed" in failed.stderr, failed
        assert bare.tip() == commit
        assert http_server.exchanges.all()[-1].sent == after


def test_curl_repeats_a_push_that_got_no_answer_and_reports_a_lost_race(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    commit = client.commit({"file": "1"})
    http_server.faults.arm(answer_lost(after=0))
    failed = client.push()
    assert "[remote rejected]" in failed.stdout
    assert f"is at {commit}" in failed.stderr
    assert bare.tip() == commit
    assert http_server.exchanges.count("receive-pack", refs=False) == 2


def test_a_push_is_lost_before_git_hears_of_it(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    client = clone(http_server.url("config.git"), tmp_path / "clone", env)
    before, commit = bare.tip(), client.commit({"file": "1"})
    http_server.faults.arm(push_unheard())
    assert client.push().returncode != 0
    assert bare.tip() == before
    assert client.push().returncode == 0
    assert bare.tip() == commit


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_recovers(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str], status: int
) -> None:
    http_server.faults.arm(unreachable(status, times=2, Retry_After="0"))
    for number in range(2):
        failed = try_clone(http_server.url("config.git"), tmp_path / f"{number}", env)
        assert f"error: {status}" in failed.stderr
    assert clone(http_server.url("config.git"), tmp_path / "clone", env).tip() == bare.tip()


def test_no_credential_follows_a_redirect(
    start_http: Callable[..., GitHttpServer], bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    here, there = start_http(Access(users={"*": SECRET})), start_http()
    here.faults.arm(Fault(redirect=there.base, times=None))
    client = clone(here.url("config.git", user=f"ada:{SECRET}"), tmp_path / "clone", env)
    assert client.tip() == bare.tip()
    assert there.exchanges.count() >= 3
    assert not there.exchanges.saw(SECRET)
    # It asks without a password first, and is sent away before anybody wants one.
    assert not here.exchanges.saw(SECRET)
    here.faults.heal()
    clone(here.url("config.git", user=f"ada:{SECRET}"), tmp_path / "again", env)
    assert here.exchanges.saw(SECRET)


def test_an_answer_may_be_slow_or_stall_until_it_is_healed(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    url = http_server.url("config.git")
    http_server.faults.arm(Fault(service="upload-pack", refs=True, rate=1000))
    assert clone(url, tmp_path / "slow", env).tip() == bare.tip()
    http_server.faults.arm(Fault(service="upload-pack", refs=False, stall=20, times=None))
    impatient = ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=1"]
    stalled = try_clone(url, tmp_path / "stalled", env, *impatient)
    assert "Operation too slow" in stalled.stderr
    assert http_server.exchanges.all()[-1].sent == 20
    waiting = subprocess.Popen(
        ["git", "clone", "--quiet", url, str(tmp_path / "waiting")], env={**env, "GIT_TERMINAL_PROMPT": "0"}
    )
    with waiting:
        http_server.faults.heal()
        assert waiting.wait(PATIENCE) == 0


def test_closing_ends_what_is_stalled(bare: BareRepo, served: Path, tmp_path: Path, env: dict[str, str]) -> None:
    assert bare.tip()
    with GitHttpServer(served) as server:
        server.faults.arm(Fault(stall=0, times=None))
        waiting = subprocess.Popen(
            ["git", "clone", "--quiet", server.url("config.git"), str(tmp_path / "clone")],
            env={**env, "GIT_TERMINAL_PROMPT": "0"},
            stderr=subprocess.DEVNULL,
        )
        for _ in range(1000):
            if any(one.status for one in server.exchanges.all()):
                break
            time.sleep(0.01)
        assert waiting.poll() is None
    with waiting:
        assert waiting.wait(PATIENCE) == 128


def test_fifty_clients_are_served_at_once(
    http_server: GitHttpServer, bare: BareRepo, tmp_path: Path, env: dict[str, str]
) -> None:
    asking = [
        subprocess.Popen(
            ["git", "ls-remote", http_server.url("config.git"), "refs/heads/main"],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(50)
    ]
    answers = {one.communicate(timeout=PATIENCE)[0] for one in asking}
    assert answers == {f"{bare.tip()}\trefs/heads/main\n"}
    assert http_server.exchanges.count("upload-pack", refs=True) == 50
