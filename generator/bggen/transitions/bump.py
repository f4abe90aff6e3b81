"""bump: a new release for the idle colour; `promote` is one with another environment's images."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bggen.errors import UsageError
from bggen.images import choose_images
from bggen.model import Color, Image, Release
from bggen.transitions.capacity import refuse_sudden_autoscale
from bggen.transitions.flip import FlipRequest, flip
from bggen.transitions.result import (
    Transition,
    active_of,
    idle_of,
    refuse_joined,
    refuse_moving,
    refuse_renumbered,
    unchanged,
    version,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.images import ImageArg, Promoted
    from bggen.model import AppSpec, EnvState
    from bggen.model.migrating import Database


@dataclass(frozen=True, slots=True)
class BumpRequest:
    """What the user asked for.

    Attributes:
        spec: resolved from the files at the branch's tip; None with `--keep-config`, which takes the active release's,
            and with `as_active`.
        renderer: the version of the rendering that the new release is frozen with.
        images: the `--image` options.
        sequences: the `--sequence` options.
        promoted: what is active in another environment; its images go before those of this one's releases.
        proposed: what a request for this bump holds already; images that are not named come from it first.
        as_active: what the active release runs, images and all, and rendered as it is.
        force: make the release even where it changes nothing.
        then_flip: flip to it in the same change, where the guards allow it.
    """

    spec: AppSpec | None
    renderer: int
    images: tuple[ImageArg, ...] = ()
    sequences: Mapping[str, int] = field(default_factory=dict)
    promoted: Promoted | None = None
    proposed: Release | None = None
    as_active: bool = False
    force: bool = False
    then_flip: FlipRequest | None = None

    @property
    def action(self) -> str:
        """The command that asks for it."""
        return "promote" if self.promoted else "bump"


def bump(state: EnvState, request: BumpRequest) -> Transition:
    """Make a release for the idle colour; the first one of all is active at once.

    Raises:
        UsageError: an image or a sequence fits no component.
        RefusedError: `image-missing`, `repository`, `immovable`, `autoscale`, `joined`, `schema`, or what `flip`
            refuses.
    """
    if request.as_active:
        release = _like_active(state)
    else:
        spec = request.spec or _frozen_config(state)
        old = _superseded(state, spec, request.sequences)
        if old:
            return unchanged(request.action, state, f"superseded: {old}")
        release = _release(state, spec, request)
    if not request.force:
        if state.joined and any(map(release.same_content, (state.active_release, state.idle_release))):
            return unchanged(request.action, state, "both colours serve, and hold this release already")
        if release.same_content(state.idle_release):
            return _held_by_idle(state, request)
        if release.same_content(state.active_release) and not state.pending and not request.as_active:
            return unchanged(request.action, state, f"{state.active} is active and holds this release already")
    refuse_joined(state, request.action)
    if state.active_release:
        refuse_moving(state.active_release, release)
        _refuse_unfit(state.active_release, release)
    refuse_renumbered((state.blue, state.green, state.saved), release)
    refuse_sudden_autoscale(state, release)
    database, migrating, lost = _migrated(state, release)
    after = replace(_filled(state, release, request), database=database)
    first = ("the first release: there is no traffic to protect, so it is active at once",)
    decided = Transition(
        request.action,
        state,
        after,
        subject=_subject(state.idle_color, release, request.promoted),
        notes=(
            *_left_behind(release, request.promoted),
            *_without_preview(state, release),
            *_behind_a_gate(state),
            *migrating,
            *_beside_a_flip(state, release),
            *(() if state.active else first),
        ),
        warnings=lost,
    )
    return _flipped(decided, request) if state.active else decided


def _migrated(state: EnvState, release: Release) -> tuple[Database | None, tuple[str, ...], tuple[str, ...]]:
    """Return what becomes of the database, with notes and warnings."""
    if state.database is None and release.spec.migrate is None:
        return None, (), ()
    from bggen.transitions.migrating import filled  # noqa: PLC0415 - most apps do without

    return filled(state, release)


def _refuse_unfit(current: Release, release: Release) -> None:
    route = release.spec.route
    if route is not None and route.switch == "gateway":
        from bggen.transitions.previews import refuse_unfit  # noqa: PLC0415 - most apps do without

        refuse_unfit(current, release)
    if route is not None and route.controller == "alb":
        from bggen.transitions.albs import refuse_too_many_rules  # noqa: PLC0415 - rare, and the import is not free

        refuse_too_many_rules(current, release)


def _beside_a_flip(state: EnvState, release: Release) -> tuple[str, ...]:
    if release.spec.rollout is None:
        return ()
    from bggen.transitions.promoting import of_bump  # noqa: PLC0415 - most apps have another switch

    return tuple(of_bump(state, release))


def _behind_a_gate(state: EnvState) -> tuple[str, ...]:
    """Tell of a smoke test that may have failed: Git cannot see that, and its colour does not serve then."""
    if not state.gate:
        return ()
    failed = f"if it failed, {state.idle_color} still serves; bggen rollback comes first then"
    return (f"the smoke test of {state.active} stands before the switch: {failed}",)


def _like_active(state: EnvState) -> Release:
    """Return a release with the content of the active one: what `join` asks of the idle colour."""
    _, release = active_of(state)
    origins = {
        name: each if each == "pinned" else f"release {release.number}" for name, each in release.origins.items()
    }
    return replace(release, number=state.last + 1, origins=origins)


def _frozen_config(state: EnvState) -> AppSpec:
    """Return the active release's spec with the images open again, except those that the spec had pinned."""
    release = state.active_release
    if release is None:
        raise UsageError("--keep-config: there is no active release to keep the configuration of")
    components = {
        name: component
        if release.origins.get(name) == "pinned"
        else replace(component, image=Image(component.image.repository))
        for name, component in release.spec.components.items()
    }
    return replace(release.spec, components=components)


def _superseded(state: EnvState, spec: AppSpec, sequences: Mapping[str, int]) -> str | None:
    for component, number in sequences.items():
        if component not in spec.components:
            raise UsageError(
                f"--sequence {component}={number}: no component {component}",
                hint=f"there is {', '.join(spec.components)}",
            )
        recorded = state.sequences.get(component)
        if recorded is not None and number < recorded:
            return f"{component} was bumped with sequence {recorded} already, {number} is older"
    return None


def _release(state: EnvState, spec: AppSpec, request: BumpRequest) -> Release:
    chosen = choose_images(spec.components, request.images, state, request.promoted, request.proposed)
    components = {name: replace(component, image=chosen[name].image) for name, component in spec.components.items()}
    return Release(
        number=state.last + 1,
        renderer=request.renderer,
        spec=replace(spec, components=components),
        origins={name: choice.origin for name, choice in chosen.items()},
    )


def _filled(state: EnvState, release: Release, request: BumpRequest) -> EnvState:
    color = state.idle_color
    blue, green = (release, state.green) if color is Color.BLUE else (state.blue, release)
    first = state.active is None
    return replace(
        state,
        active=color if first else state.active,
        blue=blue,
        green=green,
        saved=_saved(state),
        last=release.number,
        served=release.number if first else state.served,
        parked=False,
        sequences=dict(state.sequences) | dict(request.sequences),
    )


def _saved(state: EnvState) -> Release | None:
    """Return what goes to previous.yaml: the release that `rollback` returns to, once its colour is reused."""
    idle, previous = state.idle_release, state.previous
    return idle if idle and previous and previous.release == idle.number else state.saved


def _held_by_idle(state: EnvState, request: BumpRequest) -> Transition:
    idle, release = idle_of(state)
    notes: list[str] = []
    if not state.runs(idle) and not request.then_flip:
        # Nothing wakes what a Rollout has had before: it would go live.
        way = (
            "bggen wake starts it" if release.spec.rollout is None else "bggen bump --force starts it, as a new release"
        )
        notes = [f"it is parked: {way}"]
    return _flipped(unchanged(request.action, state, f"{idle} is idle and holds this release already", *notes), request)


def _flipped(decided: Transition, request: BumpRequest) -> Transition:
    if request.then_flip is None:
        return decided
    flipped = flip(decided.after, request.then_flip, waited=not decided.changed)
    subject = f"{decided.subject} and flip to it" if decided.changed else flipped.subject
    return replace(
        flipped,
        action=decided.action if decided.changed else flipped.action,
        before=decided.before,
        subject=subject,
        notes=decided.notes + flipped.notes,
        warnings=decided.warnings + flipped.warnings,
    )


def _subject(color: Color, release: Release, promoted: Promoted | None) -> str:
    name, number = version(release), f"release {release.number}"
    if promoted is None:
        return f"bump {color} to {number if name == number else f'{name} ({number})'}"
    what = "" if name == number else f"{name} "
    return f"promote {what}from {promoted.env} to {color} ({number})"


def _without_preview(state: EnvState, release: Release) -> list[str]:
    """Say so where the preview's host is one that users reach the active release by, or nginx has no way to it."""
    old, new = (each.spec.route if each else None for each in (state.active_release, release))
    if old is None or new is None or new.preview is None:
        return []
    if new.preview.host in old.hosts:
        return [f"no preview: {new.preview.host} leads to {state.active} now"]
    if new.preview.header is not None and new.controller == "nginx":
        from bggen.spec.prefixes import canary_paths  # noqa: PLC0415 - rare, and the import is not free

        if old.controller != "nginx" or canary_paths(old.paths, new.paths) is None:
            return [f"no preview by header: nginx can't lead it past paths that differ from those of {state.active}"]
    return []


def _left_behind(release: Release, promoted: Promoted | None) -> list[str]:
    """Name the components that the other environment runs, and the spec of this one does not have."""
    there = promoted.release.spec.components if promoted else {}
    names = sorted(there.keys() - release.spec.components.keys())
    return [f"{promoted.env} also runs {', '.join(names)}: not in this spec, so left out"] if promoted and names else []
