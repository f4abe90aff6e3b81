"""Which config repo, app and environment a command means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import UsageError
from bggen.workspace import find_root, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bggen.remotes import RemoteUrl
    from bggen.workspace import Files

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
PATTERN = re.compile(r"(?!-)[-a-z0-9*?!\[\]]{1,200}\Z")
_MAX_CHOICES = 20
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A config repo, and the app and environment that the working directory lies in, if it does.

    Attributes:
        root: the folder of bggen.yaml; of a remote repo, the working directory.
        app: the app around the working directory.
        env: the environment.
        url: the remote repo; None for a checkout.
        cache: where a remote repo is kept between runs.
        base: the branch of the remote that is read; None for the usual one.
    """

    root: Path
    app: str | None = None
    env: str | None = None
    url: RemoteUrl | None = None
    cache: Path | None = None
    base: str | None = None


def find_place(repo: str | None, cwd: Path, cache: Path | None = None, base: str | None = None) -> Place:
    """Find the config repo: the remote or the folder given, or the nearest one upwards that holds a bggen.yaml.

    Args:
        repo: a URL or a folder; None for the one around `cwd`.
        cwd: the working directory.
        cache: where a remote repo is kept between runs; None for nowhere.
        base: the branch that is read, of a remote.

    Raises:
        UsageError: there is none.
    """
    if repo is not None and not _is_folder(cwd / repo):
        from bggen.remotes import looks_like_url, parse_url  # noqa: PLC0415 - most commands work in a checkout

        if looks_like_url(repo):
            return Place(cwd, url=parse_url(repo), cache=cache, base=base)
        raise UsageError(f"--repo {_shown(repo)}: no such folder")
    if repo == "":
        raise UsageError("--repo is empty", hint="a folder or a URL; without it, the config repo here is taken")
    start = cwd / repo if repo else cwd
    root = find_root(start)
    if root is None:
        raise UsageError(
            f"no bggen.yaml in {start} or any folder above it",
            hint="run bggen in a config repo, name one with --repo, or start one with bggen init",
        )
    parts = cwd.resolve().parts[len(root.parts) :] if cwd.resolve().is_relative_to(root) else ()
    inside = parts[1:] if parts[:1] == ("apps",) else ()
    app, env = (*inside[:2], None, None)[:2]
    return Place(root, app, env, base=base)


def refuse_remote(place: Place, command: str) -> None:
    """Refuse what needs files on disk.

    Raises:
        UsageError: the config repo is a remote one.
    """
    if place.url is not None:
        raise needs_files(command)


def needs_files(command: str) -> UsageError:
    """Return the error for a command that a remote config repo cannot be asked for."""
    return UsageError(
        f"{command} writes files, and a remote repo has none to write", hint="clone it, and run it in the clone"
    )


def is_url(repo: str | None, cwd: Path) -> bool:
    """Whether `--repo` means a remote config repo; a folder that is named like one comes first."""
    if repo is None or _is_folder(cwd / repo):
        return False
    from bggen.remotes import looks_like_url  # noqa: PLC0415 - as above

    return looks_like_url(repo)


def refuse_strange(apps: Iterable[str], env: str | None, match: str | None) -> None:
    """Refuse names and patterns that no app or environment can fit, before a remote is asked for them.

    Raises:
        UsageError: with the option.
    """
    names = [("--app", app) for app in apps] + ([("--env", env)] if env is not None else [])
    for option, name in names:
        if not NAME.match(name):
            raise UsageError(f"{option} {_shown(name)!r}: no name of an app or environment looks like that")
    if match is not None and not PATTERN.match(match):
        raise UsageError(f"--match {_shown(match)!r}: no name of an app fits it", hint="a pattern is like 'shop-*'")


def choose_app(place: Place, given: str | None, files: Files) -> str:
    """Return the app that a command means: the one given, the one around the working directory, or the only one.

    Raises:
        UsageError: with the choices.
    """
    name = given or place.app
    if name is None:
        return _only(app_names(files), "--app", "the repo holds no app", "several apps")
    # Checked before the name becomes part of a path.
    if not NAME.match(name) or files.names(f"apps/{name}").get("app.yaml") is None:
        shown = _shown(name)
        raise UsageError(f"no app '{shown}': apps/{shown}/app.yaml does not exist", hint=_choices(app_names(files)))
    return name


def choose_env(place: Place, given: str | None, known: Sequence[str], own: Sequence[str]) -> str:
    """Return the environment that a command means.

    Args:
        place: where the command runs.
        given: `--env`.
        known: the environments of bggen.yaml.
        own: those that the app is in.

    Raises:
        UsageError: with the choices.
    """
    name = given or (place.env if place.env in known else None)
    if name is None:
        return _only(own, "--env", "the app is in no environment", "several environments")
    if name not in known:
        raise UsageError(f"no environment {name!r} in bggen.yaml", hint=_choices(known))
    if name not in own:
        raise UsageError(f"the app is not in environment {name}", hint=_choices(own))
    return name


def app_names(files: Files) -> list[str]:
    """Return the names of all apps: the folders of `apps/` that hold an app.yaml."""
    folders = app_folders(files)
    files.bring([f"apps/{name}" for name in folders], names_only=True)
    return [name for name in folders if "app.yaml" in files.names(f"apps/{name}")]


def app_folders(files: Files) -> list[str]:
    """Return the names of all folders that may be apps: those of `apps/`."""
    return sorted(name for name, kind in files.names("apps").items() if kind == "folder")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        # Too long for any file system, or not even a name.
        return False


def _shown(text: str) -> str:
    return printable(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…")


def _only(names: Sequence[str], option: str, none: str, several: str) -> str:
    if not names:
        raise UsageError(none, hint="bggen new NAME --image REPOSITORY adds an app" if option == "--app" else None)
    if len(names) > 1:
        raise UsageError(f"{several}: say which with {option}", hint=_choices(names))
    return names[0]


def _choices(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - _MAX_CHOICES} more" if len(known) > _MAX_CHOICES else ""
    return f"there is {', '.join(known[:_MAX_CHOICES])}{more}" if known else "there is none"
