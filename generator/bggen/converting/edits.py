"""What changes in the copied files of an app that moves, and what cannot come along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bggen.spec.layers import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.model import AppSpec
    from bggen.yamlio import Path

_KINDS: Final = {"rollouts": ("Deployment", "Rollout"), "deployments": ("Rollout", "Deployment")}
_LOST: Final[Mapping[str, str]] = {
    "promotion": "a flip moves traffic as soon as the pods are ready and tested",
    "previewReplicaCount": "an idle colour has all its replicas; bggen scale and bggen park change that",
    "scaleDownDelaySeconds": "the old colour runs until bggen park or the next bump",
    "abortScaleDownDelaySeconds": "nothing aborts: a colour that is not ready takes no traffic",
    "rollbackWindow": "bggen rollback always goes at once",
    "maxUnavailable": "a restart is a rolling update",
    "progressDeadlineAbort": "a colour that is not ready in time takes no traffic, and runs on",
    "activeMetadata": "pods have the same labels in both roles",
    "previewMetadata": "pods have the same labels in both roles",
    "prePromotionAnalysis": "one smoke test stands before the switch; metrics have to be asked by CI",
    "postPromotionAnalysis": "nothing switches back by itself; watch, and bggen rollback",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that is other in the copy.

    Attributes:
        file: below the app's folder.
        path: of the value in it.
        value: what it becomes; None takes it out.
        why: in a few words.
    """

    file: str
    path: Path
    value: Any
    why: str


def edits_of(
    document: Mapping[str, Any], over: Mapping[str, Any] | None, spec: AppSpec, *, to: str, name: str, env: str
) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """Return the edits, and what is lost.

    Args:
        document: app.yaml.
        over: the overlay, if there is one.
        spec: of the active release.
        to: `rollouts` or `deployments`.
        name: the new app's.
        env: the environment.
    """
    wanted = list(_wanted(document, over or {}, spec, to=to, name=name, env=env))
    edits = [Edit("app.yaml", path, value, why) for path, value, why in wanted]
    # What the overlay says would win.
    edits += [
        Edit(f"{env}/overlay.yaml", path, value, why)
        for path, value, why in wanted
        if over is not None and _has(over, path)
    ]
    return tuple(edits), tuple(_lost(document, over or {}, to))


def _wanted(
    document: Mapping[str, Any], over: Mapping[str, Any], spec: AppSpec, *, to: str, name: str, env: str
) -> Iterator[tuple[Path, Any, str]]:
    yield ("name",), name, "both apps are there for a while, and no two objects may have one name"
    if document.get("environments") != [env]:
        yield ("environments",), [env], "one environment at a time"
    yield from _route(document, over, spec, to, name)
    own: Path = () if "components" not in document else ("components", next(iter(mapping(document["components"])), ""))
    said = [mapping(_at(file, own)) for file in (document, over)]
    if any("nodePort" in mapping(each.get("service")) for each in said):
        yield (*own, "service", "nodePort"), None, "a cluster gives a node port to one Service"
    if not own:
        # A component without a name of its own has the app's.
        if mapping(document.get("smoke")).get("component"):
            yield ("smoke", "component"), name, "the component has the app's name"
        paths = mapping(mapping(document.get("route")).get("paths"))
        if paths and spec.route is not None:
            yield ("route", "paths"), dict.fromkeys(paths, name), "the component has the app's name"
    old, new = "colorAntiAffinity", "antiAffinity"
    rollout = mapping(document.get("rollout")) | mapping(over.get("rollout"))
    kept = next((each[old] for each in reversed(said) if each.get(old)), None)
    if to == "rollouts" and kept:
        yield (*own, old), None, "a Rollout has no colours"
        yield ("rollout", new), kept, "it keeps new pods off the nodes of the old ones, too"
    if to == "deployments":
        if rollout.get(new):
            yield (*own, old), rollout[new], "it keeps the colours off each other's nodes, too"
        if "rollout" in document or "rollout" in over:
            yield ("rollout",), None, "there is no Rollout"
    yield from _patches(document, to)


def _route(
    document: Mapping[str, Any], over: Mapping[str, Any], spec: AppSpec, to: str, name: str
) -> Iterator[tuple[Path, Any, str]]:
    hosts = spec.route.hosts if spec.route else ()
    if not hosts and to == "deployments":
        if "route" in document:
            yield ("route",), None, "without a host, the active Service alone switches"
        return
    yield ("route", "switch"), "rollouts" if to == "rollouts" else "service", "that is the move"
    if not hosts:
        return
    domain = hosts[0].removeprefix("*.").partition(".")[2] or hosts[0]
    routes = mapping(document.get("route")) | mapping(over.get("route"))
    for key in ("host", "hosts"):
        if key in routes:
            value: Any = f"{name}.{domain}"
            yield ("route", key), [value] if key == "hosts" else value, "a host of its own, until users move"
    if spec.route is not None and spec.route.preview is not None:
        preview = spec.route.preview
        if preview.header is not None:
            yield ("route", "preview", "header"), None, "a header names a colour, and previews by header differ"
        host = f"preview-{name}.{domain}"
        yield ("route", "preview", "host"), host, "no two apps may have one host"


def _patches(document: Mapping[str, Any], to: str) -> Iterator[tuple[Path, Any, str]]:
    before, after = _KINDS[to]
    patches = document.get("patches")
    kept = []
    for patch in patches if isinstance(patches, list) else []:
        target = dict(mapping(mapping(patch).get("target")))
        if to == "rollouts":
            target.pop("color", None)
        if target.get("kind") == before:
            target["kind"] = after
        kept.append({**mapping(patch), "target": target})
    if kept and kept != patches:
        yield ("patches",), kept, f"what runs pods is a {after}; see that each patch still says what is meant"


def _lost(document: Mapping[str, Any], over: Mapping[str, Any], to: str) -> Iterator[str]:
    route = mapping(document.get("route")) | mapping(over.get("route"))
    if "header" in mapping(route.get("preview")):
        yield "route.preview.header: the new app shows its preview on a host of its own"
    if to == "rollouts":
        yield "an old colour that runs for days as the way back: its pods end after rollout.scaleDownDelaySeconds (30)"
        yield "${component.url} to a colour's own Services: a Rollout has an active and a preview Service"
        if "smoke" in document or "smoke" in over:
            yield "BGGEN_COLOR in the smoke test's command, and bggen flip --no-smoke on a test that has failed already"
        return
    said = mapping(document.get("rollout")) | mapping(over.get("rollout"))
    for key, words in _LOST.items():
        if key in said:
            yield f"rollout.{key}: {words}"


def _has(data: Any, path: Path) -> bool:
    holder = _at(data, path[:-1])
    return isinstance(holder, dict) and path[-1] in holder


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data
