"""A push whose answer is lost, late, or a refusal: what is told is what is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.repos import Repo
from tests.support.servers.faults import Fault, Faults, answer_lost, push_unheard, unreachable
from tests.support.servers.repos import make_config, somebody_pushes
from tests.support.writers import hook, land_amid, run_here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Ran
    from tests.support.servers.faults import Service
    from tests.support.servers.http import GitHttpServer
    from tests.support.servers.repos import BareRepo


@pytest.fixture
def bare(served: Path) -> BareRepo:
    return make_config(served / "config.git")


def bump(server: GitHttpServer, capfd: pytest.CaptureFixture[str], *options: str, image: str = "v1") -> Ran:
    where = server.url("config.git")
    return run_here(capfd, "bump", "--image", image, "--repo", where, "--output", "json", *options)


@pytest.mark.parametrize("after", [0, 1], ids=["before a byte", "after a byte"])
@pytest.mark.parametrize("options", [(), ("--branch",)], ids=["main", "branch"])
def test_an_answer_that_is_lost_is_looked_up(
    http_server: GitHttpServer,
    bare: BareRepo,
    capfd: pytest.CaptureFixture[str],
    *,
    after: int,
    options: tuple[str, ...],
) -> None:
    http_server.faults.arm(answer_lost(after=after))
    ran = bump(http_server, capfd, *options)
    assert ran.code == 0, ran.err
    assert ran.json["changed"] is True
    assert ran.json["attempts"] == 1
    branch = "bggen/prod/hello/bump" if options else "main"
    assert ran.json["commit"] == bare.heads()[f"refs/heads/{branch}"]
    assert len(bare.log(branch)) == 2


def test_an_answer_that_is_lost_while_somebody_pushes_on_top(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str]
) -> None:
    commit = "GIT_AUTHOR_NAME=eve GIT_AUTHOR_EMAIL=e@x GIT_COMMITTER_NAME=eve GIT_COMMITTER_EMAIL=e@x git commit-tree"
    made = f"$({commit} -p main -m on-top main^{{tree}})"
    hook(bare, f"[ -e once ] || {{ : > once; git update-ref refs/heads/main {made}; }}\n", "post-receive")
    http_server.faults.arm(answer_lost())
    ran = bump(http_server, capfd, "--force")
    assert ran.code == 0, ran.err
    assert ran.json["changed"] is True
    assert ran.json["commit"] == bare.git("rev-parse", "main^")
    assert bare.log()[0] == "on-top"
    assert len(bare.log()) == 3


def test_a_push_that_nobody_heard_is_sent_again(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str]
) -> None:
    http_server.faults.arm(push_unheard(2))
    ran = bump(http_server, capfd)
    assert ran.code == 0, ran.err
    assert ran.json["commit"] == bare.tip()
    assert len(bare.log()) == 2


def test_a_push_that_is_never_heard_changes_nothing(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str]
) -> None:
    http_server.faults.arm(push_unheard(None))
    ran = bump(http_server, capfd)
    assert ran.code == 6
    assert ran.json["error"]["kind"] == "network"
    assert ran.json["changed"] is False
    assert len(bare.log()) == 1


class DownAfterPush(Faults):
    """The first push is carried out, its answer lost, and from then on the server is out of order."""

    _pushed = False

    def take(self, service: Service | None, *, refs: bool) -> Fault | None:
        if self._pushed:
            return Fault(status=503)
        self._pushed = service == "receive-pack" and not refs
        return answer_lost() if self._pushed else None


@pytest.mark.parametrize("options", [(), ("--branch",)], ids=["main", "branch"])
def test_where_nobody_can_look_it_is_not_known_and_the_next_run_finds_out(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    http_server.faults = DownAfterPush()
    ran = bump(http_server, capfd, *options)
    assert ran.code == 6
    assert ran.json["changed"] is None
    assert ran.json["error"]["kind"] == "network"
    assert ran.json["attempts"] == 1
    heads = bare.heads()
    assert len(bare.log("bggen/prod/hello/bump" if options else "main")) == 2
    http_server.faults = Faults()
    again = bump(http_server, capfd, *options)
    assert again.code == 0
    assert again.json["changed"] is False
    assert bare.heads() == heads


def test_where_nobody_can_look_in_a_checkout(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bare.git("clone", "--quiet", http_server.url("config.git"), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", bare.env)
    http_server.faults = DownAfterPush()
    command = ("bump", "--image", "v1", "--push", "--repo", str(clone.path), "--output", "json")
    ran = run_here(capfd, *command)
    assert ran.code == 6
    assert ran.json["changed"] is None
    landed = bare.tip()
    assert clone.git("status", "--porcelain") == ""
    http_server.faults = Faults()
    again = run_here(capfd, *command)
    assert again.code == 0, again.err
    assert bare.tip() == landed


@pytest.mark.parametrize("name", ["pre-receive", "update"])
def test_a_hook_that_refuses_is_quoted(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    before = bare.tip()
    hook(bare, "printf 'GL-HOOK-ERR: no releases on Fridays\\033[31m, says \\007ops\\n' >&2; exit 1\n", name)
    ran = bump(http_server, capfd)
    assert ran.code == 6
    assert ran.json["error"]["kind"] == "rejected"
    assert "no releases on Fridays" in ran.json["error"]["message"]
    assert ran.json["error"]["message"].isprintable()
    assert ran.json["attempts"] == 1
    assert ran.json["changed"] is False
    assert bare.tip() == before


def test_a_setting_that_refuses_is_quoted(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # A non-bare repository's branch that is checked out is git's own protected branch.
    bare.git("config", "core.bare", "false")
    bare.git("config", "core.worktree", str(tmp_path))
    bare.git("config", "receive.denyCurrentBranch", "refuse")
    ran = bump(http_server, capfd)
    assert ran.code == 6
    assert ran.json["error"]["kind"] == "rejected"
    assert "branch is currently checked out" in ran.json["error"]["message"]


LOCKED = [
    "error: cannot lock ref 'refs/heads/main': is at 66941e6196 but expected cdec69331c",
    "error: cannot lock ref 'refs/heads/main': Unable to create '/srv/main.lock': File exists.",
    "fatal: incorrect old value provided",
    "LOCK_FAILURE",
    "TF401028: The reference 'refs/heads/main' has already been updated by another client, so you cannot update it.",
]


@pytest.mark.parametrize("said", LOCKED)
def test_a_hook_that_speaks_of_a_lock_is_tried_again(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str], said: str
) -> None:
    (bare.path / "said").write_text(f"{said}\n")
    hook(bare, "echo x >> pushes\n[ $(wc -l < pushes) -gt 2 ] || { cat said >&2; exit 1; }\n")
    ran = bump(http_server, capfd)
    assert ran.code == 0, ran.err
    assert ran.json["attempts"] == 3
    assert ran.json["commit"] == bare.tip()


def test_a_ref_that_moves_while_the_push_is_under_way(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str]
) -> None:
    first = bare.tip()
    other = somebody_pushes(bare, "README", "hello\n")
    bare.git("update-ref", "refs/heads/main", first)
    land_amid(bare, other)
    ran = bump(http_server, capfd)
    assert ran.code == 0, ran.err
    assert ran.json["attempts"] == 2
    assert bare.git("rev-parse", "main^") == other


def test_a_server_without_atomic_words_that_was_only_busy(
    http_server: GitHttpServer, bare: BareRepo, capfd: pytest.CaptureFixture[str]
) -> None:
    http_server.faults.arm(replace(unreachable(503), service="receive-pack", refs=False))
    ran = bump(http_server, capfd)
    assert ran.code == 0, ran.err
    assert ran.json["commit"] == bare.tip()
