"""What a command cannot know of a Rollout, and people have to: Argo CD may skip commits, a controller promotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import EnvState, Release


def of_bump(state: EnvState, release: Release) -> Iterator[str]:
    """Yield what to say of a new release that waits.

    Args:
        state: before it was made.
        release: the new one.
    """
    active = state.active_release
    if release.spec.rollout is None or active is None:
        return
    if active.number < state.served:
        yield (
            f"a Rollout has one template: if Argo CD has not gone back to release {active.number} yet, users stay on"
            " what was rolled back until the next flip"
        )
    elif state.previous is not None:
        yield (
            f"a Rollout has one template: if Argo CD has not promoted release {active.number} yet, it is skipped, and"
            f" users stay on release {state.previous.release} until the next flip"
        )
    else:
        # It pauses only where the active Service has a hash already, and analyses only beside a stable ReplicaSet:
        # rollout/bluegreen.go of argo-rollouts, isBlueGreenFastTracked, and rollout/analysis.go.
        yield (
            f"if Argo CD has not shown the first release, {active.number}, as Healthy yet, this one goes live without a"
            " flip: a Rollout that never served does not wait"
        )


def of_flip(target: Release, *, waited: bool) -> Iterator[str]:
    """Yield what to say of a promotion by Git.

    Args:
        target: what is to be active.
        waited: whether it was pending in a commit of its own.
    """
    settings = target.spec.rollout
    if settings is None:
        return
    when = (
        f"{settings.auto_promotion_seconds} s after its pods are ready"
        if settings.promotion == "timed"
        else "as soon as its pods are ready"
    )
    if waited:
        yield f"Argo Rollouts promotes release {target.number} {when}, also where the bump comes with the same sync"
    else:
        yield f"Argo Rollouts promotes release {target.number} {when}: nobody has looked at it before"
    # Its tree is that of the bump before it: a promoted Rollout has that template already, and only waits to promote.
    yield "the way back is bggen rollback: a git revert of this flip moves no traffic of a Rollout"
    if target.spec.smoke is not None or settings.pre_promotion_analysis is not None:
        yield (
            "if the analysis before it has failed, the Rollout is aborted, and this flip promotes nothing: bump again,"
            f" or kubectl argo rollouts retry rollout {_base(target)}"
        )


def _base(release: Release) -> str:
    (name,) = release.spec.components
    return release.spec.base_name(name)
