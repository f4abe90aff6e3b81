"""What commands do to users, on an API server with Kubernetes' and Argo Rollouts' controllers, synced by gitops-engine.

The name of this file keeps it out of `make test`: to build these programs takes Go, a network and ten minutes.
`make cluster` runs it. Only the pods do not run: see `Kubelet`.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cluster import Cluster, Kubelet, cluster, free_ports, is_ready, started, tag_of, until
from tests.support.golang import built
from tests.support.repos import Repo, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = Path(__file__).with_name("servers")
ROLLOUTS = Path(__file__).with_name("rollouts")
REPO = """\
apiVersion: bggen.dev/v1
kind: Repo
environments: {{prod: {{namespace: {namespace}}}}}
kubernetes: "1.36"
defaults:
  resources: {{cpu: 100m, memory: 128Mi}}
"""
SHOP = """\
apiVersion: bggen.dev/v1
kind: App
name: shop
components:
  web:
    image: example.com/web
    port: 8080
    replicas: 2
    env: {API_URL: "${api.url}"}
    files: {/etc/app.ini: "a\\n"}
    health: {ready: /ready}
  api: {image: example.com/api, port: 9090, ports: {metrics: 9100}, autoscale: {min: 2, max: 4, cpu: 70}}
  mailer: {image: example.com/mailer, kind: worker}
  report: {image: example.com/report, kind: cron, schedule: "0 3 * * *"}
route:
  host: shop.example.com
  paths: {/: web, /api: api}
  class: nginx
  preview: {host: preview.example.com}
network: {from: [{namespace: ingress-nginx}]}
smoke: {path: /ready, timeout: 60}
migrate: {component: api, command: [migrate], schema: 1}
compatible: {min: 1, max: 2}
"""
CART = """\
apiVersion: bggen.dev/v1
kind: App
name: cart
image: example.com/cart
port: 8080
replicas: 2
health: {ready: /ready}
route: {host: cart.example.com, class: nginx, switch: rollouts, preview: {host: preview.example.com}}
rollout: {scaleDownDelaySeconds: 600}
"""
# For so long nothing may happen that would not happen at all.
QUIET = 6.0


@dataclass(slots=True)
class Story:
    """An app in a config repo, and in a namespace that its commits are synced to."""

    app: str
    found: Cluster
    repo: Repo
    kubelet: Kubelet
    seen: set[frozenset[str]] = field(default_factory=set)

    def bggen(self, *words: str) -> str:
        """Run a command and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "bggen", *words],
            cwd=self.repo.path,
            env=self.repo.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def objects(self, kind: str) -> list[Any]:
        """Return the objects of a kind, as `apis/GROUP/VERSION/KINDS` or `api/v1/KINDS`."""
        base, _, plural = kind.rpartition("/")
        return self.found.items(f"/{base}/namespaces/{self.kubelet.namespace}/{plural}")

    def reached(self, service: str, pods: list[Any] | None = None) -> list[str]:
        """Return the tags of the ready pods that a Service selects."""
        at = self.found.get(f"/api/v1/namespaces/{self.kubelet.namespace}/services/{service}")
        wanted = at["spec"]["selector"].items() if at else {("", "")}
        pods = self.objects("api/v1/pods") if pods is None else pods
        return sorted(
            tag_of(pod)
            for pod in pods
            if is_ready(pod)
            and not pod["metadata"].get("deletionTimestamp")
            and wanted <= pod["metadata"].get("labels", {}).items()
        )

    def until(self, service: str, *tags: str) -> None:
        """Wait until a Service leads to just these pods."""
        until(f"{service} leads to {tags}", lambda: ((found := self.reached(service)) == list(tags), found))

    def quiet(self, service: str, *tags: str) -> None:
        """Look for a while whether a Service goes on to lead to these pods."""
        end = time.monotonic() + QUIET
        while time.monotonic() < end:
            assert self.reached(service) == list(tags)
            time.sleep(0.2)

    def look(self, pods: list[Any]) -> None:
        """Remember whom users reach."""
        self.seen.add(frozenset(self.reached("cart" if self.app == "cart" else "shop-web", pods)))

    def never_nobody(self, *tags: str) -> None:
        """Users have reached these releases, each by itself, and no others, and somebody all the time."""
        assert {frozenset({tag}) for tag in tags[:-1]} <= self.seen <= {frozenset({tag}) for tag in tags}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    programs = built(
        SERVERS,
        ".",
        "go.etcd.io/etcd/server/v3",
        "k8s.io/kubernetes/cmd/kube-apiserver",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    )
    with cluster(programs, tmp_path_factory.mktemp("cluster")) as made:
        yield made


@contextlib.contextmanager
def story(found: Cluster, tmp_path: Path, namespace: str, spec: str) -> Iterator[Story]:
    app = spec.partition("name: ")[2].partition("\n")[0]
    repo = Repo(tmp_path / "repo", clean_environment(tmp_path))
    repo.path.mkdir()
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.commit({"bggen.yaml": REPO.format(namespace=namespace), f"apps/{app}/app.yaml": spec})
    found.namespace(namespace)
    kubelet = Kubelet(found, namespace)
    syncer: list[str | Path] = [
        built(SERVERS) / "syncer",
        repo.path,
        f"apps/{app}/prod/manifests",
        namespace,
        found.kubeconfig,
    ]
    with kubelet.running(), started(f"{namespace}-syncer", *syncer, log=found.folder) as process:
        yield Story(app, found, repo, kubelet)
        assert process.poll() is None, (found.folder / f"{namespace}-syncer.log").read_text()


@pytest.fixture
def shop(found: Cluster, tmp_path: Path) -> Iterator[Story]:
    with story(found, tmp_path, "shop", SHOP) as made:
        yield made


def test_users_are_led_to_pods_that_are_ready_and_back(shop: Story) -> None:
    shop.bggen("bump", "--image", "v1")
    shop.until("shop-web", "v1", "v1")
    shop.kubelet.watch = shop.look
    shop.bggen("bump", "--image", "v2")
    shop.until("shop-web-preview", "v2", "v2")
    assert shop.reached("shop-web") == ["v1", "v1"]
    shop.bggen("flip")
    shop.until("shop-web", "v2", "v2")
    # What is there once alone moves after the traffic.
    until("the worker moved", lambda: _working(shop, "shop-mailer-green"))
    until("the cron moved", lambda: _scheduled(shop, "shop-report-green"))
    # A colour whose pods never get ready takes no traffic, and does not stand in the way back.
    shop.kubelet.broken = {"v3"}
    shop.bggen("bump", "--image", "v3")
    shop.bggen("flip")
    shop.quiet("shop-web", "v2", "v2")
    shop.bggen("rollback")
    shop.quiet("shop-web", "v2", "v2")
    shop.bggen("unhold")
    # What the gate refuses takes none either.
    shop.bggen("bump", "--image", "v4")
    shop.until("shop-web-preview", "v4", "v4")
    shop.kubelet.failing = True
    shop.bggen("flip")
    shop.quiet("shop-web", "v2", "v2")
    shop.bggen("rollback")
    shop.quiet("shop-web", "v2", "v2")
    shop.kubelet.failing = False
    shop.bggen("unhold")
    shop.bggen("bump", "--image", "v5")
    shop.until("shop-web-preview", "v5", "v5")
    shop.bggen("flip")
    shop.until("shop-web", "v5", "v5")
    shop.bggen("rollback")
    shop.until("shop-web", "v2", "v2")
    shop.never_nobody("v1", "v2", "v5")


def _working(shop: Story, name: str) -> tuple[bool, list[str]]:
    workers = [each for each in shop.objects("apis/apps/v1/deployments") if "mailer" in each["metadata"]["name"]]
    found = [each["metadata"]["name"] for each in workers if each["spec"]["replicas"]]
    return found == [name], found


def _scheduled(shop: Story, name: str) -> tuple[bool, list[str]]:
    crons = shop.objects("apis/batch/v1/cronjobs")
    found = [each["metadata"]["name"] for each in crons if not each["spec"]["suspend"]]
    return found == [name], found


@pytest.fixture(scope="module")
def rollouts(found: Cluster) -> Path:
    program = built(ROLLOUTS, "github.com/argoproj/argo-rollouts/cmd/rollouts-controller") / "rollouts-controller"
    where = ["go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-rollouts"]
    done = subprocess.run(where, cwd=ROLLOUTS, capture_output=True, text=True, check=True)
    for file in sorted(Path(done.stdout.strip(), "manifests", "crds").glob("*-crd.yaml")):
        found.define(file)
    return program


@contextlib.contextmanager
def cart(found: Cluster, program: Path, tmp_path: Path, namespace: str, more: str = "") -> Iterator[Story]:
    metrics, health = map(str, free_ports(2))
    options = ["--leader-elect=false", "--namespaced", "--namespace", namespace, "--kubeconfig", str(found.kubeconfig)]
    options += ["--metricsport", metrics, "--healthzPort", health]
    with (
        started(f"{namespace}-rollouts", program, *options, log=found.folder),
        story(found, tmp_path, namespace, CART + more) as made,
    ):
        yield made


def _phase(cart: Story, wanted: str) -> None:
    """Wait until the controller has seen the newest Rollout and says that of it."""

    def look() -> tuple[bool, str]:
        for rollout in cart.objects("apis/argoproj.io/v1alpha1/rollouts"):
            status = rollout.get("status", {})
            seen = status.get("observedGeneration") == str(rollout["metadata"]["generation"])
            return seen and status.get("phase") == wanted, status.get("phase", "")
        return False, "not there"

    until(f"the Rollout is {wanted}", look)


def test_a_rollout_waits_for_the_flip_and_goes_back_at_once(found: Cluster, rollouts: Path, tmp_path: Path) -> None:
    with cart(found, rollouts, tmp_path, "cart") as app:
        app.bggen("bump", "--image", "v1")
        app.until("cart", "v1", "v1")
        app.kubelet.watch = app.look
        _phase(app, "Healthy")
        app.bggen("bump", "--image", "v2")
        app.until("cart-preview", "v2", "v2")
        _phase(app, "Paused")
        app.quiet("cart", "v1", "v1")
        app.bggen("flip")
        app.until("cart", "v2", "v2")
        app.bggen("rollback")
        app.until("cart", "v1", "v1")
        _phase(app, "Healthy")
        app.bggen("unhold")
        # Pods of this image are there still: the release's number keeps the controller from going to them at once.
        app.bggen("bump", "--image", "v2", "--force")
        app.until("cart-preview", "v2", "v2")
        _phase(app, "Paused")
        app.quiet("cart", "v1", "v1")
        app.bggen("flip")
        app.until("cart", "v2", "v2")
        _phase(app, "Healthy")
        app.kubelet.broken = {"v3"}
        app.bggen("bump", "--image", "v3")
        app.bggen("flip")
        app.quiet("cart", "v2", "v2")
        app.bggen("rollback")
        app.quiet("cart", "v2", "v2")
        _phase(app, "Healthy")
        app.bggen("unhold")
        app.bggen("bump", "--image", "v4", "--flip")
        app.until("cart", "v4", "v4")
        app.never_nobody("v1", "v2", "v4")


def test_a_rollout_whose_analysis_fails_serves_what_it_served(found: Cluster, rollouts: Path, tmp_path: Path) -> None:
    with cart(found, rollouts, tmp_path, "tested", "smoke: {path: /ready, timeout: 30}\n") as app:
        app.bggen("bump", "--image", "v1")
        app.until("cart", "v1", "v1")
        _phase(app, "Healthy")
        app.bggen("bump", "--image", "v2")
        _phase(app, "Paused")
        app.bggen("flip")
        app.until("cart", "v2", "v2")
        _phase(app, "Healthy")
        app.kubelet.failing = True
        app.bggen("bump", "--image", "v3")
        _phase(app, "Degraded")
        app.bggen("flip")
        app.quiet("cart", "v2", "v2")
        app.bggen("rollback")
        app.quiet("cart", "v2", "v2")
        _phase(app, "Healthy")
        app.kubelet.failing = False
        app.bggen("unhold")
        app.bggen("bump", "--image", "v4")
        app.until("cart-preview", "v4", "v4")
        _phase(app, "Paused")
        app.bggen("flip")
        app.until("cart", "v4", "v4")
        app.bggen("rollback")
        app.until("cart", "v2", "v2")


def test_a_rollout_that_was_never_healthy_waits_for_no_flip(found: Cluster, rollouts: Path, tmp_path: Path) -> None:
    """As `bump` says; an image that does not start needs no other way out."""
    with cart(found, rollouts, tmp_path, "early") as app:
        app.kubelet.broken = {"v1"}
        app.bggen("bump", "--image", "v1")
        _phase(app, "Progressing")
        assert "goes live without a flip" in app.bggen("bump", "--image", "v2")
        app.until("cart", "v2", "v2")
        _phase(app, "Healthy")
