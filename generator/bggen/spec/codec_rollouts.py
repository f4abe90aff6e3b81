"""The section `rollout` of a spec ↔ canonical data; imported late, as `bggen.model.rollouts` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bggen.model.parts import CommandSmoke
from bggen.model.rollouts import WEIGHT, Analysis, ArgRef, Metadata, Metric, PrometheusQuery, Rollout
from bggen.spec.codec import env_data, env_from_data, image_from_data
from bggen.spec.decoding import Fields, mapping, present, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import Component, Route

_NONE: frozenset[str] = frozenset()
_NUMBERS = (
    *("autoPromotionSeconds", "previewReplicaCount", "scaleDownDelaySeconds", "abortScaleDownDelaySeconds"),
    *("rollbackWindow", "maxUnavailable"),
)
_REQUIRED = frozenset(("promotion", "scaleDownDelayRevisionLimit", "revisionHistoryLimit"))
_OPTIONAL = frozenset(
    (
        *(*_NUMBERS, "progressDeadlineAbort", "antiAffinity", "antiAffinityWeight", "activeMetadata"),
        *("previewMetadata", "prePromotionAnalysis", "postPromotionAnalysis"),
    )
)


def rollout_data(rollout: Rollout) -> dict[str, Any]:
    """Return the section as data."""
    preferred = rollout.anti_affinity == "preferred"
    return present(
        {
            "promotion": rollout.promotion,
            "autoPromotionSeconds": rollout.auto_promotion_seconds,
            "previewReplicaCount": rollout.preview_replica_count,
            "scaleDownDelaySeconds": rollout.scale_down_delay_seconds,
            "scaleDownDelayRevisionLimit": rollout.scale_down_delay_revision_limit,
            "revisionHistoryLimit": rollout.revision_history_limit,
            "abortScaleDownDelaySeconds": rollout.abort_scale_down_delay_seconds,
            "rollbackWindow": rollout.rollback_window,
            "maxUnavailable": rollout.max_unavailable,
            "progressDeadlineAbort": rollout.progress_deadline_abort or None,
            "antiAffinity": rollout.anti_affinity,
            "antiAffinityWeight": rollout.anti_affinity_weight if preferred else None,
            "activeMetadata": rollout.active_metadata and _metadata_data(rollout.active_metadata),
            "previewMetadata": rollout.preview_metadata and _metadata_data(rollout.preview_metadata),
            "prePromotionAnalysis": rollout.pre_promotion_analysis and _analysis_data(rollout.pre_promotion_analysis),
            "postPromotionAnalysis": rollout.post_promotion_analysis
            and _analysis_data(rollout.post_promotion_analysis),
        }
    )


def rollout_from_data(data: Any, components: Mapping[str, Component], route: Route | None) -> Rollout:
    """Return the section that `rollout_data` made the data from.

    Raises:
        ValueError: it is another, or stands beside components or a route that no Rollout can have.
    """
    fields = Fields(data, "spec.rollout", _REQUIRED, _OPTIONAL)
    if route is None or route.switch != "rollouts":
        raise ValueError("spec.rollout stands beside a route with another switch")
    if len(components) != 1 or any(each.port is None for each in components.values()):
        raise ValueError("spec.rollout stands beside other components than one with a port")
    numbers = {_snake(key): fields.optional_number(key) for key in _NUMBERS}
    return Rollout(
        **cast("Any", numbers),
        promotion=cast("Any", fields.one_of("promotion", "manual", "timed")),
        scale_down_delay_revision_limit=fields.number("scaleDownDelayRevisionLimit"),
        revision_history_limit=fields.number("revisionHistoryLimit"),
        progress_deadline_abort=fields.flag("progressDeadlineAbort"),
        anti_affinity=cast("Any", fields.one_of("antiAffinity", "preferred", "required"))
        if "antiAffinity" in fields
        else None,
        anti_affinity_weight=fields.number("antiAffinityWeight") if "antiAffinityWeight" in fields else WEIGHT,
        active_metadata=_metadata(fields, "activeMetadata"),
        preview_metadata=_metadata(fields, "previewMetadata"),
        pre_promotion_analysis=_analysis(fields, "prePromotionAnalysis"),
        post_promotion_analysis=_analysis(fields, "postPromotionAnalysis"),
    )


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def _metadata_data(metadata: Metadata) -> dict[str, Any]:
    return present(
        {"labels": dict(sorted(metadata.labels.items())), "annotations": dict(sorted(metadata.annotations.items()))}
    )


def _metadata(fields: Fields, key: str) -> Metadata | None:
    if key not in fields:
        return None
    found = Fields(fields.raw(key), fields.place(key), _NONE, frozenset({"labels", "annotations"}))
    made = Metadata(found.pairs("labels", text), found.pairs("annotations", text))
    # One that says nothing is written as nothing, and has to be read as that.
    return made if made.labels or made.annotations else None


def _analysis_data(analysis: Analysis) -> dict[str, Any]:
    args = {
        name: value if isinstance(value, str) else {value.source: value.value}
        for name, value in sorted(analysis.args.items())
    }
    return present({"metrics": {name: _metric_data(each) for name, each in sorted(analysis.metrics.items())}}) | (
        {"args": args} if args else {}
    )


def _analysis(fields: Fields, key: str) -> Analysis | None:
    if key not in fields:
        return None
    found = Fields(fields.raw(key), fields.place(key), frozenset({"metrics"}), frozenset({"args"}))
    metrics = found.pairs("metrics", _metric)
    if not metrics:
        raise ValueError(f"{found.place('metrics')} is empty")
    return Analysis(metrics, found.pairs("args", _arg))


def _arg(value: Any, where: str) -> str | ArgRef:
    if isinstance(value, str):
        return value
    if "field" in mapping(value, where):
        return ArgRef("field", Fields(value, where, frozenset({"field"})).text("field"))
    fields = Fields(value, where, frozenset({"podTemplateHash"}))
    return ArgRef("podTemplateHash", fields.one_of("podTemplateHash", "Latest", "Stable"))


def _metric_data(metric: Metric) -> dict[str, Any]:
    source = metric.source
    if isinstance(source, PrometheusQuery):
        provider = {
            "prometheus": present(
                {
                    "address": source.address,
                    "query": source.query,
                    "successCondition": source.success_condition,
                    "failureCondition": source.failure_condition,
                }
            )
        }
    else:
        job = {
            "image": str(source.image),
            "command": list(source.command),
            "timeout": source.timeout,
            "env": env_data(source.env),
            "user": source.user,
        }
        provider = {"job": present(job)}
    return {
        **provider,
        **present({"count": metric.count, "interval": metric.interval, "failureLimit": metric.failure_limit}),
        **present({"initialDelay": metric.initial_delay}),
    }


def _metric(value: Any, where: str) -> Metric:
    kind = "job" if "job" in mapping(value, where) else "prometheus"
    required = frozenset({kind, "count", "failureLimit"})
    fields = Fields(value, where, required, frozenset({"interval", "initialDelay"}))
    return Metric(
        source=_job(fields) if kind == "job" else _query(fields),
        count=fields.number("count"),
        interval=fields.optional_text("interval"),
        failure_limit=fields.number("failureLimit"),
        initial_delay=fields.optional_text("initialDelay"),
    )


def _query(fields: Fields) -> PrometheusQuery:
    known = frozenset({"address", "query", "successCondition"})
    query = Fields(fields.raw("prometheus"), fields.place("prometheus"), known, frozenset({"failureCondition"}))
    return PrometheusQuery(
        address=query.text("address"),
        query=query.text("query"),
        success_condition=query.text("successCondition"),
        failure_condition=query.optional_text("failureCondition"),
    )


def _job(fields: Fields) -> CommandSmoke:
    known = frozenset({"image", "command", "timeout"})
    job = Fields(fields.raw("job"), fields.place("job"), known, frozenset({"env", "user"}))
    if not job.texts("command"):
        raise ValueError(f"{job.place('command')} is empty")
    return CommandSmoke(
        image=image_from_data(job),
        command=job.texts("command"),
        env=job.pairs("env", env_from_data),
        user=job.optional_number("user"),
        timeout=job.number("timeout"),
    )
