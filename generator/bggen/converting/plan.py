"""The plan of a move: the app under a new name beside the old one, users moved over, the old one deleted.

In place it would not be safe: a Rollout and Deployments would make pods of the same labels for the same Services, whose
selectors two would write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from bggen import yamlio
from bggen.converting.edits import Edit, edits_of
from bggen.converting.steps import Step, steps_of
from bggen.errors import InvalidError, PatchError, UsageError
from bggen.model import Color, EnvState, Release
from bggen.patch import merge_patch
from bggen.render import LATEST, objects
from bggen.spec import resolve
from bggen.spec.schema import read
from bggen.transitions.result import active_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Component

To = Literal["rollouts", "deployments"]
_LONGEST_NAME = 46


@dataclass(frozen=True, slots=True)
class Conversion:
    """The whole plan.

    Attributes:
        name: the new app's.
        edits: of the copied files.
        lost: what the old app has and the new one cannot have.
        open: what has to be settled by hand, first: the mistakes that the edited files still have.
        appear: objects that the new app has, each as its kind and name; empty while something is open.
        go: objects of the old app, which stay untouched until they are deleted with it.
        steps: in their order.
    """

    app: str
    env: str
    to: To
    name: str
    edits: tuple[Edit, ...]
    lost: tuple[str, ...]
    open: tuple[str, ...]
    appear: tuple[tuple[str, str], ...]
    go: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]


def convert(
    files: Mapping[Literal["repo", "app", "overlay"], bytes | None], state: EnvState, to: To, name: str | None
) -> Conversion:
    """Return the plan.

    Args:
        files: bggen.yaml, the app's app.yaml and, if there is one, its overlay of the environment.
        state: of the (app, env).
        to: where the app goes.
        name: the new app's name; by default the old one's with `-rollouts` or `-colors` behind it.

    Raises:
        InvalidError: the app's files are wrong as they are.
        UsageError: it is there already, or the name is the old one.
        RefusedError: nothing was released yet.
    """
    app, env = state.app, state.env
    repo, content, overlay = files["repo"] or b"", files["app"] or b"", files.get("overlay")
    resolve(repo, content, overlay, app=app, env=env)
    _, active = active_of(state)
    if (active.spec.rollout is not None) is (to == "rollouts"):
        raise UsageError(f"{app} runs in {env} as {'a Rollout' if to == 'rollouts' else 'Deployments'} already")
    new = name or f"{app}-{'rollouts' if to == 'rollouts' else 'colors'}"[:_LONGEST_NAME].rstrip("-")
    if new == app:
        raise UsageError(f"--name {new} is the app itself: its objects would take each other's pods")
    document = read(content, f"apps/{app}/app.yaml").data
    over = read(overlay, f"apps/{app}/{env}/overlay.yaml").data if overlay is not None else None
    edits, lost = edits_of(document, over, active.spec, to=to, name=new, env=env)
    made, wrong = _resolved(repo, document, over, edits, app=new, env=env)
    appear, unfit = _objects(made, active, env) if made is not None else ((), ())
    return Conversion(
        app=app,
        env=env,
        to=to,
        name=new,
        edits=edits,
        lost=lost,
        open=(*wrong, *unfit),
        appear=appear,
        go=tuple((each.kind, each.name) for each in objects(state)),
        steps=steps_of(state, active, made, to=to, name=new, overlay=over is not None),
    )


def _resolved(
    repo: bytes, document: Any, over: Any, edits: tuple[Edit, ...], *, app: str, env: str
) -> tuple[AppSpec | None, tuple[str, ...]]:
    """Return the new spec, or what is still wrong with the edited files."""
    changed = [
        None if data is None else yamlio.dump(_edited(data, edits, file)).encode()
        for data, file in ((document, "app.yaml"), (over, f"{env}/overlay.yaml"))
    ]
    try:
        return resolve(repo, changed[0] or b"", changed[1], app=app, env=env), ()
    except InvalidError as error:
        # The lines are those of files that are not written yet.
        return None, tuple(
            f"{each.path}: {each.where}: {each.message}".replace(": : ", ": ") for each in error.problems
        )


def _edited(data: Any, edits: tuple[Edit, ...], file: str) -> Any:
    for edit in edits:
        if edit.file == file:
            patch: Any = edit.value
            for step in reversed(edit.path):
                patch = {step: patch}
            data = merge_patch(data, patch)
    return data


def _objects(spec: AppSpec, active: Release, env: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the objects of the new app's first release, with the images that serve now, or why there are none."""
    images = [component.image for component in active.spec.components.values()]
    components: dict[str, Component] = {
        name: replace(component, image=images[min(number, len(images) - 1)])
        for number, (name, component) in enumerate(spec.components.items())
    }
    release = Release(1, LATEST, replace(spec, components=components))
    state = EnvState(spec.name, env, active=Color.BLUE, blue=release, last=1, served=1)
    try:
        return tuple((each.kind, each.name) for each in objects(state)), ()
    except PatchError as error:
        return (), (f"apps/{spec.name}/app.yaml: {yamlio.dotted(error.where)}: {error.message}",)
