"""A cluster for tests: etcd, an API server and Kubernetes' controllers, on loopback; its pods are only said to run."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import yaml

from tests.support.keys import private_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
PATIENCE = 180.0
_TOKEN = "only-on-loopback"  # noqa: S105 - of a server that nobody else reaches
_CONTROLLERS = (
    "deployment-controller,replicaset-controller,garbage-collector-controller,job-controller,cronjob-controller,"
    "serviceaccount-controller,namespace-controller,disruption-controller,root-ca-certificate-publisher-controller"
)
_POLICY = {"pod-security.kubernetes.io/enforce": "restricted"}


def until(what: str, look: Callable[[], tuple[bool, T]], patience: float = PATIENCE) -> T:
    """Look again and again until it is so, and return what was seen then."""
    deadline = time.monotonic() + patience
    while True:
        done, seen = look()
        if done:
            return seen
        assert time.monotonic() < deadline, f"never {what}: {seen}"
        time.sleep(0.1)


@dataclass(slots=True)
class Cluster:
    """An API server.

    Attributes:
        api: asks it, as somebody who may do anything.
        kubeconfig: with which programs do.
        folder: for their logs.
    """

    api: httpx.Client
    kubeconfig: Path
    folder: Path

    def get(self, path: str, **query: str) -> Any:
        """Return an object or a list; None where there is none."""
        answer = self.api.get(path, params=query)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return answer.raise_for_status().json()

    def items(self, path: str) -> list[Any]:
        """Return the objects of a list."""
        found = self.get(path)
        return [] if found is None else list(found["items"])

    def namespace(self, name: str) -> None:
        """Make a namespace that takes restricted pods alone."""
        body = {"metadata": {"name": name, "labels": _POLICY}}
        self.api.post("/api/v1/namespaces", json=body).raise_for_status()

    def define(self, file: Path) -> None:
        """Take in the CustomResourceDefinition of a file, and wait until it is served."""
        body = yaml.safe_load(file.read_bytes())
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        self.api.post(path, json=body).raise_for_status()
        name, spec = body["metadata"]["name"], body["spec"]
        served = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        until(f"served {name}", lambda: (self.api.get(served).is_success, name))


@contextlib.contextmanager
def started(name: str, *words: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block; its output goes to a file."""
    with (
        (log / f"{name}.log").open("ab") as out,
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def cluster(programs: Path, folder: Path) -> Iterator[Cluster]:
    """Start a cluster and wait until it answers.

    Args:
        programs: the folder with `server`, which is etcd, `kube-apiserver` and `kube-controller-manager`.
        folder: an empty one, for its data, keys and logs.
    """
    etcd, peer, port, metrics = free_ports(4)
    key = folder / "key.pem"
    key.write_text(private_key())
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{_TOKEN},admin,admin,system:masters\n")
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(_kubeconfig(f"https://127.0.0.1:{port}")))
    store = [f"http://127.0.0.1:{each}" for each in (etcd, peer)]
    with (
        httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            verify=False,  # noqa: S501 - its certificate was made a moment ago
            headers={"Authorization": f"Bearer {_TOKEN}"},
            timeout=60,
            trust_env=False,
        ) as api,
        started(
            "etcd",
            programs / "server",
            *("--data-dir", folder / "etcd", "--unsafe-no-fsync"),
            *("--listen-client-urls", store[0], "--advertise-client-urls", store[0]),
            *("--listen-peer-urls", store[1], "--initial-advertise-peer-urls", store[1]),
            *("--initial-cluster", f"default={store[1]}"),
            log=folder,
        ),
        started(
            "apiserver",
            programs / "kube-apiserver",
            *(f"--etcd-servers={store[0]}", f"--secure-port={port}", "--bind-address=127.0.0.1"),
            *(f"--cert-dir={folder / 'certs'}", f"--token-auth-file={tokens}", "--authorization-mode=RBAC"),
            *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
            *("--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.96.0.0/16"),
            log=folder,
        ),
    ):
        found = Cluster(api, kubeconfig, folder)
        until("ready", lambda: _ready(found))
        with started(
            "controllers",
            programs / "kube-controller-manager",
            *(f"--kubeconfig={kubeconfig}", f"--service-account-private-key-file={key}", "--leader-elect=false"),
            *(f"--cert-dir={folder / 'certs'}", f"--secure-port={metrics}", f"--controllers={_CONTROLLERS}"),
            log=folder,
        ):
            yield found


def _ready(found: Cluster) -> tuple[bool, str]:
    try:
        answer = found.api.get("/readyz")
    except httpx.TransportError as error:
        return False, str(error)
    return answer.text == "ok", answer.text


def free_ports(count: int) -> list[int]:
    """Return ports on loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _kubeconfig(server: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    }


@dataclass
class Kubelet:
    """Says of the pods of a namespace that they run and are ready, and of those of Jobs that they ended.

    Pods have no node, so that they are gone as soon as they are deleted.

    Attributes:
        broken: tags of images whose pods never get ready.
        failing: whether Jobs fail.
        watch: is called with all pods in each turn.
    """

    found: Cluster
    namespace: str
    broken: set[str] = field(default_factory=set)
    failing: bool = False
    watch: Callable[[list[Any]], None] = lambda _pods: None
    errors: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Go round until the end of the block."""
        over = threading.Event()
        thread = threading.Thread(target=self._run, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)
        assert not self.errors

    def _run(self, over: threading.Event) -> None:
        addresses = (f"10.1.{number // 250}.{number % 250 + 1}" for number in itertools.count())
        while not over.wait(0.1):
            try:
                pods = self.found.items(f"/api/v1/namespaces/{self.namespace}/pods")
                self.watch(pods)
                for pod in pods:
                    status = None if pod["metadata"].get("deletionTimestamp") else self._wanted(pod, addresses)
                    if status is not None:
                        self._say(pod, status)
            except (httpx.HTTPError, AssertionError) as error:
                self.errors.append(repr(error))

    def _wanted(self, pod: Any, addresses: Iterator[str]) -> dict[str, Any] | None:
        """Return the status that a pod is to get; None where it has it."""
        if any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", [])):
            end = "Failed" if self.failing else "Succeeded"
            return {"phase": end} if pod["status"].get("phase") == "Pending" else None
        if is_ready(pod) or tag_of(pod) in self.broken:
            return None
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        conditions = [
            {"type": each, "status": "True", "lastTransitionTime": now} for each in ("Ready", "ContainersReady")
        ]
        return {"phase": "Running", "podIPs": [{"ip": next(addresses)}], "conditions": conditions}

    def _say(self, pod: Any, status: dict[str, Any]) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}/status"
        kind = {"Content-Type": "application/merge-patch+json"}
        answer = self.found.api.patch(path, json={"status": status}, headers=kind)
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()


def is_ready(pod: Any) -> bool:
    """Whether a pod is ready."""
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))


def tag_of(pod: Any) -> str:
    """Return the tag of the image of a pod's first container."""
    return str(pod["spec"]["containers"][0]["image"]).rpartition(":")[2]
