"""The canonical data of a release: strict, and the same both ways."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bggen.model import AppSpec, Component, EnvRef, Health, Image, Resources, Route
from bggen.spec import spec_from_data, spec_to_data

SPEC = AppSpec(
    name="shop",
    kubernetes="1.34",
    namespace="shop",
    components={
        "web": Component(
            name="web",
            image=Image("ghcr.io/acme/web", "v2"),
            port=8080,
            replicas=3,
            command=("a",),
            args=("b", "c"),
            env={"B": EnvRef("secret", "s", "k"), "A": "x"},
            health=Health(live="/l"),
            resources=Resources(memory="1Gi", cpu_limit="2"),
            user=0,
            security="baseline",
            drain=0,
            labels={"b": "1", "a": "2"},
            annotations={"c": ""},
        ),
        "api": Component(name="api", image=Image("api", digest="sha256:" + "0" * 64)),
    },
    route=Route(("a.example.com",), {"/b": "web", "/": "web"}, tls="t", ingress_class="c", annotations={"x": "y"}),
)
DATA: dict[str, Any] = {
    "name": "shop",
    "kubernetes": "1.34",
    "namespace": "shop",
    "components": {
        "api": {
            "image": "api@sha256:" + "0" * 64,
            "kind": "service",
            "replicas": 1,
            "security": "restricted",
            "drain": 10,
        },
        "web": {
            "image": "ghcr.io/acme/web:v2",
            "kind": "service",
            "port": 8080,
            "replicas": 3,
            "command": ["a"],
            "args": ["b", "c"],
            "env": {"A": "x", "B": {"secret": "s", "key": "k"}},
            "health": {"live": "/l"},
            "resources": {"memory": "1Gi", "cpuLimit": "2"},
            "user": 0,
            "security": "baseline",
            "drain": 0,
            "labels": {"a": "2", "b": "1"},
            "annotations": {"c": ""},
        },
    },
    "route": {
        "hosts": ["a.example.com"],
        "paths": {"/": "web", "/b": "web"},
        "switch": "service",
        "tls": "t",
        "class": "c",
        "annotations": {"x": "y"},
    },
}


def order(data: Any) -> Any:
    """Return data whose equality sees the order of keys."""
    return [(key, order(value)) for key, value in data.items()] if isinstance(data, dict) else data


def test_canonical_data_has_one_order() -> None:
    assert order(spec_to_data(SPEC)) == order(DATA)
    assert spec_from_data(DATA) == SPEC


def test_what_is_not_set_is_left_out() -> None:
    spec = AppSpec("a", "1.30", {"a": Component("a", Image("a"))})
    assert set(spec_to_data(spec)) == {"name", "kubernetes", "components"}
    assert set(spec_to_data(spec)["components"]["a"]) == {"image", "kind", "replicas", "security", "drain"}
    assert spec_from_data(spec_to_data(spec)) == spec


WEB = ("components", "web")


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ((), [], "spec must be a mapping"),
        (("extra",), 1, "spec has the unknown key 'extra'"),
        (("name",), "../x", "spec.name is '../x', which is not a name"),
        (("name",), 5, "spec.name is 5, which is not a name"),
        (("kubernetes",), 1.34, "spec.kubernetes must be a minor version such as '1.34'"),
        (("namespace",), 5, "spec.namespace must be text"),
        (("components",), {}, "spec.components is empty"),
        (("components",), [], "spec.components must be a mapping"),
        (("components", "a\nb"), {}, r"a key of spec.components is 'a\nb', which is not a name"),
        (WEB, None, "spec.components.web must be a mapping"),
        ((*WEB, "image"), "A b", "spec.components.web.image: 'A b': a repository is in lower case"),
        ((*WEB, "kind"), "job", "spec.components.web.kind is 'job', which this bggen does not know"),
        ((*WEB, "port"), "80", "spec.components.web.port must be a whole number"),
        ((*WEB, "port"), True, "spec.components.web.port must be a whole number"),
        ((*WEB, "replicas"), -1, "spec.components.web.replicas must be a whole number"),
        ((*WEB, "replicas"), 2.0, "spec.components.web.replicas must be a whole number"),
        ((*WEB, "args"), "x", "spec.components.web.args must be a list"),
        ((*WEB, "args"), ["x", 1], "spec.components.web.args[1] must be text"),
        ((*WEB, "env"), {"A": 1}, "spec.components.web.env.'A' must be a mapping"),
        ((*WEB, "env"), {"A": {"secret": "s"}}, "spec.components.web.env.'A' has no key"),
        ((*WEB, "env"), {"A": {"secret": "s", "key": None}}, "spec.components.web.env.'A'.key must be text"),
        ((*WEB, "env"), {5: "x"}, "spec.components.web.env must be a mapping"),
        ((*WEB, "health"), {"x": 1}, "spec.components.web.health has the unknown key 'x'"),
        ((*WEB, "resources"), {"cpu": 1}, "spec.components.web.resources.cpu must be text"),
        ((*WEB, "security"), "none", "spec.components.web.security is 'none', which this bggen does not know"),
        ((*WEB, "security"), ["none"], "spec.components.web.security is ['none'], which this bggen does not know"),
        ((*WEB, "labels"), {"a": 1}, "spec.components.web.labels.'a' must be text"),
        (("route",), None, "spec.route must be a mapping"),
        (("route", "switch"), "mesh", "spec.route.switch is 'mesh', which this bggen does not know"),
        (("route", "switch"), "rollouts", "spec.rollout is missing"),
        (("route", "paths"), {"/": "no"}, "spec.route.paths.'/' is 'no', no component with a port"),
        (("route", "paths"), {"/": "api"}, "spec.route.paths.'/' is 'api', no component with a port"),
        (("route", "hosts"), [1], "spec.route.hosts[0] must be text"),
    ],
)
def test_anything_else_is_refused_with_its_place(where: tuple[str, ...], value: object, message: str) -> None:
    data: Any = copy.deepcopy(DATA)
    holder = data
    for part in where[:-1]:
        holder = holder[part]
    if where:
        holder[where[-1]] = value
    with pytest.raises(ValueError, match=r".") as caught:
        spec_from_data(data if where else value)
    assert str(caught.value) == message


@pytest.mark.parametrize("key", ["image", "kind", "replicas", "security", "drain"])
def test_what_is_missing_is_named(key: str) -> None:
    data = copy.deepcopy(DATA)
    del data["components"]["web"][key]
    with pytest.raises(ValueError, match=rf"^spec\.components\.web has no {key}\Z"):
        spec_from_data(data)
