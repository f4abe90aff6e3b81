"""Renderer 1: the Jobs that change the database: one before a release's pods, one once nothing needs the old schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bggen.model import Health
from bggen.render.v1.objects import WAVE_MIGRATION, WAVE_REST, Object, job_label, labels_of
from bggen.render.v1.pods import minor, pod_values
from bggen.spec.identity import job_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Color, Manifest, Release

# A pod's way onto a node, and its image's.
_START_SECONDS = 120
# A database may be away for a moment. Each try is after a longer pause than the one before.
_RETRIES = 2
# A command that is told to stop may end what it has begun.
_GRACE_SECONDS = 30
# The minor version of Kubernetes from which Jobs have a policy for failures by default.
_FAILURE_POLICY_SINCE = 26


def migration(env: str, release: Release, color: Color, *, contract: bool) -> Iterator[Manifest]:
    """Return the Job that expands the schema before all pods, or with `contract` the one that takes away, after all.

    A Job cannot be changed. So nothing in it depends on more than the release and the colour, which its name tells from
    all others. Its pod is one of the component's, but for what has to do with traffic.
    """
    migrate = release.spec.migrate
    phase = migrate.contract if migrate and contract else migrate
    if migrate is None or phase is None:
        return
    spec, component = release.spec, release.spec.components[migrate.component]
    word = "contract" if contract else "migrate"
    variables = {
        **component.env,
        **migrate.env,
        "BGGEN_COLOR": str(color),
        "BGGEN_RELEASE": str(release.number),
        "BGGEN_SCHEMA": str(phase.schema),
    }
    run = replace(component, command=phase.command, args=(), env=variables, port=None, ports={}, health=Health())
    labels = {**labels_of(spec.name, component.name, None), **job_label("migrate", color)}
    name = f"{spec.name}-{word}-{job_digest(release, color, word)}"
    yield Object(release, env, name, f"{color}.yaml", None).manifest(
        "Job",
        WAVE_REST if contract else WAVE_MIGRATION,
        template="migration",
        labels={**labels, "bggen.dev/release": str(release.number)},
        values={
            **pod_values(spec, run, color, labels=labels, restart="Never"),
            # The component's name is for the container that serves.
            "component": word,
            "drain": 0,
            "grace": _GRACE_SECONDS,
            "spread_over": [],
            "avoids": None,
            "retries": _RETRIES,
            "deadline": migrate.timeout + _START_SECONDS,
            # A node that is drained says nothing about the migration.
            "ignores_disruption": minor(spec) >= _FAILURE_POLICY_SINCE,
        },
    )
