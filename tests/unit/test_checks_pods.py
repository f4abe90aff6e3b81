"""Each check of pods and their files sees what it is there for: one place is broken, and one Problem names it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bggen.checks import check
from bggen.render import render
from tests.support.breaking import FOLDER, OPTIONS, WAVE, added, annotation, broken, problems, put
from tests.support.everything import pod_spec
from tests.support.states import app_spec, bumped, component, first, flipped, hello_spec, parked

if TYPE_CHECKING:
    from collections.abc import Callable

STATE = bumped(first(pod_spec()), pod_spec("v2", "dark"))
WEB = "deployment-shop-web-blue.yaml"
API = "deployment-shop-api-blue.yaml"
POD = "spec.template.spec"
CONTAINER = f"{POD}.containers.0"
CONFIG, IDLE_CONFIG = (
    next(each.file for each in render(STATE) if each.file.startswith(f"configmap-shop-web-{color}"))
    for color in ("blue", "green")
)
INIT = {
    "name": "init",
    "image": "busybox:1",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}


@pytest.mark.parametrize(
    "state", [first(pod_spec()), STATE, flipped(STATE), parked(STATE), bumped(flipped(STATE), pod_spec("v3"))]
)
def test_what_is_rendered_is_right(state: Any) -> None:
    assert check(state, render(state)) == ()


def volume(name: str) -> int:
    """The index of a volume of `web`."""
    made = next(yaml.safe_load(each.text) for each in render(STATE) if each.file == WEB)
    return [each["name"] for each in made["spec"]["template"]["spec"]["volumes"]].index(name)


def mount(path: str) -> str:
    """Where the mount of `web` at a path stands."""
    made = next(yaml.safe_load(each.text) for each in render(STATE) if each.file == WEB)
    mounts = made["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    return f"{CONTAINER}.volumeMounts.{[each['mountPath'] for each in mounts].index(path)}"


FILES = f"{POD}.volumes.{volume('files')}"
LOST = "shop-web-blue-0123456789"


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (WEB, put(f"{POD}.serviceAccountName", "x"), f"{POD}.serviceAccountName: must be shop-web-blue, is x"),
        (API, put(f"{POD}.serviceAccountName", "shop-api-blue"), "must be shop, is shop-api-blue"),
        (WEB, put(f"{POD}.automountServiceAccountToken", to=False), "automountServiceAccountToken: must be true"),
        (API, put(f"{POD}.automountServiceAccountToken", to=True), "automountServiceAccountToken: must be false"),
        (WEB, put(f"{POD}.securityContext.fsGroup", 0), f"{POD}.securityContext.fsGroup: must be 2000, is 0"),
        (API, put(f"{POD}.securityContext.fsGroup", 0), f"{POD}.securityContext.fsGroup: must be left out, is 0"),
        (WEB, put(f"{POD}.ephemeralContainers", [INIT]), f"{POD}.ephemeralContainers: must be left out"),
        (
            WEB,
            put(f"{CONTAINER}.securityContext.readOnlyRootFilesystem", to=False),
            f"{CONTAINER}.securityContext.readOnlyRootFilesystem: must be true, is false",
        ),
        (
            WEB,
            put(f"{POD}.securityContext.windowsOptions.hostProcess", to=True),
            f"{POD}.securityContext.windowsOptions.hostProcess: must be left out, is true",
        ),
        (
            WEB,
            put(f"{CONTAINER}.securityContext.windowsOptions.hostProcess", to=True),
            f"{CONTAINER}.securityContext.windowsOptions.hostProcess: must be left out, is true",
        ),
        (WEB, put("spec.progressDeadlineSeconds", 2147483647), "spec.progressDeadlineSeconds: must be from 1 to "),
        (
            API,
            put("spec.progressDeadlineSeconds", 3661),
            "spec.progressDeadlineSeconds: must be from 1 to 3660, is 3661",
        ),
        (API, put("spec.progressDeadlineSeconds", 0), "spec.progressDeadlineSeconds: must be from 1 to 3660, is 0"),
        (WEB, put(f"{CONTAINER}.ports.1.containerPort", 1), f"{CONTAINER}.ports: must have 9090 as admin, has 1"),
        (WEB, put(f"{CONTAINER}.ports.2.name", "x"), f"{CONTAINER}.ports: must have 9100 as metrics, has None"),
        (
            WEB,
            put(f"{CONTAINER}.startupProbe.httpGet.port", "amdin"),
            f"{CONTAINER}.startupProbe.httpGet.port: there is no port 'amdin'",
        ),
        # A port of another container is none of this one's.
        (
            WEB,
            added(
                f"{POD}.containers",
                {**INIT, "readinessProbe": {"tcpSocket": {"port": "admin"}}},
            ),
            f"{POD}.containers.1.readinessProbe.tcpSocket.port: there is no port 'admin'",
        ),
        (
            WEB,
            put(f"{POD}.initContainers", [{**INIT, "securityContext": {"privileged": True}}]),
            f"{POD}.initContainers.0.securityContext.privileged: must be left out, is true",
        ),
        (
            WEB,
            put(f"{POD}.initContainers", [{**INIT, "ports": [{"name": "x", "containerPort": 1, "hostPort": 1}]}]),
            f"{POD}.initContainers.0.ports.0.hostPort: must be left out",
        ),
        (
            WEB,
            put(f"{POD}.initContainers", [{**INIT, "volumeMounts": [{"name": "nope", "mountPath": "/x"}]}]),
            f"{POD}.initContainers.0.volumeMounts.0.name: there is no volume nope",
        ),
        (
            WEB,
            added(f"{POD}.volumes", {"name": "host", "hostPath": {"path": "/"}}),
            f"{POD}.volumes.9.hostPath: must not be under `security: restricted`",
        ),
        (
            WEB,
            added(f"{POD}.volumes", {"name": "nfs", "nfs": {"server": "x", "path": "/"}}),
            f"{POD}.volumes.9.nfs: must not be under `security: restricted`",
        ),
        (
            API,
            added(f"{POD}.volumes", {"name": "host", "hostPath": {"path": "/"}}),
            f"{POD}.volumes.1.hostPath: must not be under `security: baseline`",
        ),
        (
            API,
            added(
                f"{POD}.volumes", {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
            ),
            f"{POD}.volumes.1.projected: must hold no token: the spec has no `token: true`",
        ),
        (
            WEB,
            added(f"{POD}.volumes", {"name": "empty-1", "emptyDir": {}}),
            f"{POD}.volumes.9.name: there are two volumes empty-1",
        ),
        (
            WEB,
            added(f"{POD}.volumes", {"name": "more", "emptyDir": {}}),
            f"{POD}.volumes: no container sees the volume more",
        ),
        (
            WEB,
            put(f"{FILES}.configMap.name", LOST),
            f"{FILES}.configMap.name: there is no ConfigMap {LOST}",
        ),
        (
            WEB,
            put(f"{FILES}.configMap.name", CONFIG.removeprefix("configmap-").removesuffix(".yaml")[:-1] + "x"),
            "web sees something else at /etc/shop/config.ini",
        ),
        (
            WEB,
            put(f"{FILES}.configMap.name", IDLE_CONFIG.removeprefix("configmap-").removesuffix(".yaml")),
            "web sees something else at /etc/shop/config.ini",
        ),
        (WEB, put(f"{mount('/srv/..x')}.subPath", "config.ini"), "web sees something else at /srv/..x"),
        (WEB, put(f"{mount('/srv/..x')}.readOnly", to=False), "web sees something else at /srv/..x"),
        (WEB, put(f"{mount('/etc/tls')}.name", "configmap-1"), "web sees something else at /etc/tls"),
        (WEB, put(f"{mount('/etc/tls')}.readOnly", to=False), "web sees something else at /etc/tls"),
        (WEB, put(f"{mount('/data-again')}.readOnly", to=False), "web sees something else at /data-again"),
        (WEB, put(f"{mount('/data')}.name", "empty-1"), "web sees something else at /data"),
        (WEB, put(f"{mount('/scratch')}.name", "empty-2"), "web sees something else at /scratch"),
        (WEB, put(f"{mount('/run/web')}.readOnly", to=True), "web sees something else at /run/web"),
        (WEB, put(f"{mount('/run/web')}.mountPath", "/run/other"), "web does not see /run/web"),
        (WEB, put(f"{mount('/etc/ca.crt')}.mountPath", "/etc/tls"), "mountPath: /etc/tls is mounted twice"),
        (WEB, put(f"{mount('/etc/tls')}.name", "tsl"), "volumeMounts.6.name: there is no volume tsl"),
        (CONFIG, put("immutable", to=False), "immutable: must be true"),
        (CONFIG, put("data/config.ini", "theme = dark\n"), "data: is not what its name stands for"),
        (CONFIG, put("data.more", ""), "data: is not what its name stands for"),
        (CONFIG, put("binaryData", {"x": ""}), "binaryData: must be left out"),
        (CONFIG, annotation(OPTIONS, None), "must hold PruneLast=true: it serves until the switch has moved"),
        (IDLE_CONFIG, annotation(OPTIONS, "PruneLast=true"), "must not hold PruneLast=true: it does not serve"),
        (CONFIG, annotation(WAVE, "0"), f"{WAVE}: is 0, must be -20"),
        (CONFIG, put("metadata.name", LOST), "no release asks for this object"),
    ],
)
def test_a_broken_field_is_named(file: str, change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in line for line in broken(file, change, STATE)), broken(file, change, STATE)


def test_what_a_patch_may_add_is_right() -> None:
    init = {**INIT, "volumeMounts": [{"name": "more", "mountPath": "/etc/tls"}]}

    def change(data: Any) -> None:
        pod = data["spec"]["template"]["spec"]
        pod["initContainers"] = [init]
        pod["volumes"] += [
            {"name": "more", "emptyDir": {}},
            {"name": "own", "configMap": {"name": "own-blue-settings"}},
            {"name": "projected", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {"name": "block", "persistentVolumeClaim": {"claimName": "block"}},
        ]
        pod["containers"][0]["volumeMounts"] += [
            {"name": name, "mountPath": f"/more/{name}"} for name in ("own", "projected")
        ]
        pod["containers"][0]["volumeDevices"] = [{"name": "block", "devicePath": "/dev/x"}]

    assert broken(WEB, change, STATE) == []


def test_a_missing_config_map_is_named_by_both_sides() -> None:
    found = problems([each for each in render(STATE) if each.file != CONFIG], STATE)
    name = CONFIG.removeprefix("configmap-").removesuffix(".yaml")
    assert found == [
        f"{FOLDER}/{CONFIG}: is missing: release 1 asks for it",
        f"{FOLDER}/{WEB}: {FILES}.configMap.name: there is no ConfigMap {name}",
    ]


def test_the_config_map_of_what_rollback_returns_to_must_be_there() -> None:
    state = bumped(flipped(STATE), pod_spec("v3", "grey"))
    assert state.saved is not None
    found = problems([each for each in render(state) if each.file != CONFIG], state)
    assert found == [f"{FOLDER}/{CONFIG}: is missing: release 1 asks for it"]


def test_a_large_config_map_must_not_be_applied_on_the_client() -> None:
    spec = app_spec("shop", component("shop", files={"/a": "x" * 250_000}), namespace=None)
    (file,) = (each.file for each in render(first(spec)) if each.kind == "ConfigMap")
    found = broken(file, annotation(OPTIONS, "PruneLast=true"), first(spec))
    assert found == [f"{OPTIONS}: must hold ServerSideApply=true: it is too large for a client-side apply"]


def test_files_that_only_differ_in_path_are_told_apart() -> None:
    state = first(hello_spec(files={"/etc/a.ini": "x"}))
    moved = first(hello_spec(files={"/etc/b/a.ini": "x"}))
    assert check(replace(state, blue=moved.blue), render(state)) != ()
