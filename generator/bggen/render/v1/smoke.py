"""Renderer 1: the Jobs that test a colour, before the switch or after a bump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.model import EnvRef
from bggen.render.references import SERVICE_PORT, resolve
from bggen.render.v1.objects import WAVE_GATE, WAVE_JOINED_GATE, WAVE_REST, Object, job_label, labels_of, pairs
from bggen.render.v1.pods import minor, progress_deadline
from bggen.spec.identity import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import AppSpec, Color, EnvValue, Manifest, Release
    from bggen.model.parts import CommandSmoke, HttpSmoke, Smoke

# The name of the image's user tells the kubelet nothing, so `runAsNonRoot` needs a number:
# https://github.com/curl/curl-docker/issues/62. The command works as any user.
_HTTP_USER = 65532
# A pod's way onto a node, and its image's.
_START_SECONDS = 120
# A command is tried again after 10, 20, 40… seconds, https://kubernetes.io/docs/concepts/workloads/controllers/job/.
_RETRIES, _FIRST_RETRY_SECONDS = 6, 10
# The minor version of Kubernetes from which Jobs have a policy for failures by default.
_FAILURE_POLICY_SINCE = 26


def smoke(env: str, release: Release, color: Color, *, gate: bool, joined: bool) -> Iterator[Manifest]:
    """Return the Job that tests the colour: at once before the switch, or until the idle colour is up.

    A Job cannot be changed. So nothing in it may depend on more than the release and the colour, which its name tells
    from all others.
    """
    spec = release.spec
    test = spec.smoke
    if test is None:
        return
    name = f"{spec.name}-{'gate' if gate else 'smoke'}-{release.number}-{identity(release, color)}"
    source = "release.yaml" if gate else f"{color}.yaml"
    labels = {**labels_of(spec.name, None, None), **job_label("smoke", color)}
    yield Object(release, env, name, source, None).manifest(
        "Job",
        WAVE_REST if not gate else WAVE_JOINED_GATE if joined else WAVE_GATE,
        labels={**labels, "bggen.dev/release": str(release.number)},
        values=job_values(release, test, color, waits=0 if gate else _rollout_seconds(spec)),
    )


def job_values(release: Release, test: Smoke, color: Color | None, *, waits: int) -> dict[str, Any]:
    """Return the values for the Job of a test.

    Args:
        release: what is tested.
        test: the test.
        color: the colour that is asked; None for the preview of a Rollout, which has none.
        waits: the seconds that the tested pods may take to come up; 0 where they are up.
    """
    from bggen.model.parts import HttpSmoke  # noqa: PLC0415 - most apps do without its module

    spec = release.spec
    values = _http(spec, test, color, waits) if isinstance(test, HttpSmoke) else _command(spec, test, color, waits)
    variables = values["env"]
    variables |= {"BGGEN_RELEASE": str(release.number), **({} if color is None else {"BGGEN_COLOR": str(color)})}
    return {
        **values,
        "env": _variables(variables),
        "image": str(test.image),
        "pod_labels": pairs({**labels_of(spec.name, None, None), **job_label("smoke", color)}),
        "pull_secrets": sorted({each for one in spec.components.values() for each in one.image_pull_secrets}),
        # A node that is drained says nothing about the release.
        "ignores_disruption": minor(spec) >= _FAILURE_POLICY_SINCE,
    }


def _http(spec: AppSpec, test: HttpSmoke, color: Color | None, waits: int) -> dict[str, Any]:
    host = f"{spec.base_name(test.component)}-{color or 'preview'}"
    url = f"http://{host}:{SERVICE_PORT}{test.path}"
    return {
        "command": None,
        "user": _HTTP_USER,
        # It asks again by itself.
        "retries": 0,
        "deadline": waits + test.timeout + _START_SECONDS,
        "try_deadline": None,
        "env": {
            # Kubernetes replaces `$(NAME)` in values, and takes `$$` for `$`.
            "BGGEN_URL": url.replace("$", "$$"),
            "BGGEN_EXPECT": str(test.expect),
            "BGGEN_SECONDS": str(waits + test.timeout),
            "BGGEN_TIMEOUT": str(test.timeout),
        },
    }


def _command(spec: AppSpec, test: CommandSmoke, color: Color | None, waits: int) -> dict[str, Any]:
    once = test.timeout + _START_SECONDS
    return {
        "command": [resolve(word, spec, color) for word in test.command],
        "user": test.user,
        "retries": _RETRIES if waits else 0,
        # Each try waits twice as long as the one before: one that begins when the colour is up ends in time.
        "deadline": 2 * waits + _FIRST_RETRY_SECONDS + once if waits else once,
        "try_deadline": once if waits else None,
        "env": {
            name: value if isinstance(value, EnvRef) else resolve(value, spec, color)
            for name, value in test.env.items()
        },
    }


def _rollout_seconds(spec: AppSpec) -> int:
    """Return how long the colour may take to come up, as the progress deadlines of its Deployments say."""
    return max(progress_deadline(component) for component in spec.components.values())


def _variables(variables: dict[str, EnvValue]) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = []
    for name, value in variables.items():
        if isinstance(value, EnvRef):
            found.append({"name": name, "source": value.source, "value": value.name, "key": value.key})
        else:
            found.append({"name": name, "source": None, "value": value, "key": None})
    # Kubernetes puts a variable into `$(NAME)` only where it stands further up in the list.
    return sorted(
        found, key=lambda each: (each["source"] is None and "$(" in (each["value"] or ""), each["name"] or "")
    )
