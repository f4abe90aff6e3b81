"""show, diff and schema: what is, for people to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import yamlio
from bggen.app.inputs import Source, choose
from bggen.app.outcomes import Stream
from bggen.app.reading import open_reading
from bggen.app.views import Compared, Shown
from bggen.comparing import compare, compare_objects
from bggen.errors import UsageError
from bggen.model import Change
from bggen.plan import unified
from bggen.resources import resource_dir
from bggen.spec import FORGETFUL, spec_to_data
from bggen.transitions.result import active_of, idle_of

if TYPE_CHECKING:
    from bggen.app.place import Place
    from bggen.model import Release

_SCHEMA_SUFFIX = ".schema.json"


def show(place: Place, app: str | None, env: str | None) -> Shown:
    """Return the resolved spec of an (app, env), as the work tree or the remote has it.

    Raises:
        InvalidError: with every problem of the files that it comes from.
    """
    with open_reading(place) as reading:
        source = Source(reading.files, FORGETFUL)
        name, environment = choose(source, place, app, env)
        return Shown(name, environment, spec_to_data(source.spec(name, environment)))


def diff(place: Place, app: str | None, env: str | None) -> Compared:
    """Compare what the active colour runs with what the idle one holds.

    Raises:
        RefusedError: nothing was released yet, or the idle colour is empty.
    """
    with open_reading(place) as reading:
        source = Source(reading.files, FORGETFUL)
        name, environment = choose(source, place, app, env)
        state, _ = source.state(name, environment)
    (_, active), (_, idle) = active_of(state), idle_of(state)
    before, after = active.images, idle.images
    differing = {
        component: (before.get(component), after.get(component))
        for component in sorted(before.keys() | after.keys())
        if before.get(component) != after.get(component)
    }
    return Compared(state, differing, _spec_diff(active, idle), compare(active, idle), compare_objects(state))


def schema(name: str | None) -> Stream:
    """Return a published schema as it lies in the package, or the list of them.

    Raises:
        UsageError: there is none of that name.
    """
    folder = resource_dir("schemas")
    names = sorted(path.name.removesuffix(_SCHEMA_SUFFIX) for path in folder.glob(f"*{_SCHEMA_SUFFIX}"))
    if name is None:
        return Stream("schema", "".join(f"{known}\n" for known in names))
    if name not in names:
        raise UsageError(f"no schema {name!r}", hint=f"there is {', '.join(names)}")
    return Stream("schema", (folder / f"{name}{_SCHEMA_SUFFIX}").read_text(encoding="utf-8"))


def _spec_diff(active: Release, idle: Release) -> str:
    before, after = (yamlio.dump(spec_to_data(release.spec)).encode() for release in (active, idle))
    return unified(Change(f"release {active.number} → {idle.number}", before, after))
