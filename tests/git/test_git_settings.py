"""Whatever a user has configured, the commit holds the planned bytes and the work tree is clean after it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bggen.errors import GitError
from bggen.git import Checkout
from bggen.model import Change
from tests.support.repos import Repo, assert_delivered, fill, make_repo, standard_changes

if TYPE_CHECKING:
    from pathlib import Path

BYTES = [
    Change("apps/shop/prod/release.yaml", b"active: blue\n", b"active: green\nnext: line\n"),
    Change("apps/shop/prod/green.yaml", None, b"release: 2\nspec: {}\n"),
]


def deliver(root: Path, changes: list[Change] | None = None) -> str:
    with Checkout.open(root) as checkout, checkout.lock():
        planned = changes or standard_changes()
        assert checkout.watch([change.path for change in planned]).result() == frozenset()
        return checkout.deliver(checkout.tip, planned, "subject ü\n\nbody\n", "reflog")


@pytest.mark.parametrize("value", ["true", "input", "false"])
def test_autocrlf(repo: Repo, value: str) -> None:
    repo.git("config", "core.autocrlf", value)
    repo.git("config", "core.safecrlf", "true")
    deliver(repo.path, BYTES)
    assert_delivered(repo, BYTES)
    ending = b"\r\n" if value == "true" else b"\n"
    assert (
        repo.path / "apps/shop/prod/release.yaml"
    ).read_bytes() == b"active: green" + ending + b"next: line" + ending
    assert repo.git("status", "--porcelain") == ""


def test_core_eol(repo: Repo) -> None:
    repo.commit({".gitattributes": "* text=auto\n"})
    repo.git("config", "core.eol", "crlf")
    deliver(repo.path, BYTES)
    assert_delivered(repo, BYTES)
    assert b"\r\n" in (repo.path / "apps/shop/prod/green.yaml").read_bytes()


@pytest.mark.parametrize("place", [".gitattributes", "apps/shop/prod/.gitattributes", ".git/info/attributes"])
def test_eol_attribute(repo: Repo, place: str) -> None:
    repo.write(place, "*.yaml eol=crlf\n")
    repo.commit({})
    deliver(repo.path, BYTES)
    assert_delivered(repo, BYTES)
    assert (repo.path / "apps/shop/prod/green.yaml").read_bytes() == b"release: 2\r\nspec: {}\r\n"
    assert repo.git("status", "--porcelain") == ""


def test_filter(repo: Repo) -> None:
    repo.git("config", "filter.turn.smudge", "tr a-z n-za-m")
    repo.git("config", "filter.turn.clean", "tr a-z n-za-m")
    repo.git("config", "filter.turn.required", "true")
    repo.commit({".gitattributes": "green.yaml filter=turn\n"})
    deliver(repo.path, BYTES)
    assert_delivered(repo, BYTES)
    assert (repo.path / "apps/shop/prod/green.yaml").read_bytes() == b"eryrnfr: 2\nfcrp: {}\n"
    assert repo.git("status", "--porcelain") == ""


def test_filter_that_fails_changes_nothing(repo: Repo) -> None:
    repo.commit({".gitattributes": "green.yaml filter=broken\n"})
    repo.git("config", "filter.broken.smudge", "false")
    repo.git("config", "filter.broken.required", "true")
    before, tip = repo.snapshot(), repo.tip()
    with pytest.raises(GitError, match="cannot prepare the files for the work tree"):
        deliver(repo.path, BYTES)
    assert (repo.snapshot(), repo.tip()) == (before, tip)
    assert list(repo.path.rglob(".bggen-*")) == []


def test_filter_that_does_not_give_back_what_it_got(repo: Repo) -> None:
    repo.git("config", "filter.store.clean", "sha1sum")
    repo.commit({".gitattributes": "green.yaml filter=store\n"})
    before, tip = repo.snapshot(), repo.tip()
    with pytest.raises(GitError, match=r"green\.yaml .* filter"):
        deliver(repo.path, BYTES)
    assert (repo.snapshot(), repo.tip()) == (before, tip)
    assert list(repo.path.rglob(".bggen-*")) == []


def test_sha256(env: dict[str, str], tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "sha256", env, "--object-format=sha256")
    fill(repo)
    commit = deliver(repo.path)
    assert len(commit) == 64
    assert_delivered(repo, standard_changes())


@pytest.mark.parametrize("version", ["2", "4"])
def test_index_versions(repo: Repo, version: str) -> None:
    repo.git("update-index", "--index-version", version)
    deliver(repo.path)
    assert_delivered(repo, standard_changes())


def test_split_index_and_untracked_cache(repo: Repo) -> None:
    repo.git("update-index", "--split-index", "--untracked-cache")
    deliver(repo.path)
    assert_delivered(repo, standard_changes())


def test_settings_that_change_what_git_prints(repo: Repo, env: dict[str, str], tmp_path: Path) -> None:
    for name, value in {
        "core.quotepath": "true",
        "core.precomposeunicode": "true",
        "core.pager": "false",
        "pager.status": "true",
        "color.ui": "always",
        "color.status": "always",
        "diff.external": "false",
        "diff.noprefix": "true",
        "status.showUntrackedFiles": "no",
        "status.relativePaths": "false",
        "status.branch": "true",
        "status.short": "true",
        "status.showStash": "true",
        "submodule.recurse": "true",
        "log.showSignature": "true",
        "log.follow": "true",
        "alias.status": "!false",
        "alias.update-ref": "!false",
        "commit.template": "/nope",
        "commit.cleanup": "scissors",
        "i18n.commitEncoding": "ISO-8859-1",
        "i18n.logOutputEncoding": "UTF-8",
        "core.commentChar": "s",
        "core.fsmonitor": str(tmp_path / "no such program"),
        "core.abbrev": "4",
        "core.logAllRefUpdates": "always",
        "transfer.fsckObjects": "true",
        "index.threads": "1",
        "feature.manyFiles": "true",
    }.items():
        subprocess.run(["git", "config", "--global", name, value], env=env, check=True)
    repo.write("apps/shop/prod/untracked ü.yaml", "x\n")
    with Checkout.open(repo.path) as checkout:
        assert checkout.watch(["apps"]).result() == {"apps/shop/prod/untracked ü.yaml"}
    deliver(repo.path)
    (tmp_path / "home/.gitconfig").unlink()
    header, _, message = repo.git("cat-file", "commit", "HEAD").partition("\n\n")
    assert message == "subject ü\n\nbody"
    assert "encoding" not in header
    assert_delivered(repo, standard_changes())


def test_variables_of_an_outer_git(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_repo(tmp_path / "other", repo.env)
    other.commit({"README": "other\n"})
    tip = other.tip()
    for name, value in {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_OBJECT_DIRECTORY": str(other.path / ".git/objects"),
        "GIT_COMMON_DIR": str(other.path / ".git"),
        "GIT_NAMESPACE": "ns",
        "GIT_PREFIX": "x/",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_QUARANTINE_PATH": str(tmp_path),
        "GIT_SHALLOW_FILE": str(tmp_path / "nope"),
    }.items():
        monkeypatch.setenv(name, value)
    commit = deliver(repo.path)
    assert repo.tip() == commit
    assert_delivered(repo, standard_changes())
    assert other.tip() == tip
    assert not (tmp_path / "index").exists()


def test_configuration_in_the_environment_counts(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "From CI")
    deliver(repo.path)
    assert repo.git("log", "-1", "--format=%an/%cn") == "From CI/From CI"


def test_work_tree_set_by_configuration(repo: Repo, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(repo.path, elsewhere, ignore=shutil.ignore_patterns(".git"))
    (elsewhere / ".git").write_text(f"gitdir: {repo.path}/.git\n")
    repo.git("config", "core.worktree", str(elsewhere))
    deliver(elsewhere)
    assert_delivered(Repo(elsewhere, repo.env), standard_changes())
    assert (repo.path / "apps/shop/prod/release.yaml").read_text() == "active: blue\n"


@pytest.mark.parametrize("where", ["hooks", "hooksPath"])
def test_hooks_do_not_run(repo: Repo, tmp_path: Path, where: str) -> None:
    folder = repo.path / ".git/hooks"
    if where == "hooksPath":
        folder = tmp_path / "hooks"
        repo.git("config", "core.hooksPath", str(folder))
    folder.mkdir(exist_ok=True)
    for name in (
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
        "post-rewrite",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> '{tmp_path}/ran'\nexit 1\n")
        (folder / name).chmod(0o755)
    deliver(repo.path)
    assert not (tmp_path / "ran").exists()


def test_replaced_objects_are_not_believed(repo: Repo) -> None:
    old = repo.tip()
    other = repo.commit({"apps/shop/prod/release.yaml": "active: green\n"})
    repo.git("reset", "-q", "--hard", old)
    repo.git("replace", old, other)
    with Checkout.open(repo.path) as checkout:
        assert checkout.tip == old
        assert checkout.tip_files().read("apps/shop/prod/release.yaml") == b"active: blue\n"


def make_ssh_key(repo: Repo, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    (tmp_path / "signers").write_text(f"ada@example.com {(tmp_path / 'key.pub').read_text()}")
    repo.git("config", "gpg.format", "ssh")
    repo.git("config", "gpg.ssh.allowedSignersFile", str(tmp_path / "signers"))
    repo.git("config", "user.signingKey", str(tmp_path / "key"))


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")
def test_signing_with_ssh(repo: Repo, tmp_path: Path) -> None:
    make_ssh_key(repo, tmp_path)
    repo.git("config", "commit.gpgSign", "yes")
    deliver(repo.path)
    repo.git("verify-commit", "HEAD")
    assert_delivered(repo, standard_changes())


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not here")
def test_signing_with_gpg(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    repo.env["GNUPGHOME"] = str(home)
    command = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "Ada <ada@example.com>", "ed25519"]
    subprocess.run([*command, "sign", "never"], env=repo.env, capture_output=True, check=True)
    try:
        repo.git("config", "commit.gpgsign", "true")
        deliver(repo.path)
        repo.git("verify-commit", "HEAD")
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=repo.env, check=False)
    assert_delivered(repo, standard_changes())


def test_signing_is_off_where_configuration_says_so(repo: Repo) -> None:
    repo.git("config", "user.signingKey", "/nope")
    repo.git("config", "commit.gpgsign", "0")
    deliver(repo.path)
    assert "gpgsig" not in repo.git("cat-file", "commit", "HEAD")


@pytest.mark.parametrize("way", ["no key", "no program"])
def test_signer_that_fails_changes_nothing(repo: Repo, way: str) -> None:
    repo.git("config", "commit.gpgsign", "true")
    if way == "no key":
        repo.git("config", "gpg.format", "ssh")
        repo.git("config", "user.signingKey", "/nope")
    else:
        repo.git("config", "gpg.program", "/nope")
    before, tip = repo.snapshot(), repo.tip()
    with pytest.raises(GitError, match=r"git could not sign the commit: .*/nope") as caught:
        deliver(repo.path)
    assert caught.value.kind == "signing"
    assert caught.value.hint is not None
    assert "\n" not in caught.value.message
    assert (repo.snapshot(), repo.tip()) == (before, tip)
    assert list(repo.path.rglob(".bggen-*")) == []
    assert [path.name for path in (repo.path / ".git/bggen").iterdir()] == ["lock"]


def test_wrong_setting_is_told(repo: Repo) -> None:
    repo.git("config", "commit.gpgsign", "perhaps")
    with pytest.raises(GitError, match=r"cannot read commit\.gpgsign: .*perhaps"):
        deliver(repo.path)


def test_partial_and_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"README": "second\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = Repo(tmp_path / "clone", repo.env)
    repo.git("clone", "-q", "--depth=1", "--filter=blob:none", f"file://{repo.path}", str(clone.path))
    deliver(clone.path)
    assert_delivered(clone, standard_changes())
