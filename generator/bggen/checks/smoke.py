"""Smoke tests: a Job takes no traffic, asks the colour that it is there for, ends in time, and may do little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.view import COLOR_LABEL, dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.checks.view import Expected, Item, View
    from bggen.model import Problem

_POD = "spec.template.spec"
_JOB_LABEL = "bggen.dev/job"
# Retries of a command.
_MOST_RETRIES = 6
# The switch waits for the gate; the other waits for its colour to start, and tests it with retries.
_LONGEST: Mapping[str, int] = {"gate": 3600, "idle test": 3 * 3600}
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_FACTS: tuple[tuple[tuple[str, ...], object], ...] = (
    (("restartPolicy",), "Never"),
    (("automountServiceAccountToken",), False),
    (("enableServiceLinks",), False),
    (("hostNetwork",), None),
    (("hostPID",), None),
    (("hostIPC",), None),
    (("volumes",), None),
    (("securityContext", "runAsNonRoot"), True),
    (("securityContext", "seccompProfile", "type"), "RuntimeDefault"),
)
_CONTAINER_FACTS: tuple[tuple[tuple[str, ...], object], ...] = (
    (("securityContext", "privileged"), None),
    (("securityContext", "runAsUser"), None),
    (("securityContext", "runAsNonRoot"), None),
    (("securityContext", "capabilities", "add"), None),
    (("securityContext", "allowPrivilegeEscalation"), False),
    (("securityContext", "capabilities", "drop"), ["ALL"]),
)


def smoke(view: View) -> Iterator[Problem]:
    """Every Job of a smoke test is outside of all traffic and bounded in time."""
    for item, expected in view.of("gate", "idle test"):
        yield from beside_traffic(item, f"smoke-{expected.selects}", view)
        yield from bounded(item, longest=_LONGEST[expected.role], retries=_MOST_RETRIES)
        yield from _pod(item)
        yield from _aim(item, expected, view)


def beside_traffic(item: Item, job: str, view: View) -> Iterator[Problem]:
    """Hold that nothing finds the pods of a Job but by the one label that says what they do.

    Args:
        item: the Job.
        job: the value of that label.
        view: all objects.
    """
    labels = item.at("spec", "template", "metadata", "labels")
    where = "spec.template.metadata.labels"
    own = labels if isinstance(labels, dict) else {}
    if COLOR_LABEL in own or COLOR_LABEL in (item.at("metadata", "labels") or {}):
        yield item.problem(where, f"must not hold {COLOR_LABEL}: what selects a colour would find the pod")
    if own.get(_JOB_LABEL) != job:
        yield item.problem(f"{where}.{_JOB_LABEL}", f"must be {job}, is {own.get(_JOB_LABEL)}")
    for other in view.items:
        kind = other.at("kind")
        selector = other.at("spec", "selector") if kind == "Service" else other.at("spec", "selector", "matchLabels")
        if isinstance(selector, dict) and selector and selector.items() <= own.items():
            yield item.problem(where, f"{kind} {other.manifest.name} selects them")


def bounded(item: Item, *, longest: int, retries: int) -> Iterator[Problem]:
    """Hold that a Job ends, and does not begin anew by itself.

    Args:
        item: the Job.
        longest: the most seconds that it may have.
        retries: how often it may try again, at most.
    """
    annotations = item.at("metadata", "annotations") or {}
    for key in _HOOKS:
        if key in annotations:
            yield item.problem(f"metadata.annotations.{key}", "must be left out: a commit that skips it loses the Job")
    for key, most in (("backoffLimit", retries), ("activeDeadlineSeconds", longest)):
        found = item.at("spec", key)
        if type(found) is not int or not 0 <= found <= most:
            yield item.problem(f"spec.{key}", f"must be at most {most}, is {found}")
    if item.at("spec", "ttlSecondsAfterFinished") is not None:
        yield item.problem("spec.ttlSecondsAfterFinished", "must be left out: it would run again and again")


def _pod(item: Item) -> Iterator[Problem]:
    pod = item.at("spec", "template", "spec")
    yield from _facts(item, _POD, pod, _FACTS)
    if dig(pod, "securityContext", "runAsUser") == 0:
        yield item.problem(f"{_POD}.securityContext.runAsUser", "must not be 0")
    containers = dig(pod, "containers")
    if not isinstance(containers, list) or not containers:
        yield item.problem(f"{_POD}.containers", "must not be empty")
        return
    for index, container in enumerate(containers):
        yield from _facts(item, f"{_POD}.containers.{index}", container, _CONTAINER_FACTS)


def _aim(item: Item, expected: Expected, view: View) -> Iterator[Problem]:
    variables = {dig(each, "name"): dig(each, "value") for each in item.at(*_CONTAINER, "env") or []}
    where = f"{_POD}.containers.0.env"
    for name, wanted in (("BGGEN_COLOR", str(expected.selects)), ("BGGEN_RELEASE", str(expected.release.number))):
        if variables.get(name) != wanted:
            yield item.problem(where, f"{name} must be {wanted}, is {variables.get(name)}")
    url = variables.get("BGGEN_URL")
    if url is None:
        return
    hosts = {
        service.manifest.name for service, wanted in view.of("color service") if wanted.selects is expected.selects
    }
    host = str(url).removeprefix("http://").partition(":")[0]
    if host not in hosts:
        yield item.problem(where, f"BGGEN_URL asks {host}, which is no Service of {expected.selects}")


_CONTAINER = ("spec", "template", "spec", "containers", 0)


def _facts(item: Item, where: str, data: Any, wanted: tuple[tuple[tuple[str, ...], object], ...]) -> Iterator[Problem]:
    for path, value in wanted:
        found = dig(data, *path)
        if type(found) is not type(value) or found != value:
            must = "be left out" if value is None else f"be {value}"
            yield item.problem(f"{where}.{'.'.join(path)}", f"must {must}, is {found}")
