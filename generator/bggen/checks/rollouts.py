"""`switch: rollouts`, said a second time: what a state lets expect of a Rollout and of all that stands around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bggen.checks.stored import config_name
from bggen.checks.view import COLOR_LABEL, COMPONENT_LABEL, JOB_LABEL, NAME_LABEL, Expected, dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.checks.view import Item, Role, View
    from bggen.model import Component, EnvState, Problem, Release

_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
_HASH = "rollouts-pod-template-hash"
_RELEASE_LABEL = "bggen.dev/release"
_LET_ALONE = {"ServerSideApply=false", "Replace=false"}
_NEVER = {"ServerSideApply=true", "Replace=true", "Force=true"}
_LONGEST = 3600
_POD = ("template", "spec")
# Of `metrics[].provider.job.spec`.
_JOB_FACTS: tuple[tuple[tuple[str, ...], object], ...] = (
    ((*_POD, "restartPolicy"), "Never"),
    ((*_POD, "automountServiceAccountToken"), False),
    ((*_POD, "enableServiceLinks"), False),
    ((*_POD, "hostNetwork"), None),
    ((*_POD, "hostPID"), None),
    ((*_POD, "hostIPC"), None),
    ((*_POD, "volumes"), None),
    ((*_POD, "securityContext", "runAsNonRoot"), True),
    ((*_POD, "securityContext", "seccompProfile", "type"), "RuntimeDefault"),
    (("ttlSecondsAfterFinished",), None),
)
_CONTAINER_FACTS: tuple[tuple[tuple[str, ...], object], ...] = (
    (("securityContext", "privileged"), None),
    (("securityContext", "runAsUser"), None),
    (("securityContext", "capabilities", "add"), None),
    (("securityContext", "allowPrivilegeEscalation"), False),
    (("securityContext", "capabilities", "drop"), ["ALL"]),
)
_CODE = re.compile(r"\{\{.*?\}\}")


def waiting(state: EnvState) -> Release | None:
    """Return the release that the Rollout has pods of beside those that serve: one that waits for its flip."""
    idle = state.idle_release
    newer = idle is not None and idle.number > state.served
    return idle if newer and not state.parked else None


def expected_of_rollout(state: EnvState, active: Release) -> list[Expected]:
    """Return every object that the state asks for."""
    newest = waiting(state) or active
    component, newer = _only(active), _only(newest)
    base = active.spec.base_name(component.name)
    found = [
        Expected("Rollout", base, "rollout", newest, newer, None, serves=True),
        Expected("Service", base, "active service", active, component, None, serves=True),
        Expected("Service", f"{base}-preview", "preview service", newest, newer, None),
        Expected("ServiceAccount", base, "account", active, component, None),
        Expected("PodDisruptionBudget", base, "budget", active, component, None),
    ]
    if component.autoscale is not None:
        found.append(Expected("HorizontalPodAutoscaler", base, "autoscaler", active, component, None))
    if active.spec.network is not None:
        found.append(Expected("NetworkPolicy", base, "policy", active, component, None))
    # What serves comes last and wins: equal files are one ConfigMap.
    for release in (state.saved if state.previous else None, state.idle_release, active):
        if release is not None and _only(release).files:
            name = config_name(release.spec, _only(release), None)
            found.append(Expected("ConfigMap", name, "config", release, _only(release), None, serves=release is active))
    for release in (active, newest):
        found += [
            Expected("AnalysisTemplate", f"{state.app}-{word}", "analysis", release, None, None)
            for word in _analyses(release)
        ]
    return found + _routes(state, active, newest)


def _routes(state: EnvState, active: Release, newest: Release) -> list[Expected]:
    route, shown = active.spec.route, newest.spec.route
    found = []
    if route is not None and route.hosts:
        found.append(_route(state, active, "", "ingress"))
        if route.namespace is not None:
            found.append(Expected("ReferenceGrant", state.app, "grant", active, None, None, serves=True))
    preview = shown.preview.host if shown and shown.preview else None
    if preview is not None and not (route and preview in route.hosts):
        found.append(_route(state, newest, "-preview", "preview ingress"))
    return found


def _route(state: EnvState, release: Release, suffix: str, role: Role) -> Expected:
    route, serves = release.spec.route, suffix == ""
    if route is None or not route.parent_refs:
        return Expected("Ingress", f"{state.app}{suffix}", role, release, None, None, serves=serves)
    base = state.app if route.namespace is None else f"{state.app}-{release.spec.namespace}"
    name = f"{base}{suffix}"
    return Expected("HTTPRoute", name, "rollout route", release, None, None, serves=serves, namespace=route.namespace)


def _analyses(release: Release) -> list[str]:
    settings = release.spec.rollout
    wanted = {
        "smoke": release.spec.smoke is not None,
        "pre": settings is not None and settings.pre_promotion_analysis is not None,
        "post": settings is not None and settings.post_promotion_analysis is not None,
    }
    return [word for word, there in wanted.items() if there]


def _only(release: Release) -> Component:
    return next(iter(release.spec.components.values()))


def rollouts(view: View) -> Iterator[Problem]:
    """The Rollout has one release's pods, promotes as Git says, and nothing takes its Services from the controller."""
    active = view.state.active_release
    for item, expected in view.of("rollout"):
        if active is not None and expected.component is not None:
            yield from _rollout(item, expected, expected.component, active, view)
    for item, expected in view.of("analysis"):
        yield from _template(item, expected)
    if view.of("rollout"):
        yield from _around(view)


def _around(view: View) -> Iterator[Problem]:
    for item, expected in view.of("active service", "preview service"):
        yield from _service(item, expected)
    for item, expected in view.of("ingress", "preview ingress"):
        yield from _backends(item, expected, view)
    for item, expected in view.of("rollout route"):
        yield from _parents(item, expected, view)
    for item, expected in view.of("budget", "policy"):
        where = ("selector", "matchLabels") if expected.role == "budget" else ("podSelector", "matchLabels")
        yield from _equal(item, ("spec", *where), _selector(expected))
    for item, _ in view.of("policy"):
        yield from _lets_in(item, view)
    for item in view.items:
        if COLOR_LABEL in str(item.data):
            yield item.problem("", f"must not hold {COLOR_LABEL}: pods of a Rollout have no colour")


def _selector(expected: Expected) -> dict[str, str]:
    component = expected.component.name if expected.component else ""
    return {NAME_LABEL: expected.release.spec.name, COMPONENT_LABEL: component}


def _rollout(item: Item, expected: Expected, component: Component, active: Release, view: View) -> Iterator[Problem]:
    state = view.state
    waits = waiting(state)
    base = expected.name
    strategy = ("spec", "strategy", "blueGreen")
    facts: list[tuple[tuple[str, ...], object]] = [
        (("spec", "selector", "matchLabels"), _selector(expected)),
        (("spec", "replicas"), _only(active).replicas),
        (("spec", "paused"), None),
        (("spec", "workloadRef"), None),
        (("spec", "restartAt"), None),
        (("spec", "strategy", "canary"), None),
        ((*strategy, "activeService"), base),
        ((*strategy, "previewService"), f"{base}-preview"),
        ((*strategy, "autoPromotionEnabled"), waits is None),
    ]
    for where, value in facts:
        yield from _equal(item, where, value)
    labels = item.at("spec", "template", "metadata", "labels")
    labels = labels if isinstance(labels, dict) else {}
    for key, value in {**_selector(expected), _RELEASE_LABEL: str(expected.release.number)}.items():
        if labels.get(key) != value:
            yield item.problem("spec.template.metadata.labels", f"{key} must be {value}, is {labels.get(key)}")
    if _HASH in labels:
        yield item.problem("spec.template.metadata.labels", f"must not hold {_HASH}: it is the controller's")
    yield from _promotion(item, expected, state, view)
    yield from _limits(item, component)


def _promotion(item: Item, expected: Expected, state: EnvState, view: View) -> Iterator[Problem]:
    """What stands between the new pods and the traffic is what the release says, and nothing on the way back."""
    strategy = ("spec", "strategy", "blueGreen")
    settings = expected.release.spec.rollout
    waits = waiting(state) is not None
    back = not waits and state.previous is None
    timed = settings.auto_promotion_seconds if settings and not waits and not back else None
    yield from _equal(item, (*strategy, "autoPromotionSeconds"), timed)
    asked = set(_analyses(expected.release))
    smoke = {"smoke"} if "smoke" in asked and (waits or state.gate) else set()
    wanted = {
        "prePromotionAnalysis": smoke | (set() if back else asked & {"pre"}),
        "postPromotionAnalysis": set() if back else asked & {"post"},
    }
    there = {each.manifest.name for each, _ in view.of("analysis")}
    for when, words in wanted.items():
        templates = item.at(*strategy, when, "templates")
        found = {str(dig(each, "templateName")) for each in (templates if isinstance(templates, list) else [])}
        where = ".".join((*strategy, when))
        if found != {f"{state.app}-{word}" for word in words}:
            yield item.problem(where, f"must be {_and(f'{state.app}-{word}' for word in words)}, is {_and(found)}")
        for name in sorted(found - there):
            yield item.problem(where, f"there is no AnalysisTemplate {name}: the controller would do nothing at all")


def _limits(item: Item, component: Component) -> Iterator[Problem]:
    kept, scaled = (
        item.at("spec", "revisionHistoryLimit"),
        item.at("spec", "strategy", "blueGreen", "scaleDownDelayRevisionLimit"),
    )
    if not (isinstance(kept, int) and isinstance(scaled, int) and scaled <= kept):
        yield item.problem("spec.revisionHistoryLimit", f"must be at least scaleDownDelayRevisionLimit, {scaled}")
    least = item.at("spec", "minReadySeconds")
    deadline = item.at("spec", "progressDeadlineSeconds")
    most = _LONGEST + (component.health.start_seconds or 0)
    if not (isinstance(deadline, int) and (least or 0) < deadline <= most):
        yield item.problem("spec.progressDeadlineSeconds", f"must be more than minReadySeconds and at most {most}")


def _service(item: Item, expected: Expected) -> Iterator[Problem]:
    yield from _equal(item, ("spec", "selector"), _selector(expected))
    options = set(str(item.at("metadata", "annotations", _SYNC_OPTIONS) or "").split(","))
    for option in sorted(_LET_ALONE - options):
        message = f"must hold {option}: the selector's {_HASH} is the controller's"
        yield item.problem(_SYNC_OPTIONS, message)
    for option in sorted(_NEVER & options):
        yield item.problem(_SYNC_OPTIONS, f"must not hold {option}: it takes {_HASH} away, and so promotes")
    compared = str(item.at("metadata", "annotations", _COMPARE_OPTIONS) or "").split(",")
    if "ServerSideDiff=false" not in compared:
        yield item.problem(_COMPARE_OPTIONS, f"must hold ServerSideDiff=false: it would take {_HASH} for drift")


def _backends(item: Item, expected: Expected, view: View) -> Iterator[Problem]:
    role = "active service" if expected.role == "ingress" else "preview service"
    names = [each.manifest.name for each, wanted in view.of("active service", "preview service") if wanted.role == role]
    rules = item.at("spec", "rules")
    if not rules:
        yield item.problem("spec.rules", "must not be empty")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        for number, path in enumerate(dig(rule, "http", "paths") or []):
            name = dig(path, "backend", "service", "name")
            if name not in names:
                where = f"spec.rules.{index}.http.paths.{number}.backend.service.name"
                yield item.problem(where, f"{name} is not the {role} of this app")


def _parents(item: Item, expected: Expected, view: View) -> Iterator[Problem]:
    route = expected.release.spec.route
    role: Role = "active service" if expected.serves else "preview service"
    names = [each.manifest.name for each, _ in view.of(role)]
    if route is None:
        return
    preview = route.preview.host if route.preview else None
    yield from _equal(item, ("spec", "hostnames"), list(route.hosts) if expected.serves else [preview])
    parents = item.at("spec", "parentRefs")
    if [dig(each, "name") for each in parents or []] != [each.name for each in route.parent_refs]:
        yield item.problem("spec.parentRefs", "must be those of the spec")
    rules = item.at("spec", "rules") or []
    paths = {dig(match, "path", "value") for rule in rules for match in dig(rule, "matches") or []}
    if paths != set(route.paths):
        yield item.problem("spec.rules", f"must be of the paths {_and(set(route.paths))}")
    for index, rule in enumerate(rules):
        found = [dig(each, "name") for each in dig(rule, "backendRefs") or []]
        if found != names:
            yield item.problem(f"spec.rules.{index}.backendRefs", f"must be the {role} alone, is {found}")


def _lets_in(item: Item, view: View) -> Iterator[Problem]:
    peers = [peer for rule in item.at("spec", "ingress") or [] for peer in dig(rule, "from") or [None]]
    if {"podSelector": {"matchLabels": {NAME_LABEL: view.state.app}}} not in peers:
        yield item.problem("spec.ingress", "must let in the app's own pods, and the Jobs that test it")
    if None in peers or any(not dig(peer, key) for peer in peers for key in dig(peer) or {}):
        yield item.problem("spec.ingress", "must name who may call: as it is, everybody may")


def _template(item: Item, expected: Expected) -> Iterator[Problem]:
    metrics = item.at("spec", "metrics")
    if not isinstance(metrics, list) or not metrics:
        yield item.problem("spec.metrics", "must not be empty")
        return
    declared = {str(dig(arg, "name")) for arg in item.at("spec", "args") or []}
    for index, metric in enumerate(metrics):
        where = f"spec.metrics.{index}"
        count, limit = dig(metric, "count"), dig(metric, "failureLimit")
        if type(count) is not int or type(limit) is not int or not 0 <= limit < count:
            yield item.problem(where, f"failureLimit must be below count: {limit} of {count}")
        for code in _CODE.findall(str(metric)):
            if code.strip("{} ").removeprefix("args.") not in declared:
                yield item.problem(where, f"{code} names no argument: the analysis would fail")
        job = dig(metric, "provider", "job", "spec")
        if job is not None:
            yield from _job(item, f"{where}.provider.job.spec", job, expected)


def _job(item: Item, where: str, job: Any, expected: Expected) -> Iterator[Problem]:
    labels = dig(job, "template", "metadata", "labels") or {}
    if COMPONENT_LABEL in labels or labels.get(JOB_LABEL) != "smoke":
        message = f"must hold {JOB_LABEL}: smoke and no {COMPONENT_LABEL}: Services would send users there"
        yield item.problem(f"{where}.template.metadata.labels", message)
    deadline = dig(job, "activeDeadlineSeconds")
    if type(deadline) is not int or not 0 < deadline <= _LONGEST:
        yield item.problem(f"{where}.activeDeadlineSeconds", f"must be at most {_LONGEST}, is {deadline}")
    for path, value in _JOB_FACTS:
        yield from _fact(item, where, job, path, value)
    for container in dig(job, "template", "spec", "containers") or []:
        for path, value in _CONTAINER_FACTS:
            yield from _fact(item, f"{where}.template.spec.containers", container, path, value)
        variables = {dig(each, "name"): dig(each, "value") for each in dig(container, "env") or []}
        if variables.get("BGGEN_RELEASE") != str(expected.release.number):
            yield item.problem(where, f"BGGEN_RELEASE must be {expected.release.number}")


def _equal(item: Item, where: tuple[str, ...], value: object) -> Iterator[Problem]:
    yield from _fact(item, "", item.data, where, value)


def _fact(item: Item, where: str, data: Any, path: tuple[str, ...], value: object) -> Iterator[Problem]:
    found = dig(data, *path)
    if type(found) is not type(value) or found != value:
        must = "be left out" if value is None else f"be {value}"
        yield item.problem(".".join((where, *path)).lstrip("."), f"must {must}, is {found}")


def _and(names: Sequence[str] | Iterator[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "left out"
