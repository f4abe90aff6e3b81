"""Author, committer and signature of a commit are what was asked for, in a checkout and in a bare repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bggen.errors import GitError, RefusedError
from bggen.git.process import Git
from bggen.git.signature import (
    UNSIGNED,
    Signature,
    identity,
    refuse_nameless,
    run_as,
    signing_arguments,
    signs,
    unsigned,
)
from tests.support.repos import Repo
from tests.support.signers import FORMATS, signer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bggen.git.process import Done

GRACE = Signature(("Grace Höpper", "grace@example.com"), sign=True)


@pytest.fixture(params=["checkout", "bare"])
def place(request: pytest.FixtureRequest, repo: Repo, tmp_path: Path) -> Repo:
    """A repository with a commit, with a work tree and without."""
    if request.param == "checkout":
        return repo
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    return Repo(tmp_path / "bare.git", repo.env)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which git knows no identity."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")


def commit(place: Repo, signature: Signature, *, configured: bool = False) -> Done:
    """Make a commit of the tip's tree on top of the tip."""
    signing = signing_arguments(signature, configured=configured)
    arguments = ["commit-tree", *signing, "-p", "HEAD", "-F", "-", "HEAD^{tree}"]
    return run_as(Git(place.path), signature, *arguments, stdin=b"subject\n\nbody\n")


def people(place: Repo, done: Done) -> list[str]:
    assert done.code == 0, done.err
    return place.git("log", "-1", "--format=%an <%ae>%n%cn <%ce>", done.out.decode().strip()).splitlines()


def configure(place: Repo, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        place.git("config", name, value)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo: Repo) -> Path:
    """A folder for keys, which git and GnuPG use."""
    folder = tmp_path / "g"
    folder.mkdir()
    monkeypatch.setenv("GNUPGHOME", str(folder))
    repo.env["GNUPGHOME"] = str(folder)
    return folder


@pytest.mark.parametrize("form", FORMATS)
def test_a_signature_that_git_verifies(form: str, keys: Path, place: Repo) -> None:
    if shutil.which(FORMATS[form]) is None:
        pytest.skip(f"{FORMATS[form]} is not here")
    with signer(form, keys, place.env) as settings:
        configure(place, settings)
        done = commit(place, GRACE)
        made = done.out.decode().strip()
        assert people(place, done) == ["Grace Höpper <grace@example.com>", "Ada <ada@example.com>"]
        place.git("verify-commit", made)
        # A change of the signed text is noticed: the signature is one of this commit.
        forged = place.git("cat-file", "commit", made).replace("subject", "forged!") + "\n"
        false = place.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=forged)
        assert place.try_git("verify-commit", false).returncode != 0


@pytest.mark.parametrize(
    ("sign", "configured", "signed"),
    [
        (None, True, True),
        (None, False, False),
        (True, False, True),
        (True, True, True),
        (False, True, False),
        (False, False, False),
    ],
)
def test_the_command_line_wins_over_the_configuration(*, sign: bool | None, configured: bool, signed: bool) -> None:
    assert signs(Signature(sign=sign), configured=configured) is signed
    assert signing_arguments(Signature(sign=sign), configured=configured) == (["-S"] if signed else [])


def test_git_does_not_sign_what_is_not_to_be_signed(place: Repo) -> None:
    configure(place, {"commit.gpgSign": "true", "gpg.program": "/nope"})
    done = commit(place, Signature(sign=False), configured=True)
    assert done.code == 0
    assert "gpgsig" not in place.git("cat-file", "commit", done.out.decode().strip())


def test_the_author_wins_over_the_environment(place: Repo) -> None:
    grace = Signature(GRACE.author)
    assert people(place, commit(place, grace)) == ["Grace Höpper <grace@example.com>", "Ada <ada@example.com>"]
    assert people(place, commit(place, UNSIGNED)) == ["Ada <ada@example.com>"] * 2


@pytest.mark.usefixtures("nobody")
def test_the_author_commits_where_git_knows_nobody(place: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    grace = Signature(GRACE.author)
    assert people(place, commit(place, grace)) == ["Grace Höpper <grace@example.com>"] * 2
    # Half of an identity is none.
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Bot")
    assert people(place, commit(place, grace)) == ["Grace Höpper <grace@example.com>"] * 2
    configure(place, {"user.name": "Release Bot", "user.email": "bot@example.com"})
    assert people(place, commit(place, grace)) == ["Grace Höpper <grace@example.com>", "Bot <bot@example.com>"]


@pytest.mark.usefixtures("nobody")
def test_nobody_at_all(place: Repo) -> None:
    done = commit(place, UNSIGNED)
    with pytest.raises(RefusedError, match="git knows no name and mail address") as caught:
        refuse_nameless(done.err)
    assert caught.value.kind == "identity"
    assert "--author" in str(caught.value.hint)
    with pytest.raises(RefusedError, match="git knows no name and mail address"):
        identity(Git(place.path), UNSIGNED)
    refuse_nameless(b"fatal: something else")


def test_who_makes_a_change(place: Repo) -> None:
    assert identity(Git(place.path), UNSIGNED) == "Ada <ada@example.com>"
    assert identity(Git(place.path), GRACE) == "Grace Höpper <grace@example.com>"


@pytest.mark.parametrize(
    "settings",
    [
        {"gpg.format": "ssh", "user.signingKey": "/nope"},
        {"gpg.format": "openpgp", "gpg.program": "/nope"},
        {"gpg.format": "openpgp", "user.signingKey": "nobody@example.com"},
        {"gpg.format": "x509", "user.signingKey": "nobody@example.com"},
    ],
    ids=lambda settings: "-".join(settings.values()).replace("/", ""),
)
def test_a_signer_that_fails_is_told_in_one_line(settings: dict[str, str], keys: Path, place: Repo) -> None:
    keys.chmod(0o700)
    configure(place, settings)
    done = commit(place, GRACE)
    error = unsigned(done)
    assert done.code != 0
    assert (error.kind, error.exit_code) == ("signing", GitError.exit_code)
    assert error.message.startswith("git could not sign the commit: ")
    assert error.message.isprintable()
    assert "GNUPG:" not in error.message
    assert not error.message.endswith("?")
    assert "--no-sign" in str(error.hint)
    assert place.git("rev-list", "--count", "--all") == place.git("rev-list", "--count", "HEAD")


@pytest.mark.parametrize("form", ["openpgp", "ssh"])
def test_nobody_to_type_the_passphrase(form: str, keys: Path, repo: Repo) -> None:
    """Without a terminal a key with a passphrase fails at once, instead of waiting for somebody."""
    if shutil.which(FORMATS[form]) is None:
        pytest.skip(f"{FORMATS[form]} is not here")
    program = (
        "import sys; from pathlib import Path\n"
        "from bggen.git.process import Git; from bggen.git import signature as s\n"
        "done = s.run_as(Git(Path('.')), s.UNSIGNED, 'commit-tree', '-S', '-F', '-', 'HEAD^{tree}', stdin=b'x')\n"
        "print(s.unsigned(done).message); sys.exit(done.code)"
    )
    env = {name: value for name, value in repo.env.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS"}}
    env |= {"PYTHONPATH": ":".join(sys.path)}
    with signer(form, keys, env, passphrase=uuid4().hex) as settings:
        configure(repo, settings)
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=repo.path,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            timeout=60,
        )
    assert done.returncode != 0
    assert done.stdout.startswith("git could not sign the commit: "), done.stderr
    assert done.stdout.count("\n") == 1
