"""The schemas of custom resources are as strict here as an API server is, and all that is rendered passes them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bggen.model import Manifest
from bggen.render import render
from tests.support.crds import crd_problems, needs_crds, object_problems
from tests.support.fronts import BY_BOTH, BY_HEADER, BY_HOST
from tests.support.states import bumped, first
from tests.unit.test_asking_reach import FRONTS, OTHERS, spec_of
from tests.unit.test_render_golden import CASES, state_of

if TYPE_CHECKING:
    from bggen.model.parts import Preview

pytestmark = needs_crds

ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, namespace: infra, sectionName: https}]
  hostnames: [shop.example.com, "*.shop.example.com"]
  rules:
  - matches: [{path: {type: PathPrefix, value: /api}, headers: [{name: X-Preview, value: blue}]}, {path: {value: /}}]
    backendRefs: [{name: shop-blue, port: 80}]
    timeouts: {request: 10s, backendRequest: 5s}
"""
ROLLOUT = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  selector: {matchLabels: {a: b}}
  strategy: {blueGreen: {activeService: shop, previewService: shop-preview, autoPromotionEnabled: false}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers: [{name: web, image: "x:1", resources: {requests: {cpu: 1}}, ports: [{containerPort: 80}]}]
      volumes: [{name: tmp, emptyDir: {}}]
"""
ANALYSIS = """
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: shop}
spec:
  metrics:
  - name: smoke
    provider:
      job: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: x, image: y}]}}}}
"""
GRANT = """
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: shop}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra}]
  to: [{group: "", kind: Service, name: shop}]
"""
RULE = "spec.rules.0"


# What an object is changed by, and what it must be refused with; tests/contract asks Kubernetes' own code of the same.
CHANGES: list[tuple[str, str, Any, str]] = [
    (ROUTE, "spec.hostname", "x", "spec: Additional properties are not allowed ('hostname' was unexpected)"),
    (ROUTE, f"{RULE}.filter", [], f"{RULE}: Additional properties are not allowed ('filter' was unexpected)"),
    (ROUTE, "spec.hostnames", ["a"] * 17, "is too long"),
    (ROUTE, "spec.hostnames.0", "Shop.example.com", "spec.hostnames.0: 'Shop.example.com' does not match"),
    (ROUTE, "spec.hostnames.0", "shop.example.com\n", "does not match"),
    (ROUTE, f"{RULE}.backendRefs.0.port", "http", "'http' is not of type 'integer'"),
    (ROUTE, f"{RULE}.backendRefs.0.port", 65536, "65536 is greater than the maximum of 65535"),
    (ROUTE, f"{RULE}.backendRefs.0.weight", 2**31, "is greater than the maximum"),
    (ROUTE, f"{RULE}.matches.0.path.type", "Prefix", "'Prefix' is not one of"),
    (ROUTE, f"{RULE}.timeouts.request", "10", "'10' does not match"),
    (
        ROUTE,
        f"{RULE}.matches.0.headers",
        [{"name": "a", "value": "b"}, {"name": "a", "value": "c"}],
        f'{RULE}.matches.0.headers: two items have the same name: "a"',
    ),
    # The rules in CEL: over a default, over several fields, over reserved words.
    (ROUTE, f"{RULE}.backendRefs.0.port", None, f"{RULE}.backendRefs.0: Must have port for Service reference"),
    (ROUTE, f"{RULE}.matches.1.path.value", "api", "value must be an absolute path and start with '/'"),
    (ROUTE, f"{RULE}.matches.1.path.value", "/a//b", "must not contain '//' when type one of"),
    (ROUTE, f"{RULE}.matches.1.path.value", "/{a}", "must only contain valid characters"),
    (
        ROUTE,
        f"{RULE}.timeouts.backendRequest",
        "20s",
        f"{RULE}.timeouts: backendRequest timeout cannot be longer than request timeout",
    ),
    (
        ROUTE,
        "spec.parentRefs",
        [{"name": "a", "namespace": "n"}] * 2,
        "spec.parentRefs: sectionName must be unique when parentRefs includes 2 or more references",
    ),
    (ROUTE, "spec.rules", [{"matches": [{"path": {"value": "/"}}] * 64}] * 3, "the total number of matches"),
    (ROUTE, "metadata.labels", {"a": 1}, "metadata.labels.a: 1 is not of type 'string', 'null' (Kubernetes 1.34)"),
    (ROLLOUT, "spec.strategy.blueGreen.autopromote", 1, "('autopromote' was unexpected)"),
    (ROLLOUT, "spec.strategy.blueGreen.activeService", None, "'activeService' is a required property"),
    (ROLLOUT, "spec.template.spec.volumes.0", {"nme": "x"}, "spec.template.spec.volumes.0:"),
    (ROLLOUT, "spec.template.spec.containers.0.resources", {"requests": {"cpu": []}}, "(Kubernetes 1.34)"),
    (ROLLOUT, "spec.strategy.blueGreen.previewReplicaCount", 1.5, "1.5 is not of type 'integer'"),
    (ANALYSIS, "spec.metrics.0.provider.job.spec.template.spec.restart", "x", "'restart' was unexpected"),
    (GRANT, "spec.from.0.name", "x", "('name' was unexpected)"),
    (GRANT, "spec.to.0.kind", "a b", "does not match"),
    (GRANT, "apiVersion", "gateway.networking.k8s.io/v9", "no CRD knows ReferenceGrant of gateway.networking"),
    (GRANT, "kind", "ReferenceGrants", "x.yaml: no CRD knows ReferenceGrants of gateway.networking.k8s.io/v1beta1"),
]


def changed(text: str, path: str, value: Any) -> Any:
    """The object with one more value; None takes the field away."""
    data = yaml.safe_load(text)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at = data
    for step in steps:
        at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return data


def problems(data: Any) -> list[str]:
    text = data if isinstance(data, str) else yaml.safe_dump(data)
    kind = yaml.safe_load(text)["kind"]
    manifest = Manifest("x.yaml", text, kind, "shop", None, None, 0)
    return object_problems([manifest], "1.34")


@pytest.mark.parametrize("text", [ROUTE, ROLLOUT, ANALYSIS, GRANT])
def test_a_good_object_has_no_problem(text: str) -> None:
    assert problems(text) == []
    data = yaml.safe_load(text)
    before = copy.deepcopy(data)
    assert crd_problems(data) == []
    assert data == before, "defaults are filled into a copy"


@pytest.mark.parametrize(("text", "path", "value", "message"), CHANGES)
def test_what_an_api_server_refuses_is_refused(text: str, path: str, value: Any, message: str) -> None:
    assert message in "\n".join(problems(changed(text, path, value)))


def test_a_kind_that_nobody_knows_is_a_problem() -> None:
    assert problems({"apiVersion": "v1", "kind": "Servise"}) == ["x.yaml: kind: Kubernetes 1.34 knows no Servise of v1"]
    assert crd_problems({"apiVersion": "v1", "kind": "Service"}) == ["no CRD knows Service of v1"]


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_every_golden_case_is_what_a_cluster_takes(case: Any) -> None:
    state = state_of(case)
    assert state.active_release
    assert object_problems(render(state), state.active_release.spec.kubernetes) == []


@pytest.mark.parametrize("preview", [BY_HOST, BY_HEADER, BY_BOTH], ids=["host", "header", "both"])
@pytest.mark.parametrize("front_of", FRONTS, ids="-".join)
def test_every_route_is_what_a_cluster_takes(front_of: tuple[str, str], preview: Preview) -> None:
    one = spec_of(front_of, "v1", preview=preview)
    for other in OTHERS.values():
        state = bumped(first(one), spec_of(front_of, "v2", **{"preview": preview, **other}))
        assert object_problems(render(state), "1.35") == []
