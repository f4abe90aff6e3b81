"""Any patch of fields that are free gives exactly what its RFC says; whatever a patch holds, protected fields stay."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bggen.checks import check
from bggen.errors import InvalidError
from bggen.model.parts import Patch
from bggen.patch import merge_patch
from bggen.render import render
from bggen.render.v1.protected import forbidden
from bggen.spec import spec_from_data, spec_to_data
from bggen.yamlio import dump, parse
from tests.support.manifests import by_file, read
from tests.support.states import bumped, first, flipped, shop_spec, texts

budget = settings(max_examples=max(settings().max_examples // 2, 30))
FILES = {
    "Deployment": "deployment-shop-web-blue.yaml",
    "Service": "service-shop-web.yaml",
    "Ingress": "ingress-shop.yaml",
}
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(12), inner, max_size=3),
    max_leaves=8,
)
# Fields that no rule of protection knows, deep and shallow, new and there already.
FREE = ["spec.free", "metadata.annotations", "spec.template.spec.dnsConfig", "spec.progressDeadlineSeconds"]
free_keys = texts(12).filter(lambda key: not key.startswith(("bggen.dev/", "argocd.argoproj.io/", "app.kubernetes.io")))


@st.composite
def free_merges(draw: st.DrawFn) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for field in draw(st.lists(st.sampled_from(FREE), min_size=1, max_size=3, unique=True)):
        *way, last = field.split(".")
        inside = patch
        for key in way:
            inside = inside.setdefault(key, {})
        many = last == "annotations"
        inside[last] = draw(st.dictionaries(free_keys, texts() | st.none(), max_size=3) if many else values)
    return patch


@budget
@given(st.sampled_from(sorted(FILES)), free_merges())
def test_a_merge_patch_is_rfc_7386_to_the_letter(kind: str, patch: dict[str, Any]) -> None:
    spec = replace(shop_spec(), patches=(Patch(kind, merge=patch),))
    # Frozen and read again, as it is at every later command.
    frozen = spec_from_data(parse(dump(spec_to_data(spec)).encode(), "blue.yaml").data)
    plain = read(render(first(shop_spec())))
    found = read(render(first(frozen)))
    assert found == {file: merge_patch(data, patch) if data["kind"] == kind else data for file, data in plain.items()}
    own, other = (by_file(render(first(each))) for each in (shop_spec(), frozen))
    assert all(other[file] == text for file, text in own.items() if plain[file]["kind"] != kind)


paths = [
    *("", "/metadata", "/metadata/labels", "/metadata/labels/bggen.dev~1color", "/metadata/annotations", "/spec"),
    *("/metadata/annotations/argocd.argoproj.io~1sync-wave", "/metadata/name", "/spec/selector", "/spec/replicas"),
    *("/spec/template", "/spec/template/metadata/labels", "/spec/template/spec/containers", "/spec/type", "/kind"),
    *("/spec/template/spec/containers/0", "/spec/template/spec/containers/0/image", "/spec/ports", "/spec/ports/0"),
    *("/spec/rules", "/spec/rules/0", "/spec/rules/0/http/paths/0/backend", "/spec/free", "/metadata/annotations/a"),
]
places = st.sampled_from(paths)
operations = st.one_of(
    st.builds(
        lambda kind, path, value: {"op": kind, "path": path, "value": value},
        st.sampled_from(["add", "replace"]),
        places,
        values,
    ),
    st.builds(lambda path: {"op": "remove", "path": path}, places),
    st.builds(
        lambda kind, path, source: {"op": kind, "path": path, "from": source},
        st.sampled_from(["move", "copy"]),
        places,
        places,
    ),
)


@st.composite
def merges(draw: st.DrawFn) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for path in draw(st.lists(places.filter(bool), min_size=1, max_size=3)):
        inside = patch
        *way, last = [key.replace("~1", "/") for key in path.split("/")[1:] if not key.isdecimal()]
        for key in way:
            inside = inside[key] if isinstance(inside.setdefault(key, {}), dict) else inside
        inside[last] = draw(values)
    return patch


@budget
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(operations, min_size=1, max_size=4).map(lambda made: Patch("", operations=tuple(made)))
    | merges().map(lambda made: Patch("", merge=made)),
)
def test_no_patch_changes_a_protected_field_or_lets_anything_but_an_expected_error_out(kind: str, patch: Patch) -> None:
    plain, spec = shop_spec(), replace(shop_spec(), patches=(replace(patch, kind=kind),))
    before = bumped(first(plain), plain)
    with contextlib.suppress(InvalidError):
        after = bumped(first(spec), spec)
        for left, right in ((before, after), (flipped(before), flipped(after))):
            rendered = render(right)
            found = read(rendered)
            for file, data in read(render(left)).items():
                assert forbidden(data, found[file]) is None
                # Said apart from the rules that are tested.
                for key in ("apiVersion", "kind"):
                    assert found[file][key] == data[key]
                assert found[file]["metadata"]["name"] == data["metadata"]["name"]
                if data["kind"] in ("Deployment", "Service"):
                    assert found[file]["spec"]["selector"] == data["spec"]["selector"]
                assert _kept(found[file]["metadata"]) == _kept(data["metadata"])
            for problem in check(right, rendered):
                assert f"{kind.lower()}-" in problem.path


def _kept(metadata: dict[str, Any]) -> dict[str, Any]:
    both = {**metadata.get("labels", {}), **metadata.get("annotations", {})}
    return {key: value for key, value in both.items() if key.startswith(("bggen.dev/", "argocd", "app.kubernetes.io/"))}


@budget
@given(free_merges(), free_merges())
def test_new_patches_change_no_byte_of_the_active_colour(old: dict[str, Any], new: dict[str, Any]) -> None:
    def patches(merge: dict[str, Any]) -> tuple[Patch, ...]:
        return tuple(Patch(kind, merge=merge) for kind in FILES)

    state = first(replace(shop_spec(), patches=patches(old)))
    before = by_file(render(state))
    after = by_file(render(bumped(state, replace(shop_spec("v2"), patches=patches(new)))))
    for file, text in before.items():
        if file.endswith(("-green.yaml", "-preview.yaml")):
            continue
        assert after[file] == text
