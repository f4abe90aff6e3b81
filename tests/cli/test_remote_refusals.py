"""What must never reach git is refused on the command line: exit code 2, one line, and nothing was started."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bggen.cli.main import main
from tests.support.repos import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "canary-0123"  # noqa: S105 - no server knows it
# A shim that stands before git and ssh on PATH, and notes what was run.
_NOTE = '#!/bin/sh\nprintf "%s\\n" "$0 $*" >> "$BGGEN_TEST_NOTES"\nexit 1\n'
URL = "file:///nowhere/config.git"
REPOS = [
    "",
    "--upload-pack=touch MARK",
    "-oProxyCommand=touch:MARK",
    "ssh://-oProxyCommand=touch MARK/x",
    "ssh://-oProxyCommand=touch/x",
    "ssh://%2doProxyCommand=touch/x",
    "ssh://$(touch)@host/x",
    "git@-oProxyCommand=touch:x",
    "git@host:-x",
    "git@host:../x",
    "https://host/../x",
    "https://host/%2e%2e/x",
    "https://host/x%0ahost=evil",
    "https://host/a b",
    "https://host/a\\b",
    "https://host/a@{b",
    "https://host/a\nb",
    "https://host/a\x1b[2Jb",
    "https://bitbuc\u212aet.org/x",
    "https://github\uff0ecom/x",
    "https://host/\udcff",
    f"https://me:{SECRET}@host/x",
    f"https://me:{SECRET}/x@host/x",
    f"me:{SECRET}@host:x",
    "ext::sh -c touch% MARK",
    "fd::17/x",
    "ftp://host/x",
    "file://host/x",
    "https://host/" + "x" * 9000,
    "https://host/" + "x/" * 9000,
    "x" * 9000,
    "nowhere\n",
    "no\0where",
    "nowhere/\x1b[2J",
]  # fmt: skip
BRANCHES = [
    "",
    "-x",
    "--upload-pack=touch MARK",
    "..",
    "a..b",
    "@{-1}",
    "a@{b",
    "a b",
    "a\nb",
    "a\x1b[2Jb",
    "a\u202eb",
    "a:b",
    "a^{tree}",
    "refs/heads/a",
    "HEAD",
    "a.lock",
    "\udcff",
    "x" * 9000,
]
NAMES = [
    "",
    "-x",
    "--all",
    "..",
    "../x",
    "a/b",
    "/etc",
    "a\nb",
    "a\0b",
    "a\x1b[2J",
    "A",
    "ü",
    "\u202e",
    "x" * 9000 + "/",
    "\udcff",
]


class Runner:
    """Runs bggen in this process, where every git and ssh would leave a note."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd = folder, capfd
        self.notes = folder / "notes"
        self.cwd = folder / "cwd"
        for name in ("bin", "home", "cwd", "temp"):
            (folder / name).mkdir()
        for name, value in clean_environment(folder / "home").items():
            monkeypatch.setenv(name, value)
        for name in ("git", "ssh", "sh", "touch"):
            shim = folder / "bin" / name
            shim.write_text(_NOTE)
            shim.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder / "bin"))
        monkeypatch.setenv("BGGEN_TEST_NOTES", str(self.notes))
        monkeypatch.setenv("TMPDIR", str(folder / "temp"))
        monkeypatch.chdir(self.cwd)

    def refused(self, *arguments: str) -> str:
        """See that a command line is refused before anything is started, and return the line that says so."""
        before = sorted(self.folder.rglob("*"))
        assert main(["bump", "--image", "v1", *arguments, "--output", "json"]) == 2
        captured = self._capfd.readouterr()
        error, *hints = captured.err.splitlines()
        assert error.startswith("error: ")
        assert len(hints) <= 1
        assert all(line.startswith("hint: ") for line in hints)
        assert all(line.isprintable() for line in [error, *hints])
        assert len(captured.err) < 1000
        assert SECRET not in captured.err + captured.out
        assert not self.notes.exists(), self.notes.read_text()
        assert sorted(self.folder.rglob("*")) == before
        document = json.loads(captured.out)
        assert (document["changed"], document["error"]["code"], document["error"]["kind"]) == (False, 2, "usage")
        return error


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Runner:
    return Runner(tmp_path, monkeypatch, capfd)


def test_the_shim_notes_what_is_run(runner: Runner) -> None:
    """Without it, no test of this module could fail."""
    assert main(["bump", "--image", "v1", "--repo", URL]) == 6
    assert "ls-remote" in runner.notes.read_text()


@pytest.mark.parametrize("repo", REPOS, ids=lambda text: ascii(text)[:40])
def test_a_repo_is_refused(runner: Runner, repo: str) -> None:
    assert "--repo" in runner.refused(f"--repo={repo}")


def test_a_variable_is_no_way_around(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    for repo in ("ext::sh -c x", "ssh://-oProxyCommand=x/y", f"https://me:{SECRET}@host/x"):
        monkeypatch.setenv("BGGEN_REPO", repo)
        assert "--repo" in runner.refused()


@pytest.mark.parametrize("option", ["--base", "--branch"])
@pytest.mark.parametrize("name", BRANCHES, ids=lambda text: ascii(text)[:40])
def test_a_branch_is_refused(runner: Runner, option: str, name: str) -> None:
    runner.refused(f"--repo={URL}", f"{option}={name}")


def test_an_option_is_no_name_of_a_branch(runner: Runner) -> None:
    assert "--upload-pack" in runner.refused("--repo", URL, "--branch", "--upload-pack=touch MARK")


@pytest.mark.parametrize("option", ["--app", "--env", "--match"])
@pytest.mark.parametrize("name", NAMES, ids=lambda text: ascii(text)[:40])
def test_a_name_is_refused(runner: Runner, option: str, name: str) -> None:
    assert option in runner.refused(f"--repo={URL}", f"{option}={name}")


@pytest.mark.parametrize("pattern", ["../*", "a/*", "*\n", "**/x", "$(x)", "{a,b}"])
def test_a_pattern_is_refused(runner: Runner, pattern: str) -> None:
    assert "--match" in runner.refused(f"--repo={URL}", f"--match={pattern}")
