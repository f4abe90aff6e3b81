"""What a Rollout of Argo Rollouts is told beside its pods; imported late, as `bggen.model.parts` is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model.parts import CommandSmoke

# manual: as soon as a flip says so. timed: a flip promotes no sooner than some seconds after the new pods are ready.
Promotion = Literal["manual", "timed"]
AntiAffinity = Literal["preferred", "required"]
WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Metadata:
    """Labels and annotations that pods have while they are active, or while they are the preview."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArgRef:
    """An argument's value that the controller reads: a pod template's hash, or a field of the Rollout."""

    source: Literal["podTemplateHash", "field"]
    value: str


@dataclass(frozen=True, slots=True)
class PrometheusQuery:
    """A query, and the expressions over its `result` that say what is good and what is bad."""

    address: str
    query: str
    success_condition: str
    failure_condition: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement of an analysis, taken `count` times, `interval` apart.

    Attributes:
        source: what is measured: a query, or a command that passes with exit code 0.
        failure_limit: how many of the measurements may fail.
        initial_delay: how long the first one waits.
    """

    source: PrometheusQuery | CommandSmoke
    count: int = 1
    interval: str | None = None
    failure_limit: int = 0
    initial_delay: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is measured before or after the promotion, by name, and the arguments that its texts name."""

    metrics: Mapping[str, Metric]
    args: Mapping[str, str | ArgRef] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollout:
    """The fields of `strategy.blueGreen` and of its surroundings, as Argo Rollouts means them; None: its own default.

    `autoPromotionEnabled`, `activeService` and `previewService` are not among them: they follow from the state.
    """

    promotion: Promotion = "manual"
    auto_promotion_seconds: int | None = None
    preview_replica_count: int | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int = 1
    revision_history_limit: int = 3
    abort_scale_down_delay_seconds: int | None = None
    rollback_window: int | None = None
    max_unavailable: int | None = None
    progress_deadline_abort: bool = False
    anti_affinity: AntiAffinity | None = None
    anti_affinity_weight: int = WEIGHT
    active_metadata: Metadata | None = None
    preview_metadata: Metadata | None = None
    pre_promotion_analysis: Analysis | None = None
    post_promotion_analysis: Analysis | None = None
