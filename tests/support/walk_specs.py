"""Random specs of one app, of everything that an app may have, as an `app.yaml` would resolve to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bggen.spec import spec_from_data

if TYPE_CHECKING:
    from random import Random

    from bggen.model import AppSpec

APP = "shop"
# A name keeps its kind for a while; now and then one changes it, as people do.
_KINDS = {"web": "service", "api": "service", "shop": "service", "mailer": "worker", "report": "cron", "sweep": "cron"}
_MINORS = ("1.25", "1.27", "1.30", "1.37")
_SIZES = {"cpu": "100m", "memory": "64Mi"}


@dataclass(frozen=True, slots=True)
class Habits:
    """What the specs of one walk mostly have in common: nearly every release that changes it is refused."""

    namespace: str | None
    switch: str
    controller: str
    migrates: bool

    @classmethod
    def of(cls, random: Random) -> Habits:
        """Return some."""
        namespace = random.choice([None, "shop", "shop-prod"])
        ways = [("service", "generic"), ("service", "nginx"), ("ingress", "generic"), ("ingress", "nginx")]
        return cls(
            namespace, *random.choice([*ways, *[("ingress", "alb"), ("gateway", "generic")] * 2]), random.random() < 0.6
        )


def random_spec(random: Random, habits: Habits, schema: int = 1) -> AppSpec:
    """Return a spec whose images are repositories, or now and then pinned ones.

    Args:
        random: the walk's.
        habits: the walk's.
        schema: what the database has; migrations are mostly about the next one.
    """
    names = random.sample(sorted(_KINDS), random.randint(1, 4))
    kinds = {name: _kind(random, name) for name in names}
    # With a port or without: others may refer to those that have one.
    ported = [name for name in names if kinds[name] == "service" and random.random() < 0.85]
    components = {name: _component(random, name, kinds[name], ported) for name in names}
    data: dict[str, Any] = {"name": APP, "kubernetes": random.choice(_MINORS), "components": components}
    namespace = random.choice([None, "moved"]) if random.random() < 0.02 else habits.namespace
    if namespace is not None:
        data["namespace"] = namespace.replace("shop-prod", "shop-prod")
    if ported and random.random() < 0.8:
        data["route"] = _route(random, ported, habits)
    if random.random() < 0.45:
        data |= {"smoke": smoke} if (smoke := _smoke(random, ported)) else {}
    if random.random() < 0.3:
        peers = [{"namespace": "gateway"}, {"cidr": "10.0.0.0/8"}, {"namespace": "mesh", "pods": {"app": "gate"}}]
        data["network"] = {"from": random.sample(peers, random.randint(0, 3))}
    if habits.migrates and random.random() < 0.9:
        data |= _database(random, names, schema)
    patches = [patch for patch in _patches(kinds) if random.random() < 0.08]
    if patches:
        data["patches"] = patches
    return spec_from_data(data)


def _database(random: Random, names: list[str], now: int) -> dict[str, Any]:
    """Return a migration and a window, mostly of the schemas that are near each other."""
    schema = max(1, now + random.choice([-1, 0, 0, 0, 1, 1, 2]))
    window = {"min": max(1, schema - random.choice([0, 1, 3])), "max": schema + random.choice([0, 1, 2, 4])}
    if random.random() < 0.15:
        return {"compatible": window}
    migrate = {"component": random.choice(names), "command": ["migrate"], "schema": schema, "timeout": 600}
    if schema < window["max"] and random.random() < 0.6:
        migrate["contract"] = {"command": ["contract"], "schema": random.randint(schema + 1, window["max"])}
    return {"migrate": migrate, "compatible": window}


def _kind(random: Random, name: str) -> str:
    return random.choice(["service", "worker", "cron"]) if random.random() < 0.05 else _KINDS[name]


def _component(random: Random, name: str, kind: str, ported: list[str]) -> dict[str, Any]:
    pinned = ":pinned" if random.random() < 0.05 else ""
    data: dict[str, Any] = {"image": f"ghcr.io/acme/{name}{pinned}", "kind": kind, "security": "restricted"}
    data["env"] = {"VALUE": random.choice(["a", "b", "1e3"]), "IP": {"field": "status.podIP"}}
    if ported and random.random() < 0.4:
        data["env"]["PEER"] = f"${{{random.choice(ported)}.url}}/x"
    data |= _pod(random) | _identity(random)
    if kind == "cron":
        if random.random() < 0.3:
            data |= {"timeZone": "Europe/Berlin", "activeDeadlineSeconds": random.choice([60, 600])}
        schedule = {"startingDeadlineSeconds": random.choice([60, 600]), "backoffLimit": random.choice([0, 2])}
        policy = random.choice(["Forbid", "Allow", "Replace"])
        return {**data, **schedule, "schedule": random.choice(["0 3 * * *", "@hourly"]), "concurrencyPolicy": policy}
    data |= {"replicas": random.randint(1, 4), "drain": random.choice([0, 10, 35]) if kind == "service" else 0}
    if random.random() < 0.2:
        data["colorAntiAffinity"] = random.choice(["preferred", "required"])
    if random.random() < 0.2:
        metrics = random.choice(["metrics", "metrics", "stats"])
        data["ports"] = {metrics: random.choice([9100, 9100, 9101]), "admin": 9200}
    if name in ported:
        data["port"] = random.choice([8080, 8080, 9090])
        if random.random() < 0.4:
            data["health"] = _health(random, data)
        if random.random() < 0.3:
            data["service"] = _service(random, name)
    if kind == "service" and random.random() < 0.3:
        least = random.randint(1, 3)
        scale = {"min": least, "max": 9, random.choice(["cpu", "memory"]): 70}
        data |= {"replicas": least, "autoscale": scale, "resources": _SIZES}
    return data


def _pod(random: Random) -> dict[str, Any]:
    """Return what a pod sees, and where it runs."""
    mounts = {
        "/cache": {"empty": random.choice([True, "1Gi"])},
        "/etc/tls": {"secret": "tls"},
        "/etc/ca.crt": {"secret": "tls", "key": "ca.crt"},
        "/etc/region": {"configMap": "region"},
        "/data": {"claim": "data", "readOnly": True},
    }
    data = {
        "files": {
            "/etc/app/config.ini": random.choice(["one\n", "two\n"]),
            **({"/etc/more/config.ini": "more\n"} if random.random() < 0.3 else {}),
        },
        "mounts": dict(random.sample(sorted(mounts.items()), random.randint(1, 4))),
        "writable": random.choice([[], ["/tmp"], ["/run", "/tmp"]]),  # noqa: S108 - paths in a container
        "envFrom": [{"secret": "extra"}, {"configMap": "region", "prefix": "REGION_"}][: random.randint(1, 2)],
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClass": "high",
    }
    chances = {"files": 0.4, "writable": 0.2, "mounts": 0.25}
    return {key: value for key, value in data.items() if random.random() < chances.get(key, 0.1)}


def _identity(random: Random) -> dict[str, Any]:
    accounts = [{"name": "theirs"}, {"token": True}, {"annotations": {"example.com/role": "shop"}}]
    data = {
        "serviceAccount": random.choice(accounts),
        "imagePullSecrets": ["registry"],
        "group": 2000,
        "user": 1000,
        "labels": {"team": random.choice(["shop", "checkout"])},
        "annotations": {"example.com/note": "yes"},
    }
    return {key: value for key, value in data.items() if random.random() < 0.1}


def _health(random: Random, component: dict[str, Any]) -> dict[str, Any]:
    data = {"ready": "/ready", "live": "/live", "start": "/start", "startSeconds": random.choice([5, 30, 600])}
    found = {key: value for key, value in data.items() if random.random() < 0.5}
    if "ports" in component and random.random() < 0.5:
        found["port"] = "admin"
    return found


def _service(random: Random, name: str) -> dict[str, Any]:
    # Each component has a node port of its own; now and then one takes that of another.
    owner = random.choice(sorted(_KINDS)) if random.random() < 0.1 else name
    node = {"nodePort": 30000 + sorted(_KINDS).index(owner)}
    kinds: list[dict[str, Any]] = [
        {"type": "ClusterIP", "annotations": {"example.com/lb": "x"}},
        {"type": "NodePort"},
        {"type": "NodePort", **node},
        {"type": "LoadBalancer", "publishesStatus": True},
        {"type": "LoadBalancer", "publishesStatus": True, **node},
    ]
    return random.choice(kinds)


def _route(random: Random, ported: list[str], habits: Habits) -> dict[str, Any]:
    paths = {"/": random.choice(ported)}
    if random.random() < 0.5:
        paths["/api"] = random.choice(ported)
    switch, controller = habits.switch, habits.controller
    if random.random() < 0.05:
        switch, controller = (
            random.choice(["service", "ingress", "gateway"]),
            random.choice(["generic", "nginx", "haproxy"]),
        )
    hosts = ["shop.example.com", "www.shop.example.com", "preview.example.com"]
    data: dict[str, Any] = {"hosts": random.sample(hosts[:2], random.randint(1, 2)), "paths": paths, "switch": switch}
    if random.random() < 0.05:
        data["hosts"] = hosts
    if switch == "gateway":
        return data | _through_gateway(random, habits)
    if random.random() < 0.3:
        data |= {"tls": "shop-tls"}
    if random.random() < 0.3:
        data |= {"class": random.choice(["nginx", "haproxy"]), "annotations": {"example.com/timeout": "30"}}
    if random.random() < 0.3:
        data["publishesStatus"] = True
    if random.random() < 0.4:
        data["preview"] = {"host": "preview.example.com", **({"tls": "preview"} if random.random() < 0.5 else {})}
    return data | _of_controller(random, ported, controller, data)


def _of_controller(random: Random, ported: list[str], controller: str, route: dict[str, Any]) -> dict[str, Any]:
    """Return what a route has that names its controller: previews by header, and paths that come and go."""
    data: dict[str, Any] = {} if controller == "generic" else {"controller": controller}
    preview = route.get("preview", {})
    if controller in {"nginx", "alb"} and random.random() < 0.5:
        host = preview if random.random() < 0.5 else {}
        data["preview"] = {**host, "header": random.choice(["X-Preview", "X-Preview", "X-Color"])}
    if controller == "alb":
        data |= {"publishesStatus": random.random() < 0.8}
    if random.random() < 0.2:
        data["paths"] = {**route["paths"], random.choice(["/api/v2", "/new"]): random.choice(ported)}
    return data


def _through_gateway(random: Random, habits: Habits) -> dict[str, Any]:
    parents = [{"name": "edge", "namespace": "infra", "sectionName": "https"}, {"name": "lan"}]
    data: dict[str, Any] = {"parentRefs": random.sample(parents, random.randint(1, 2))}
    if random.random() < 0.3:
        data |= {"timeouts": {"request": "30s"}, "annotations": {"example.com/timeout": "30"}}
    if habits.namespace is not None and random.random() < 0.02:
        data["namespace"] = "gateways"
    kinds: list[dict[str, Any]] = [{"header": "X-Preview"}, {"header": "X-Try"}, {"host": "preview.example.com"}]
    if random.random() < 0.7:
        data["preview"] = random.choice([*kinds, kinds[0] | kinds[2]])
    if random.random() < 0.05:
        # Beside the other hosts, no preview by header is possible.
        data["hosts"] = ["*.example.com"]
    return data


def _smoke(random: Random, ported: list[str]) -> dict[str, Any] | None:
    timeout = random.choice([5, 60])
    if random.random() < 0.35:
        env: dict[str, Any] = {"KEY": {"secret": "smoke", "key": "key"}}
        if ported:
            env["TARGET"] = f"${{{random.choice(ported)}.url}}"
        return {"image": "smoke:v1", "command": ["/smoke"], "timeout": timeout, "env": env}
    if not ported:
        return None
    test = {"component": random.choice(ported), "path": "/ready", "expect": random.choice([200, 204])}
    return {**test, "image": "curl:8", "timeout": timeout}


def _patches(kinds: dict[str, str]) -> list[dict[str, Any]]:
    """Return patches that fit whatever there is: by kind, component, colour and name."""
    note = {"merge": {"metadata": {"annotations": {"note": "x"}}}}
    found: list[dict[str, Any]] = [
        {"target": {"kind": "ServiceAccount"}, **note},
        {"target": {"kind": "Service", "name": "shop-web"}, **note},
        {"target": {"kind": "Ingress", "name": "shop"}, **note},
        {"target": {"kind": "HTTPRoute"}, **note},
        {"target": {"kind": "CronJob"}, "merge": {"spec": {"successfulJobsHistoryLimit": 2}}},
        {
            "target": {"kind": "Job"},
            "json": [{"op": "add", "path": "/spec/template/spec/dnsPolicy", "value": "Default"}],
        },
    ]
    pods = [name for name, kind in sorted(kinds.items()) if kind != "cron"]
    for name in pods[:1]:
        path = "/spec/template/spec"
        host = [{"op": "add", "path": f"{path}/hostname", "value": "x"}, {"op": "remove", "path": f"{path}/hostname"}]
        several = [*host, {"op": "add", "path": f"{path}/dnsPolicy", "value": "Default"}]
        found += [
            {"target": {"kind": "Deployment", "component": name}, "json": several},
            {"target": {"kind": "Deployment", "color": "green"}, "merge": {"spec": {"revisionHistoryLimit": 3}}},
            {"target": {"kind": "NetworkPolicy", "component": name, "color": "blue"}, **note},
        ]
    return found
