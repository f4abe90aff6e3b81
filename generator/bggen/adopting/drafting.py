"""The app's layout → app.yaml as data, for the spec of one colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bggen.adopting.pods import component, main_container
from bggen.adopting.ports import Ports, ports
from bggen.adopting.routing import Routing, asked_ports, routing
from bggen.model import API_VERSION
from bggen.spec.resolving import SHORTHAND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.adopting.parts import Found, Layout
    from bggen.model import Color


@dataclass(frozen=True, slots=True)
class Draft:
    """What one colour's objects come to.

    Attributes:
        color: the colour.
        components: the fields of each.
        ports: the ports of each; None of a cron.
        routing: where the traffic comes from.
    """

    color: Color
    components: Mapping[str, Mapping[str, Any]]
    ports: Mapping[str, Ports | None]
    routing: Routing


def draft(found: Sequence[Found], drawn: Layout, color: Color) -> Draft:
    """Return what the workloads of a colour say, without patches and with nothing of bggen.yaml."""
    groups = {group.name: group for group in drawn.groups if color in group.workloads}
    made: dict[str, Ports | None] = {}
    for name, group in groups.items():
        workload = group.workloads[color]
        asked = asked_ports(found, group.main.name if group.main else None)
        cron = workload.kind == "CronJob"
        made[name] = None if cron else ports(main_container(workload, group), group.main, asked)
    listening = {name: bool(each and "port" in each.fields) for name, each in made.items()}
    components = {
        name: component(group.workloads[color], group, made[name], found, listening) for name, group in groups.items()
    }
    return Draft(color, components, made, routing(found, drawn))


def app_data(
    made: Draft, app: str, environments: Sequence[str] | None, defaults: Mapping[str, Any], patches: Sequence[Any]
) -> dict[str, Any]:
    """Return app.yaml as data.

    Args:
        made: the draft.
        app: the app's name.
        environments: those that it is in; None for all.
        defaults: what bggen.yaml gives every component, which one that says nothing has to refuse.
        patches: what keeps the fields that a spec has not.
    """
    data: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "App", "name": app}
    if environments is not None:
        data["environments"] = list(environments)
    filled = {name: _refusing(fields, defaults) for name, fields in made.components.items()}
    only = filled.get(app) if len(filled) == 1 else None
    if only is not None and only.keys() <= set(SHORTHAND):
        data |= only
    else:
        data["components"] = filled
    route = dict(made.routing.route)
    if route:
        led = {path: name for path, name in route["paths"].items() if "port" in made.components.get(name, {})}
        ported = [name for name, fields in made.components.items() if "port" in fields]
        if led == {"/": ported[0] if len(ported) == 1 else None}:
            del route["paths"]
        else:
            route["paths"] = led
        if led:
            data["route"] = route
    if patches:
        data["patches"] = list(patches)
    return data


def _refusing(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's fields with null for every default that would change what runs."""
    found = dict(fields)
    for key, value in defaults.items():
        own = found.get(key)
        if own is None and not (key == "replicas" and "autoscale" in found) and key not in _FITTED:
            found[key] = None
        elif isinstance(own, dict) and isinstance(value, dict):
            found[key] = {**own, **dict.fromkeys(sorted(value.keys() - own.keys()))}
    if "autoscale" in found and found.get("replicas", 0) is None:
        del found["replicas"]
    return found


# Defaults of these say nothing of a component that has no room for them.
_FITTED = frozenset(("schedule", "kind"))
