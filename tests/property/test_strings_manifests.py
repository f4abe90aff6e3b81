"""Any string in any value survives to what readers of YAML 1.1 and 1.2 see in the manifests."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bggen.model import EnvRef, Health, Image, Manifest, Route
from bggen.model.parts import (
    CommandSmoke,
    EnvFrom,
    HttpSmoke,
    Mount,
    Peer,
    Placement,
    Preview,
    Schedule,
    ServiceAccountSettings,
    ServiceSettings,
    Toleration,
)
from bggen.render import render
from tests.support.states import DIGEST, app_spec, bumped, component, first, hello_spec, texts

if TYPE_CHECKING:
    from bggen.model import AppSpec


def readings(manifests: tuple[Manifest, ...], file: str) -> list[Any]:
    """What the readers see in one file: libyaml and pure Python for 1.1, ruamel for 1.2."""
    text = next(manifest.text for manifest in manifests if manifest.file == file)
    return [
        yaml.load(text, Loader=yaml.CSafeLoader),
        yaml.load(text, Loader=yaml.SafeLoader),
        YAML(typ="safe", pure=True).load(io.BytesIO(text.encode())),
    ]


# A reference is the one thing that a value may hold which is not itself.
values = texts().filter(lambda text: "${" not in text)
budget = settings(max_examples=max(settings().max_examples // 2, 20))


@budget
@given(
    st.lists(values, min_size=1, max_size=4), st.lists(values, max_size=3), st.dictionaries(values, values, max_size=3)
)
def test_commands_arguments_and_annotations(command: list[str], args: list[str], annotations: dict[str, str]) -> None:
    manifests = render(first(hello_spec(command=tuple(command), args=tuple(args), annotations=annotations)))
    for data in readings(manifests, "deployment-hello-blue.yaml"):
        pod = data["spec"]["template"]
        assert list(pod["spec"]["containers"][0]["command"]) == command
        assert list(pod["spec"]["containers"][0].get("args", [])) == args
        assert pod["metadata"].get("annotations", {}) == annotations
        assert {**annotations, **data["metadata"]["annotations"]} == data["metadata"]["annotations"]


@budget
@given(st.dictionaries(values, values, min_size=1, max_size=4), values, values)
def test_variables_and_secret_references(env: dict[str, str], secret: str, key: str) -> None:
    manifests = render(first(hello_spec(env={**env, "the one": EnvRef("secret", secret, key)})))
    for data in readings(manifests, "deployment-hello-blue.yaml"):
        variables = data["spec"]["template"]["spec"]["containers"][0]["env"]
        assert {each["name"]: each["value"] for each in variables if "value" in each} == {
            name: value for name, value in env.items() if name != "the one"
        }
        assert [each["valueFrom"] for each in variables if "valueFrom" in each] == [
            {"secretKeyRef": {"name": secret, "key": key}}
        ]


@budget
@given(
    st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+){0,2}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    st.sampled_from([None, DIGEST]),
)
def test_images(repository: str, tag: str, digest: str | None) -> None:
    manifests = render(first(hello_spec(image=Image(repository, tag, digest))))
    for data in readings(manifests, "deployment-hello-blue.yaml"):
        image = data["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image == f"{repository}:{tag}" + (f"@{digest}" if digest else "")


@budget
@given(values, values, values, values, st.dictionaries(values, values, max_size=3))
def test_routes(host: str, path: str, tls: str, ingress_class: str, annotations: dict[str, str]) -> None:
    route = Route((host,), {path: "hello"}, tls=tls, ingress_class=ingress_class, annotations=annotations)
    manifests = render(first(replace(hello_spec(), route=route)))
    for data in readings(manifests, "ingress-hello.yaml"):
        spec = data["spec"]
        assert spec["rules"][0]["host"] == host
        assert spec["rules"][0]["http"]["paths"][0]["path"] == path
        assert spec["tls"] == [{"hosts": [host], "secretName": tls}]
        assert spec["ingressClassName"] == ingress_class
        assert {**data["metadata"]["annotations"], **annotations} == data["metadata"]["annotations"]


@budget
@given(st.lists(values, min_size=1, max_size=3), values, values, values, st.dictionaries(values, values, max_size=3))
def test_several_hosts_and_previews(
    hosts: list[str], preview: str, tls: str, ingress_class: str, annotations: dict[str, str]
) -> None:
    shown = Preview(preview, tls, ingress_class, annotations)
    for switch, name in (("service", "hello-preview"), ("ingress", "hello-green")):
        route = Route(tuple(hosts), {"/": "hello"}, switch, preview=shown)  # type: ignore[arg-type]  # one of its names
        manifests = render(first(replace(hello_spec(), route=route)))
        for data in readings(manifests, "ingress-hello.yaml"):
            assert [rule["host"] for rule in data["spec"]["rules"]] == hosts
        if preview in hosts:
            assert not any(manifest.name == "hello-preview" and manifest.kind == "Ingress" for manifest in manifests)
            continue
        for data in readings(manifests, "ingress-hello-preview.yaml"):
            (rule,) = data["spec"]["rules"]
            assert rule["host"] == preview
            assert rule["http"]["paths"][0]["backend"]["service"]["name"] == name
            assert data["spec"]["tls"] == [{"hosts": [preview], "secretName": tls}]
            assert data["spec"]["ingressClassName"] == ingress_class
            assert {**annotations, **data["metadata"]["annotations"]} == data["metadata"]["annotations"]


@budget
@given(st.dictionaries(values, values, max_size=3))
def test_annotations_of_a_service(annotations: dict[str, str]) -> None:
    settings = ServiceSettings("NodePort", 30080, annotations=annotations)
    for data in readings(render(first(hello_spec(service=settings))), "service-hello.yaml"):
        assert {**annotations, **data["metadata"]["annotations"]} == data["metadata"]["annotations"]
        assert data["spec"]["ports"][0]["nodePort"] == 30080


@budget
@given(st.lists(values, min_size=1, max_size=4), st.dictionaries(values, values, max_size=4), values, values, values)
def test_smoke_tests(command: list[str], env: dict[str, str], secret: str, key: str, path: str) -> None:
    image = Image("ghcr.io/acme/smoke", "v1")
    spec = replace(hello_spec(), smoke=CommandSmoke(image, tuple(command), {**env, "the one": EnvRef("field", key)}))
    for data in _jobs(spec):
        (container,) = data["spec"]["template"]["spec"]["containers"]
        assert container["command"] == command
        found = {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
        own = {"the one": {"fieldRef": {"fieldPath": key}}, "BGGEN_COLOR": "green", "BGGEN_RELEASE": "2"}
        assert found == {**env, **own}
    spec = replace(hello_spec(image_pull_secrets=(secret,)), smoke=HttpSmoke("hello", f"/{path}", image, timeout=5))
    for data in _jobs(spec):
        pod = data["spec"]["template"]["spec"]
        assert pod["imagePullSecrets"] == [{"name": secret}]
        found = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
        assert found["BGGEN_URL"] == f"http://hello-green:80/{path}".replace("$", "$$")


def _jobs(spec: AppSpec) -> list[Any]:
    manifests = render(bumped(first(spec), spec))
    (file,) = [manifest.file for manifest in manifests if manifest.kind == "Job"]
    return readings(manifests, file)


@budget
@given(values, values, values)
def test_labels_namespaces_and_probes(label: str, namespace: str, path: str) -> None:
    spec = hello_spec(labels={"team": label}, health=Health(ready=path, live=path))
    manifests = render(first(replace(spec, namespace=namespace)))
    for data in readings(manifests, "deployment-hello-blue.yaml"):
        pod = data["spec"]["template"]
        assert data["metadata"]["namespace"] == namespace
        assert data["metadata"]["labels"]["team"] == pod["metadata"]["labels"]["team"] == label
        container = pod["spec"]["containers"][0]
        assert container["readinessProbe"]["httpGet"]["path"] == container["livenessProbe"]["httpGet"]["path"] == path


@budget
@given(values, values, values, st.lists(values, min_size=1, max_size=3), st.dictionaries(values, values, max_size=3))
def test_schedules(cron: str, time_zone: str, label: str, args: list[str], annotations: dict[str, str]) -> None:
    schedule = Schedule(cron, time_zone)
    made = component(
        "tidy",
        kind="cron",
        drain=0,
        schedule=schedule,
        args=tuple(args),
        labels={"team": label},
        annotations=annotations,
    )
    manifests = render(first(app_spec("tidy", made)))
    for data in readings(manifests, "cronjob-tidy-blue.yaml"):
        spec = data["spec"]
        assert (spec["schedule"], spec["timeZone"], spec["suspend"]) == (cron, time_zone, False)
        pod = spec["jobTemplate"]["spec"]["template"]
        assert pod["spec"]["containers"][0]["args"] == args
        assert spec["jobTemplate"]["metadata"]["labels"]["team"] == pod["metadata"]["labels"]["team"] == label
        assert pod["metadata"].get("annotations", {}) == annotations
        assert {**data["metadata"]["annotations"], **annotations} == data["metadata"]["annotations"]


@budget
@given(values, values, st.dictionaries(values, values, min_size=1, max_size=3))
def test_peers(namespace: str, cidr: str, pods: dict[str, str]) -> None:
    network = (Peer(namespace, pods), Peer(cidr=cidr), Peer(pods=pods), Peer(namespace))
    manifests = render(first(replace(hello_spec(), network=network)))
    for data in readings(manifests, "networkpolicy-hello-blue.yaml"):
        where = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        (rule,) = data["spec"]["ingress"]
        assert rule["from"][2:] == [
            {"namespaceSelector": where, "podSelector": {"matchLabels": pods}},
            {"ipBlock": {"cidr": cidr}},
            {"podSelector": {"matchLabels": pods}},
            {"namespaceSelector": where},
        ]


paths = st.from_regex(r"/[-A-Za-z0-9._@+=~%, ]{0,20}(/[A-Za-z0-9 ]{1,10})?[-A-Za-z0-9_@]", fullmatch=True)


@budget
@given(st.dictionaries(paths, texts(), min_size=1, max_size=5))
def test_files(files: dict[str, str]) -> None:
    manifests = render(first(hello_spec(files=files)))
    (config,) = (manifest for manifest in manifests if manifest.kind == "ConfigMap")
    for data, pods in zip(
        readings(manifests, config.file), readings(manifests, "deployment-hello-blue.yaml"), strict=True
    ):
        container = pods["spec"]["template"]["spec"]["containers"][0]
        assert all(re.fullmatch(r"(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}", key) for key in data["data"])
        assert {mount["mountPath"]: data["data"][mount["subPath"]] for mount in container["volumeMounts"]} == files


@budget
@given(st.lists(values, min_size=4, max_size=4, unique=True), values, values, values)
def test_mounts_and_directories(places: list[str], name: str, key: str, size: str) -> None:
    mounts = {
        places[0]: Mount("secret", name, key=key),
        places[1]: Mount("configMap", name),
        places[2]: Mount("claim", name),
        places[3]: Mount("empty", size=size),
    }
    manifests = render(first(hello_spec(mounts=mounts, writable=(name,))))
    for data in readings(manifests, "deployment-hello-blue.yaml"):
        pod = data["spec"]["template"]["spec"]
        found = {each["name"]: each for each in pod["volumes"]}
        seen = [(mount["mountPath"], found[mount["name"]]) for mount in pod["containers"][0]["volumeMounts"]]
        assert sorted(path for path, _ in seen) == sorted([*places, name])
        assert (places[3], {"name": "empty-1", "emptyDir": {"sizeLimit": size}}) in seen
        assert (places[2], {"name": "claim-1", "persistentVolumeClaim": {"claimName": name}}) in seen
        assert (places[1], {"name": "configmap-1", "configMap": {"name": name}}) in seen
        items = [{"key": key, "path": key}]
        assert (places[0], {"name": "secret-1", "secret": {"secretName": name, "items": items}}) in seen


@budget
@given(values, values, values, st.dictionaries(values, values, max_size=3))
def test_identity_placement_and_sources(name: str, value: str, other: str, pairs: dict[str, str]) -> None:
    placement = Placement(pairs, (Toleration(name, value=value),), other)
    spec = hello_spec(
        placement=placement,
        service_account=ServiceAccountSettings(name, annotations=pairs),
        image_pull_secrets=(value,),
        env={"A": EnvRef("configMap", name, value), "B": EnvRef("field", other)},
        env_from=(EnvFrom("secret", value, name), EnvFrom("configMap", other)),
        ports={"x": 1},
        health=Health(port="x", start=f"/{value}"),
    )
    manifests = render(first(spec))
    for data in readings(manifests, "deployment-hello-blue.yaml"):
        pod = data["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert (pod["serviceAccountName"], pod["priorityClassName"]) == (name, other)
        assert pod.get("nodeSelector", {}) == pairs
        assert pod["tolerations"] == [{"operator": "Equal", "key": name, "value": value}]
        assert pod["imagePullSecrets"] == [{"name": value}]
        assert [each["valueFrom"] for each in container["env"]] == [
            {"configMapKeyRef": {"name": name, "key": value}},
            {"fieldRef": {"fieldPath": other}},
        ]
        assert container["envFrom"] == [
            {"secretRef": {"name": value}, "prefix": name},
            {"configMapRef": {"name": other}},
        ]
        assert container["startupProbe"]["httpGet"] == {"path": f"/{value}", "port": "x"}
    for data in readings(manifests, "serviceaccount-hello-blue.yaml"):
        assert {**data["metadata"]["annotations"], **pairs} == data["metadata"]["annotations"]
