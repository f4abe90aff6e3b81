"""What every command shares: where it works, how it prints, and the parameters for that."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bggen.app.outcomes import Outcome as Outcome  # noqa: PLC0414 - the commands take it from here
    from bggen.app.place import Place
    from bggen.app.progress import Progress
else:
    # Commands name it in their signatures, which Typer evaluates; help must not wait for the real one.
    Outcome = object


class Format(StrEnum):
    """The forms of output."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Session:
    """The parameters that all commands have."""

    repo: str | None = None
    output: Format = Format.TEXT
    quiet: bool = False
    verbose: bool = False
    cache_dir: Path | None = None

    def place(self, base: str | None = None) -> Place:
        """Return the config repo that the command works on.

        Args:
            base: the branch of a remote one that is read; None for the usual one.

        Raises:
            UsageError: there is none; or that is not the name of a branch.
        """
        from bggen.app.place import find_place  # noqa: PLC0415 - help must not wait for it

        if base is not None:
            from bggen.remotes import parse_branch  # noqa: PLC0415 - the same

            base = parse_branch(base)
        return find_place(self.repo, Path.cwd(), self.cache_dir, base)

    def progress(self, doing: str) -> AbstractContextManager[Progress]:
        """Show how far long work has come, until the block ends: only where people wait for text."""
        if self.output is not Format.TEXT or self.quiet:
            from bggen.app.progress import SILENT  # noqa: PLC0415 - help must not wait for it

            return nullcontext(SILENT)
        from bggen.cli.terminal import progress  # noqa: PLC0415 - the same

        return progress(sys.stderr, doing)

    def refuse_annotations(self, command: str) -> None:
        """Refuse to make annotations where there is nothing to annotate.

        Raises:
            UsageError: they were asked for.
        """
        if self.output is Format.GITHUB:
            from bggen.errors import UsageError  # noqa: PLC0415 - only a failure needs it

            raise UsageError(
                f"--output github: {command} makes no annotations, only validate, check and render --check do",
                hint="--output text or json; BGGEN_OUTPUT counts, too",
            )


def complete_app(incomplete: str) -> list[str]:
    """Return the apps that begin like this, for shell completion."""
    from bggen.app import completion  # noqa: PLC0415 - only completion needs it

    return [name for name in completion.apps(Path.cwd()) if name.startswith(incomplete)]


def complete_env(incomplete: str) -> list[str]:
    """Return the environments that begin like this, for shell completion."""
    from bggen.app import completion  # noqa: PLC0415 - only completion needs it

    return [name for name in completion.environments(Path.cwd()) if name.startswith(incomplete)]


App = Annotated[
    str | None,
    typer.Option(
        "--app",
        "-a",
        metavar="NAME",
        envvar="BGGEN_APP",
        help="The app; not needed where there is one, or in its folder.",
        autocompletion=complete_app,
    ),
]
Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        "-e",
        metavar="NAME",
        envvar="BGGEN_ENV",
        help="The environment; not needed where there is one, or in its folder.",
        autocompletion=complete_env,
    ),
]
Apps = Annotated[
    list[str] | None,
    typer.Option("--app", "-a", metavar="NAME", envvar="BGGEN_APP", help="Only this app; repeatable. All by default."),
]
Envs = Annotated[
    list[str] | None,
    typer.Option(
        "--env", "-e", metavar="NAME", envvar="BGGEN_ENV", help="Only this environment; repeatable. All by default."
    ),
]
Base = Annotated[
    str | None,
    typer.Option(
        "--base", metavar="BRANCH", help="With --repo URL: the branch that is read; the usual one by default."
    ),
]
_SHARED: dict[str, Any] = {
    "repo": Annotated[
        str | None,
        typer.Option(
            "--repo",
            "-C",
            metavar="PATH|URL",
            envvar="BGGEN_REPO",
            help="The config repo: a checkout, found upwards from the working directory by default, or the URL of a"
            " remote one, which needs no checkout.",
        ),
    ],
    "output": Annotated[
        Format,
        typer.Option(
            "--output",
            "-o",
            envvar="BGGEN_OUTPUT",
            help="What to print on standard output; github: annotations, for validate, check and render --check.",
        ),
    ],
    "cache_dir": Annotated[
        Path | None,
        typer.Option(
            "--cache-dir",
            metavar="DIR",
            envvar="BGGEN_CACHE",
            help="Where remote config repos are kept between runs; many processes may share it. Nowhere by default.",
        ),
    ],
    "quiet": Annotated[bool, typer.Option("--quiet", help="Print no text but errors.")],
    "verbose": Annotated[bool, typer.Option("--verbose", help="Print more: files, and where a bug lies.")],
}

Command = Callable[..., "Outcome"]


@dataclass(frozen=True, slots=True)
class Shared:
    """Options that some commands share.

    Attributes:
        parameters: name → annotation and default.
        take: makes the commands' second argument of the values.
    """

    parameters: Mapping[str, tuple[Any, Any]]
    take: Callable[[Mapping[str, Any]], object]


def command(
    group: typer.Typer, *, name: str | None = None, annotates: bool = False, also: Shared | None = None
) -> Callable[[Command], Command]:
    """Register a command: a function that takes a Session first and returns an Outcome.

    The session's fields become options of the command, so that no function repeats them.

    Args:
        group: where to register it.
        name: what it is called, where no function can be.
        annotates: whether `--output github` may mean something to it; nothing is done where it does not.
        also: options that it shares with other commands, which it takes as its second argument.
    """
    parameters_of = also.parameters if also else {}

    def register(function: Command) -> Command:
        @functools.wraps(function)
        def run(**values: Any) -> int:
            from bggen.cli.output import finish  # noqa: PLC0415 - help must not wait for it

            session = Session(**{name: values.pop(name) for name in _SHARED})
            if not annotates:
                session.refuse_annotations(name or function.__name__)
            asked = [also.take({name: values.pop(name) for name in parameters_of})] if also else []
            return finish(function(session, *asked, **values), session)

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1 + bool(also) :]
        own += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, (kind, default) in parameters_of.items()
        ]
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=getattr(Session(), name), annotation=kind)
            for name, kind in _SHARED.items()
        ]
        parameters = [*(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own), *shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions may carry one
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        group.command(name)(run)
        return function

    return register
