"""Probes and the end of a pod → `health` and `drain`; what more a probe says is kept by a patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import mapping, number, text, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.adopting.ports import Ports

_PERIOD = 10
_FAILURES = 3
_SHORTEST_START = 5
_LONGEST_START = 3600
_SLEEP_WORDS = 2


def health(container: Mapping[str, Any], ports: Ports | None, *, worker: bool) -> dict[str, Any]:
    """Return `health` and `drain` of a container that runs all the time."""
    fields = ports.fields if ports else {}
    data: dict[str, Any] = {}
    asked = set()
    for probe, field in (("readinessProbe", "ready"), ("livenessProbe", "live"), ("startupProbe", "start")):
        get = mapping(container, probe, "httpGet")
        path = text(get, "path")
        name = ports.names.get(get.get("port", "")) if ports and get else None
        if path is not None and path.startswith("/") and name is not None:
            data[field] = path
            asked.add(name)
    if "startupProbe" in container and "start" in data:
        data["startSeconds"] = _seconds(container)
        if data.get("live") == data["start"]:
            del data["start"]
    if not data and mapping(container, "startupProbe", "tcpSocket") and "port" in fields:
        # Without a path, a start is over when the port accepts connections.
        data["startSeconds"] = _seconds(container)
    if len(asked) > 1:
        # One port is asked: the rest is the patches'.
        data = {"ready": data["ready"]} if "ready" in data else {}
        asked = {ports.names[mapping(container, "readinessProbe", "httpGet")["port"]]} if data and ports else set()
    if asked and asked != {"http"}:
        data["port"] = asked.pop()
    found = {"health": data} if data and ("port" in fields or "port" in data) else {}
    return {**found, **_drain(container, worker=worker)}


def _seconds(container: Mapping[str, Any]) -> int:
    """Return how long a start may take."""
    start = mapping(container, "startupProbe")
    period, failures = number(start, "periodSeconds") or _PERIOD, number(start, "failureThreshold") or _FAILURES
    return min(max(period * failures, _SHORTEST_START), _LONGEST_START)


def sleeps(container: Mapping[str, Any]) -> int | None:
    """Return for how long a container sleeps before it stops; None where it does something else, or nothing."""
    before = mapping(container, "lifecycle", "preStop")
    seconds = number(before, "sleep", "seconds")
    if seconds is not None:
        return seconds
    command = words(before, "exec", "command")
    if len(command) == _SLEEP_WORDS and command[0] in ("sleep", "/bin/sleep") and command[1].isdecimal():
        return int(command[1])
    if len(command) == _SLEEP_WORDS + 1 and command[1] == "-c":
        word, _, rest = command[2].strip().partition(" ")
        if word == "sleep" and rest.strip().isdecimal():
            return int(rest)
    return None


def _drain(container: Mapping[str, Any], *, worker: bool) -> dict[str, Any]:
    seconds = sleeps(container) or 0
    return {} if worker and not seconds else {"drain": seconds}
