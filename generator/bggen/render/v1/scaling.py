"""Renderer 1: how the number of an autoscaled component's pods changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.render.v1.objects import WAVE_REST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Manifest
    from bggen.model.parts import Autoscale
    from bggen.render.v1.objects import Object

# By this the Application knows a Deployment whose number of pods Argo CD must leave alone. It stands on no pod.
AUTOSCALED: Final[Mapping[str, str]] = {"bggen.dev/autoscaled": "true"}


def autoscaler(
    own: Object, scale: Autoscale, labels: Mapping[str, str], target: tuple[str, str] = ("apps/v1", "Deployment")
) -> Manifest:
    """Return the HorizontalPodAutoscaler of the Deployment, or the Rollout, of the same name.

    Args:
        own: the name and the place that it shares with the Deployment.
        scale: the bounds and the targets.
        labels: its labels.
        target: version and kind of what it scales.
    """
    targets = (("cpu", scale.cpu), ("memory", scale.memory))
    return own.manifest(
        "HorizontalPodAutoscaler",
        # Degraded until it has its first numbers.
        WAVE_REST,
        labels=labels,
        values={
            "target_api": target[0],
            "target_kind": target[1],
            "least": scale.min,
            "most": scale.max,
            "targets": [(resource, percent) for resource, percent in targets if percent is not None],
        },
    )
