"""Renderer 1: the objects of every switch but Argo Rollouts, and their order inside one sync of Argo CD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.render.v1.config import configs
from bggen.render.v1.migration import migration
from bggen.render.v1.network import policies
from bggen.render.v1.smoke import smoke
from bggen.render.v1.traffic import by_header, preview, routes, service
from bggen.render.v1.workloads import account, workloads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bggen.model import Manifest
    from bggen.render.face import Turn


class V1:
    """Implements `bggen.render.face.Renderer`; each of its methods is a function of a module here."""

    workloads = staticmethod(workloads)
    policies = staticmethod(policies)
    configs = staticmethod(configs)
    account = staticmethod(account)
    service = staticmethod(service)
    routes = staticmethod(routes)
    preview = staticmethod(preview)
    by_header = staticmethod(by_header)
    smoke = staticmethod(smoke)
    migration = staticmethod(migration)

    def rollout(self, env: str, turn: Turn) -> Iterable[Manifest]:
        """Return what `Renderer.rollout` does."""
        from bggen.render.v1.rollouts import rollout  # noqa: PLC0415 - most apps have another switch

        return rollout(env, turn)

    def around_rollout(self, env: str, turn: Turn) -> Iterable[Manifest]:
        """Return what `Renderer.around_rollout` does."""
        from bggen.render.v1.rollouts import around_rollout  # noqa: PLC0415 - most apps have another switch

        return around_rollout(env, turn)
