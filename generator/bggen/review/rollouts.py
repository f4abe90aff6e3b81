"""A plan of an app behind `switch: rollouts` → what the Argo Rollouts controller will do, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.review.facts import is_first, moves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.plan import Plan


def rollout_steps(plan: Plan) -> Iterator[str]:
    """Yield what happens once the change is on its branch; names of colours and our own words alone."""
    after = plan.transition.after
    target = after.active_release
    number = target.number if target else 0
    if is_first(plan):
        yield "The Rollout starts the pods. Once they are ready, both Services lead to them. There is no traffic yet."
    elif moves(plan):
        back = after.previous is None
        yield (
            f"The Rollout gets the template of release {number} again, to the byte, and may promote it."
            if back
            else f"The Rollout may promote release {number}."
        )
        if not back and _tested(plan):
            yield (
                "Its analysis has to pass first, where it has not yet. If it has failed, the Rollout is aborted, and"
                " nothing moves before it is retried or bumped again."
            )
        yield (
            "Once its pods are ready, the controller moves the active Service. The pods of before stay for the"
            " scale-down delay."
        )
    elif plan.transition.action in {"bump", "promote"}:
        newer = after.idle_release
        waits = newer.number if newer else 0
        yield f"The Rollout gets the template of release {waits}, and starts its pods beside those that serve."
        yield "The preview Service leads to them. Nothing switches before a flip: the Rollout waits, and is Suspended."
    elif plan.transition.action == "park":
        yield "The Rollout gets the template of what serves again, and ends the pods that waited. Nothing switches."
    elif plan.transition.action == "scale":
        yield "The number of replicas of what serves changes. No pod template does, and nothing switches."
    else:
        yield "Nothing changes in the cluster."


def _tested(plan: Plan) -> bool:
    after = plan.transition.after
    target = after.active_release
    settings = target.spec.rollout if target else None
    return after.gate or (settings is not None and settings.pre_promotion_analysis is not None)
