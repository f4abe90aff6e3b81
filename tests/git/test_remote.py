"""A remote is read and pushed to with little traffic, and no lost race, refusal or lost answer is taken for another."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError, RefusedError, UnknownOutcomeError
from bggen.git import Moved
from bggen.git.bare import Bare
from bggen.git.objects import Objects
from bggen.git.partial import PartialObjects, RemoteFiles
from bggen.git.process import Git
from bggen.git.remote import Remote
from bggen.remotes import parse_url
from tests.support.repos import Repo, fill, make_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAIN = "refs/heads/main"


@pytest.fixture
def origin(tmp_path: Path, env: dict[str, str]) -> Repo:
    source = make_repo(tmp_path / "source", env)
    fill(source)
    source.git("clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    source.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    return Repo(tmp_path / "origin.git", env)


@pytest.fixture
def source(tmp_path: Path, env: dict[str, str], origin: Repo) -> Repo:
    assert origin.path.is_dir()
    return Repo(tmp_path / "source", env)


def url_of(origin: Repo) -> str:
    return f"file://{origin.path}"


@pytest.fixture(params=[False, True], ids=["temporary", "cache"])
def bare(request: pytest.FixtureRequest, tmp_path: Path, origin: Repo) -> Iterator[Bare]:
    with Bare.open(parse_url(url_of(origin)), tmp_path / "cache" if request.param else None) as made:
        yield made


@pytest.fixture
def remote(bare: Bare, origin: Repo) -> Remote:
    return Remote.of(bare, parse_url(url_of(origin)))


def allow_filters(origin: Repo, *, depth: int | None = None) -> None:
    origin.git("config", "uploadpack.allowFilter", "true")
    if depth is not None:
        origin.git("config", "uploadpackfilter.tree.maxDepth", str(depth))


def child(bare: Bare, parent: str, message: str = "next") -> str:
    made = bare.git.output(
        "commit", "-c", "user.name=A", "-c", "user.email=a@b.c", "commit-tree", "-p", parent, "-m", message,
        f"{parent}^{{tree}}",
    )  # fmt: skip
    return made.decode().strip()


def refuse(origin: Repo, hook: str, words: str, times: int) -> None:
    path = origin.path / "hooks" / hook
    path.parent.mkdir(exist_ok=True)
    count = origin.path / "count"
    count.write_text("")
    path.write_text(
        f'#!/bin/sh\nif test "$(wc -c <"{count}")" -lt {times}; then printf x >>"{count}"\n'
        f"cat >&2 <<'END'\n{words}\nEND\nexit 1; fi\n"
    )
    path.chmod(0o755)


@pytest.mark.parametrize("filters", ["none", "all", "no trees"])
def test_files_of_the_tip_are_read(filters: str, origin: Repo, bare: Bare, remote: Remote) -> None:
    if filters != "none":
        allow_filters(origin, depth=0 if filters == "no trees" else None)
    tip = remote.fetch(MAIN)[MAIN]
    assert tip == origin.git("rev-parse", MAIN)
    objects = PartialObjects(bare.git, remote)
    files = RemoteFiles(objects, tip)
    assert files.read("README") == b"hello\n"
    shown = origin.git("show", "main:apps/shop/prod/release.yaml").encode() + b"\n"
    assert files.read("apps/shop/prod/release.yaml") == shown
    assert files.read("apps/absent/app.yaml") is None
    assert files.read("apps/shop/prod/absent/x") is None
    assert list(files.names("apps/shop")) == origin.git("ls-tree", "--name-only", "main:apps/shop").split()
    objects.close()


def test_an_app_comes_whole_and_no_other_does(origin: Repo, bare: Bare, remote: Remote) -> None:
    allow_filters(origin)
    tip = remote.fetch(MAIN)[MAIN]
    objects = PartialObjects(bare.git, remote)
    RemoteFiles(objects, tip).bring(["apps/shop", "bggen.yaml"])
    objects.close()
    plain = Objects(bare.git)
    inner = origin.git("ls-tree", "-r", "--format=%(objectname)", "main:apps/shop").split()
    assert all(plain.get(oid) for oid in inner)
    other = origin.git("rev-parse", "main:apps/hello/app.yaml")
    assert other in inner or plain.get(other) is None
    plain.close()
    assert "promisor" not in (bare.git_dir / "config").read_text()


def test_missing_branch_and_missing_repository(origin: Repo, bare: Bare, remote: Remote, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        remote.fetch("refs/heads/absent")
    assert refused.value.kind == "branch"
    assert remote.tips(MAIN, "refs/heads/absent") == {MAIN: origin.git("rev-parse", MAIN), "refs/heads/absent": None}
    assert remote.default_branch() == "main"
    gone = Remote.of(bare, parse_url(f"file://{tmp_path}/gone.git"))
    with pytest.raises(GitError) as failed:
        gone.fetch(MAIN)
    assert failed.value.kind == "git"


def test_push_lands_and_a_lost_race_is_told(origin: Repo, source: Repo, bare: Bare, remote: Remote) -> None:
    allow_filters(origin)
    tip = remote.fetch(MAIN)[MAIN]
    first = child(bare, tip)
    remote.push(first, MAIN)
    assert origin.git("rev-parse", MAIN) == first
    second = child(bare, first)
    source.commit({"other": "x\n"})
    source.git("push", "--quiet", "--force", "origin", "HEAD:main")
    with pytest.raises(Moved):
        remote.push(second, MAIN)
    assert origin.git("rev-parse", MAIN) == source.tip()
    assert origin.try_git("fsck", "--strict").returncode == 0


def test_push_with_a_lease(origin: Repo, source: Repo, bare: Bare, remote: Remote) -> None:
    allow_filters(origin)
    tip = remote.fetch(MAIN)[MAIN]
    ref = "refs/heads/bggen/prod/shop/flip"
    remote.push(child(bare, tip, "a"), ref, lease="")
    held = remote.tips(ref)[ref]
    with pytest.raises(Moved):
        remote.push(child(bare, tip, "b"), ref, lease="")
    remote.push(child(bare, tip, "b"), ref, lease=held)
    with pytest.raises(Moved):
        remote.push(child(bare, tip, "c"), ref, lease=held)
    source.commit({"other": "x\n"})
    source.git("push", "--quiet", "--force", "origin", "HEAD:main")
    now = remote.tips(ref)[ref]
    with pytest.raises(Moved):
        remote.push(child(bare, tip, "d"), "refs/heads/bggen/other", lease=now)


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_hook_refuses_with_its_words(hook: str, origin: Repo, bare: Bare, remote: Remote) -> None:
    refuse(origin, hook, "GitLab: You are not allowed to push to protected branches.\n\033[31mred\033[0m\a", 9)
    with pytest.raises(GitError) as refused:
        remote.push(child(bare, remote.fetch(MAIN)[MAIN]), MAIN)
    assert refused.value.kind == "rejected"
    assert "You are not allowed to push to protected branches.; red" in refused.value.message
    assert refused.value.message.isprintable()


def test_no_message_holds_a_secret(origin: Repo, bare: Bare) -> None:
    canary = "canary-0123456789"
    refuse(origin, "update", f"token {canary} and https://me:{canary}@host/x", 9)
    remote = Remote.of(bare, parse_url(url_of(origin)), environ={"BGGEN_TOKEN": canary})
    with pytest.raises(GitError) as refused:
        remote.push(child(bare, remote.fetch(MAIN)[MAIN]), MAIN)
    assert canary not in refused.value.message
    assert "token ***" in refused.value.message


def test_checkout_gets_neither_shallow_nor_partial(origin: Repo, source: Repo, tmp_path: Path) -> None:
    allow_filters(origin)
    source.git("clone", "--quiet", url_of(origin), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", source.env)
    source.commit({"other": "x\n"})
    source.git("push", "--quiet", "origin", "HEAD:main")
    config = (clone.path / ".git/config").read_bytes()
    tip = Remote(Git(clone.path), "origin", parse_url(url_of(origin))).fetch(MAIN)[MAIN]
    assert tip == source.tip() == clone.git("rev-parse", "origin/main")
    assert (clone.path / ".git/config").read_bytes() == config
    assert not (clone.path / ".git/shallow").exists()
    assert not (clone.path / ".git/FETCH_HEAD").exists()
    assert clone.git("for-each-ref", "refs/bggen") == ""


def test_cache_survives_leftovers_and_a_cut_pack(origin: Repo, tmp_path: Path) -> None:
    allow_filters(origin)
    url, cache = parse_url(url_of(origin)), tmp_path / "cache"
    with Bare.open(url, cache) as bare:
        Remote.of(bare, url).fetch(MAIN)
        for name in ("shallow.lock", "config.lock", "packed-refs.lock", "objects/pack/tmp_pack_x"):
            (bare.git_dir / name).write_text("")
    with Bare.open(url, cache) as bare:
        first = bare.git_dir
        tip = Remote.of(bare, url).fetch(MAIN)[MAIN]
        assert not (bare.git_dir / "shallow.lock").exists()
        pack = next((bare.git_dir / "objects/pack").glob("*.pack"))
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:-30])
    with Bare.open(url, cache) as bare:
        assert bare.git_dir != first
        assert not first.exists()
        assert Remote.of(bare, url).fetch(MAIN)[MAIN] == tip


def test_lost_answer_is_looked_up(origin: Repo, bare: Bare, remote: Remote) -> None:
    commit = child(bare, remote.fetch(MAIN)[MAIN])
    path = origin.path / "hooks" / "post-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nkill -9 $PPID\n")
    path.chmod(0o755)
    remote.push(commit, MAIN)
    assert origin.git("rev-parse", MAIN) == commit


def test_lost_answer_that_cannot_be_looked_up(origin: Repo, bare: Bare, remote: Remote) -> None:
    commit = child(bare, remote.fetch(MAIN)[MAIN])
    path = origin.path / "hooks" / "post-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nmv {origin.path} {origin.path}.gone\nkill -9 $PPID\n")
    path.chmod(0o755)
    with pytest.raises(UnknownOutcomeError):
        remote.push(commit, MAIN)


def test_sha256_remote(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "wide"
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", "-b", "main", path], env=env, check=True)
    wide = Repo(path, env)
    wide.commit({"bggen.yaml": "x\n"})
    url = parse_url(f"file://{path}")
    with Bare.open(url) as bare:
        assert Remote.of(bare, url).fetch(MAIN)[MAIN] == wide.tip()
