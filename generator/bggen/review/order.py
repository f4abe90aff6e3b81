"""A plan → what Argo CD will do in which order, and the commands that undo it. The order is that of the sync waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.review.facts import is_first, moves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Release
    from bggen.plan import Plan


def steps(plan: Plan) -> list[str]:
    """Return what happens once the change is on its branch; names of colours and our own words alone."""
    release = plan.transition.after.active_release
    if release is not None and release.spec.rollout is not None:
        from bggen.review.rollouts import rollout_steps  # noqa: PLC0415 - most apps have another switch

        return list(rollout_steps(plan))
    return _steps(plan)


def _steps(plan: Plan) -> list[str]:
    action = plan.transition.action
    before, after = plan.transition.before, plan.transition.after
    idle = after.idle_color
    if moves(plan):
        return list(_move(plan))
    if is_first(plan):
        return [
            *_migration(plan),
            f"The pods of **{after.active}** start.",
            "Once all of them are ready, the Service and the route lead to them. There is no traffic to protect yet.",
        ]
    own = {"bump": _fill, "promote": _fill, "join": _join, "migrate": _contract}.get(action)
    if own is not None:
        return list(own(plan))
    if before.gate and not after.gate:
        return [f"The smoke test of **{after.active}** no longer stands before its switch: traffic follows Git."]
    beside = {
        "drain": f"The route leads all requests to **{after.active}**. The pods of **{idle}** go on running, idle.",
        "park": f"The pods of **{idle}**, which takes no traffic, stop. Nothing switches.",
        "wake": f"The pods of **{idle}** start. Nothing switches.",
        "scale": "The numbers of replicas change where they are. No release changes, and nothing switches.",
    }
    return [beside.get(action, "Nothing changes in the cluster.")]


def _move(plan: Plan) -> Iterator[str]:
    before, after = plan.transition.before, plan.transition.after
    old, new = before.active, after.active
    target, left = after.active_release, after.idle_release
    stays = "both colours" if before.joined else f"**{old}**"
    yield from _migration(plan)
    starts = "" if before.runs(after.idle_color.other) and not _replaced(plan) else " They have to start first."
    yield (
        f"Argo CD waits until all pods of **{new}** are ready.{starts} Until then traffic stays on {stays},"
        " however long it takes."
    )
    if after.gate:
        yield f"The smoke test of **{new}** runs. While it fails, traffic stays on {stays}."
    route = target.spec.route if target else None
    if route is not None and route.switch == "ingress" and not route.publishes_status:
        yield f"The Services switch from **{old}** to **{new}**."
        stopped = _stops(left, str(old))
        yield from [stopped] if stopped else []
        yield f"The Ingress switches: new requests from outside go to **{new}**. {_rest(target, left, new, old)}"
        return
    yield f"The switch: new requests go to **{new}** instead of **{old}**, for all components together."
    stopped = _stops(left, str(old))
    yield from [stopped] if stopped else []
    yield _rest(target, left, new, old)


def _join(plan: Plan) -> Iterator[str]:
    after = plan.transition.after
    active, idle, release = after.active, after.idle_color, after.idle_release
    yield (
        f"Argo CD waits until all pods of **{active}** and then all of **{idle}** are ready. Until then **{active}**"
        " serves alone."
    )
    if release is not None and release.spec.smoke is not None:
        yield f"The smoke test of **{idle}** runs. While it fails, **{active}** serves alone."
    yield f"The route leads half of the requests to each colour. Callers inside the cluster still reach **{active}**."
    if _has(release, "worker") or _has(release, "cron"):
        yield f"Workers and crons go on in **{active}** alone."


def _migration(plan: Plan) -> Iterator[str]:
    """Tell of the Job before all pods; one that has run already is not run again."""
    before, after = plan.transition.before.database, plan.transition.after.database
    if after is None or after.migration is None:
        return
    new = before is None or before.migration != after.migration
    runs = "runs" if new else "runs, unless it has already"
    yield f"The migration to schema {after.schema} {runs}. While it fails, nothing of what follows happens."


def _contract(plan: Plan) -> Iterator[str]:
    after = plan.transition.after
    if after.database is not None:
        yield (
            f"The third phase of the migration runs, in the image of **{after.active}**, and makes schema"
            f" {after.database.schema}: what only an older schema has is gone then, for good."
        )
    yield "Nothing switches, and no pod is replaced. A failure stops nothing else."


def _replaced(plan: Plan) -> bool:
    before, after = plan.transition.before, plan.transition.after
    return before.idle_release != after.active_release


def _stops(left: Release | None, old: str) -> str | None:
    return f"Workers of **{old}** stop: {_count(left, 'worker')}." if _has(left, "worker") else None


def _rest(target: Release | None, left: Release | None, new: object, old: object) -> str:
    said = []
    if _has(target, "worker"):
        said.append(f"Workers of **{new}** start: {_count(target, 'worker')}.")
    if _has(target, "cron") or _has(left, "cron"):
        said.append(f"Crons run in **{new}** and are suspended in **{old}**.")
    return " ".join([*said, f"**{old}** goes on running, idle, as the way back."])


def _fill(plan: Plan) -> Iterator[str]:
    after = plan.transition.after
    idle, release = after.idle_color, after.idle_release
    yield from _migration(plan)
    yield f"The pods of **{idle}**, which takes no traffic, get the new release."
    if _has(release, "worker") or _has(release, "cron"):
        yield f"Workers do not start in **{idle}**, and crons are suspended there, until the flip."
    if release is not None and release.spec.smoke is not None:
        yield f"The smoke test of **{idle}** runs. It stops nothing: it only says whether to flip."
    yield f"Nothing switches: **{after.active}** goes on as it is, until a flip."


def _has(release: Release | None, kind: str) -> bool:
    return release is not None and any(each.kind == kind for each in release.spec.components.values())


def _count(release: Release | None, kind: str) -> int:
    return sum(each.kind == kind for each in release.spec.components.values()) if release else 0


def ways_back(plan: Plan, selection: str) -> tuple[str, tuple[str, ...]]:
    """Return how to undo it, in words, and the commands.

    Args:
        plan: the plan.
        selection: the options that name the app and the environment.
    """
    action = plan.transition.action
    before, after = plan.transition.before, plan.transition.after
    if action == "rollback":
        old = before.active_release
        here = old is not None and after.idle_release is not None and after.idle_release.number == old.number
        again = f"bggen flip {selection} --release {old.number}" if here and old else f"bggen bump {selection}"
        return "This is the way back already. To go forward again:", (f"bggen unhold {selection}", again)
    if moves(plan):
        return (
            "To send traffic back, at any time; then, where a sync still waits, end it so that the new one starts:",
            (f"bggen rollback {selection}", "argocd app terminate-op APP"),
        )
    if is_first(plan):
        return "There is no release to go back to yet. A better one goes on top:", (
            f"bggen bump {selection} --image TAG",
            f"bggen flip {selection}",
        )
    if action in {"bump", "promote"}:
        return "Nothing takes traffic from it, so there is nothing to roll back. To stop its pods:", (
            f"bggen park {selection}",
        )
    release = after.active_release
    return _beside(action, selection, rollout=release is not None and release.spec.rollout is not None)


def _beside(action: str, selection: str, *, rollout: bool) -> tuple[str, tuple[str, ...]]:
    """Return how to undo what moves no traffic and makes no release."""
    if rollout and action == "park":
        # Nothing wakes it: its pods may be there still, and would be promoted.
        return "To start new pods of it, under a new number:", (f"bggen bump {selection} --force",)
    if action == "migrate":
        return "There is no way back: the database does not get back what was taken away. To see who runs on what:", (
            f"bggen migrate {selection}",
        )
    reverse = {
        "park": "wake",
        "wake": "park",
        "hold": "unhold",
        "unhold": "hold",
        "join": "drain",
        "drain": "join",
    }.get(action)
    if reverse is None:
        return "Revert this commit, while it is the last change of the app in this environment:", ("git revert COMMIT",)
    option = " --reason TEXT" if reverse == "hold" else ""
    return "To undo it:", (f"bggen {reverse} {selection}{option}",)
