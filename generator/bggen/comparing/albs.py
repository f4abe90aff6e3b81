"""The Ingress of an ALB → its rules with what its annotations say of them, so that colours can be told apart in it."""

from __future__ import annotations

import json
from typing import Any, Final

_PREFIX: Final = "alb.ingress.kubernetes.io/"
_RULES: Final = (f"{_PREFIX}actions.", f"{_PREFIX}conditions.")


def spread(ingress: dict[str, Any]) -> dict[str, Any]:
    """Return an Ingress in which each path holds the Services that it leads to, and the headers that it asks for."""
    notes = ingress["metadata"]["annotations"]
    rest = {key: value for key, value in notes.items() if not key.startswith(_RULES)}
    rules = [
        {**rule, "http": {"paths": [_path(path, notes) for path in rule["http"]["paths"]]}}
        for rule in ingress["spec"]["rules"]
    ]
    return {
        **ingress,
        "metadata": {**ingress["metadata"], "annotations": rest},
        "spec": {**ingress["spec"], "rules": rules},
    }


def ordered(ingress: dict[str, Any]) -> dict[str, Any]:
    """Return a spread Ingress in which the rules for headers of one path stand in an order that no colour gives."""
    for rule in ingress["spec"]["rules"]:
        rule["http"]["paths"].sort(key=lambda each: (-len(each["path"]), each["path"], json.dumps(each.get("headers"))))
    return ingress


def _path(path: dict[str, Any], notes: dict[str, str]) -> dict[str, Any]:
    name = path["backend"]["service"]["name"]
    if path["backend"]["service"]["port"].get("name") != "use-annotation" or f"{_RULES[0]}{name}" not in notes:
        # Of a patch.
        return path
    groups = json.loads(notes[f"{_RULES[0]}{name}"])["forwardConfig"]["targetGroups"]
    found = {
        "path": path["path"],
        "pathType": path["pathType"],
        "services": [{"name": each["serviceName"], "weight": each["weight"]} for each in groups],
    }
    wanted = json.loads(notes.get(f"{_RULES[1]}{name}", "[]"))
    headers = [each["httpHeaderConfig"] for each in wanted if each["field"] == "http-header"]
    if headers:
        found["headers"] = [
            {"name": each["httpHeaderName"], "type": "Exact", "value": value}
            for each in headers
            for value in each["values"]
        ]
    return found
