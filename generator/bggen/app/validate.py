"""validate: specs, state and rendered objects of the work tree or a remote, every problem in one run."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen import kubeschema, yamlio
from bggen.app.crew import crew
from bggen.app.inputs import REPO_FILE, Source, choose_apps, environments
from bggen.app.memory import Memory
from bggen.app.place import app_names
from bggen.app.progress import SILENT
from bggen.app.proving import cluster_of, problems_of, spec_problems, state_problems, strangers
from bggen.app.reading import open_reading
from bggen.app.views import Validated
from bggen.checks import collisions, node_ports
from bggen.errors import InvalidError
from bggen.render import render
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.app.place import Place
    from bggen.app.progress import Progress
    from bggen.app.reading import Origin
    from bggen.model import Manifest, Problem
    from bggen.model.config import RepoConfig


def validate(
    place: Place, apps: Sequence[str] | None, envs: Sequence[str] | None, progress: Progress = SILENT
) -> Validated:
    """Check what is there; names are compared over the whole repo only where no app is singled out.

    Where bggen.yaml is wrong, the specs are checked as far as that goes without it. Nothing that earlier runs have
    found counts: others rely on what this one says.
    """
    with open_reading(place) as reading:
        reading.bring_apps(apps or None)
        source = Source(reading.files, FORGETFUL)
        try:
            source.repo()
        except InvalidError as error:
            reading.bring_apps()
            return _without_settings(source, error)
        repo, names, meant = choose_apps(source, place, apps, envs)
        progress.start(len(names))
        job = _Proof(reading.origin, repo, meant)
        with crew(job, len(names)) as workers:
            seen = workers.look(names, progress)
        problems = [problem for one in seen for problem in one.problems]
        if not apps and not envs:
            problems += _collisions(job, names, seen)
    skipped = () if kubeschema.available() else (f"Kubernetes' own schemas: {kubeschema.HOW_TO_INSTALL}",)
    return Validated(
        problems=tuple(sorted(set(problems))),
        apps=sum(one.counts for one in seen),
        objects=sum(len(one.objects) for one in seen),
        skipped=skipped,
    )


@dataclass(slots=True)
class _Seen:
    """What came of looking at one app.

    Attributes:
        counts: whether it is in an environment that was meant, or should be: cannot be read.
        objects: a digest of each object's identity, by which collisions are found.
        ports: the ports of nodes that its Services want, each with what tells their cluster apart.
    """

    problems: list[Problem] = field(default_factory=list)
    counts: bool = False
    objects: list[bytes] = field(default_factory=list)
    ports: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Proof:
    """The job of `validate`; see `bggen.app.crew`."""

    origin: Origin
    repo: RepoConfig
    envs: tuple[str, ...]
    _source: Source | None = None

    def look(self, app: str) -> _Seen:
        """Check one app."""
        seen = _Seen()
        source = self._files()
        try:
            own = environments(source, app, self.repo, self.envs)
        except InvalidError as error:
            return _Seen([*problems_of("apps", error)], counts=True)
        for env in own:
            problems, manifests = state_problems(source, app, env)
            seen.problems += [*spec_problems(source, app, env), *problems]
            seen.objects += [_identity(cluster_of(self.repo, env), manifest) for manifest in manifests]
            seen.ports += [(cluster_of(self.repo, env), port) for each in manifests for port in node_ports(each)]
        if own:
            seen.counts = True
            seen.problems += strangers(source, app, self.repo)
        return seen

    def finish(self) -> Iterator[None]:
        """Leave everything as it is."""
        yield from ()

    def rendered(self, app: str) -> Iterator[tuple[str, Sequence[Manifest]]]:
        """Yield for each environment of the app what tells its cluster apart, and its objects."""
        source = self._files()
        for env in environments(source, app, self.repo, self.envs):
            with contextlib.suppress(InvalidError):
                yield cluster_of(self.repo, env), render(source.state(app, env)[0])

    def _files(self) -> Source:
        if self._source is None:
            # Of this run alone: bggen.yaml is one for all apps.
            self._source = Source(self.origin.files(), Memory(None))
        return self._source


def _collisions(job: _Proof, names: Sequence[str], seen: Sequence[_Seen]) -> Sequence[Problem]:
    """Compare all objects by their digests, and look closely only at apps that share one, or a port of nodes."""
    count = Counter(each for one in seen for each in (*one.objects, *one.ports))
    shared = {each for each, times in count.items() if times > 1}
    if not shared:
        return ()
    involved = [app for app, one in zip(names, seen, strict=True) if not shared.isdisjoint((*one.objects, *one.ports))]
    return collisions(part for app in involved for part in job.rendered(app))


def _identity(cluster: str, manifest: Manifest) -> bytes:
    parts = (cluster, "" if manifest.namespace is None else f"/{manifest.namespace}", manifest.kind, manifest.name)
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()


def _without_settings(source: Source, error: InvalidError) -> Validated:
    """Report what is wrong with bggen.yaml, and with the specs of all apps in the environments that it names."""
    problems = list(problems_of(REPO_FILE, error))
    try:
        named = yamlio.parse(source.repo_text(), REPO_FILE).data.get("environments")
    except InvalidError:
        named = None
    names = app_names(source.files) if isinstance(named, dict) else []
    for app in names:
        for env in named or ():
            try:
                source.spec(app, env)
            except InvalidError as found:
                problems += problems_of(f"apps/{app}/app.yaml", found)
    return Validated(tuple(sorted(set(problems))), apps=len(names), objects=0)
