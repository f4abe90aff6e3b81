"""The parts of Kubernetes' objects that adoption reads, and of what type each is: https://kubernetes.io/docs/reference/.

What it does not read may be anything: it is kept as it is, or told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bggen.yamlio import Path

_TEXT, _NUMBER, _FLAG = (str,), (int,), (bool,)
_NAME = (str, int)
# Of a mapping's keys, `*` is every one, and `!` in front stands before one that has to be there.
_TEXTS: Final = {"*": _TEXT}
_KEYS: Final = [{"!key": _TEXT, "!path": _TEXT}]
_KEY: Final = {"!name": _TEXT, "!key": _TEXT, "optional": _FLAG}
_SOURCE: Final = {"!name": _TEXT, "optional": _FLAG}
_GET: Final = {"path": _TEXT, "!port": _NAME, "host": _TEXT, "scheme": _TEXT}
_PROBE: Final = {
    "httpGet": _GET,
    "tcpSocket": {"!port": _NAME, "host": _TEXT},
    "exec": {"command": [_TEXT]},
    **dict.fromkeys(("periodSeconds", "timeoutSeconds", "failureThreshold", "initialDelaySeconds"), _NUMBER),
}
_SECURITY: Final = {
    **dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), _NUMBER),
    **dict.fromkeys(("runAsNonRoot", "allowPrivilegeEscalation", "readOnlyRootFilesystem", "privileged"), _FLAG),
    "capabilities": {"drop": [_TEXT], "add": [_TEXT]},
}
_AMOUNTS: Final = {"*": (str, int, float)}
_CONTAINER: Final = {
    "!name": _TEXT,
    "!image": _TEXT,
    "command": [_TEXT],
    "args": [_TEXT],
    "ports": [{"name": _TEXT, "!containerPort": _NUMBER, "protocol": _TEXT, "hostPort": _NUMBER}],
    "env": [
        {
            "!name": _TEXT,
            "value": _TEXT,
            "valueFrom": {"secretKeyRef": _KEY, "configMapKeyRef": _KEY, "fieldRef": {"!fieldPath": _TEXT}},
        }
    ],
    "envFrom": [{"prefix": _TEXT, "secretRef": _SOURCE, "configMapRef": _SOURCE}],
    "resources": {"requests": _AMOUNTS, "limits": _AMOUNTS},
    **dict.fromkeys(("startupProbe", "readinessProbe", "livenessProbe"), _PROBE),
    "lifecycle": {"preStop": {"sleep": {"!seconds": _NUMBER}, "exec": {"command": [_TEXT]}}},
    "securityContext": _SECURITY,
    "volumeMounts": [{"!name": _TEXT, "!mountPath": _TEXT, "readOnly": _FLAG, "subPath": _TEXT}],
    "imagePullPolicy": _TEXT,
}
_VOLUME: Final = {
    "!name": _TEXT,
    "configMap": {"name": _TEXT, "items": _KEYS, "defaultMode": _NUMBER, "optional": _FLAG},
    "secret": {"secretName": _TEXT, "items": _KEYS, "defaultMode": _NUMBER, "optional": _FLAG},
    "persistentVolumeClaim": {"!claimName": _TEXT, "readOnly": _FLAG},
    "emptyDir": {"medium": _TEXT, "sizeLimit": _NAME},
}
_POD: Final = {
    "metadata": {"labels": _TEXTS, "annotations": _TEXTS},
    "!spec": {
        "!containers": [_CONTAINER],
        "initContainers": [_CONTAINER],
        "volumes": [_VOLUME],
        "imagePullSecrets": [{"!name": _TEXT}],
        "nodeSelector": _TEXTS,
        "tolerations": [dict.fromkeys(("key", "operator", "value", "effect"), _TEXT)],
        "securityContext": _SECURITY,
        **dict.fromkeys(("serviceAccountName", "serviceAccount", "priorityClassName", "restartPolicy"), _TEXT),
        "automountServiceAccountToken": _FLAG,
        "terminationGracePeriodSeconds": _NUMBER,
    },
}
_MATCHING: Final = {"matchLabels": _TEXTS}
_BACKEND: Final = {"service": {"!name": _TEXT, "port": {"name": _TEXT, "number": _NUMBER}}}
_PATH: Final = {"path": _TEXT, "pathType": _TEXT, "backend": _BACKEND}
_METRIC: Final = {"resource": {"!name": _TEXT, "target": {"averageUtilization": _NUMBER}}}
_PORTS: Final = [
    {"name": _TEXT, "!port": _NUMBER, "targetPort": _NAME, "nodePort": _NUMBER, "protocol": _TEXT, "appProtocol": _TEXT}
]
_SPECS: Final[Mapping[str, Any]] = {
    "Deployment": {"replicas": _NUMBER, "selector": _MATCHING, "strategy": {"type": _TEXT}, "!template": _POD},
    "CronJob": {
        "!schedule": _TEXT,
        **dict.fromkeys(("timeZone", "concurrencyPolicy"), _TEXT),
        **dict.fromkeys(("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"), _NUMBER),
        "suspend": _FLAG,
        "!jobTemplate": {
            "!spec": {**dict.fromkeys(("activeDeadlineSeconds", "backoffLimit"), _NUMBER), "!template": _POD}
        },
    },
    "Service": {"selector": _TEXTS, "ports": _PORTS, "type": _TEXT, "clusterIP": _TEXT},
    "Ingress": {
        "ingressClassName": _TEXT,
        "defaultBackend": _BACKEND,
        "tls": [{"hosts": [_TEXT], "secretName": _TEXT}],
        "rules": [{"host": _TEXT, "http": {"paths": [_PATH]}}],
    },
    "HorizontalPodAutoscaler": {
        "scaleTargetRef": {"!kind": _TEXT, "!name": _TEXT},
        **dict.fromkeys(("minReplicas", "maxReplicas", "targetCPUUtilizationPercentage"), _NUMBER),
        "metrics": [_METRIC],
    },
    "PodDisruptionBudget": {"selector": _MATCHING},
    "NetworkPolicy": {"podSelector": _MATCHING},
}
_WORDS: Final = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}


def mistakes(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield each place of an object where something of another type stands than belongs there, and what does."""
    shape: dict[str, Any] = {"metadata": {"labels": _TEXTS, "annotations": _TEXTS}}
    kind = data["kind"]
    if kind in _SPECS:
        needed = "!" if kind in ("Deployment", "CronJob") else ""
        shape[f"{needed}spec"] = _SPECS[kind]
    if kind == "ConfigMap":
        shape["data"] = _TEXTS
    if kind == "ServiceAccount":
        shape["automountServiceAccountToken"] = _FLAG
    yield from _differing(data, shape, ())


def _differing(data: Any, shape: Any, where: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(shape, tuple):
        # true is no 1.
        if type(data) not in shape:
            yield where, f"must be {' or '.join(dict.fromkeys(_WORDS[each] for each in shape))}{_quoted(data, shape)}"
    elif isinstance(shape, list):
        if not isinstance(data, list):
            yield where, "must be a list"
            return
        for index, item in enumerate(data):
            yield from _differing(item, shape[0], (*where, index))
    elif not isinstance(data, dict):
        yield where, "must be a mapping"
    else:
        yield from _of_mapping(data, shape, where)


def _of_mapping(data: Mapping[str, Any], shape: Mapping[str, Any], where: Path) -> Iterator[tuple[Path, str]]:
    for key, inner in shape.items():
        name = key.removeprefix("!")
        if key == "*":
            for each, value in data.items():
                yield from _differing(value, inner, (*where, each))
        elif data.get(name) is not None:
            yield from _differing(data[name], inner, (*where, name))
        elif name != key:
            yield where, f"{name} is missing"
    if "!containers" in shape and data.get("containers") == []:
        yield (*where, "containers"), "must not be empty"


def _quoted(data: Any, shape: tuple[type, ...]) -> str:
    return ": put quotes around it" if shape == _TEXT and isinstance(data, int | float) else ""
