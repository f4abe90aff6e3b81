"""The parts of a route that most apps do without ↔ canonical data; imported late, as `bggen.model.parts` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bggen.model.parts import ParentRef, Preview, Timeouts
from bggen.spec.decoding import Fields, present, text

if TYPE_CHECKING:
    from bggen.model import Route

_NONE: frozenset[str] = frozenset()
_CONTROLLERS = ("generic", "nginx", "traefik", "haproxy", "alb", "gce")


def route_parts(route: Route) -> dict[str, Any]:
    """Return the rare fields of a route as data; None, or empty, where they say nothing."""
    timeouts = route.timeouts or Timeouts()
    return {
        "preview": route.preview and _preview_data(route.preview),
        "controller": None if route.controller == "generic" else route.controller,
        "parentRefs": [_parent_data(each) for each in route.parent_refs],
        "timeouts": present({"request": timeouts.request, "backendRequest": timeouts.backend_request}),
        "namespace": route.namespace,
    }


def route_parts_from_data(fields: Fields) -> dict[str, Any]:
    """Return the arguments of Route for its rare fields.

    Raises:
        ValueError: one is wrong.
    """
    return {
        "preview": _preview(fields.raw("preview")) if "preview" in fields else None,
        "controller": cast("Any", fields.one_of("controller", *_CONTROLLERS)) if "controller" in fields else "generic",
        "parent_refs": fields.items("parentRefs", _parent),
        "timeouts": _timeouts(fields) if "timeouts" in fields else None,
        "namespace": fields.optional_text("namespace"),
    }


def _preview_data(preview: Preview) -> dict[str, Any]:
    return present(
        {
            "host": preview.host,
            "header": preview.header,
            "tls": preview.tls,
            "class": preview.ingress_class,
            "annotations": dict(sorted(preview.annotations.items())),
        }
    )


def _preview(data: Any) -> Preview:
    fields = Fields(data, "spec.route.preview", _NONE, frozenset({"host", "header", "tls", "class", "annotations"}))
    if "host" not in fields and "header" not in fields:
        raise ValueError(f"{fields.where} needs a host or a header")
    return Preview(
        host=fields.optional_text("host"),
        header=fields.optional_text("header"),
        tls=fields.optional_text("tls"),
        ingress_class=fields.optional_text("class"),
        annotations=fields.pairs("annotations", text),
    )


def _parent_data(parent: ParentRef) -> dict[str, Any]:
    return present(
        {
            "name": parent.name,
            "namespace": parent.namespace,
            "sectionName": parent.section_name,
            "port": parent.port,
        }
    )


def _parent(value: Any, where: str) -> ParentRef:
    fields = Fields(value, where, frozenset({"name"}), frozenset({"namespace", "sectionName", "port"}))
    return ParentRef(
        name=fields.text("name"),
        namespace=fields.optional_text("namespace"),
        section_name=fields.optional_text("sectionName"),
        port=fields.optional_number("port"),
    )


def _timeouts(fields: Fields) -> Timeouts:
    known = frozenset({"request", "backendRequest"})
    timeouts = Fields(fields.raw("timeouts"), fields.place("timeouts"), _NONE, known)
    found = Timeouts(timeouts.optional_text("request"), timeouts.optional_text("backendRequest"))
    if found == Timeouts():
        raise ValueError(f"{timeouts.where} is empty")
    return found
