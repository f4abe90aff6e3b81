"""Real repositories for tests, shut off from the git configuration of the machine."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from bggen.model import Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def clean_environment(home: Path, *, identity: bool = True) -> dict[str, str]:
    """Return an environment in which git sees no configuration but what the test writes to `home`/.gitconfig."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "EMAIL"}
    kept |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "GIT_CONFIG_NOSYSTEM": "1"}
    return kept | (IDENTITY if identity else {})


class Repo:
    """A work tree that tests drive by git itself."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        self.path = path
        self.env = dict(env)

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """Run git and return what it printed, without the last line break."""
        done = self.try_git(*arguments, stdin=stdin)
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.removesuffix("\n")

    def try_git(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run git, whatever its exit code."""
        return subprocess.run(
            ["git", *arguments], cwd=self.path, env=self.env, input=stdin, capture_output=True, text=True, check=False
        )

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file and the folders above it."""
        full = self.path / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "change", date: str | None = None) -> str:
        """Write or remove files, commit everything in the work tree, and return the commit's id."""
        for path, content in files.items():
            if content is None:
                (self.path / path).unlink()
            else:
                self.write(path, content)
        self.git("add", "--all")
        if date:
            self.env |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.tip()

    def tip(self) -> str:
        """Return the id of HEAD's commit."""
        return self.git("rev-parse", "HEAD")

    def snapshot(self) -> dict[str, str]:
        """Return everything of the user's that a delivery must not touch."""
        return {
            "status": self.git("status", "--porcelain=v2", "--untracked-files=all"),
            "staged": self.git("diff", "--cached"),
            "unstaged": self.git("diff"),
            "stash": self.git("stash", "list"),
            "branch": self.git("symbolic-ref", "HEAD"),
        }

    def show(self, path: str, commit: str = "HEAD") -> bytes:
        """Return the file's bytes as the commit holds them."""
        return subprocess.run(
            ["git", "show", f"{commit}:{path}"], cwd=self.path, env=self.env, capture_output=True, check=True
        ).stdout

    def changed(self, commit: str = "HEAD") -> list[str]:
        """Return the paths that the commit changes against its first parent."""
        return self.git("diff-tree", "-r", "--no-commit-id", "--name-only", "-z", commit).strip("\0").split("\0")


def make_repo(path: Path, env: Mapping[str, str], *options: str) -> Repo:
    """Make an empty repository with the branch main."""
    path.mkdir(parents=True, exist_ok=True)
    repo = Repo(path, env)
    repo.git("init", "--quiet", "--initial-branch=main", "--template=", *options)
    return repo


def fill(repo: Repo) -> None:
    """Commit a small config repo."""
    repo.commit({
        "bggen.yaml": "apiVersion: bggen.dev/v1\n",
        "README": "hello\n",
        "apps/hello/app.yaml": "name: hello\n",
        "apps/shop/app.yaml": "name: shop\n",
        "apps/shop/prod/release.yaml": "active: blue\n",
        "apps/shop/prod/blue.yaml": "release: 1\n",
        "apps/shop/prod/manifests/old.yaml": "kind: Old\n",
        "apps/shop/prod/manifests/service.yaml": "color: blue\n",
    })  # fmt: skip


def standard_changes(folder: str = "apps/shop/prod") -> list[Change]:
    """Return a change of each sort: a file edited, one removed, one added, and one added in a new folder."""
    return [
        Change(f"{folder}/release.yaml", b"active: blue\n", b"active: green\n"),
        Change(f"{folder}/green.yaml", None, b"release: 2\n"),
        Change(f"{folder}/manifests/service.yaml", b"color: blue\n", b"color: green\n"),
        Change(f"{folder}/manifests/old.yaml", b"kind: Old\n", None),
        Change(f"{folder}/more/deep/new.yaml", None, b"kind: New\n"),
    ]


def assert_delivered(repo: Repo, changes: list[Change], prefix: str = "") -> None:
    """Assert that the commit at HEAD, the files on disk and the index hold the changes, and nothing is left over."""
    for change in changes:
        full = repo.path / prefix / change.path
        if change.after is None:
            assert not full.exists()
            assert repo.try_git("cat-file", "-e", f"HEAD:{prefix}{change.path}").returncode != 0
        else:
            assert repo.show(prefix + change.path) == change.after
            assert full.is_file()
    paths = [prefix + change.path for change in changes]
    # Before any refresh: the time stamps in the index must be right already.
    assert repo.try_git("diff-index", "--quiet", "HEAD", "--", *paths).returncode == 0
    assert repo.git("status", "--porcelain=v2", "--untracked-files=all", "--", *paths) == ""
    assert_no_leftovers(repo)


def assert_no_leftovers(repo: Repo) -> None:
    """Assert that no temporary file and no journal is left, and that git finds the repository sound."""
    assert list(repo.path.rglob(".bggen-*")) == []
    git_dir = repo.path / repo.git("rev-parse", "--git-dir")
    assert [path.name for path in (git_dir / "bggen").glob("journal*")] == []
    assert not (git_dir / "index.lock").exists()
    repo.git("fsck", "--strict")
