"""bggen.yaml → RepoConfig."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bggen import __version__
from bggen.errors import InvalidError, TooNewError
from bggen.images import parse_image
from bggen.model import Problem
from bggen.model.config import Environment, ForgeSettings, RepoConfig
from bggen.spec.layers import mapping
from bggen.spec.schema import FORGETFUL, check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bggen.spec.schema import Checked, Verdicts
    from bggen.yamlio import Path

DEFAULT_MINOR = "1.30"
_OLDEST_MINOR = 25
_MINOR = re.compile(r"1\.([0-9]{2})")
_LEAST_VERSION = re.compile(r">=([0-9]{1,6}(?:\.[0-9]{1,6}){1,2})")


def load_repo(content: bytes, path: str = "bggen.yaml", verdicts: Verdicts = FORGETFUL) -> RepoConfig:
    """Return the settings of a config repo.

    Args:
        content: bggen.yaml.
        path: the file as errors show it.
        verdicts: spares a file that was valid before the schema's work.

    Raises:
        TooNewError: the repo needs a newer bggen.
        InvalidError: with every problem of the file.
    """
    checked, config = read_repo(content, path, verdicts)
    raise_all(checked.problems)
    return config


def read_repo(content: bytes, path: str, verdicts: Verdicts) -> tuple[Checked, RepoConfig]:
    """Return bggen.yaml as far as it can be read, with what the schema cannot see reported, and the settings.

    Raises:
        TooNewError: the repo needs a newer bggen; what this one does not know is no mistake then.
    """
    checked, config = _settings(content, path, verdicts)
    # What one app finds wrong with it is no other app's business.
    return replace(checked, problems=[*checked.problems], refused={*checked.refused}), config


@lru_cache(maxsize=4)
def _settings(content: bytes, path: str, verdicts: Verdicts) -> tuple[Checked, RepoConfig]:
    checked = _checked(content, path, verdicts)
    return checked, _decoded(checked)


def _checked(content: bytes, path: str, verdicts: Verdicts) -> Checked:
    """Return bggen.yaml held to its schema.

    Raises:
        TooNewError: the repo needs a newer bggen; what this one does not know is no mistake then.
    """
    checked = check(content, path, "repo", verdicts)
    needed = checked.data.get("bggen")
    found = _LEAST_VERSION.fullmatch(needed) if isinstance(needed, str) else None
    if found and checked.document and _version(found[1]) > _version(__version__):
        place = checked.document.position(("bggen",))
        message = f"needs bggen {found[1]} or newer; this is {__version__}"
        problem = Problem(path, place.line, place.column, "bggen", message)
        raise TooNewError(str(problem), problems=[problem], hint="upgrade bggen")
    return checked


def _decoded(checked: Checked) -> RepoConfig:
    """Return the settings, and report what the schema cannot see."""
    data = checked.data
    minor = _minor(checked, ("kubernetes",), data.get("kubernetes"))
    environments = {}
    for name, value in mapping(data.get("environments")).items():
        fields = mapping(value)
        where = ("environments", name, "kubernetes")
        environments[name] = Environment(
            name=name,
            namespace=_text(fields.get("namespace")),
            kubernetes=_minor(checked, where, fields.get("kubernetes")),
            cluster=_text(fields.get("cluster")),
            defaults=mapping(fields.get("defaults")),
        )
    image = mapping(data.get("smoke")).get("image")
    if isinstance(image, str):
        try:
            pinned = parse_image(image).pinned
        except ValueError as error:
            checked.report(("smoke", "image"), str(error))
        else:
            if not pinned:
                checked.report(("smoke", "image"), "needs a tag or a digest, so that every test is made with one image")
    forge = mapping(data.get("forge"))
    kind = _text(forge.get("type"))
    return RepoConfig(
        environments=environments,
        kubernetes=minor or DEFAULT_MINOR,
        defaults=mapping(data.get("defaults")),
        requires=_text(data.get("bggen")),
        forge=ForgeSettings(kind, _text(forge.get("api"))) if kind else None,
    )


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise what was found, once each, sorted by file and place.

    Raises:
        InvalidError: if there is any problem.
    """
    found = sorted(set(problems))
    if found:
        raise InvalidError(str(found[0]), problems=found)


def _minor(checked: Checked, where: Path, value: Any) -> str | None:
    found = _MINOR.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    if int(found[1]) < _OLDEST_MINOR:
        checked.report(where, f"{value} is too old: bggen renders for 1.{_OLDEST_MINOR} and newer")
    return found[0]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _version(text: str) -> tuple[int, ...]:
    # 1.4 is 1.4.0, and a pre-release of 1.4 has all that 1.4 asks for.
    numbers = [int(number) for number in re.findall(r"[0-9]+", text)[:3]]
    return (*numbers, 0, 0, 0)[:3]
