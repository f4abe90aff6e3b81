"""A token is seen by nobody: not in what bggen prints, writes or starts, whatever goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.support.servers.access import Access
from tests.support.servers.faults import Fault, answer_lost, push_unheard, unreachable
from tests.support.servers.repos import BareRepo, make_config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.servers.http import GitHttpServer
    from tests.support.servers.tls import Certificates

# Another one in every process that runs tests: they see each other's processes.
CANARY = f"canary-{uuid4().hex}"
SOURCE = Path(__file__).resolve().parents[2]
# A shim that stands before git on PATH, and notes what every process on this machine was started with.
_WATCH = """#!/bin/sh
ps axww -o args= >> "$BGGEN_TEST_NOTES"
exec "$BGGEN_TEST_GIT" "$@"
"""


class Runner:
    """Runs bggen as a program, with everything that it may write to in one folder."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.home, self.temp, self.notes = folder / "home", folder / "temp", folder / "notes"
        for made in (self.temp, folder / "bin", folder / "cwd"):
            made.mkdir(exist_ok=True)
        shim = folder / "bin" / "git"
        shim.write_text(_WATCH)
        shim.chmod(0o755)
        real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
        self.env = {
            **env,
            "PATH": f"{folder / 'bin'}:{env['PATH']}",
            "BGGEN_TEST_GIT": real,
            "BGGEN_TEST_NOTES": str(self.notes),
            "TMPDIR": str(self.temp),
            "PYTHONPATH": str(SOURCE / "generator"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def bggen(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one command and see that the secret is nowhere."""
        done = subprocess.run(
            [sys.executable, "-m", "bggen", *arguments],
            cwd=self.folder / "cwd",
            env={**self.env, "BGGEN_TOKEN": CANARY, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert CANARY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        self.assert_unseen()
        return done

    def assert_unseen(self) -> None:
        """See that no file below the folder holds the secret, in its content or name."""
        for path in self.folder.rglob("*"):
            assert CANARY not in str(path)
            if path.is_file() and not path.is_symlink():
                assert CANARY.encode() not in path.read_bytes(), path

    def started(self) -> str:
        """Return what all processes were started with."""
        return self.notes.read_text() if self.notes.exists() else ""


@pytest.fixture
def runner(tmp_path: Path, env: Mapping[str, str]) -> Runner:
    folder = tmp_path / "runner"
    folder.mkdir()
    (folder / "home").mkdir()
    # A helper that stores what works would write the token to a file.
    (folder / "home" / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    return Runner(folder, {**env, "HOME": str(folder / "home")})


@pytest.fixture
def config(served: Path) -> BareRepo:
    return make_config(served / "config.git")


@pytest.fixture
def guarded(http_server: GitHttpServer, config: BareRepo) -> GitHttpServer:
    """A server that wants the token as a password, and holds the config repo."""
    assert config.path.parent == http_server.root
    http_server.access = Access(users={"*": CANARY})
    return http_server


def bump(url: str, *more: str) -> list[str]:
    return ["bump", "--repo", url, "--app", "hello", "--env", "prod", "--image", "v1", *more]


@pytest.mark.parametrize("more", [(), ("--verbose",), ("--output", "json"), ("--cache-dir", "../cache")])
def test_what_works_shows_no_token(
    runner: Runner, guarded: GitHttpServer, config: BareRepo, more: tuple[str, ...]
) -> None:
    done = runner.bggen(*bump(guarded.url(config.path), *more))
    assert done.returncode == 0, done.stderr
    assert config.log() == ["hello(prod): bump blue to v1 (release 1)", "config repo"]
    assert any(exchange.holds(CANARY) for exchange in guarded.exchanges.all())
    assert "push" in runner.started()
    assert CANARY not in runner.started()
    assert list(runner.temp.glob("bggen-*/repo.git")) == []


@pytest.mark.parametrize(
    "command", ["flip", "rollback", "park", "hold --reason x", "scale web=3", "promote --from dev"]
)
def test_no_command_shows_a_token(runner: Runner, guarded: GitHttpServer, config: BareRepo, command: str) -> None:
    url = guarded.url(config.path)
    runner.bggen(*command.split(" "), "--repo", url, "--app", "hello", "--env", "prod", "--verbose")
    runner.bggen(*command.split(" "), "--repo", url, "--app", "hello", "--env", "prod", "--output", "json", "--dry-run")
    assert CANARY not in runner.started()


@pytest.mark.parametrize("command", ["status", "history", "show", "validate", "render --check", "diff"])
def test_no_reading_command_shows_a_token(
    runner: Runner, guarded: GitHttpServer, config: BareRepo, command: str
) -> None:
    words = [*command.split(" "), "--repo", guarded.url(config.path), "--app", "hello", "--env", "prod"]
    done = runner.bggen(*words, "--output", "json", "--cache-dir", "../cache")
    # Before the first release there is nothing to compare.
    assert done.returncode == (3 if command == "diff" else 0), done.stderr
    assert any(exchange.holds(CANARY) for exchange in guarded.exchanges.all())
    guarded.faults.arm(unreachable(403, None))
    assert runner.bggen(*words, "--verbose").returncode == 6
    assert CANARY not in runner.started()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (unreachable(401, None), "auth"),
        (unreachable(403, None), "auth"),
        (unreachable(404, None), "git"),
        (unreachable(500, None), "network"),
        (unreachable(503, None), "network"),
        (Fault(service="receive-pack", times=None, status=403), "auth"),
        (Fault(service="upload-pack", refs=False, times=None, cut=20), "network"),
        (push_unheard(None), "network"),
    ],
    ids=["401", "403", "404", "500", "503", "push-403", "cut", "unheard"],
)
def test_no_failure_shows_a_token(
    runner: Runner, guarded: GitHttpServer, config: BareRepo, fault: Fault, kind: str
) -> None:
    guarded.faults.arm(fault)
    done = runner.bggen(*bump(guarded.url(config.path), "--verbose", "--output", "json"))
    document = json.loads(done.stdout)
    assert (done.returncode, document["error"]["code"], document["error"]["kind"]) == (6, 6, kind), done.stderr
    assert document["changed"] is False
    assert done.stderr.count("\n") <= 2
    assert CANARY not in runner.started()


def test_a_push_whose_answer_is_lost_has_landed_once(runner: Runner, guarded: GitHttpServer, config: BareRepo) -> None:
    for after in (1, 0):
        guarded.faults.arm(answer_lost(after=after))
        done = runner.bggen(*bump(guarded.url(config.path), "--force", "--output", "json"))
        document = json.loads(done.stdout)
        assert done.returncode == 0, done.stderr
        assert document["changed"] is True
        assert document["commit"] == config.tip()
    assert len(config.log()) == 3


def test_a_wrong_token_and_a_wrong_host(runner: Runner, guarded: GitHttpServer, config: BareRepo) -> None:
    guarded.access = Access(users={"*": "another"})
    done = runner.bggen(*bump(guarded.url(config.path)))
    assert done.returncode == 6
    assert "hint: set BGGEN_TOKEN" in done.stderr
    assert runner.bggen(*bump("http://127.0.0.1:9/config.git")).returncode == 6
    assert runner.bggen(*bump("https://config.invalid/config.git")).returncode == 6


def test_a_token_goes_nowhere_else_by_a_redirect(
    runner: Runner, guarded: GitHttpServer, config: BareRepo, start_http: Callable[..., GitHttpServer]
) -> None:
    other = start_http(Access(users={"*": "another"}))
    guarded.faults.arm(Fault(times=None, status=302, redirect=other.base))
    assert runner.bggen(*bump(guarded.url(config.path))).returncode == 6
    assert not any(exchange.holds(CANARY) for exchange in other.exchanges.all())


def test_tls_is_checked_and_says_so(
    runner: Runner, https_server: GitHttpServer, config: BareRepo, certificates: Certificates
) -> None:
    https_server.access = Access(users={"*": CANARY})
    refused = runner.bggen(*bump(https_server.url(config.path), "--output", "json"))
    assert refused.returncode == 6
    assert json.loads(refused.stdout)["error"]["kind"] == "network"
    assert not any(exchange.holds(CANARY) for exchange in https_server.exchanges.all())
    assert runner.bggen(*bump(https_server.url(config.path)), **certificates.trust()).returncode == 0


def test_the_tokens_of_a_ci_job_stay_at_home(runner: Runner, guarded: GitHttpServer, config: BareRepo) -> None:
    for variable in ("GITHUB_TOKEN", "CI_JOB_TOKEN", "GITLAB_TOKEN"):
        done = runner.bggen(*bump(guarded.url(config.path)), BGGEN_TOKEN="", **{variable: CANARY})
        assert done.returncode == 6
    assert not any(exchange.holds(CANARY) for exchange in guarded.exchanges.all())


def test_a_password_in_a_url_is_refused_and_not_repeated(runner: Runner) -> None:
    done = runner.bggen(*bump(f"https://me:{CANARY}@example.com/config.git"), BGGEN_TOKEN="")
    assert done.returncode == 2
    assert "hint: set BGGEN_TOKEN" in done.stderr


def test_a_checkouts_own_password_is_not_repeated(runner: Runner, guarded: GitHttpServer, config: BareRepo) -> None:
    """GitLab's CI clones by a URL that holds the job's token."""
    checkout = runner.folder.parent / "checkout"
    url = guarded.url(config.path).replace("://", f"://ci:{CANARY}@")
    (runner.home / ".gitconfig").unlink()
    config.git("clone", "--quiet", str(config.path), str(checkout))
    settings = checkout / ".git" / "config"
    settings.write_text(settings.read_text().replace(str(config.path), url))
    arguments = [*bump(str(checkout)), "--push", "--verbose"]
    done = runner.bggen(*arguments, BGGEN_TOKEN="")
    assert done.returncode == 0, done.stderr
    guarded.access = Access(users={"*": "another"})
    done = runner.bggen(*arguments, "--force", BGGEN_TOKEN="")
    assert done.returncode == 6
    assert CANARY not in runner.started()
