"""Random specs of one app, of everything that an app may have, as an `app.yaml` would resolve to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.spec import spec_from_data

if TYPE_CHECKING:
    from random import Random

    from bggen.model import AppSpec

APP = "shop"
# A name keeps its kind for a while; now and then one changes it, as people do.
_KINDS = {"web": "service", "api": "service", "shop": "service", "mailer": "worker", "report": "cron", "sweep": "cron"}
_MINORS = ("1.25", "1.27", "1.30", "1.37")


def random_spec(random: Random) -> AppSpec:
    """Return a spec whose images are repositories, or now and then pinned ones."""
    names = random.sample(sorted(_KINDS), random.randint(1, 4))
    kinds = {name: _kind(random, name) for name in names}
    components = {name: _component(random, name, kinds) for name in names}
    ported = [name for name in names if "port" in components[name]]
    data: dict[str, Any] = {"name": APP, "kubernetes": random.choice(_MINORS), "components": components}
    if ported and random.random() < 0.8:
        data["route"] = _route(random, ported)
    if ported and random.random() < 0.4:
        data["smoke"] = {
            "component": random.choice(ported),
            "path": "/ready",
            "expect": 200,
            "image": "curl:8",
            "timeout": random.choice([5, 60]),
        }
    if random.random() < 0.2:
        data["smoke"] = {"image": "smoke:v1", "command": ["/smoke"], "timeout": 30}
    if random.random() < 0.3:
        data["network"] = {"from": random.choice([[], [{"namespace": "gateway"}], [{"cidr": "10.0.0.0/8"}]])}
    if random.random() < 0.2:
        kind = "CronJob" if set(kinds.values()) == {"cron"} else "Deployment"
        data["patches"] = [{"target": {"kind": kind}, "merge": {"metadata": {"annotations": {"team": "shop"}}}}]
    return spec_from_data(data)


def _kind(random: Random, name: str) -> str:
    return random.choice(["service", "worker", "cron"]) if random.random() < 0.05 else _KINDS[name]


def _component(random: Random, name: str, kinds: dict[str, str]) -> dict[str, Any]:
    kind = kinds[name]
    pinned = ":pinned" if random.random() < 0.05 else ""
    data: dict[str, Any] = {"image": f"ghcr.io/acme/{name}{pinned}", "kind": kind, "security": "restricted"}
    data["env"] = {"VALUE": random.choice(["a", "b", "1e3"]), "IP": {"field": "status.podIP"}}
    if random.random() < 0.4:
        data["files"] = {"/etc/app/config.ini": random.choice(["one\n", "two\n"])}
    if random.random() < 0.2:
        data["mounts"] = {"/cache": {"empty": True}, "/etc/tls": {"secret": "tls"}}
    if random.random() < 0.2:
        data["writable"] = ["/tmp"]  # noqa: S108 - a path in a container
    if random.random() < 0.1:
        data["colorAntiAffinity"] = "preferred"
    if kind == "cron":
        data.pop("colorAntiAffinity", None)
        schedule = {"startingDeadlineSeconds": 60, "concurrencyPolicy": "Forbid", "backoffLimit": 0}
        return {**data, "schedule": random.choice(["0 3 * * *", "@hourly"]), **schedule}
    data |= {"replicas": random.randint(1, 4), "drain": 10 if kind == "service" else 0}
    if kind == "service" and random.random() < 0.85:
        data["port"] = random.choice([8080, 8080, 9090])
        if random.random() < 0.2:
            data["ports"] = {random.choice(["metrics", "metrics", "stats"]): random.choice([9100, 9100, 9101])}
        if random.random() < 0.15:
            data["service"] = {"type": "NodePort", "nodePort": 30000 + sorted(_KINDS).index(name)}
    if kind == "service" and random.random() < 0.3:
        least = random.randint(1, 3)
        data |= {"replicas": least, "autoscale": {"min": least, "max": 9, "cpu": 70}, "resources": {"cpu": "100m"}}
    return data


def _route(random: Random, ported: list[str]) -> dict[str, Any]:
    paths = {"/": random.choice(ported)}
    if random.random() < 0.5:
        paths["/api"] = random.choice(ported)
    data: dict[str, Any] = {"hosts": ["shop.example.com"], "paths": paths}
    # A change of the switch is refused nearly always, so that a rare one is enough.
    data["switch"] = "ingress" if random.random() < 0.1 else "service"
    if random.random() < 0.3:
        data["hosts"] = ["shop.example.com", "www.shop.example.com"]
    if random.random() < 0.3:
        data["publishesStatus"] = True
    if random.random() < 0.4:
        data["preview"] = {"host": "preview.example.com"}
    return data
