"""Patches in app.yaml and overlay.yaml: what is wrong is told at its line, before anything is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.cli import HELLO, SETTINGS, SHOP

if TYPE_CHECKING:
    from tests.support.cli import ConfigRepo, Ran

APP = "apps/hello/app.yaml"
OVERLAY = "apps/hello/prod/overlay.yaml"
DEPLOYMENT = "apps/hello/prod/manifests/deployment-hello-blue.yaml"

DNS = """\
patches:
- target: {kind: Deployment}
  merge: {spec: {template: {spec: {dnsPolicy: Default}}}}
"""
STRANGER = """\
patches:
- target: {kind: Deploymet}
  merge: {spec: {a: 1}}
"""
STRANGERS = f"""\
{STRANGER}- target: {{kind: StatefulSet}}
  merge: {{spec: {{a: 1}}}}
- target: {{kind: Ingress, component: hello}}
  merge: {{spec: {{a: 1}}}}
- target: {{kind: Service, name: helo}}
  merge: {{spec: {{a: 1}}}}
- target: {{kind: Ingress, color: green}}
  merge: {{spec: {{a: 1}}}}
"""


def told(repo: ConfigRepo, *arguments: str) -> list[str]:
    """Run a changing command that must fail with nothing changed, and return its errors."""
    before = repo.files(), repo.tip()
    ran = repo.bggen(*arguments)
    assert ran.code == 1, ran.out
    assert (repo.files(), repo.tip()) == before
    lines = ran.err.splitlines()
    assert all(line.startswith("error: ") for line in lines)
    return [line.removeprefix("error: ") for line in lines]


def validated(repo: ConfigRepo) -> list[str]:
    ran: Ran = repo.bggen("validate")
    assert ran.code == 1
    return [line for line in ran.out.splitlines() if line.startswith("apps/")]


def test_a_patch_reaches_users_as_any_other_edit_does(repo: ConfigRepo) -> None:
    repo.ok("bump", "--image", "v1")
    repo.commit({APP: HELLO + DNS})
    active = repo.files("apps/hello/prod/manifests")[DEPLOYMENT]
    repo.ok("validate")
    repo.ok("bump", "--image", "v2")
    assert repo.files("apps/hello/prod/manifests")[DEPLOYMENT] == active
    repo.ok("flip")
    pod = yaml.safe_load(repo.show(DEPLOYMENT.replace("blue", "green")))["spec"]["template"]["spec"]
    assert pod["dnsPolicy"] == "Default"
    # Another edit, and another release: what green runs stays as it is.
    green = repo.files("apps/hello/prod/manifests")[DEPLOYMENT.replace("blue", "green")]
    repo.commit({APP: HELLO + DNS.replace("Default", "ClusterFirst")})
    repo.ok("validate")
    repo.ok("bump", "--image", "v3")
    assert repo.files("apps/hello/prod/manifests")[DEPLOYMENT.replace("blue", "green")] == green
    repo.ok("render", "--check")
    repo.ok("rollback")
    repo.ok("validate")


def test_what_matches_nothing_is_told_at_its_line(repo: ConfigRepo) -> None:
    repo.commit({APP: HELLO + STRANGERS})
    start = f"{APP}:%d:3: patches[%d]: matches no object in prod: "
    ends = [
        "there is no Deploymet, did you mean Deployment?",
        "there is no StatefulSet, only Deployment, Ingress, PodDisruptionBudget, Service, ServiceAccount",
        "hello belongs to the whole app, so leave out `component`",
        "there is no Service of that name, did you mean hello?",
        "hello belongs to both colours, so leave out `color`",
    ]
    expected = [start % (9 + 2 * index, index) + end for index, end in enumerate(ends)]
    assert told(repo, "bump", "--image", "v1") == expected
    assert validated(repo) == expected
    document = repo.bggen("bump", "--image", "v1", "--output", "json")
    assert document.json["error"]["kind"] == "invalid"
    assert document.json["changed"] is False


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (
            "- target: {kind: Service}\n  merge:\n    spec:\n      selector: {a: b}\n",
            (
                "12:17: patches[0].merge.spec.selector: spec.selector of Service hello-blue can't be patched: "
                "traffic finds the pods of a colour by it"
            ),
        ),
        (
            (
                "- target: {kind: Deployment}\n  json:\n  - {op: test, path: /spec/minReadySeconds, value: 10}\n"
                "  - {op: remove, path: /spec/nope}\n"
            ),
            (
                "12:5: patches[0].json[1]: `remove` of /spec/nope does not fit Deployment hello-blue: "
                "there is nothing at /spec/nope"
            ),
        ),
        (
            # bggen scale changes it at any time, and must not fail then.
            "- target: {kind: Deployment}\n  json:\n  - {op: test, path: /spec/replicas, value: 1}\n",
            (
                "11:5: patches[0].json[0]: `test` of /spec/replicas does not fit Deployment hello-blue: "
                "/spec/replicas has another value"
            ),
        ),
        (
            "- target: {kind: Deployment}\n  merge: {spec: {template: {spec: {hostNetwork: true}}}}\n",
            (
                "9:3: patches[0]: Deployment hello-blue would be wrong: "
                "spec.template.spec.hostNetwork: must be left out, is true"
            ),
        ),
        (
            # A sidecar is held to what our own container is held to.
            (
                "- target: {kind: Deployment}\n  merge: {spec: {minReadySeconds: 5}}\n"
                "- target: {kind: Deployment}\n  json:\n"
                "  - {op: add, path: /spec/template/spec/containers/-, value: {name: a, image: a,"
                " securityContext: {allowPrivilegeEscalation: false}}}\n"
            ),
            (
                "11:3: patches[1]: Deployment hello-blue would be wrong: "
                "spec.template.spec.containers.1.securityContext.capabilities.drop: must be ['ALL'], is None"
            ),
        ),
        (
            (
                "- target: {kind: Deployment}\n  json:\n  - op: copy\n"
                "    from: /spec/replicas\n"
                "    path: /spec/template/spec/terminationGracePeriodSeconds\n"
            ),
            (
                "9:3: patches[0]: Deployment hello-blue would be wrong: "
                "spec.template: a flip or a change of scale would restart the pods"
            ),
        ),
        (
            (
                "- target: {kind: Ingress}\n  json:\n"
                "  - {op: add, path: /spec/rules/-, value: {host: b.example.com, http: {paths: [{path: /,"
                " pathType: Prefix, backend: {service: {name: hello-blue, port: {name: http}}}}]}}}\n"
            ),
            (
                "9:3: patches[0]: Ingress hello would be wrong: "
                "spec.rules.1.http.paths.0.backend.service.name: hello-blue is no active Service of this app"
            ),
        ),
    ],
)
def test_what_fails_or_breaks_an_object_is_told_at_its_line(repo: ConfigRepo, patch: str, expected: str) -> None:
    repo.commit({APP: f"{HELLO}patches:\n{patch}"})
    assert told(repo, "bump", "--image", "v1") == [f"{APP}:{expected}"]
    assert f"{APP}:{expected}" in validated(repo)


def test_an_overlay_that_has_patches_is_where_they_are(repo: ConfigRepo) -> None:
    repo.commit({APP: HELLO + STRANGERS, OVERLAY: "replicas: 2\n" + STRANGER})
    place = f"{OVERLAY}:3:3: patches[0]: matches no object in prod: there is no Deploymet, did you mean Deployment?"
    assert told(repo, "bump", "--image", "v1") == [place]
    assert validated(repo) == [place]
    repo.commit({OVERLAY: "patches: null\n"})
    repo.ok("validate")
    repo.ok("bump", "--image", "v1")


def test_kubernetes_own_schemas_are_asked_by_validate(repo: ConfigRepo) -> None:
    repo.commit({APP: HELLO + DNS.replace("dnsPolicy", "dnsPolcy")})
    (line,) = validated(repo)
    assert line.startswith(f"{APP}:9:3: patches[0]: Deployment hello-blue would be wrong: spec.template.spec: ")
    assert "'dnsPolcy' was unexpected" in line


def test_several_components_and_problems_in_one_run(repo: ConfigRepo) -> None:
    patches = """\
patches:
- target: {kind: Deployment, component: web}
  merge: {spec: {replicas: 5}}
- target: {kind: Deployment}
  merge: {spec: {template: {spec: {dnsPolicy: Default}}}}
- target: {kind: HorizontalPodAutoscaler, component: api}
  merge: {spec: {behavior: {}}}
"""
    repo.commit({APP: None, "apps/shop/app.yaml": SHOP + patches})
    found = told(repo, "bump", "--app", "shop", "--image", "v1")
    assert [line.split(": ")[:2] for line in found] == [
        ["apps/shop/app.yaml:18:28", "patches[0].merge.spec.replicas"],
        ["apps/shop/app.yaml:21:3", "patches[2]"],
    ]
    assert "use `replicas` or `autoscale` of the spec, or bggen scale" in found[0]


def test_promote_tells_it_too(repo: ConfigRepo) -> None:
    repo.commit(
        {
            "bggen.yaml": SETTINGS.replace("  prod: {}", "  staging: {}\n  prod: {}"),
            OVERLAY: STRANGER,
        }
    )
    repo.ok("bump", "--env", "staging", "--image", "v1")
    (line,) = told(repo, "promote", "--env", "prod")
    assert line.startswith(f"{OVERLAY}:2:3: patches[0]: matches no object in prod")


def test_a_kept_configuration_keeps_its_patches(repo: ConfigRepo) -> None:
    repo.commit({APP: HELLO + DNS})
    repo.ok("bump", "--image", "v1")
    repo.commit({APP: HELLO + STRANGERS})
    repo.ok("bump", "--image", "v2", "--keep-config")
    green = yaml.safe_load(repo.show(DEPLOYMENT.replace("blue", "green")))
    assert green["spec"]["template"]["spec"]["dnsPolicy"] == "Default"
    # Nothing of the spec is read by these.
    for command in ("flip", "park", "wake", "rollback"):
        repo.ok(command)


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        ("{progressDeadlineSeconds: 86400}", "spec.progressDeadlineSeconds: must be from 1 to 3600, is 86400"),
        (
            "{template: {spec: {securityContext: {windowsOptions: {hostProcess: true}}}}}",
            "spec.template.spec.securityContext.windowsOptions.hostProcess: must be left out, is true",
        ),
    ],
)
def test_no_patch_makes_argo_cd_wait_for_ever_or_a_pod_the_node(repo: ConfigRepo, merge: str, expected: str) -> None:
    repo.commit({APP: f"{HELLO}patches:\n- target: {{kind: Deployment}}\n  merge: {{spec: {merge}}}\n"})
    (line,) = told(repo, "bump", "--image", "v1")
    assert line.startswith(f"{APP}:9:3: patches[0]: Deployment hello-blue would be wrong: {expected}")


def test_what_a_bump_renders_of_a_patch_is_what_its_state_renders(repo: ConfigRepo) -> None:
    alias = "{op: add, path: /spec/template/spec/hostAliases, value: [{ip: 10.0.0.1, hostnames: [b, a]}]}"
    repo.commit({APP: f"{HELLO}patches:\n- target: {{kind: Deployment}}\n  json: [{alias}]\n"})
    repo.ok("bump", "--image", "v1")
    repo.ok("render", "--check")
