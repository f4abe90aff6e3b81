"""convert: the plan of a move between a Rollout and Deployments; it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.app.inputs import Source, choose
from bggen.app.reading import open_reading
from bggen.app.views import Converted
from bggen.converting import convert as planned
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from bggen.app.place import Place
    from bggen.converting.plan import To


def convert(place: Place, app: str | None, env: str | None, *, to: To, name: str | None) -> Converted:
    """Return the plan for an (app, env), by its files and its state at the tip.

    Raises:
        InvalidError: the app's files are wrong as they are.
        UsageError: it is there already, or the new name is taken.
        RefusedError: nothing was released yet.
    """
    from bggen.errors import UsageError  # noqa: PLC0415 - only a mistake needs it

    with open_reading(place) as reading:
        source = Source(reading.files, FORGETFUL)
        chosen, environment = choose(source, place, app, env)
        state, _ = source.state(chosen, environment)
        plan = planned(
            {
                "repo": source.repo_text(),
                "app": source.files.read(f"apps/{chosen}/app.yaml"),
                "overlay": source.files.read(f"apps/{chosen}/{environment}/overlay.yaml"),
            },
            state,
            to,
            name,
        )
        if source.files.read(f"apps/{plan.name}/app.yaml") is not None:
            raise UsageError(f"there is an app {plan.name} already", hint="--name gives the new app another name")
        return Converted(plan)
