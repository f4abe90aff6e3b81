"""`route.switch: rollouts`: which apps one Rollout can run, and what its strategy cannot mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bggen.spec.layers import as_text, mapping, only_one
from bggen.spec.limits import check_annotations
from bggen.spec.references import REFERENCE
from bggen.spec.sections import unpinned
from bggen.spec.semantics import check_env, check_image, check_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

_DEFAULTS: Final[Mapping[str, Any]] = {
    "promotion": "manual",
    "scaleDownDelayRevisionLimit": 1,
    "revisionHistoryLimit": 3,
}
_METRIC: Final[Mapping[str, Any]] = {"count": 1, "failureLimit": 0}
_TIMEOUT = 60
_ARGUMENT = re.compile(r"\{\{\s*(?:args\.)?([^{}]*?)\s*\}\}")
_PARTS = re.compile(r"([0-9]+)(h|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1}
# The controller's own, which a spec may not set.
_HASH = "rollouts-pod-template-hash"
_COLOR_FIELD = "bggen.dev/color"
# The metric that the spec's smoke test becomes.
SMOKE_METRIC: Final = "smoke"


def check_app(route: Layers, app: Layers, parts: Mapping[str, Layers], merged: Mapping[str, Mapping[str, Any]]) -> None:
    """Report what one Rollout cannot run.

    Args:
        route: where the route's fields came from.
        app: where what stands at the top came from.
        parts: where each component's fields came from.
        merged: the merged fields of each component.
    """
    if len(merged) > 1:
        names = ", ".join(sorted(merged))
        message = f"is for an app of one component; {names} could not be promoted together, each would be by itself"
        route.report(("switch",), f"{message}: use `service`, `ingress` or `gateway`")
        return
    for name, layers in parts.items():
        _check_component(route, layers, name, merged[name])
    patches: Any = app.merged().get("patches")
    for index, patch in enumerate(patches if isinstance(patches, list) else ()):
        if "color" in mapping(mapping(patch).get("target")):
            message = "is nothing that an object of `route.switch: rollouts` has: leave it out"
            app.report(("patches", index, "target", "color"), message)


def _check_component(route: Layers, layers: Layers, name: str, fields: Mapping[str, Any]) -> None:
    kind = fields.get("kind", "service")
    if kind != "service":
        message = f"is for a service; {name} is a {kind}, which takes no traffic that could be switched"
        route.report(("switch",), f"{message}: leave `switch` out")
    elif "port" not in fields and not layers.refused(("port",)):
        layers.report(("port",), "is missing: the active Service of a Rollout leads there")
    if "colorAntiAffinity" in fields:
        layers.report(("colorAntiAffinity",), "needs colours, which a Rollout has not: use `rollout.antiAffinity`")
    words: list[tuple[Path, Any]] = [
        ((key, index), item) for key in ("command", "args") for index, item in enumerate(_items(fields.get(key)))
    ]
    env: list[tuple[Path, Any]] = [(("env", key), item) for key, item in mapping(fields.get("env")).items()]
    for where, value in words + env:
        if any(found[1] for found in REFERENCE.finditer(value if isinstance(value, str) else "")):
            message = "refers to a Service of its own colour, which a Rollout has not: write `$${` for a literal `${`"
            layers.report(where, message)
        if _COLOR_FIELD in str(mapping(value).get("field", "")):
            layers.report((*where, "field"), "reads the colour, which pods of a Rollout have not")
    for part in ("labels", "annotations"):
        _check_hash(layers, (part,), fields.get(part))


def check_rollout(
    layers: Layers, fields: dict[str, Any], component: Mapping[str, Any], ports: Mapping[str, bool]
) -> dict[str, Any]:
    """Return the section as canonical data, and report what is wrong with it.

    Args:
        layers: where its fields came from.
        fields: the merged fields.
        component: the merged fields of the only component.
        ports: whether each component of the app has a port.
    """
    data: dict[str, Any] = {**_DEFAULTS, **fields}
    if "autoPromotionEnabled" in data:
        message = "follows from the state, false while a release waits and true from its flip on: leave it out"
        layers.report(("autoPromotionEnabled",), message)
    _check_promotion(layers, data)
    _check_limits(layers, data, component)
    for key in ("activeMetadata", "previewMetadata"):
        if key in data:
            for part in ("labels", "annotations"):
                _check_hash(layers, (key, part), mapping(data[key]).get(part))
            check_annotations(layers, (key, "annotations"), mapping(data[key]).get("annotations"))
            data[key] = {
                part: {name: as_text(item) for name, item in mapping(value).items()}
                for part, value in mapping(data[key]).items()
            }
    for key in ("prePromotionAnalysis", "postPromotionAnalysis"):
        if key in data:
            data[key] = _analysis(layers, key, mapping(data[key]), ports)
    return {key: value for key, value in data.items() if value is not False and value != {}}


def _check_promotion(layers: Layers, data: Mapping[str, Any]) -> None:
    if data["promotion"] == "manual":
        if "autoPromotionSeconds" in data:
            # Seen on Argo Rollouts 1.9: still paused after 19 minutes, and its own linter says nothing.
            message = (
                "is dead under `promotion: manual`: a release waits for its flip; say `promotion: timed`, or leave"
            )
            layers.report(("autoPromotionSeconds",), f"{message} it out")
        return
    if "autoPromotionSeconds" not in data:
        layers.report(("autoPromotionSeconds",), "is missing: `promotion: timed` needs it")
    if "prePromotionAnalysis" in data:
        # https://argo-rollouts.readthedocs.io/en/stable/features/analysis/#bluegreen-pre-promotion-analysis
        message = "stands beside `promotion: timed`: when its seconds are over, an analysis that still runs counts as"
        layers.report(("prePromotionAnalysis",), f"{message} passed")


def check_timed(layers: Layers, data: Mapping[str, Any], *, smoke: bool) -> None:
    """Report a smoke test that a timer would overtake."""
    if data.get("promotion") == "timed" and smoke:
        message = "stands beside `smoke`: when its seconds are over, a test that still runs counts as passed"
        layers.report(("promotion",), f"timed {message}")


def _check_limits(layers: Layers, data: Mapping[str, Any], component: Mapping[str, Any]) -> None:
    kept, scaled = data["revisionHistoryLimit"], data["scaleDownDelayRevisionLimit"]
    if isinstance(kept, int) and isinstance(scaled, int) and scaled > kept:
        layers.report(
            ("scaleDownDelayRevisionLimit",), f"is more than `revisionHistoryLimit`, {kept}: the controller refuses it"
        )
    window = data.get("rollbackWindow")
    if isinstance(window, int) and isinstance(kept, int) and window > kept:
        layers.report(("rollbackWindow",), f"is more than `revisionHistoryLimit`, {kept}: nothing so old is kept")
    if data.get("scaleDownDelaySeconds") == 0 and "postPromotionAnalysis" in data:
        message = "is 0 beside `postPromotionAnalysis`: there would be no pods to switch back to"
        layers.report(("scaleDownDelaySeconds",), message)
    if "antiAffinityWeight" in data and data.get("antiAffinity") != "preferred":
        layers.report(("antiAffinityWeight",), "is only for `antiAffinity: preferred`")
    wanted = data.get("previewReplicaCount")
    scale = mapping(component.get("autoscale"))
    most = scale.get("max") if scale else component.get("replicas", 1)
    if isinstance(wanted, int) and isinstance(most, int) and wanted > most:
        what = "`autoscale.max`" if scale else "`replicas`"
        layers.report(("previewReplicaCount",), f"is more than {what}, {most}: the preview would be the larger one")


def _analysis(layers: Layers, key: str, fields: Mapping[str, Any], ports: Mapping[str, bool]) -> dict[str, Any]:
    metrics = mapping(fields.get("metrics"))
    args = mapping(fields.get("args"))
    if not metrics and not layers.refused((key, "metrics")):
        layers.report((key, "metrics"), "is missing: name what is measured")
    for name, value in args.items():
        if isinstance(value, dict):
            only_one(layers, (key, "args", name), value, ("podTemplateHash", "field"))
    made = {name: _metric(layers, (key, "metrics", name), mapping(each), ports) for name, each in metrics.items()}
    if SMOKE_METRIC in made:
        layers.report((key, "metrics", SMOKE_METRIC), "is the name of the app's `smoke`: choose another")
    for name, metric in made.items():
        for place, text in _texts((), metric):
            for found in _ARGUMENT.finditer(text):
                if not found[0].replace(" ", "").startswith("{{args.") or found[1] not in args:
                    known = f", there is {', '.join(sorted(args))}" if args else ": name it in `args`"
                    layers.report((key, "metrics", name, *place), f"{found[0]} is no argument{known}")
    texts = {name: value if isinstance(value, dict) else as_text(value) for name, value in args.items()}
    return {"metrics": made, **({"args": texts} if texts else {})}


def _metric(layers: Layers, where: Path, fields: Mapping[str, Any], ports: Mapping[str, bool]) -> dict[str, Any]:
    data = {**_METRIC, **fields}
    if not only_one(layers, where, fields, ("prometheus", "job")):
        return data
    _check_times(layers, where, data)
    if "prometheus" in fields:
        for key in ("address", "query", "successCondition"):
            if key not in mapping(fields["prometheus"]):
                layers.report((*where, "prometheus", key), "is missing")
        return data
    return {**data, "job": _job(layers, (*where, "job"), mapping(fields["job"]), ports)}


def _check_times(layers: Layers, where: Path, data: Mapping[str, Any]) -> None:
    count, limit = data["count"], data["failureLimit"]
    if isinstance(count, int) and isinstance(limit, int):
        # The controller asks for both: validation of metrics in utils/analysis/factory.go of argo-rollouts.
        if count > 1 and "interval" not in data:
            layers.report((*where, "interval"), f"is missing: `count` is {count}")
        if limit >= count:
            layers.report((*where, "failureLimit"), f"is not below `count`, {count}: the analysis could never fail")
        if count == 1 and "interval" in data:
            layers.report((*where, "interval"), "needs a `count`: it is measured once")
    for key in ("interval", "initialDelay"):
        if isinstance(data.get(key), str) and not _seconds(data[key]):
            layers.report((*where, key), "is no time at all")


def _job(layers: Layers, where: Path, job: Mapping[str, Any], ports: Mapping[str, bool]) -> dict[str, Any]:
    inner = layers.within(where)
    check_image(inner, job.get("image"))
    if isinstance(job.get("image"), str) and (wrong := unpinned(job["image"])):
        inner.report(("image",), wrong)
    if not job.get("command"):
        inner.report(("command",), "is missing" if job.get("command") is None else "must not be empty")
    if job.get("user") == 0:
        inner.report(("user",), "must not be 0 (root): the pod of an analysis is `restricted`")
    check_words(inner, ("command",), job.get("command"), ports)
    check_env(inner, job.get("env"), ports)
    env = {name: as_text(value) for name, value in mapping(job.get("env")).items()}
    words = [as_text(word) for word in _items(job.get("command"))]
    return {"timeout": _TIMEOUT, **job, "command": words, **({"env": env} if env else {})}


def _seconds(text: str) -> int:
    return sum(int(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))


def _texts(where: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """Yield every text within, with its place."""
    if isinstance(value, str):
        yield where, value
    inside = value.items() if isinstance(value, dict) else enumerate(_items(value))
    for key, item in inside:
        yield from _texts((*where, key), item)


def _check_hash(layers: Layers, where: Path, pairs: Any) -> None:
    if _HASH in mapping(pairs):
        layers.report((*where, _HASH), "belongs to the Argo Rollouts controller and cannot be set here")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
