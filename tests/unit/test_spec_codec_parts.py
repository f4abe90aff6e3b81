"""The canonical data of what most apps do without: every field there and back, and anything else refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bggen.model import AppSpec, Color, Component, EnvRef, Health, Image, Route
from bggen.model.parts import (
    Autoscale,
    CommandSmoke,
    EnvFrom,
    HttpSmoke,
    Mount,
    Patch,
    Peer,
    Placement,
    Preview,
    Schedule,
    ServiceAccountSettings,
    ServiceSettings,
    Toleration,
)
from bggen.spec import spec_from_data, spec_to_data
from tests.unit.test_spec_codec import order

SPEC = AppSpec(
    name="shop",
    kubernetes="1.34",
    components={
        "web": Component(
            name="web",
            image=Image("web", "v1"),
            port=8080,
            ports={"metrics": 9100, "admin": 9000},
            service=ServiceSettings("LoadBalancer", 30080, publishes_status=True, annotations={"b": "1", "a": "2"}),
            replicas=2,
            autoscale=Autoscale(2, 9, cpu=70, memory=80),
            env={"R": EnvRef("configMap", "c", "k"), "IP": EnvRef("field", "status.podIP")},
            env_from=(EnvFrom("secret", "s"), EnvFrom("configMap", "c", "C_")),
            files={"/b": "", "/a": "x\ny"},
            mounts={
                "/s": Mount("secret", "s", key="k"),
                "/m": Mount("configMap", "m"),
                "/c": Mount("claim", "c", read_only=True),
                "/e": Mount("empty"),
                "/d": Mount("empty", size="1Gi"),
            },
            writable=("/var/run", "/a"),
            health=Health("/r", "/l", "/s", 300, "metrics"),
            user=1,
            group=0,
            service_account=ServiceAccountSettings("mine", token=True, annotations={"a": "b"}),
            image_pull_secrets=("b", "a"),
            placement=Placement(
                {"b": "1", "a": ""}, (Toleration("k", "Exists", None, "NoExecute", 0),), "p", "required"
            ),
        ),
        "cron": Component(
            name="cron",
            image=Image("cron", "v1"),
            kind="cron",
            schedule=Schedule("@daily", "Europe/Berlin", 10, "Allow", 60, 2),
            writable=(),
        ),
        "mail": Component(name="mail", image=Image("mail", "v1"), kind="worker", drain=0),
    },
    route=Route(
        ("b.example.com", "a.example.com"),
        {"/": "web"},
        switch="ingress",
        publishes_status=True,
        preview=Preview("p.example.com", "t", "c", {"a": "b"}),
    ),
    smoke=HttpSmoke("web", "/", Image("curl", "8"), 204, 5),
    network=(Peer("ns"), Peer(pods={"b": "1", "a": "2"}), Peer(cidr="10.0.0.0/8")),
    patches=(
        Patch("Deployment", "web", Color.BLUE, "n", merge={"b": None, "a": {"d": [1], "c": 2}}),
        Patch("Service", operations=({"value": {"b": 1, "a": 2}, "path": "/a", "op": "add"},)),
    ),
)
DATA: dict[str, Any] = {
    "name": "shop",
    "kubernetes": "1.34",
    "components": {
        "cron": {
            "image": "cron:v1",
            "kind": "cron",
            "schedule": "@daily",
            "timeZone": "Europe/Berlin",
            "startingDeadlineSeconds": 10,
            "concurrencyPolicy": "Allow",
            "activeDeadlineSeconds": 60,
            "backoffLimit": 2,
            "security": "restricted",
            "writable": [],
        },
        "mail": {"image": "mail:v1", "kind": "worker", "replicas": 1, "security": "restricted", "drain": 0},
        "web": {
            "image": "web:v1",
            "kind": "service",
            "port": 8080,
            "ports": {"admin": 9000, "metrics": 9100},
            "replicas": 2,
            "service": {
                "type": "LoadBalancer",
                "nodePort": 30080,
                "publishesStatus": True,
                "annotations": {"a": "2", "b": "1"},
            },
            "autoscale": {"min": 2, "max": 9, "cpu": 70, "memory": 80},
            "envFrom": [{"secret": "s"}, {"configMap": "c", "prefix": "C_"}],
            "mounts": {
                "/c": {"claim": "c", "readOnly": True},
                "/d": {"empty": "1Gi"},
                "/e": {"empty": True},
                "/m": {"configMap": "m"},
                "/s": {"secret": "s", "key": "k"},
            },
            "serviceAccount": {"name": "mine", "token": True, "annotations": {"a": "b"}},
            "nodeSelector": {"a": "", "b": "1"},
            "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}],
            "priorityClass": "p",
            "colorAntiAffinity": "required",
            "env": {"IP": {"field": "status.podIP"}, "R": {"configMap": "c", "key": "k"}},
            "files": {"/a": "x\ny", "/b": ""},
            "health": {"ready": "/r", "live": "/l", "start": "/s", "startSeconds": 300, "port": "metrics"},
            "user": 1,
            "group": 0,
            "security": "restricted",
            "drain": 10,
            "imagePullSecrets": ["b", "a"],
            "writable": ["/var/run", "/a"],
        },
    },
    "route": {
        "hosts": ["b.example.com", "a.example.com"],
        "paths": {"/": "web"},
        "switch": "ingress",
        "publishesStatus": True,
        "preview": {"host": "p.example.com", "tls": "t", "class": "c", "annotations": {"a": "b"}},
    },
    "smoke": {"component": "web", "path": "/", "expect": 204, "image": "curl:8", "timeout": 5},
    "network": {"from": [{"namespace": "ns"}, {"pods": {"a": "2", "b": "1"}}, {"cidr": "10.0.0.0/8"}]},
    "patches": [
        {
            "target": {"kind": "Deployment", "component": "web", "color": "blue", "name": "n"},
            "merge": {"a": {"c": 2, "d": [1]}, "b": None},
        },
        {"target": {"kind": "Service"}, "json": [{"op": "add", "path": "/a", "value": {"a": 2, "b": 1}}]},
    ],
}
COMMAND = CommandSmoke(Image("a", "v1"), ("b",), {"C": EnvRef("secret", "s", "k"), "A": "x"}, 5, 9)


def test_canonical_data_has_one_order() -> None:
    assert order(spec_to_data(SPEC)) == order(DATA)
    assert spec_from_data(DATA) == SPEC


def test_a_command_is_a_smoke_test_too() -> None:
    spec = AppSpec("a", "1.30", {"a": Component("a", Image("a"))}, smoke=COMMAND)
    data = spec_to_data(spec)
    env = {"A": "x", "C": {"secret": "s", "key": "k"}}
    assert order(data["smoke"]) == order({"image": "a:v1", "command": ["b"], "env": env, "user": 5, "timeout": 9})
    assert spec_from_data(data) == spec


def test_what_means_the_same_is_equal() -> None:
    plain = Component("a", Image("a"))
    empty = Component(
        "a", Image("a"), service=ServiceSettings(), service_account=ServiceAccountSettings(), placement=Placement()
    )
    assert empty == plain
    assert Component("a", Image("a"), replicas=9, autoscale=Autoscale(2, 5, 80)).replicas == 2
    cron = Component("a", Image("a"), kind="cron", schedule=Schedule("@daily"), replicas=7, drain=30)
    assert (cron.replicas, cron.drain) == (1, 0)


def test_settings_that_say_nothing_are_read_as_none() -> None:
    data = spec_to_data(AppSpec("a", "1.30", {"a": Component("a", Image("a"))}))
    data["components"]["a"] |= {"service": {"type": "ClusterIP"}, "serviceAccount": {}, "nodeSelector": {}}
    component = spec_from_data(data).components["a"]
    assert (component.service, component.service_account, component.placement) == (None, None, None)


def test_nobody_and_nothing_are_not_everybody_and_everything() -> None:
    base = AppSpec("a", "1.30", {"a": Component("a", Image("a"), writable=())}, network=())
    kept = spec_from_data(spec_to_data(base))
    assert kept.network == ()
    assert kept.components["a"].writable == ()


WEB = ("components", "web")
CRON = ("components", "cron")
MAIL = ("components", "mail")


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ((*WEB, "schedule"), "@daily", "spec.components.web.schedule is nothing that a service has"),
        ((*WEB, "backoffLimit"), 1, "spec.components.web.backoffLimit is nothing that a service has"),
        ((*WEB, "kind"), "worker", "spec.components.web.autoscale is nothing that a worker has"),
        ((*WEB, "kind"), "cron", "spec.components.web.autoscale is nothing that a cron has"),
        ((*MAIL, "port"), 80, "spec.components.mail.port is nothing that a worker has"),
        ((*MAIL, "service"), {}, "spec.components.mail.service is nothing that a worker has"),
        ((*CRON, "replicas"), 1, "spec.components.cron.replicas is nothing that a cron has"),
        ((*CRON, "drain"), 0, "spec.components.cron.drain is nothing that a cron has"),
        ((*CRON, "health"), {}, "spec.components.cron.health is nothing that a cron has"),
        ((*CRON, "ports"), {}, "spec.components.cron.ports is nothing that a cron has"),
        ((*CRON, "colorAntiAffinity"), "required", "spec.components.cron.colorAntiAffinity is nothing that a cron has"),
        ((*CRON, "schedule"), 5, "spec.components.cron.schedule must be text"),
        ((*CRON, "schedule"), ..., "spec.components.cron has no schedule"),
        ((*CRON, "backoffLimit"), ..., "spec.components.cron has no backoffLimit"),
        ((*CRON, "concurrencyPolicy"), "forbid", "spec.components.cron.concurrencyPolicy is 'forbid', {unknown}"),
        ((*CRON, "startingDeadlineSeconds"), "60", "spec.components.cron.startingDeadlineSeconds {whole}"),
        ((*WEB, "ports"), {"a": "1"}, "spec.components.web.ports.'a' {whole}"),
        ((*WEB, "service"), [], "spec.components.web.service must be a mapping"),
        ((*WEB, "service"), {}, "spec.components.web.service has no type"),
        ((*WEB, "service", "type"), "ExternalName", "spec.components.web.service.type is 'ExternalName', {unknown}"),
        ((*WEB, "service", "nodePort"), True, "spec.components.web.service.nodePort {whole}"),
        ((*WEB, "service", "publishesStatus"), "yes", "spec.components.web.service.publishesStatus {flag}"),
        ((*WEB, "service", "annotations"), {"a": 1}, "spec.components.web.service.annotations.'a' must be text"),
        ((*WEB, "service", "ports"), {}, "spec.components.web.service has the unknown key 'ports'"),
        ((*WEB, "autoscale", "min"), 0, "spec.components.web.autoscale {bounds}"),
        ((*WEB, "autoscale", "max"), 1, "spec.components.web.autoscale {bounds}"),
        ((*WEB, "autoscale"), {"min": 2, "max": 3}, "spec.components.web.autoscale {bounds}"),
        ((*WEB, "autoscale", "min"), ..., "spec.components.web.autoscale has no min"),
        ((*WEB, "replicas"), 3, "spec.components.web.replicas must be 2, as spec.components.web.autoscale.min is"),
        ((*WEB, "envFrom"), {}, "spec.components.web.envFrom must be a list"),
        ((*WEB, "envFrom"), ["a"], "spec.components.web.envFrom[0] must be a mapping"),
        ((*WEB, "envFrom"), [{}], "spec.components.web.envFrom[0] has no secret"),
        ((*WEB, "envFrom"), [{"secret": "a", "configMap": "b"}], "{web}.envFrom[0] has the unknown key 'secret'"),
        ((*WEB, "env"), {"A": {"field": "a", "key": "b"}}, "{web}.env.'A' has the unknown key 'key'"),
        ((*WEB, "env"), {"A": {"secret": "a", "configMap": "b", "key": "c"}}, "{web}.env.'A' {unknown_config_map}"),
        ((*WEB, "env"), {"A": {}}, "spec.components.web.env.'A' has no field"),
        ((*WEB, "files"), {"/a": 1}, "spec.components.web.files.'/a' must be text"),
        ((*WEB, "mounts"), {"/a": {}}, "spec.components.web.mounts.'/a' has no secret"),
        ((*WEB, "mounts"), {"/a": {"empty": False}}, "spec.components.web.mounts.'/a'.empty must be text"),
        ((*WEB, "mounts"), {"/a": {"empty": True, "claim": "b"}}, "{web}.mounts.'/a' has the unknown key 'empty'"),
        ((*WEB, "mounts"), {"/a": {"claim": "b", "key": "c"}}, "{web}.mounts.'/a' has the unknown key 'key'"),
        ((*WEB, "mounts"), {"/a": {"secret": "b", "readOnly": True}}, "{web}.mounts.'/a' {unknown_read_only}"),
        ((*WEB, "writable"), "/var/run", "spec.components.web.writable must be a list"),
        ((*WEB, "health", "port"), 80, "spec.components.web.health.port must be text"),
        ((*WEB, "health", "startSeconds"), 1.5, "spec.components.web.health.startSeconds {whole}"),
        ((*WEB, "serviceAccount", "token"), None, "spec.components.web.serviceAccount.token {flag}"),
        ((*WEB, "serviceAccount", "x"), 1, "spec.components.web.serviceAccount has the unknown key 'x'"),
        ((*WEB, "tolerations"), [{}], "spec.components.web.tolerations[0] has no operator"),
        ((*WEB, "tolerations"), [{"operator": "In"}], "spec.components.web.tolerations[0].operator is 'In', {unknown}"),
        ((*WEB, "colorAntiAffinity"), "no", "spec.components.web.colorAntiAffinity is 'no', {unknown}"),
        ((*WEB, "imagePullSecrets"), [None], "spec.components.web.imagePullSecrets[0] must be text"),
        (("route", "preview"), {}, "spec.route.preview needs a host or a header"),
        (("route", "preview", "paths"), {}, "spec.route.preview has the unknown key 'paths'"),
        (("route", "publishesStatus"), 1, "spec.route.publishesStatus {flag}"),
        (("route", "hosts"), [], "spec.route.hosts is empty"),
        (("route", "paths"), {}, "spec.route.paths is empty"),
        (("smoke",), None, "spec.smoke must be a mapping"),
        (("smoke",), {}, "spec.smoke has no command"),
        (("smoke", "component"), "mail", "spec.smoke.component is 'mail', no component with a port"),
        (("smoke", "component"), "a\nb", r"spec.smoke.component is 'a\nb', no component with a port"),
        (("smoke", "command"), ["a"], "spec.smoke has the unknown key 'command'"),
        (("smoke",), {"image": "a", "command": [], "timeout": 1}, "spec.smoke.command is empty"),
        (("smoke", "image"), "A b", "spec.smoke.image: 'A b': a repository is in lower case"),
        (("network",), {}, "spec.network has no from"),
        (("network", "from"), [{}], "spec.network.from[0] needs pods of a namespace, or a cidr"),
        (("network", "from"), [{"cidr": "::/0", "namespace": "a"}], "spec.network.from[0] needs {peer}"),
        (("patches",), {}, "spec.patches must be a list"),
        (("patches",), [{"target": {"kind": "A"}}], "spec.patches[0] has no json"),
        (("patches",), [{"target": {}, "merge": {}}], "spec.patches[0].target has no kind"),
        (("patches",), [{"target": {"kind": "A", "color": "red"}, "merge": {}}], "{target}.color is 'red', {unknown}"),
        (("patches",), [{"target": {"kind": "A"}, "merge": []}], "spec.patches[0].merge must be a mapping"),
        (("patches",), [{"target": {"kind": "A"}, "json": [1]}], "spec.patches[0].json[0] must be a mapping"),
    ],
)
def test_anything_else_is_refused_with_its_place(where: tuple[str, ...], value: object, message: str) -> None:
    data: Any = copy.deepcopy(DATA)
    holder = data
    for part in where[:-1]:
        holder = holder[part]
    if value is ...:
        del holder[where[-1]]
    else:
        holder[where[-1]] = value
    words = {
        "unknown": "which this bggen does not know",
        "unknown_config_map": "has the unknown key 'configMap'",
        "unknown_read_only": "has the unknown key 'readOnly'",
        "whole": "must be a whole number",
        "flag": "must be true or false",
        "bounds": "needs bounds of 1 and more, and a target",
        "peer": "pods of a namespace, or a cidr",
        "web": "spec.components.web",
        "target": "spec.patches[0].target",
    }
    with pytest.raises(ValueError, match=r".") as caught:
        spec_from_data(data)
    assert str(caught.value) == message.format(**words)
