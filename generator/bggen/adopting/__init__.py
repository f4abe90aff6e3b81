"""Existing objects → an app of bggen: its spec, the state of one environment, and what the first sync would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bggen import yamlio
from bggen.adopting.changes import leaves, shown
from bggen.adopting.drafting import Draft, app_data, draft
from bggen.adopting.fates import cleaning, fates, left
from bggen.adopting.grouping import layout
from bggen.adopting.keeping import chosen, is_ours, trial
from bggen.adopting.parts import Adoption, Asked, Difference, Found, Layout, Note
from bggen.adopting.pods import main_container
from bggen.adopting.preparing import warnings, ways_back
from bggen.adopting.refusing import fitting
from bggen.adopting.verifying import differences
from bggen.checks import check, parsed
from bggen.errors import UsageError
from bggen.images import parse_image
from bggen.model import Color, EnvState, Previous, Release
from bggen.plan import env_folder
from bggen.render import LATEST, render
from bggen.spec import resolve
from bggen.state import decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.adopting.fates import Rendered
    from bggen.model import AppSpec, Manifest, Problem
    from bggen.model.config import RepoConfig

_ORIGIN = "given"


def adopt(found: Sequence[Found], asked: Asked, settings: bytes, config: RepoConfig) -> Adoption:
    """Return what the objects come to as an app.

    Args:
        found: the objects.
        asked: what the user said beside.
        settings: bggen.yaml.
        config: the same, decoded.

    Raises:
        UsageError: the objects do not say enough, and what would.
        InvalidError: they make no app that bggen can render.
    """
    _refuse_namespaces(found)
    drawn = layout(found, asked)
    maker = _Maker(tuple(found), drawn, asked, settings, config)
    halves = {color: maker.half(color) for color in drawn.colors()}
    made = _state(drawn, asked, {color: half.spec for color, half in halves.items()})
    # What files hold is sorted, and what is rendered of them must be what is written beside them.
    state = decode(made.app, made.env, env_folder(made.app, made.env), encode(made))
    manifests = render(state)
    rendered = as_rendered(manifests)
    rest = [row for half in halves.values() for row in half.rest]
    left_out = [note for half in halves.values() for note in half.notes]
    active = halves[drawn.active]
    kept = {(kind, name) for kind, name, _ in rendered}
    return Adoption(
        layout=drawn,
        spec=active.data,
        state=state,
        manifests=manifests,
        objects=len(found),
        patched=tuple(dict.fromkeys(field for half in halves.values() for field in half.patched)),
        differences=tuple(rest),
        fates=tuple(fates(found, drawn, rendered)),
        warnings=(
            *_of_namespaces(found, active.spec, asked),
            *warnings(found, drawn, active.made.routing, rendered),
        ),
        left=(*dict.fromkeys((*left_out, *left(found, drawn))),),
        steps=_steps(ways_back(found, rendered), cleaning(found, drawn, kept)),
    )


def as_rendered(manifests: Sequence[Manifest]) -> list[Rendered]:
    """Return kind, name and data of rendered objects."""
    found: list[Rendered] = []
    for manifest in manifests:
        data = parsed(manifest)
        if isinstance(data, dict):
            found.append((manifest.kind, manifest.name, data))
    return found


@dataclass(frozen=True, slots=True)
class _Half:
    """What one colour comes to: its spec with patches, what they keep, and what differs all the same."""

    made: Draft
    data: Mapping[str, Any]
    spec: AppSpec
    patched: tuple[str, ...]
    rest: tuple[Difference, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Maker:
    found: tuple[Found, ...]
    drawn: Layout
    asked: Asked
    settings: bytes
    config: RepoConfig

    def half(self, color: Color) -> _Half:
        """Return what the objects of a colour come to."""
        made, notes = fitting(draft(self.found, self.drawn, color), lambda made: self._spec(made, ()))
        plain = self._trial(made, ())
        compared = list(
            differences(self.found, self.drawn, made, as_rendered(render(plain)), workloads_only=False),
        )
        patches, rest = chosen(compared, trial(lambda patches: self._checked(made, patches)))
        others = color is not self.drawn.active
        rows = [
            Difference(row.old, row.new, field, shown(before), shown(after), "" if is_ours(change) else change.why)
            for row in rest
            # Services and the Ingress belong to no colour: the active one's tell of them.
            if not (others and row.target["kind"] in ("Service", "Ingress"))
            for change in row.changes
            for field, before, after in leaves(change.before, change.after, change.field)
        ]
        kept = {(row.new, change.field) for row in rest for change in row.changes}
        patched = [
            f"{row.new}: {change.field}"
            for row in compared
            for change in row.changes
            if (row.new, change.field) not in kept and not is_ours(change)
        ]
        return _Half(made, self._data(made, patches), self._spec(made, patches), tuple(patched), tuple(rows), notes)

    def _data(self, made: Draft, patches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        environments = None if list(self.config.environments) == [self.asked.env] else [self.asked.env]
        defaults = {**self.config.defaults, **self.config.environments[self.asked.env].defaults}
        return app_data(made, self.drawn.app, environments, defaults, patches)

    def _spec(self, made: Draft, patches: Sequence[Mapping[str, Any]]) -> AppSpec:
        """Return what app.yaml resolves to, with the images that run."""
        text = yamlio.dump(self._data(made, patches)).encode()
        spec = resolve(self.settings, text, None, app=self.drawn.app, env=self.asked.env)
        images = {}
        for group in self.drawn.groups:
            workload = group.workloads.get(made.color)
            if workload is not None:
                image = parse_image(main_container(workload, group)["image"])
                images[group.name] = image if image.pinned else replace(image, tag="latest")
        components = {name: replace(each, image=images[name]) for name, each in spec.components.items()}
        return replace(spec, components=components)

    def _trial(self, made: Draft, patches: Sequence[Mapping[str, Any]]) -> EnvState:
        """Return the state in which the colour is alone, and active: all of its objects are rendered then."""
        release = Release(1, LATEST, self._spec(made, patches))
        state = EnvState(self.drawn.app, self.asked.env, active=made.color, last=1, served=1)
        return replace(state, blue=release) if made.color is Color.BLUE else replace(state, green=release)

    def _checked(self, made: Draft, patches: Sequence[Mapping[str, Any]]) -> Sequence[Problem]:
        state = self._trial(made, patches)
        return check(state, render(state))


def _state(drawn: Layout, asked: Asked, specs: Mapping[Color, AppSpec]) -> EnvState:
    """Return the state: one release, or an older and a newer one.

    Which of the two is newer, no object says. What idles is mostly what was active before, so that a rollback leads to
    it; where it waits to be flipped to instead, the user says so.
    """
    idle = drawn.active.other
    numbers = {drawn.active: 1}
    if idle in specs:
        numbers = {drawn.active: 1, idle: 2} if asked.pending else {idle: 1, drawn.active: 2}
    releases = {
        color: Release(numbers[color], LATEST, spec, dict.fromkeys(spec.components, _ORIGIN))
        for color, spec in specs.items()
    }
    back = Previous(idle, numbers[idle]) if idle in specs and not asked.pending else None
    return EnvState(
        drawn.app,
        asked.env,
        active=drawn.active,
        blue=releases.get(Color.BLUE),
        green=releases.get(Color.GREEN),
        previous=back,
        last=len(releases),
        served=numbers[drawn.active],
        parked=drawn.parked and idle in specs,
    )


def _refuse_namespaces(found: Sequence[Found]) -> None:
    """Refuse objects of several namespaces: an app of an environment is in one.

    Raises:
        UsageError: naming them.
    """
    kinds = ("Deployment", "Service", "Ingress", "CronJob")
    names = sorted({each.namespace or "(none)" for each in found if each.kind in kinds})
    if len(names) > 1:
        raise UsageError(
            f"the objects are of several namespaces: {', '.join(names)}",
            hint="import those of one; for another environment, bump the app there",
        )


def _of_namespaces(found: Sequence[Found], spec: AppSpec, asked: Asked) -> tuple[Note, ...]:
    namespace = next((each.namespace for each in found if each.namespace and each.kind == "Deployment"), None)
    if namespace is None or namespace == spec.namespace:
        return ()
    if spec.namespace is None:
        message = f"has no namespace in bggen.yaml: the Application's destination must be {namespace}, where these run"
    else:
        message = (
            f"has the namespace {spec.namespace} in bggen.yaml, and these run in {namespace}: everything would be made"
            " anew beside them, and no traffic would move"
        )
    return (Note(f"environment {asked.env}", message),)


def _steps(back: tuple[str, ...], commands: tuple[str, ...]) -> tuple[Note, ...]:
    steps = [
        Note("1", "read app.yaml and the differences; run bggen validate; commit"),
        Note("2", "do what the warnings say to do before the first sync"),
        Note("3", "sync: the new pods start beside the old ones, and the Service moves to them when they are healthy"),
    ]
    if back:
        message = "users are not served by the new pods: stop the Application's automatic sync, and lead them back with"
        steps.append(Note("if", message, back))
    if commands:
        steps.append(Note("4", "when users are served by the new pods, remove what they took the place of", commands))
    return tuple(steps)
