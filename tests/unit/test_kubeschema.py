"""Kubernetes' own schemas say yes to all that we render, on the oldest and the newest minor that they know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import kubernetes_validate
import pytest
import yaml
from hypothesis import given, settings

from bggen import kubeschema
from bggen.errors import InvalidError, UsageError
from bggen.render import render
from tests.support.everything import pod_spec
from tests.support.python import run_python
from tests.support.smoked import COMMAND, gated, guestbook, smoked
from tests.support.states import bumped, crew_spec, first, hello_spec, parked, shop_spec, states

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState

OLDEST, NEWEST = "1.25", "1.37"


def validated(state: EnvState, minor: str) -> list[str]:
    return [str(problem) for problem in kubeschema.validate_objects(render(state), minor)]


def for_minor(state: EnvState, minor: str) -> EnvState:
    """The same state, made for that version of Kubernetes."""
    blue, green = (
        each and replace(each, spec=replace(each.spec, kubernetes=minor)) for each in (state.blue, state.green)
    )
    return replace(state, blue=blue, green=green)


def test_the_schemas_are_those_that_we_know_of() -> None:
    assert kubeschema.available()
    known = kubeschema.known_minors()
    assert (known[0], known[-1], len(known)) == (OLDEST, NEWEST, 13)


@pytest.mark.parametrize("minor", kubeschema.known_minors())
@pytest.mark.parametrize("spec", [hello_spec(), shop_spec(), pod_spec(), crew_spec()])
def test_all_that_is_rendered_for_a_minor_is_valid_on_it(spec: AppSpec, minor: str) -> None:
    made_for = replace(spec, kubernetes=minor)
    assert validated(bumped(first(made_for), made_for), minor) == []


@pytest.mark.parametrize("minor", kubeschema.known_minors())
@pytest.mark.parametrize(
    "spec",
    [
        smoked(),
        smoked(smoke=COMMAND, publishes_status=True),
        guestbook(),
        guestbook(type="LoadBalancer", node_port=None, publishes_status=True),
    ],
)
def test_what_stands_around_the_switch_is_valid_on_every_minor(spec: AppSpec, minor: str) -> None:
    made_for = replace(spec, kubernetes=minor)
    state = bumped(first(made_for), made_for)
    for each in (state, bumped(gated(state), made_for)):
        assert validated(each, minor) == []


@pytest.mark.parametrize("minor", [OLDEST, NEWEST])
def test_the_packages_own_validation_agrees(minor: str) -> None:
    made_for, crew = pod_spec(kubernetes=minor), crew_spec(kubernetes=minor)
    seen = set()
    for manifest in (*render(parked(bumped(first(made_for), made_for))), *render(first(crew))):
        if manifest.kind not in seen:
            seen.add(manifest.kind)
            assert kubernetes_validate.validate(yaml.safe_load(manifest.text), minor, strict=True) == minor
    assert len(seen) == 9


@given(states(every_kind=True))
@settings(max_examples=max(settings().max_examples // 4, 10))
def test_whatever_is_rendered_is_valid(state: EnvState) -> None:
    for minor in (OLDEST, NEWEST):
        assert validated(for_minor(state, minor), minor) == []


def test_every_wrong_field_is_named() -> None:
    manifest = render(first(hello_spec(kubernetes="1.30")))[0]
    text = manifest.text.replace("replicas: 1", "replicas: three").replace("containers:", "kontainers:")
    found = kubeschema.validate_objects([replace(manifest, text=text)], "1.30", "apps/hello/prod/manifests")
    assert {problem.path for problem in found} == {"apps/hello/prod/manifests/deployment-hello-blue.yaml"}
    assert [f"{problem.where}: {problem.message}" for problem in found] == [
        "spec.replicas: 'three' is not of type 'integer', 'null' (Kubernetes 1.30)",
        "spec.template.spec: 'containers' is a required property (Kubernetes 1.30)",
        "spec.template.spec: Additional properties are not allowed ('kontainers' was unexpected) (Kubernetes 1.30)",
    ]


def test_a_field_of_a_newer_minor_is_refused() -> None:
    found = validated(first(hello_spec(kubernetes="1.30")), OLDEST)
    assert len(found) == 2
    assert "'sleep' was unexpected" in found[0]
    assert "'unhealthyPodEvictionPolicy' was unexpected" in found[1]


def test_an_unknown_kind_and_what_is_no_object_are_named() -> None:
    manifest = render(first(hello_spec()))[0]
    for text, message in (
        ("apiVersion: v1\nkind: Servise\n", "kind: Kubernetes 1.30 knows no Servise of v1"),
        ("apiVersion: ../..\nkind: ../../x\n", "kind: Kubernetes 1.30 knows no ../../x of ../.."),
        ("[]", "is not one object"),
    ):
        found = kubeschema.validate_objects([replace(manifest, text=text)], "1.30")
        assert [str(problem) for problem in found] == [f"{manifest.file}: {message}"]


def test_custom_resources_are_passed_over() -> None:
    manifest = render(first(hello_spec()))[0]
    texts = [f"apiVersion: {group}/v1\nkind: X\n" for group in ("gateway.networking.k8s.io", "argoproj.io", "x.io")]
    found = kubeschema.validate_objects([replace(manifest, text=text) for text in texts], "1.30")
    assert [each.message for each in found] == ["Kubernetes 1.30 knows no X of x.io/v1"]


def test_a_minor_that_is_newer_than_the_schemas_is_held_to_the_newest() -> None:
    assert validated(first(hello_spec(kubernetes="1.99")), "1.99") == []


def test_a_minor_that_is_older_than_the_schemas_is_a_clear_error() -> None:
    with pytest.raises(InvalidError, match=r"no schemas for Kubernetes 1\.20; the oldest are for 1\.25"):
        kubeschema.validate_objects([], "1.20")


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeschema, "_PACKAGE", "bggen_no_such_package")
    kubeschema._folders.cache_clear()
    assert not kubeschema.available()
    with pytest.raises(UsageError) as error:
        kubeschema.validate_objects([], "1.30")
    assert error.value.hint is not None
    assert "bggen[kubernetes]" in error.value.hint
    kubeschema._folders.cache_clear()


def test_importing_it_loads_no_schema_library() -> None:
    script = "import sys, bggen.kubeschema; print([m for m in ('jsonschema', 'yaml', 'jinja2') if m in sys.modules])"
    assert run_python(script) == b"[]\n"
