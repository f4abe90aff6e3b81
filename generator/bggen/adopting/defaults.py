"""Fill in what Kubernetes' API server fills in, so that what was written and what a cluster printed compare equal.

The values are those of pkg/apis/*/v1/defaults.go of https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bggen.adopting.looking import dig, items, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

_POD: Mapping[str, Any] = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
    "enableServiceLinks": True,
}
# Set by the server from others, or names of old.
_POD_MADE = ("serviceAccount", "priority", "preemptionPolicy", "nodeName", "os")
_CONTAINER: Mapping[str, Any] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBE: Mapping[str, Any] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
    "initialDelaySeconds": 0,
}
_DEPLOYMENT: Mapping[str, Any] = {
    "replicas": 1,
    "minReadySeconds": 0,
    "progressDeadlineSeconds": 600,
    "revisionHistoryLimit": 10,
}
_SERVICE: Mapping[str, Any] = {
    "type": "ClusterIP",
    "sessionAffinity": "None",
    "internalTrafficPolicy": "Cluster",
    "ipFamilyPolicy": "SingleStack",
}
_SERVICE_MADE = ("clusterIP", "clusterIPs", "ipFamilies", "healthCheckNodePort", "externalName")
_CRON: Mapping[str, Any] = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1, "suspend": False}
_DEFAULT_MODE = 420
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_UNITS = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "": "1", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15"}
_UNITS |= {"E": "1e18", **{f"{unit}i": str(1024**power) for power, unit in enumerate("KMGTPE", 1)}}


def deployment(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec of a Deployment but for its pods and its selector."""
    found = {**_DEPLOYMENT, **{key: value for key, value in spec.items() if value is not None}}
    strategy = mapping(found, "strategy")
    if strategy.get("type", "RollingUpdate") == "RollingUpdate":
        rolling = {"maxSurge": "25%", "maxUnavailable": "25%", **mapping(strategy, "rollingUpdate")}
        found["strategy"] = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return {key: value for key, value in found.items() if key not in ("template", "selector")}


def cron(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec of a CronJob but for its pods, and for what bggen's spec always says."""
    found = {**_CRON, **{key: value for key, value in spec.items() if value is not None}}
    job = {key: value for key, value in mapping(spec, "jobTemplate", "spec").items() if key != "template"}
    return {**{key: value for key, value in found.items() if key != "jobTemplate"}, "job": {"backoffLimit": 6, **job}}


def service(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec of a Service but for its selector and its ports."""
    found = {**_SERVICE, **{key: value for key, value in spec.items() if value is not None}}
    if found["type"] != "ClusterIP":
        found = {"externalTrafficPolicy": "Cluster", **found}
    if found["type"] == "LoadBalancer":
        found = {"allocateLoadBalancerNodePorts": True, **found}
    return {key: value for key, value in found.items() if key not in (*_SERVICE_MADE, "selector", "ports")}


def pod(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod's spec but for its containers and its volumes."""
    left_out = (*_POD_MADE, "containers", "initContainers", "volumes")
    found = {**_POD, **{key: value for key, value in spec.items() if value not in (None, [], {})}}
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    found |= {"serviceAccountName": account}
    return {key: value for key, value in found.items() if key not in left_out}


def container(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container but for its variables, ports and mounts."""
    left_out = ("env", "envFrom", "ports", "volumeMounts", "name", "image")
    found = {**_CONTAINER, **{key: value for key, value in data.items() if value not in (None, [], {})}}
    image = str(data.get("image"))
    latest = "@" not in image and image.rpartition("/")[2].partition(":")[2] in ("", "latest")
    found.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for name in PROBES:
        if name in found:
            found[name] = probe(mapping(found, name))
    limits = mapping(found, "resources", "limits")
    requests = {**limits, **mapping(found, "resources", "requests")}
    sizes = {"limits": limits, "requests": requests}
    found["resources"] = {
        kind: {key: quantity(value) for key, value in amounts.items()} for kind, amounts in sizes.items() if amounts
    }
    if "claims" in mapping(data, "resources"):
        found["resources"]["claims"] = data["resources"]["claims"]
    return {key: value for key, value in found.items() if key not in left_out and value != {}}


def probe(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a probe."""
    found = {**_PROBE, **{key: value for key, value in data.items() if value is not None}}
    if isinstance(found.get("httpGet"), dict):
        found["httpGet"] = {"scheme": "HTTP", "path": "/", **found["httpGet"]}
    return found


def volume(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a volume is, without its name."""
    found = {key: value for key, value in (data or {}).items() if key != "name"}
    for kind in ("secret", "configMap", "projected", "downwardAPI"):
        if isinstance(found.get(kind), dict):
            found[kind] = {"defaultMode": _DEFAULT_MODE, **found[kind]}
    if dig(found, "emptyDir", "sizeLimit") is not None:
        found["emptyDir"] = {**found["emptyDir"], "sizeLimit": quantity(found["emptyDir"]["sizeLimit"])}
    if mapping(found, "persistentVolumeClaim").get("readOnly") is False:
        found["persistentVolumeClaim"] = {"claimName": found["persistentVolumeClaim"].get("claimName")}
    return found


def variable(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environment variable."""
    found = {key: value for key, value in data.items() if value is not None}
    if isinstance(dig(found, "valueFrom", "fieldRef"), dict):
        field = {"apiVersion": "v1", **found["valueFrom"]["fieldRef"]}
        found["valueFrom"] = {**found["valueFrom"], "fieldRef": field}
    return found if "valueFrom" in found else {"value": "", **found}


def service_ports(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the ports of a Service."""
    return [
        {"protocol": "TCP", "targetPort": port.get("port"), **{k: v for k, v in port.items() if k != "nodePort"}}
        for port in items(spec, "ports")
    ]


def quantity(value: Any) -> Any:
    """Return an amount in one form: half a CPU is 500m; what is none stays as it is."""
    text = str(value)
    number = text.rstrip("numkKMGTPEi")
    try:
        amount = Decimal(number) * Decimal(_UNITS[text[len(number) :]])
    except (InvalidOperation, KeyError):
        return text
    return format(amount.normalize(), "f")
