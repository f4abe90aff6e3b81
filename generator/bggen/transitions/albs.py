"""What an ALB keeps two releases from having beside each other; imported late, because most apps have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bggen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Release, Route

_PREFIX: Final = "alb.ingress.kubernetes.io/"
# What makes other target groups, or another ALB: the new ones have no targets yet when users come, and the old ones are
# deleted at once. `buildTargetGroupName` of the controller's `pkg/ingress/model_build_target_group.go`, and
# `isSDKLoadBalancerRequiresReplacement` of its `pkg/deploy/elbv2/load_balancer_synthesizer.go`.
_FIXED: Final = (
    *("group.name", "target-type", "backend-protocol", "backend-protocol-version"),
    *("scheme", "load-balancer-name"),
)
# Its default quota: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html.
_MOST_RULES: Final = 100


def alb_moves(old: Route, new: Route) -> Iterator[str]:
    """Yield what would give users another load balancer or other target groups at the flip, in words."""
    if "alb" not in {old.controller, new.controller}:
        return
    if old.controller != new.controller:
        yield f"route.controller from {old.controller} to {new.controller}"
        return
    if old.ingress_class != new.ingress_class:
        yield f"route.class from {old.ingress_class or '(none)'} to {new.ingress_class or '(none)'}"
    for key in _FIXED:
        before, after = (route.annotations.get(_PREFIX + key) for route in (old, new))
        # `ip` is what is rendered where nothing is said.
        if before != after and not (key == "target-type" and {before, after} <= {None, "ip"}):
            yield f"{_PREFIX}{key} from {before or '(none)'} to {after or '(none)'}"


def refuse_too_many_rules(current: Release, target: Release) -> None:
    """Refuse a release whose paths, together with those of the active one, need more rules than an ALB takes.

    Raises:
        RefusedError: with the way to do it.
    """
    here, there = (release.spec.route for release in (current, target))
    if here is None or there is None:
        return
    # As it is now, and after a flip.
    rules = max(_rules(here, there), _rules(there, here))
    if rules > _MOST_RULES:
        raise RefusedError(
            f"{target.spec.name}: an ALB takes {_MOST_RULES} rules, and this release's paths come to {rules} with those"
            f" of release {current.number}, which has to stay in reach",
            hint="leave `preview.header` out, or flip first to a release with fewer paths",
            kind="immovable",
        )


def _rules(active: Route, idle: Route) -> int:
    """Return how many rules users' Ingress has: for each path, for each header at each path, and for what is kept."""
    headed = [route for route in (active, idle) if route.preview is not None and route.preview.header is not None]
    # What only the idle release has is named for the sake of its target groups.
    kept = set() if idle in headed else set(idle.paths.values()) - set(active.paths.values())
    every = {*active.paths, *idle.paths}
    return len(active.hosts) * (len(active.paths) + len(headed) * len(every) + len(kept))
