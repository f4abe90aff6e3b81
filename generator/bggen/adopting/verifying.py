"""What a colour's objects are now, held against what bggen renders for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting import objectchanges
from bggen.adopting.keeping import Compared
from bggen.adopting.looking import dig, selects, texts
from bggen.adopting.podchanges import Pods
from bggen.adopting.pods import autoscaler, main_container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.adopting.changes import Change
    from bggen.adopting.drafting import Draft
    from bggen.adopting.fates import Rendered
    from bggen.adopting.parts import Found, Group, Layout


def differences(
    found: Sequence[Found], drawn: Layout, made: Draft, rendered: Sequence[Rendered], *, workloads_only: bool
) -> Iterator[Compared]:
    """Yield every object of a colour that has one now, with what differs.

    Args:
        found: all objects.
        drawn: the app.
        made: what the colour's come to.
        rendered: kind, name and data of what is rendered for it.
        workloads_only: whether Services and Ingresses, which belong to no colour, are left out.
    """
    there: dict[tuple[str, str], Mapping[str, Any]] = {(kind, name): data for kind, name, data in rendered}
    configs = {name: texts(data, "data") for kind, name, data in rendered if kind == "ConfigMap"}
    for group in drawn.groups:
        old = group.workloads.get(made.color)
        if old is None or group.name not in made.components:
            continue
        base = _base(drawn.app, group.name)
        own = f"{base}-{made.color}"
        new = there[old.kind, own]
        pods = Pods(old, new, group, ports=made.ports[group.name], every=found, rendered=configs)
        beside = objectchanges.deployment if old.kind == "Deployment" else objectchanges.cron
        yield _row(old, own, group, [*beside(old, new), *pods.changes()], new)
        scaler = autoscaler(old, found)
        if scaler is not None and ("HorizontalPodAutoscaler", own) in there:
            data = there["HorizontalPodAutoscaler", own]
            yield _row(scaler, own, group, list(objectchanges.autoscaler(scaler, data)), data)
        for each in found:
            if each.kind == "PodDisruptionBudget" and selects(each.selector, old.pod_labels):
                data = there["PodDisruptionBudget", own]
                yield _row(each, own, group, list(objectchanges.budget(each, data)), data)
                break
        if not workloads_only:
            yield from _service(group, made, there, base)
    if not workloads_only:
        yield from _ingress(drawn, made, there)


def _row(old: Found, new: str, group: Group, changes: Sequence[Change], data: Mapping[str, Any]) -> Compared:
    target = {"kind": old.kind, "component": group.name}
    return Compared(old.title, f"{old.kind} {new}", target, tuple(changes), data)


def _service(
    group: Group, made: Draft, there: Mapping[tuple[str, str], Mapping[str, Any]], base: str
) -> Iterator[Compared]:
    new, ports = there.get(("Service", base)), made.ports[group.name]
    if group.main is None or new is None or ports is None:
        return
    container = main_container(group.workloads[made.color], group)
    changes = objectchanges.service(group.main, new, container, ports)
    target = {"kind": "Service", "component": group.name, "name": base}
    yield Compared(group.main.title, f"Service {base}", target, tuple(changes), new)


def _ingress(drawn: Layout, made: Draft, there: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[Compared]:
    old, new = made.routing.main, there.get(("Ingress", drawn.app))
    if old is None or new is None:
        return
    suffix = f"-{made.color}" if made.routing.route.get("switch") == "ingress" else ""
    names = {name: _base(drawn.app, name) + suffix for name in made.components}
    changes = list(objectchanges.ingress(old, new, drawn, names))
    # With `switch: ingress` a backend is named for the colour, and no patch may know which one is active.
    if suffix:
        changes = [_without_backends(change) for change in changes]
    target = {"kind": "Ingress", "name": drawn.app}
    yield Compared(old.title, f"Ingress {drawn.app}", target, tuple(changes), new)


def _without_backends(change: Change) -> Change:
    from dataclasses import replace  # noqa: PLC0415 - rare

    named = any(dig(each, "value", "backend") or dig(each, "value", "http") for each in change.operations)
    why = "with `switch: ingress` a backend is named for its colour, which no patch can follow"
    return replace(change, operations=(), why=why) if named else change


def _base(app: str, component: str) -> str:
    return app if component == app else f"{app}-{component}"
