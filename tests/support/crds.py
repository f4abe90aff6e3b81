"""What an API server says of custom resources: the CRDs' own schemas, strict, with their CEL rules.

The CRDs are not part of this repo: they lie in `../shared/crds`, or where `CRD_SCHEMAS` says. Tests that need them are
marked with `needs_crds`. `object_problems` holds any object to Kubernetes' schemas or to a CRD, and skips no kind.
"""

from __future__ import annotations

import copy
import json
import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cel_expr_python import cel
from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from bggen.kubeschema import CUSTOM, validate_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.model import Manifest

FOLDER = Path(os.environ.get("CRD_SCHEMAS") or Path(__file__).parents[3] / "shared" / "crds")
needs_crds = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"there are no CRDs in {FOLDER}; CRD_SCHEMAS may name another folder"
)

# By kind, so that only what is asked for is read: the files are long.
_FILES = {
    "AnalysisTemplate": "argoproj.io_analysistemplate.yaml",
    "AppProject": "argoproj.io_appproject.yaml",
    "Application": "argoproj.io_application.yaml",
    "ApplicationSet": "argoproj.io_applicationset.yaml",
    "Gateway": "gateway.networking.k8s.io_gateways.yaml",
    "HTTPRoute": "gateway.networking.k8s.io_httproutes.yaml",
    "ReferenceGrant": "gateway.networking.k8s.io_referencegrants.yaml",
    "Rollout": "argoproj.io_rollout.yaml",
}
_LIMITS = {"int32": 2**31, "int64": 2**63}
# CEL's reserved words: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
_RESERVED = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"}
    | {"let", "loop", "package", "namespace", "return", "var", "void", "while"}
)
_EXPRESSIONS = cel.NewEnv(variables={"self": cel.Type.DYN})


def object_problems(manifests: Iterable[Manifest], minor: str) -> list[str]:
    """Return, one a line, what a cluster of that minor with all the CRDs would refuse.

    Args:
        manifests: the objects; one whose kind neither Kubernetes nor a CRD knows is a problem.
        minor: the cluster's minor version, such as `1.34`.
    """
    found: list[str] = []
    built_in: list[Manifest] = []
    for manifest in manifests:
        data = yaml.load(manifest.text, Loader=yaml.CSafeLoader)
        if str(data.get("apiVersion")).partition("/")[0] in CUSTOM:
            found += [f"{manifest.file}: {problem}" for problem in crd_problems(data)]
            built_in += _inside(manifest, data)
        else:
            built_in.append(manifest)
    return found + [str(problem) for problem in validate_objects(built_in, minor)]


def crd_problems(data: Mapping[str, Any]) -> list[str]:
    """Return what the CRD of the object's kind refuses, `path: message` each; what is created is looked at.

    It does what an API server does: defaults are filled in first, then the structural schema with formats, list types
    and the rules in CEL are applied. It is stricter in that an unknown field is refused rather than dropped, as
    `kubectl --validate=strict` does, and so is a null that means nothing. Rules over `oldSelf` are for updates and left
    out. `tests/contract/custom_resources.py` holds it to Kubernetes' own code.
    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
    """
    schema = _schema(data)
    if schema is None:
        return [f"no CRD knows {data.get('kind')} of {data.get('apiVersion')}"]
    full = _with_defaults(copy.deepcopy(dict(data)), schema)
    found = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in _validator(data["apiVersion"], data["kind"]).iter_errors(full)
    ]
    # The rules may take for granted what the schema says.
    return sorted(found or _against_rules(full, schema, ""))


def _schema(data: Mapping[str, Any]) -> Any:
    """Return the schema of the object's kind and version; None where no CRD knows it."""
    kind = data.get("kind")
    return _read(kind).get(data.get("apiVersion", "")) if kind in _FILES else None


@cache
def _read(kind: str) -> dict[str, Any]:
    spec = yaml.load((FOLDER / _FILES[kind]).read_bytes(), Loader=yaml.CSafeLoader)["spec"]
    assert spec["names"]["kind"] == kind
    return {
        f"{spec['group']}/{version['name']}": version["schema"]["openAPIV3Schema"]
        for version in spec["versions"]
        if version["served"]
    }


@cache
def _validator(api_version: str, kind: str) -> Any:
    schema = _strict(_read(kind)[api_version])
    # Of `metadata` a CRD says nothing: it is Kubernetes' own.
    schema["properties"]["metadata"] = {"type": "object"}
    return _Validator(schema, format_checker=FormatChecker())


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a structural schema as a JSON schema that refuses unknown fields and knows integers' sizes."""
    made = dict(schema)
    kind = made.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
        made.pop("anyOf", None)
    elif schema.get("nullable") and kind:
        made["type"] = [kind, "null"]
    if kind == "integer" and schema.get("format") in _LIMITS:
        limit = _LIMITS[schema["format"]]
        made["minimum"] = max(schema.get("minimum", -limit), -limit)
        made["maximum"] = min(schema.get("maximum", limit - 1), limit - 1)
    if "properties" in schema:
        made["properties"] = {name: _strict(each) for name, each in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _strict(schema["additionalProperties"])
    elif kind == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made["additionalProperties"] = bool(schema.get("additionalProperties"))
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    if schema.get("x-kubernetes-list-type") == "set":
        made["uniqueItems"] = True
    if schema.get("x-kubernetes-list-type") == "map":
        made["uniqueKeys"] = schema["x-kubernetes-list-map-keys"]
    return made


def _unique_keys(_: Any, keys: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    seen = set()
    for item in instance if isinstance(instance, list) else []:
        key = tuple(json.dumps(item.get(name)) for name in keys) if isinstance(item, dict) else ()
        if key and key in seen:
            yield ValidationError(f"two items have the same {', '.join(keys)}: {', '.join(key)}")
        seen.add(key)


def _matches(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re.search(_as_go_reads_it(pattern), instance, re.ASCII):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _as_go_reads_it(pattern: str) -> str:
    r"""Let `$` mean the end of the text and not, as in Python, also the place before a newline at the end."""
    return re.sub(r"\\.|\[[^\]]+\]|\$", lambda found: r"\Z" if found.group() == "$" else found.group(), pattern)


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]  # it is untyped in the stubs, too
    Draft202012Validator, {"uniqueKeys": _unique_keys, "pattern": _matches}
)


def _with_defaults(data: Any, schema: Mapping[str, Any]) -> Any:
    for name, each in schema.get("properties", {}).items() if isinstance(data, dict) else ():
        if name not in data and "default" in each:
            data[name] = copy.deepcopy(each["default"])
    for value, each, _ in _children(data, schema):
        _with_defaults(value, each)
    return data


def _against_rules(data: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"]:
            result = _compiled(rule["rule"]).eval(data={"self": _escaped(data, schema)}).value()
            if result is not True:
                yield f"{path}: {rule.get('message', rule['rule'])}" + ("" if result is False else f" ({result})")
    for value, each, name in _children(data, schema):
        yield from _against_rules(value, each, f"{path}.{name}".lstrip("."))


@cache
def _compiled(rule: str) -> cel.Expression:
    return _EXPRESSIONS.compile(rule)


def _escaped(data: Any, schema: Mapping[str, Any]) -> Any:
    """Give fields the names that rules know them by: Kubernetes escapes what CEL has no identifiers for."""
    if isinstance(data, list):
        return [_escaped(each, schema.get("items", {})) for each in data]
    if not isinstance(data, dict):
        return data
    fields = schema.get("properties", {})
    return {
        _escaped_name(name) if name in fields else name: _escaped(value, fields.get(name, {}))
        for name, value in data.items()
    }


def _escaped_name(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    for what, by in (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(what, by)
    return name


def _children(data: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Any, Mapping[str, Any], str]]:
    """Return what lies directly inside, the schema of each, and its name."""
    if isinstance(data, dict):
        others = schema.get("additionalProperties")
        for name, value in data.items():
            each = schema.get("properties", {}).get(name, others)
            if isinstance(each, dict):
                yield value, each, str(name)
    elif isinstance(data, list) and "items" in schema:
        for number, value in enumerate(data):
            yield value, schema["items"], str(number)


def _inside(manifest: Manifest, data: Mapping[str, Any]) -> Iterator[Manifest]:
    """Wrap what a custom resource says for Kubernetes itself into an object of Kubernetes, so that it is validated.

    That is its metadata and, as CRDs leave parts of them open (a Rollout's volumes are any), pod templates and Jobs.
    """
    yield _object(manifest, "v1", "ConfigMap", metadata=data.get("metadata"))
    spec = data.get("spec") or {}
    if data["kind"] == "Rollout" and "template" in spec:
        made = {"selector": spec.get("selector", {"matchLabels": {}}), "template": spec["template"]}
        yield _object(manifest, "apps/v1", "Deployment", metadata={"name": "x"}, spec=made)
    for metric in spec.get("metrics", ()) if data["kind"] == "AnalysisTemplate" else ():
        if "job" in metric.get("provider", {}):
            job = metric["provider"]["job"]
            metadata = {"name": "x", **job.get("metadata", {})}
            yield _object(manifest, "batch/v1", "Job", metadata=metadata, spec=job["spec"])


def _object(manifest: Manifest, api_version: str, kind: str, **fields: Any) -> Manifest:
    return replace(manifest, text=yaml.safe_dump({"apiVersion": api_version, "kind": kind, **fields}))
