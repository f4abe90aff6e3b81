"""Start git: argument lists only, no hooks, no pager, no prompts, nothing of an outer git in the environment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

OLDEST_GIT = (2, 25)
_MOST_ARGUMENTS = 100_000
_LAST_WORDS = 3.0

# `git rev-parse --local-env-vars` and what else would point git at another repository, index or set of objects.
# GIT_CONFIG_COUNT and GIT_CONFIG_PARAMETERS stay: CI sets safe.directory and identities by them.
OUTER_GIT = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
})  # fmt: skip
SETTINGS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "color.ui=false",
    "-c",
    "log.showSignature=false",
    "-c",
    "submodule.recurse=false",
    "-c",
    "core.fsmonitor=false",
)


@dataclass(frozen=True, slots=True)
class Done:
    """A git that has ended."""

    code: int
    out: bytes
    err: bytes

    def error(self, doing: str, *, hint: str | None = None, kind: str | None = None) -> GitError:
        """Return the failure as one line: what bggen was doing, and what git said."""
        if self.code < 0:
            return GitError(f"cannot {doing}: git was stopped by signal {-self.code}", hint=hint, kind=kind)
        return GitError(f"cannot {doing}: {reason(self.err)}", hint=hint, kind=kind)


class Git:
    """Runs git in one folder."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self._environment = _environment()

    def with_variables(self, variables: Mapping[str, str]) -> Git:
        """Return one that runs git in the same folder, with these environment variables as well."""
        other = Git(self.cwd)
        other._environment = self._environment | dict(variables)
        return other

    def start(
        self,
        *arguments: str,
        stdin: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        keep_open: Sequence[int] = (),
        own_group: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start git and return at once.

        Args:
            arguments: the subcommand and what follows it.
            stdin: PIPE, or DEVNULL for a command that reads nothing.
            stderr: PIPE, or DEVNULL for one that lives long and whose words are not read.
            keep_open: file descriptors that git inherits.
            own_group: whether a Ctrl-C at the terminal, or a kill of bggen's process group, shall not reach it.

        Raises:
            GitError: there is no git, or the folder is gone.
        """
        try:
            return subprocess.Popen(
                ["git", *SETTINGS, *arguments],
                cwd=self.cwd,
                env=self._environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                pass_fds=keep_open,
                process_group=0 if own_group else None,
            )
        except FileNotFoundError as error:
            if self.cwd.is_dir():
                raise GitError("git was not found on PATH", hint="install git 2.25 or newer") from error
            raise GitError(f"the folder {self.cwd} is gone") from error
        except OSError as error:
            raise GitError(f"cannot start git: {error.strerror}") from error

    def run(
        self, *arguments: str, stdin: bytes | None = None, keep_open: Sequence[int] = (), own_group: bool = False
    ) -> Done:
        """Run git to its end, whatever its exit code; the arguments are those of `start`."""
        source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
        return finish(self.start(*arguments, stdin=source, keep_open=keep_open, own_group=own_group), stdin)

    def output(self, doing: str, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Run git and return what it printed.

        Raises:
            GitError: it failed; the line begins with `cannot <doing>`.
        """
        done = self.run(*arguments, stdin=stdin)
        if done.code != 0:
            raise done.error(doing)
        return done.out


def path_arguments(paths: Collection[str]) -> list[str]:
    """Return the paths as arguments; more of them than a command line holds become `.`, so the caller must pick."""
    return sorted(paths) if sum(map(len, paths)) <= _MOST_ARGUMENTS else ["."]


def finish(process: subprocess.Popen[bytes], stdin: bytes | None = None, *, timeout: float | None = None) -> Done:
    """Feed the process, wait for its end and return what came of it; after so many seconds it is ended."""
    try:
        out, err = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        end(process)
        return Done(-signal.SIGTERM, b"", b"")
    return Done(process.returncode, out, err or b"")


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process, whatever it is at, and let go of its pipes; nobody wants its result."""
    # Not kill: git removes its lock files when it is asked to end. What it has started for a transfer does not hear of
    # that, and would go on for as long as the other side sends something.
    below = _descendants(process.pid)
    process.terminate()
    for pid in below:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            # What was not written yet has no reader any more.
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_LAST_WORDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _descendants(pid: int) -> list[int]:
    """Return the processes below one, where the system has a folder of them."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123 - no path is built of it
            children = [int(child) for child in file.read().split()]
    except OSError:
        return []
    return children + [below for child in children for below in _descendants(child)]


def reason(err: bytes) -> str:
    """Return the line of git's words that says why, without its prefix and without control characters."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    chosen = next((line for line in lines if line.startswith("fatal: ")), lines[-1] if lines else "git gave no reason")
    for prefix in ("fatal: ", "error: "):
        chosen = chosen.removeprefix(prefix)
    return "".join(char if char.isprintable() else "?" for char in chosen)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OUTER_GIT}
    # Reading commands may not take the index lock, and nothing may ask a question: nobody might be there.
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
