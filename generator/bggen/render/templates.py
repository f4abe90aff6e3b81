"""Fill a template: every value that a template prints is one YAML scalar, encoded by the environment itself."""

from __future__ import annotations

import marshal
import traceback
from functools import cache, lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from bggen import yamlio
from bggen.errors import BggenError
from bggen.resources import resource_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

_SUFFIX = ".j2"
# A change renders an (app, env) as it was and as it becomes, and most objects are the same.
_REMEMBERED = 128


class TemplateError(RuntimeError):
    """A template and the values given to it do not fit: a bug in bggen, named by template and line."""


def fill(folder: str, template: str, values: Mapping[str, object]) -> str:
    """Return the text of a template.

    Args:
        folder: the renderer's folder below `templates/`.
        template: the file name without `.j2`.
        values: what the template prints; text and numbers to print, None to ask for, and lists of these to loop over.

    Raises:
        InvalidError: a value cannot be written as YAML at all, such as half of a surrogate pair.
        TemplateError: anything else that goes wrong in a template.
    """
    try:
        try:
            # Unlike a hash, it also tells 1 from True; version 2 writes equal values as equal bytes.
            key = marshal.dumps(cast("Any", values), 2)
        except ValueError:
            return _filled(folder, template, values)
        return _remembered(folder, template, key)
    except BggenError:
        raise
    except Exception as error:
        raise TemplateError(f"templates/{folder}/{_place(error) or template + _SUFFIX}: {error}") from error


@lru_cache(maxsize=_REMEMBERED)
def _remembered(folder: str, template: str, values: bytes) -> str:
    return _filled(folder, template, marshal.loads(values))  # noqa: S302 - written just now, in `fill`


def _filled(folder: str, template: str, values: Mapping[str, object]) -> str:
    return _environment(folder).get_template(template + _SUFFIX).render(values)


@cache
def _environment(folder: str) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - most commands need no template

    from bggen.render.bytecode import BesideTemplates  # noqa: PLC0415 - it needs Jinja, too

    path = resource_dir("templates") / folder
    return Environment(
        # Real files, because Jinja tells the line of an error only through the traceback of a named file.
        loader=FileSystemLoader(path),
        bytecode_cache=BesideTemplates(path),
        undefined=StrictUndefined,
        finalize=_encode,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        autoescape=False,  # noqa: S701 - YAML, not HTML: `finalize` encodes every value
    )


def _encode(value: Any) -> str:
    """Return the value as one YAML scalar; a mapping, a list, None or an undefined name is refused.

    Kubernetes reads null as "left out", so a None that is printed is a condition that the template forgot.
    """
    if isinstance(value, str):
        return _encode_text(value)
    if isinstance(value, int):
        return yamlio.scalar(value)
    # An undefined name tells which it is when it is asked for its text.
    raise TypeError(f"a {type(value).__name__} is not one YAML value: {value!s:.80}")


# The same names and labels stand in every object of an app.
_encode_text = lru_cache(maxsize=1024)(yamlio.scalar)


def _place(error: Exception) -> str | None:
    """Return `template:line` of the innermost template that the error passed through.

    Jinja's UndefinedError has no line of its own: https://github.com/pallets/jinja/issues/1760.
    """
    lineno = getattr(error, "lineno", None)
    if lineno is not None:
        return f"{getattr(error, 'name', None) or '?'}:{lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(_SUFFIX)]
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None
