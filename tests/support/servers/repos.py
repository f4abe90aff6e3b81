"""Bare repositories for servers, filled without a work tree, and somebody else who pushes to them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.cli import HELLO, SETTINGS
from tests.support.many import files_of
from tests.support.repos import Repo, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


# As forges are set up, for whichever protocol. A gc in the background would outlive the test.
FORGE_CONFIG = """\
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tadvertisePushOptions = true
\tautogc = false
[gc]
\tauto = 0
"""


class BareRepo(Repo):
    """A bare repository that tests look into, and that servers serve."""

    def heads(self) -> dict[str, str]:
        """Return full ref → commit."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return {ref: commit for ref, _, commit in (line.partition(" ") for line in lines)}

    def log(self, ref: str = "main") -> list[str]:
        """Return the subjects of a branch's commits, the newest first; without the branch none."""
        done = self.try_git("log", "--format=%s", ref, "--")
        return done.stdout.splitlines() if done.returncode == 0 else []

    def tip(self) -> str:
        return self.git("rev-parse", "--verify", "refs/heads/main")


def make_bare(path: Path, files: Mapping[str, str | bytes] | None = None, *options: str) -> BareRepo:
    """Make a bare repository; with files, they are the first commit of its branch main.

    Args:
        path: the repository's folder, `….git`.
        files: path in the repository → content; None leaves it without a commit.
        options: of `git init`: `--object-format=sha256`.
    """
    home = path.parent / f".{path.name}-home"
    home.mkdir(parents=True, exist_ok=True)
    repo = BareRepo(path, clean_environment(home))
    path.mkdir(parents=True)
    repo.git("init", "--quiet", "--bare", "--template=", *options)
    repo.git("symbolic-ref", "HEAD", "refs/heads/main")
    with (path / "config").open("a") as config:
        config.write(FORGE_CONFIG)
    if files is not None:
        import_commit(repo, [files], message="config repo")
    return repo


def make_config(path: Path, apps: int = 0, settings: str = SETTINGS, *options: str) -> BareRepo:
    """Make a bare config repo with `hello` in `prod`, not yet released, and so many apps with both colours filled.

    The apps are named by `tests.support.many.name_of`; their manifests are absent, as `render` would write them.
    """
    files: dict[str, str | bytes] = {"bggen.yaml": settings, "apps/hello/app.yaml": HELLO}
    repo = make_bare(path, None, *options)
    import_commit(repo, [files, *(files_of(number) for number in range(apps))], message="config repo")
    return repo


def import_commit(
    repo: BareRepo,
    parts: Iterable[Mapping[str, str | bytes | None]],
    *,
    message: str = "somebody else",
    ref: str = "refs/heads/main",
) -> str:
    """Add a commit to a branch without a push, by fast-import, and return its id; None removes a file."""
    author = f"{repo.env['GIT_AUTHOR_NAME']} <{repo.env['GIT_AUTHOR_EMAIL']}>"
    lines = [f"commit {ref}\ncommitter {author} now\n".encode(), _data(message.encode())]
    before = repo.try_git("rev-parse", "--verify", "--quiet", ref).stdout.strip()
    if before:
        lines.append(f"from {before}\n".encode())
    for part in parts:
        for path, content in part.items():
            if content is None:
                lines.append(f'D "{path}"\n'.encode())
            else:
                lines.append(f'M 100644 inline "{path}"\n'.encode())
                lines.append(_data(content.encode() if isinstance(content, str) else content))
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=now"],
        cwd=repo.path,
        env=repo.env,
        input=b"".join(lines),
        capture_output=True,
        check=True,
    )
    return repo.git("rev-parse", ref)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def somebody_pushes(repo: BareRepo, path: str, content: str | bytes | None, branch: str = "main") -> str:
    """Let somebody else's commit be the newest of a branch, and return its id."""
    return import_commit(repo, [{path: content}], ref=f"refs/heads/{branch}")
