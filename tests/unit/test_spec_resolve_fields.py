"""Resolving, field by field: from every layer, in both forms, merged or replaced, and what gives way to what."""

from __future__ import annotations

from typing import Any

import pytest

from bggen import yamlio
from bggen.model import Color, Component, EnvRef, Image
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
from bggen.spec.resolving import SHORTHAND
from bggen.spec.sections import SMOKE_IMAGE
from tests.unit.test_spec_resolve import HEAD, problems, solve

REPO = "apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {staging: {}, prod: {}}\n"
WEB = HEAD + "components: {web: {image: a, port: 80}, api: {image: a, port: 81}}\n"

# One value of every field, as it is written, and where it ends up.
FIELDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "image": ("b", {"image": Image("b")}),
    "port": (8080, {"port": 8080}),
    "ports": ({"m": 9100}, {"ports": {"m": 9100}}),
    "service": ({"type": "NodePort", "nodePort": 1}, {"service": ServiceSettings("NodePort", 1)}),
    "replicas": (4, {"replicas": 4}),
    "autoscale": ({"min": 2, "max": 3, "memory": 9}, {"autoscale": Autoscale(2, 3, None, 9), "replicas": 2}),
    "command": ([1, True], {"command": ("1", "true")}),
    "args": (["x"], {"args": ("x",)}),
    "env": ({"A": 1.5, "B": {"configMap": "c", "key": "d"}}, {"env": {"A": "1.5", "B": EnvRef("configMap", "c", "d")}}),
    "envFrom": ([{"secret": "s", "prefix": "P_"}], {"env_from": (EnvFrom("secret", "s", "P_"),)}),
    "files": ({"/a": 5}, {"files": {"/a": "5"}}),
    "mounts": ({"/b": {"empty": True}}, {"mounts": {"/b": Mount("empty")}}),
    "writable": ([], {"writable": ()}),
    "group": (0, {"group": 0}),
    "user": (5, {"user": 5}),
    "security": ("baseline", {"security": "baseline"}),
    "drain": (3, {"drain": 3}),
    "serviceAccount": ({"token": True}, {"service_account": ServiceAccountSettings(token=True)}),
    "imagePullSecrets": (["p"], {"image_pull_secrets": ("p",)}),
    "nodeSelector": ({"a": True}, {"placement": Placement({"a": "true"})}),
    "tolerations": ([{"key": "k"}], {"placement": Placement(tolerations=(Toleration("k"),))}),
    "priorityClass": ("p", {"placement": Placement(priority_class="p")}),
    "colorAntiAffinity": ("required", {"placement": Placement(color_anti_affinity="required")}),
    "labels": ({"a": 1}, {"labels": {"a": "1"}}),
    "annotations": ({"a": 1}, {"annotations": {"a": "1"}}),
}
BASE = {"image": "a", "port": 80, "resources": {"memory": "1Gi"}}


def text(data: Any) -> str:
    return yamlio.dump(data)


def component(**fields: Any) -> Component:
    return solve(HEAD + text({"components": {"web": {"image": "a", **fields}}}), repo=REPO).components["web"]


def expected(name: str, fields: dict[str, Any]) -> Component:
    return solve(HEAD + text({"components": {name: {**BASE, **fields}}}), repo=REPO).components[name]


def test_every_field_is_tried() -> None:
    assert set(FIELDS) | {"health", "resources"} == set(SHORTHAND)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("layer", ["app", "short", "overlay", "environment", "repo"])
def test_a_field_of_any_layer(field: str, layer: str) -> None:
    value, attributes = FIELDS[field]
    name = "shop" if layer == "short" else "web"
    own = {**BASE, field: value} if layer in ("app", "short") else BASE
    own = {key: item for key, item in own.items() if key != field or layer in ("app", "short", "overlay")}
    app = HEAD + text(own if layer == "short" else {"components": {"web": own}})
    overlay = text({"components": {"web": {field: value}}}) if layer == "overlay" else None
    repo = REPO
    if layer in ("environment", "repo"):
        if field == "image":
            pytest.skip("no default for an image")
        defaults = {"defaults": {field: value}}
        repo = REPO + text(defaults) if layer == "repo" else REPO.replace("prod: {}", f"prod: {defaults}")
        repo = repo.replace("'", '"').replace("True", "true")
    found = solve(app, overlay, repo=repo).components[name]
    assert {key: getattr(found, key) for key in attributes} == attributes


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"image"}))
def test_null_takes_a_default_away(field: str) -> None:
    value, attributes = FIELDS[field]
    repo = REPO + text({"defaults": {"resources": {"memory": "1Gi"}, field: value}})
    app = HEAD + text({"components": {"web": {"image": "a"}}})
    plain = solve(app, repo=REPO).components["web"]
    found = solve(app, text({"components": {"web": {field: None}}}), repo=repo).components["web"]
    assert {key: getattr(found, key) for key in attributes} == {key: getattr(plain, key) for key in attributes}


def test_mappings_are_merged_and_lists_replaced() -> None:
    app = """components:
  web:
    image: a
    port: 80
    ports: {a: 1, b: 2}
    files: {/a: x, /b: y}
    mounts: {/c: {secret: s, key: k}, /d: {empty: true}}
    nodeSelector: {a: b, c: d}
    envFrom: [{secret: s}]
    tolerations: [{key: k}]
    service: {type: NodePort, nodePort: 5}
    writable: [/x]
"""
    overlay = """components:
  web:
    ports: {a: null, c: 3}
    files: {/a: null, /z: z}
    mounts: {/c: {secret: null, configMap: m}, /d: {empty: 1Gi}}
    nodeSelector: {a: null}
    envFrom: [{configMap: c, secret: null}]
    tolerations: [{operator: Exists, key: null}]
    service: {nodePort: 6}
    writable: []
"""
    web = solve(HEAD + app, overlay, repo=REPO).components["web"]
    assert web.ports == {"b": 2, "c": 3}
    assert web.files == {"/b": "y", "/z": "z"}
    assert web.mounts == {"/c": Mount("configMap", "m", "k"), "/d": Mount("empty", size="1Gi")}
    assert web.placement == Placement({"c": "d"}, (Toleration(operator="Exists"),))
    assert web.env_from == (EnvFrom("configMap", "c"),)
    assert web.service == ServiceSettings("NodePort", 6)
    assert web.writable == ()


def test_text_stays_as_it_is_written_wherever_kubernetes_wants_text() -> None:
    app = """components:
  web:
    image: a
    env: {A: 010, B: 1e3}
    files: {/a: 1.10, /b: yes, /c: true}
    nodeSelector: {a: 1.10, b: true, c: 0x1F}
    labels: {a: 1.10}
    mounts: {/m: {empty: "1.10"}}
"""
    assert problems(HEAD + app, repo=REPO)[0].endswith("must be true, or a size such as 128Mi or 1Gi; it is '1.10'")
    web = solve(HEAD + app.replace('"1.10"', '"1.10Gi"'), repo=REPO).components["web"]
    assert web.env == {"A": "010", "B": "1e3"}
    assert web.files == {"/a": "1.10", "/b": "yes", "/c": "true"}
    assert web.placement == Placement({"a": "1.10", "b": "true", "c": "0x1F"})
    assert web.labels == {"a": "1.10"}


def test_a_cron_has_defaults_of_its_own() -> None:
    cron = component(kind="cron", schedule="@daily")
    assert cron.schedule == Schedule("@daily", None, 60, "Forbid", None, 0)
    assert component(kind="worker").drain == 0
    assert component(kind="worker", drain=7).drain == 7
    assert component(kind=None).kind == "service"


def test_defaults_that_do_not_fit_a_component_give_way_silently() -> None:
    repo = (
        REPO
        + """defaults:
  replicas: 3
  drain: 5
  health: {ready: /ready}
  service: {type: NodePort}
  schedule: "@daily"
  backoffLimit: 4
  colorAntiAffinity: required
"""
    )
    app = """components:
  web: {image: a, port: 80}
  quiet: {image: a}
  mail: {image: a, kind: worker}
  cron: {image: a, kind: cron}
"""
    found = solve(HEAD + app, repo=repo).components
    assert found["web"].health.ready == "/ready"
    assert found["quiet"].health.ready is None
    assert found["quiet"].service is None
    assert (found["mail"].replicas, found["mail"].drain, found["mail"].health.ready) == (3, 5, None)
    assert found["cron"].schedule == Schedule("@daily", backoff_limit=4)
    assert (found["cron"].replicas, found["cron"].placement) == (1, None)


def test_autoscale_and_replicas() -> None:
    scale = "{min: 2, max: 5, cpu: 70}"
    resources = "resources: {cpu: 1}"
    given = solve(HEAD + f"image: a\n{resources}\nautoscale: {scale}\n", repo=REPO + "defaults: {replicas: 9}\n")
    assert given.components["shop"].replicas == 2
    repo = REPO + f"defaults: {{autoscale: {scale}}}\n"
    fixed = solve(HEAD + f"image: a\n{resources}\nreplicas: 4\n", repo=repo).components["shop"]
    assert (fixed.replicas, fixed.autoscale) == (4, None)
    both = f"components: {{web: {{image: a, {resources}, replicas: 4}}}}\n"
    overlay = f"components: {{web: {{autoscale: {scale}}}}}\n"
    message = "stands beside `autoscale`, which decides how many pods there are: leave it out, or make it null"
    assert [line.split("replicas: ")[1] for line in problems(HEAD + both, overlay, repo=REPO)] == [message]
    scaled = solve(HEAD + both, overlay.replace("autoscale", "replicas: null, autoscale"), repo=REPO).components["web"]
    assert (scaled.replicas, scaled.autoscale) == (2, Autoscale(2, 5, 70))
    assert component(autoscale={"min": 1, "max": 2}, resources={"cpu": 1}).autoscale == Autoscale(1, 2, 80)


def test_hosts_and_previews() -> None:
    route = "route: {host: a.example.com, class: nginx, annotations: {a: 1}, paths: {/: web}, tls: t, "
    one = solve(WEB + route + "preview: {host: p.example.com}}\n", repo=REPO).route
    assert one is not None
    assert one.preview == Preview("p.example.com", None, "nginx", {"a": "1"})
    own = solve(WEB + route + "preview: {host: p.example.com, class: x, annotations: {b: 2}}}\n", repo=REPO).route
    assert own is not None
    assert own.preview == Preview("p.example.com", None, "x", {"b": "2"})
    many = solve(WEB + route + "}\n", "route: {host: null, hosts: [b.example.com, c.example.com]}\n", repo=REPO).route
    assert many is not None
    assert many.hosts == ("b.example.com", "c.example.com")


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("/", "web"),
        ("/other", "web"),
        ("/api", "api"),
        ("/api?deep=1", "api"),
        ("/api/ready", "api"),
        ("/apix", "web"),
        ("/api/v2", "v2"),
        ("/api/v2/x?y=/", "v2"),
    ],
)
def test_a_smoke_test_asks_the_component_of_the_longest_prefix(path: str, component: str) -> None:
    app = "components: {web: {image: a, port: 80}, api: {image: a, port: 80}, v2: {image: a, port: 80}}\n"
    app += "route: {host: a.example.com, paths: {/: web, /api/: api, /api/v2: v2}}\n"
    spec = solve(HEAD + app + f"smoke: {{path: {path}}}\n", repo=REPO)
    assert spec.smoke == HttpSmoke(component, path, Image(*SMOKE_IMAGE.split(":")))


def test_a_smoke_test_without_a_route_asks_the_only_component_with_a_port() -> None:
    app = "components: {web: {image: a, port: 80}, mail: {image: a}}\nsmoke: {path: /, expect: 204}\n"
    repo = REPO + "smoke: {image: example.com/curl:1}\n"
    assert solve(HEAD + app, repo=repo).smoke == HttpSmoke("web", "/", Image("example.com/curl", "1"), 204)
    assert solve(HEAD + app, "smoke: null\n", repo=repo).smoke is None
    overlay = 'smoke: {path: null, expect: null, image: "b:1", command: [1], env: {A: 1.0}}\n'
    assert solve(HEAD + app, overlay, repo=repo).smoke == CommandSmoke(Image("b", "1"), ("1",), {"A": "1.0"})


def test_who_may_call() -> None:
    app = WEB + "network: {from: [{namespace: a, pods: {b: 1.0}, cidr: null}, {cidr: 10.0.0.0/8, pods: null}]}\n"
    assert solve(app, repo=REPO).network == (Peer("a", {"b": "1.0"}), Peer(cidr="10.0.0.0/8"))
    assert solve(app, "network: {from: []}\n", repo=REPO).network == ()
    assert solve(app, "network: null\n", repo=REPO).network is None


def test_patches_of_an_overlay_replace_those_of_the_app_and_keep_their_types() -> None:
    app = WEB + "patches: [{target: {kind: Deployment}, merge: {spec: {paused: true, env: [{a: true, b: 1.5}]}}}]\n"
    merge = {"spec": {"paused": True, "env": [{"a": True, "b": 1.5}]}}
    assert solve(app, repo=REPO).patches == (Patch("Deployment", merge=merge),)
    overlay = "patches: [{target: {kind: Service, color: green}, json: [{op: add, path: /a, value: null}]}]\n"
    operations = ({"op": "add", "path": "/a", "value": None},)
    assert solve(app, overlay, repo=REPO).patches == (Patch("Service", color=Color.GREEN, operations=operations),)
    assert solve(app, "patches: null\n", repo=REPO).patches == ()


def test_a_list_of_which_an_item_is_refused_is_not_missing() -> None:
    app = (
        WEB + "route: {hosts: [A], paths: {/: web}}\nnetwork: {from: [{cidr: x}]}\nsmoke: {command: [[]], image: a:1}\n"
    )
    assert len(problems(app, repo=REPO)) == 3


def test_thousands_of_paths_are_taken() -> None:
    files = "".join(f"      /{'a/' * 20}{index}: x\n" for index in range(5000))
    app = f"components:\n  web:\n    image: a\n    files:\n{files}"
    assert len(solve(HEAD + app, repo=REPO).components["web"].files) == 5000


def test_a_spec_that_would_make_a_release_nobody_can_read_is_refused() -> None:
    files = "files: {/a: *big}"
    app = f"components:\n  a: {{image: a, files: {{/a: &big {'x' * 600_000}}}}}\n  b: {{image: a, {files}}}\n"
    message = "components: the spec comes to 1,200 kB with the defaults; a release takes 1,000 kB"
    assert problems(HEAD + app, repo=REPO) == [f"apps/shop/app.yaml:4:1: {message}"]
    components = "".join(f"  c{index}: {{image: a}}\n" for index in range(200))
    repo = REPO + text({"defaults": {"labels": {f"a{index}": "b" for index in range(60)}}})
    (line,) = problems(HEAD + "components:\n" + components, repo=repo)
    assert line.endswith("with the defaults; a release takes 19,000")


@pytest.mark.parametrize("field", ["env: {A: ", "args: [", "files: {/a: ", "labels: {a: ", "mounts: {"])
@pytest.mark.parametrize("value", ['"a\\0b"', '"\\ud800"', '"a\\u202eb"', '"\\x1b[31m"', "x" * 70_000])
def test_hostile_text_is_kept_or_refused_in_one_short_line(field: str, value: str) -> None:
    app = HEAD + f"components:\n  web:\n    image: a\n    {field}{value}{']' if '[' in field else '}'}\n"
    try:
        kept = solve(app, repo=REPO)
    except Exception as error:  # noqa: BLE001 - every other kind is a crash, and fails below
        lines = [str(problem) for problem in getattr(error, "problems", [])]
        assert lines
        assert all(line.isprintable() and len(line) < 300 and "app.yaml:7:" in line for line in lines)
    else:
        assert yamlio.parse(yamlio.dump({"x": kept.components["web"].files}).encode(), "x").data


def test_a_field_of_the_pod_that_the_cluster_does_not_know_is_refused_at_its_line() -> None:
    field = "{field: status.hostIPs}"
    app = f"{HEAD}image: a\nenv: {{IPS: {field}}}\nsmoke: {{command: [x], image: 'b:1', env: {{IPS: {field}}}}}\n"
    wrong = "status.hostIPs needs Kubernetes 1.29; bggen.yaml says 1.28"
    found = problems(app, repo=REPO + 'kubernetes: "1.28"\n')
    assert [line.partition(": ")[2] for line in found] == [f"env.IPS.field: {wrong}", f"smoke.env.IPS.field: {wrong}"]
    newer = solve(app, repo=REPO + 'kubernetes: "1.29"\n')
    assert newer.components["shop"].env == {"IPS": EnvRef("field", "status.hostIPs")}
