"""What renderer 1 makes of the fields of a pod that most components do without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from bggen.model import EnvRef, Health
from bggen.model.parts import EnvFrom, Mount, Placement, ServiceAccountSettings, Toleration
from bggen.render import render
from tests.support.manifests import at, pod_templates, read
from tests.support.states import app_spec, bumped, component, first, hello_spec

POD = "spec.template.spec"


def deployment(**fields: Any) -> Any:
    """The Deployment of an app with one component of these fields."""
    return read(render(first(hello_spec(**fields))))["deployment-hello-blue.yaml"]


def pod(**fields: Any) -> Any:
    return at(deployment(**fields), POD)


def container(**fields: Any) -> Any:
    return pod(**fields)["containers"][0]


def seen(**fields: Any) -> dict[str, Any]:
    """By path what a container sees there: the source, and how it is mounted."""
    made = pod(**fields)
    volumes = {each["name"]: {key: value for key, value in each.items() if key != "name"} for each in made["volumes"]}
    assert len(volumes) == len(made["volumes"])
    assert set(volumes) == {mount["name"] for mount in made["containers"][0]["volumeMounts"]}
    return {
        mount["mountPath"]: {
            **volumes[mount["name"]],
            **{key: value for key, value in mount.items() if key not in ("name", "mountPath")},
        }
        for mount in made["containers"][0]["volumeMounts"]
    }


def test_mounts() -> None:
    mounts = {
        "/tls": Mount("secret", "tls"),
        "/ca": Mount("secret", "tls", key="ca.crt"),
        "/region": Mount("configMap", "region"),
        "/name": Mount("configMap", "region", key="name"),
        "/data": Mount("claim", "data"),
        "/shared": Mount("claim", "shared", read_only=True),
        "/scratch": Mount("empty"),
        "/small": Mount("empty", size="1Gi"),
    }
    one = {"items": [{"key": "ca.crt", "path": "ca.crt"}]}
    assert seen(mounts=mounts) == {
        "/tls": {"secret": {"secretName": "tls"}, "readOnly": True},
        "/ca": {"secret": {"secretName": "tls", **one}, "subPath": "ca.crt", "readOnly": True},
        "/region": {"configMap": {"name": "region"}, "readOnly": True},
        "/name": {
            "configMap": {"name": "region", "items": [{"key": "name", "path": "name"}]},
            "subPath": "name",
            "readOnly": True,
        },
        "/data": {"persistentVolumeClaim": {"claimName": "data"}},
        "/shared": {"persistentVolumeClaim": {"claimName": "shared"}, "readOnly": True},
        "/scratch": {"emptyDir": {}},
        "/small": {"emptyDir": {"sizeLimit": "1Gi"}},
    }


def test_one_object_is_one_volume_and_empty_directories_are_apart() -> None:
    claims = {f"/{index}": Mount("claim", "data", read_only=bool(index)) for index in range(3)}
    assert [each["name"] for each in pod(mounts=claims)["volumes"]] == ["claim-1"]
    empties = {f"/{index}": Mount("empty") for index in range(3)}
    assert [each["name"] for each in pod(mounts=empties)["volumes"]] == ["empty-1", "empty-2", "empty-3"]


def test_what_lies_within_another_mount_comes_after_it() -> None:
    made = container(files={"/data/etc/a.ini": ""}, mounts={"/data": Mount("claim", "data")}, writable=("/data/etc",))
    assert [mount["mountPath"] for mount in made["volumeMounts"]] == ["/data", "/data/etc", "/data/etc/a.ini"]


@pytest.mark.parametrize("security", ["restricted", "baseline"])
def test_writable(security: str) -> None:
    assert seen(writable=("/b", "/a"), security=security) == {"/a": {"emptyDir": {}}, "/b": {"emptyDir": {}}}
    for directories in ((), ("/a",)):
        rules = container(writable=directories, security=security)["securityContext"]
        assert rules["readOnlyRootFilesystem"] is True
        assert ("capabilities" in rules) is (security == "restricted")
    assert "readOnlyRootFilesystem" not in container(security=security).get("securityContext", {})


def test_group() -> None:
    assert pod(group=0)["securityContext"]["fsGroup"] == 0
    assert "fsGroup" not in pod()["securityContext"]


def test_variables_from_elsewhere() -> None:
    env = {
        "A": "$(IP)",
        "IP": EnvRef("field", "status.podIP"),
        "S": EnvRef("secret", "s", "$(k"),
        "C": EnvRef("configMap", "c", "k"),
    }
    assert container(env=env)["env"] == [
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "$(k"}}},
        {"name": "A", "value": "$(IP)"},
    ]
    # Their order counts: a later one wins.
    sources = (EnvFrom("secret", "z"), EnvFrom("configMap", "a", "P_"))
    assert container(env_from=sources)["envFrom"] == [
        {"secretRef": {"name": "z"}},
        {"configMapRef": {"name": "a"}, "prefix": "P_"},
    ]


def test_ports_are_sorted_with_the_first_one_in_front() -> None:
    def listening(**fields: Any) -> list[tuple[str, int]]:
        return [(port["name"], port["containerPort"]) for port in container(**fields).get("ports", [])]

    assert listening(ports={"metrics": 9100, "admin": 9090}) == [("http", 8080), ("admin", 9090), ("metrics", 9100)]
    assert listening(port=None, ports={"metrics": 9100}) == [("metrics", 9100)]
    assert listening(port=None) == []


@pytest.mark.parametrize(
    ("health", "path", "failures", "deadline"),
    [
        (Health(), None, None, 180),
        (Health(ready="/r"), None, None, 180),
        (Health(live="/l"), "/l", 30, 180),
        (Health(live="/l", start="/s"), "/s", 30, 180),
        (Health(ready="/r", start_seconds=5), "/r", 1, 180),
        (Health(start_seconds=141), "tcp", 29, 181),
        (Health(live="/l", start_seconds=3600), "/l", 720, 3640),
    ],
)
def test_a_start_takes_its_time(health: Health, path: str | None, failures: int | None, deadline: int) -> None:
    made = container(health=health).get("startupProbe")
    assert deployment(health=health)["spec"]["progressDeadlineSeconds"] == deadline
    if path is None:
        assert made is None
    else:
        assert (made["periodSeconds"], made["failureThreshold"]) == (5, failures)
        assert made.get("httpGet", {"path": "tcp"})["path"] == path


def test_every_probe_asks_the_port_of_health() -> None:
    made = container(health=Health("/r", "/l", "/s", 60, "admin"), ports={"admin": 1})
    assert [made[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")] == [
        {"path": path, "port": "admin"} for path in ("/s", "/l", "/r")
    ]
    made = container(port=None, health=Health(port="admin"), ports={"admin": 1})
    assert made["readinessProbe"]["tcpSocket"] == {"port": "admin"}
    assert not [key for key in container(port=None, ports={"admin": 1}) if key.endswith("Probe")]


def test_service_accounts() -> None:
    def accounts(settings: ServiceAccountSettings | None) -> tuple[str, bool, Any]:
        objects = read(render(first(hello_spec(service_account=settings))))
        made = at(objects["deployment-hello-blue.yaml"], POD)
        rendered = objects["serviceaccount-hello-blue.yaml"]
        assert rendered["automountServiceAccountToken"] is False
        notes = {key: value for key, value in rendered["metadata"]["annotations"].items() if "argoproj" not in key}
        return made["serviceAccountName"], made["automountServiceAccountToken"], notes

    assert accounts(None) == ("hello-blue", False, {})
    assert accounts(ServiceAccountSettings(token=True)) == ("hello-blue", True, {})
    assert accounts(ServiceAccountSettings(name="own", token=True)) == ("own", True, {})
    assert accounts(ServiceAccountSettings(annotations={"a.b/role": "x"})) == ("hello-blue", False, {"a.b/role": "x"})


def test_placement() -> None:
    made = pod(
        placement=Placement(
            {"b": "yes", "a": ""},
            (Toleration("k"), Toleration("k", value="", effect="NoSchedule"), Toleration(operator="Exists", seconds=0)),
            "high",
        ),
        image_pull_secrets=("b", "a"),
    )
    assert made["nodeSelector"] == {"a": "", "b": "yes"}
    assert made["tolerations"] == [
        {"operator": "Equal", "key": "k"},
        {"operator": "Equal", "key": "k", "value": "", "effect": "NoSchedule"},
        {"operator": "Exists", "tolerationSeconds": 0},
    ]
    assert made["priorityClassName"] == "high"
    assert made["imagePullSecrets"] == [{"name": "b"}, {"name": "a"}]
    assert "affinity" not in made
    plain = pod()
    assert not plain.keys() & {"nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets", "affinity"}


@pytest.mark.parametrize("way", ["preferred", "required"])
def test_colours_keep_off_each_others_nodes(way: Literal["preferred", "required"]) -> None:
    spec = app_spec("shop", component("web", placement=Placement(color_anti_affinity=way)))
    pods = pod_templates(render(bumped(first(spec), replace(spec))))
    for color, other in (("blue", "green"), ("green", "blue")):
        rules = pods[f"deployment-shop-web-{color}.yaml"]["spec"]["affinity"]["podAntiAffinity"]
        (rule,) = rules[f"{way}DuringSchedulingIgnoredDuringExecution"]
        if way == "preferred":
            assert rule["weight"] == 100
            rule = rule["podAffinityTerm"]
        assert rule["topologyKey"] == "kubernetes.io/hostname"
        avoided = rule["labelSelector"]["matchLabels"]
        assert avoided.items() <= pods[f"deployment-shop-web-{other}.yaml"]["metadata"]["labels"].items()
        assert avoided["bggen.dev/color"] == other
