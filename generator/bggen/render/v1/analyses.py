"""Renderer 1: what Argo Rollouts measures before and after it promotes a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bggen.model.rollouts import PrometheusQuery
from bggen.render.v1.objects import WAVE_SWITCH, Object, labels_of
from bggen.render.v1.smoke import job_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.model import Manifest, Release
    from bggen.model.rollouts import Analysis, ArgRef, Metric
    from bggen.render.face import Turn

_SMOKE, _PRE, _POST = "-smoke", "-pre", "-post"
_WHEN: Final = {_SMOKE: "prePromotionAnalysis", _PRE: "prePromotionAnalysis", _POST: "postPromotionAnalysis"}


def analysis_templates(env: str, turn: Turn) -> Iterator[Manifest]:
    """Return the AnalysisTemplates of the newest pods' release, and of the serving one those that it lacks.

    They are there whether the Rollout names them at the moment or not, so that none goes while it does: it is applied
    after them. A run of one copies it, so that changing it changes no run: the name may stay.
    """
    own = list(_analyses(turn.wanted))
    there = [suffix for suffix, _, _ in own]
    found = [(turn.wanted, turn.source, *each) for each in own]
    found += [(turn.serving, "release.yaml", *each) for each in _analyses(turn.serving) if each[0] not in there]
    for release, source, suffix, metrics, args in found:
        yield Object(release, env, release.spec.name + suffix, source, None).manifest(
            "AnalysisTemplate",
            WAVE_SWITCH,
            labels=labels_of(release.spec.name, None, None),
            values={"metrics": metrics, "args": sorted(args)},
        )


def analysis_values(turn: Turn) -> list[tuple[str, list[str], list[dict[str, str | None]]]]:
    """Return for each time of an analysis the templates' names and the arguments.

    A way back is never tested: what it goes to has served, and nothing may stand in its way.
    """
    found: dict[str, tuple[list[str], dict[str, str | ArgRef]]] = {}
    for suffix, _, args in _analyses(turn.wanted):
        if turn.tested if suffix == _SMOKE else not turn.returned:
            names, values = found.setdefault(_WHEN[suffix], ([], {}))
            names.append(turn.wanted.spec.name + suffix)
            values.update(args)
    return [
        (when, names, [_arg(name, values[name]) for name in sorted(values)]) for when, (names, values) in found.items()
    ]


def _analyses(release: Release) -> Iterator[tuple[str, list[dict[str, Any]], dict[str, str | ArgRef]]]:
    """Yield the suffix of each template's name, its metrics and its arguments."""
    settings, test = release.spec.rollout, release.spec.smoke
    if test is not None:
        yield _SMOKE, [_measured("smoke", job=job_values(release, test, None, waits=0))], {}
    if settings is None:
        return
    for suffix, analysis in ((_PRE, settings.pre_promotion_analysis), (_POST, settings.post_promotion_analysis)):
        if analysis is not None:
            yield suffix, [_metric(release, analysis, name) for name in sorted(analysis.metrics)], dict(analysis.args)


def _metric(release: Release, analysis: Analysis, name: str) -> dict[str, Any]:
    metric = analysis.metrics[name]
    if isinstance(metric.source, PrometheusQuery):
        return _measured(name, metric, query=metric.source)
    return _measured(name, metric, job=job_values(release, metric.source, None, waits=0))


def _measured(
    name: str, metric: Metric | None = None, *, query: PrometheusQuery | None = None, job: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "times": metric.count if metric else 1,
        "interval": metric.interval if metric else None,
        "initial_delay": metric.initial_delay if metric else None,
        "failure_limit": metric.failure_limit if metric else 0,
        "query": query,
        "job": job,
    }


def _arg(name: str, value: str | ArgRef) -> dict[str, str | None]:
    if isinstance(value, str):
        return {"name": name, "source": None, "value": value}
    return {"name": name, "source": value.source, "value": value.value}
