"""Whether the patches of a release fit: seen by rendering trial states, before anything depends on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bggen import yamlio
from bggen.checks import check, parsed
from bggen.errors import InvalidError, PatchError
from bggen.model import Color, EnvState, Problem, Release
from bggen.plan import env_folder
from bggen.render import LATEST, objects
from bggen.spec.messages import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.inputs import Source
    from bggen.model import AppSpec, Component, Manifest
    from bggen.model.migrating import Database
    from bggen.model.parts import Patch
    from bggen.transitions import Transition

# After so many patches that fail, more of them teach nothing.
_MOST_FAILURES = 20
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class _Finding:
    """What is wrong with a patch; `where` is its place below the spec."""

    where: yamlio.Path
    message: str


def refuse_unfit(source: Source, decided: Transition, *, frozen: bool) -> None:
    """Refuse a decision whose new release has a patch that fits nothing, fails, or breaks an object.

    Args:
        source: where the spec was read.
        decided: a bump.
        frozen: whether the spec was taken from the active release instead.

    Raises:
        InvalidError: with the patches' places in app.yaml or overlay.yaml, if the spec was read there.
    """
    before, after = decided.before, decided.after
    made = [release for release in (after.blue, after.green) if release and release.number > before.last]
    if not made or not made[0].spec.patches:
        return
    findings = _findings(made[0], after.env, schemas=False)
    if findings and frozen:
        path = f"{env_folder(after.app, after.env)}/{before.active}.yaml"
        problems = [Problem(path, 0, 0, yamlio.dotted(("spec", *each.where)), each.message) for each in findings]
    else:
        problems = _placed(source, after.app, after.env, findings)
    if problems:
        raise InvalidError(str(problems[0]), problems=problems)


def patch_problems(source: Source, spec: AppSpec, env: str) -> list[Problem]:
    """Return what is wrong with the patches of a spec that no release was made from yet."""
    if not spec.patches:
        return []
    from bggen.kubeschema import available  # noqa: PLC0415 - only `validate` asks for Kubernetes' schemas

    components = {
        name: component
        if component.image.pinned
        else replace(component, image=replace(component.image, tag="not-bumped-yet"))
        for name, component in spec.components.items()
    }
    release = Release(1, LATEST, replace(spec, components=components))
    return _placed(source, spec.name, env, _findings(release, env, schemas=available()))


def _findings(release: Release, env: str, *, schemas: bool) -> list[_Finding]:
    patches = release.spec.patches
    kept = list(range(len(patches)))
    found: list[_Finding] = []
    trial = _Trial(release, env, patches, schemas=schemas)
    while len(found) < _MOST_FAILURES:
        try:
            problems = trial.wrong()
        except PatchError as error:
            _, number, *rest = error.where
            index = kept.pop(int(number))
            found.append(_Finding(("patches", index, *rest), error.message))
            trial = _Trial(release, env, [patches[index] for index in kept], schemas=schemas)
            continue
        found += [_Finding(("patches", kept[number]), message) for number, message in problems]
        break
    # No patch changes what a target names, so that what is there with none of them will do.
    there = [manifest for _, manifests in trial.render(0) for manifest in manifests]
    for index, patch in enumerate(patches):
        if not any(patch.targets(manifest) for manifest in there):
            found.append(_Finding(("patches", index), f"matches no object in {env}: {_why_not(patch, there)}"))
    return found


class _Trial:
    """A release with some patches in every state that its objects depend on: each colour active, and scaled."""

    def __init__(self, release: Release, env: str, patches: Sequence[Patch], *, schemas: bool) -> None:
        self.release = replace(release, spec=replace(release.spec, patches=tuple(patches)))
        self.env = env
        self.schemas = schemas
        self._rendered: dict[int, list[tuple[EnvState, tuple[Manifest, ...]]]] = {}
        self._known: dict[int, set[tuple[str, str, str]]] = {}

    def render(self, most: int) -> list[tuple[EnvState, tuple[Manifest, ...]]]:
        """Return the states and their objects, with the first patches only.

        Raises:
            PatchError: a patch does not fit.
        """
        if most not in self._rendered:
            spec = replace(self.release.spec, patches=self.release.spec.patches[:most])
            scaled = replace(spec, components={name: _scaled(each) for name, each in spec.components.items()})
            states = [
                self._state(replace(self.release, spec=each), color)
                for each, color in ((spec, Color.BLUE), (spec, Color.GREEN), (scaled, Color.BLUE))
            ]
            self._rendered[most] = [(state, objects(state)) for state in states]
        return self._rendered[most]

    def _state(self, release: Release, active: Color) -> EnvState:
        name, gate = release.spec.name, release.spec.smoke is not None
        state = EnvState(name, self.env, active=active, blue=release, green=release, last=release.number, gate=gate)
        return replace(state, database=_database(release)) if release.spec.migrate else state

    def wrong(self) -> list[tuple[int, str]]:
        """Return each thing that the patches make wrong: the number of the patch that begins it, and a message.

        Raises:
            PatchError: a patch does not fit.
        """
        count = len(self.release.spec.patches)
        if not (problems := self._problems(count)):
            return []
        manifests = {manifest.file: manifest for _, rendered in self.render(count) for manifest in rendered}
        # One colour's object stands for both.
        found: dict[tuple[object, ...], tuple[int, str]] = {}
        for problem in sorted(problems - self._problems(0)):
            right, broken = 0, count
            while broken - right > 1:
                middle = (right + broken) // 2
                right, broken = (right, middle) if problem in self._problems(middle) else (middle, broken)
            file, where, message = problem
            manifest = manifests[file]
            text = f"{manifest.kind} {manifest.name} would be wrong: {where}: {message}"
            found.setdefault((broken, manifest.kind, manifest.component, where), (broken - 1, text))
        return list(found.values())

    def _problems(self, most: int) -> set[tuple[str, str, str]]:
        """Return file, place and message of what is wrong with the objects, with so many patches."""
        if most not in self._known:
            self._known[most] = set(self._checked(most))
        return self._known[most]

    def _checked(self, most: int) -> Iterator[tuple[str, str, str]]:
        pods: dict[str, Any] = {}
        for state, manifests in self.render(most):
            problems = list(check(state, manifests))
            if self.schemas:
                from bggen.kubeschema import validate_objects  # noqa: PLC0415 - see above

                problems += validate_objects(manifests, self.release.spec.kubernetes)
            for problem in problems:
                yield problem.path.rpartition("/")[2], problem.where, problem.message
            for manifest in manifests:
                template = _pod_template(manifest)
                if pods.setdefault(manifest.file, template) != template:
                    yield manifest.file, "spec.template", "a flip or a change of scale would restart the pods"


def _database(release: Release) -> Database | None:
    """Return a database for which the release's Jobs are rendered."""
    from bggen.model.migrating import Database  # noqa: PLC0415 - most apps do without

    migrate = release.spec.migrate
    contraction = release.number if migrate and migrate.contract else None
    return Database(migrate.schema, release.number, contraction) if migrate else None


def _scaled(component: Component) -> Component:
    """Return the component with other numbers, which `bggen scale` may give it at any time."""
    if component.kind == "cron":
        return component
    bounds = component.autoscale
    if bounds is not None:
        bounds = replace(bounds, min=bounds.min + 1, max=bounds.max + 1)
    return replace(component, replicas=component.replicas + 1, autoscale=bounds)


def _pod_template(manifest: Manifest) -> Any:
    data = parsed(manifest)
    spec = data.get("spec") if isinstance(data, dict) else None
    return spec.get("template", spec.get("jobTemplate")) if isinstance(spec, dict) else None


def _why_not(patch: Patch, manifests: Sequence[Manifest]) -> str:
    """Return which part of the target is at fault."""
    of_kind = [manifest for manifest in manifests if manifest.kind == patch.kind]
    if not of_kind:
        kinds = {manifest.kind for manifest in manifests}
        near = nearest(patch.kind, kinds)
        return f"there is no {patch.kind}" + (f", did you mean {near}?" if near else f", only {_listed(kinds)}")
    if patch.component is not None:
        of_component = [manifest for manifest in of_kind if manifest.component == patch.component]
        if not of_component:
            owners = {manifest.component for manifest in of_kind if manifest.component}
            if not owners:
                return f"{of_kind[0].name} belongs to the whole app, so leave out `component`"
            return f"{patch.component} has no {patch.kind}, only {_listed(owners)}"
        of_kind = of_component
    if patch.color is not None:
        of_color = [manifest for manifest in of_kind if manifest.color is patch.color]
        if not of_color:
            return f"{of_kind[0].name} belongs to both colours, so leave out `color`"
        of_kind = of_color
    names = {manifest.name for manifest in of_kind}
    near = nearest(patch.name or "", names)
    return f"there is no {patch.kind} of that name" + (
        f", did you mean {near}?" if near else f", only {_listed(names)}"
    )


def _listed(names: set[str]) -> str:
    shown = sorted(names)[:_MOST_NAMES]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _placed(source: Source, app: str, env: str, findings: Sequence[_Finding]) -> list[Problem]:
    """Return the findings with their places in the file that the patches came from."""
    if not findings:
        return []
    path = f"{env_folder(app, env)}/overlay.yaml"
    document = yamlio.parse(content, path) if (content := source.files.read(path)) is not None else None
    if document is None or ("patches",) not in document.marks:
        path = f"apps/{app}/app.yaml"
        document = yamlio.parse(source.files.read(path) or b"", path)
    problems = []
    for each in findings:
        place = document.position(each.where)
        problems.append(Problem(path, place.line, place.column, yamlio.dotted(each.where), each.message))
    return sorted(problems)
