"""Documents that a JSON Schema describes, with mistakes sprinkled in: a new field is fuzzed without new code."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.support.states import texts
from tests.unit.test_schemas import load, parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Names that documents made apart from each other have in common, so that references lead somewhere.
COMPONENTS = ("web", "api", "shop", "mailer")
_WORDS = (
    *COMPONENTS,
    "staging",
    "prod",
    "${api.url}",
    "http://${web.host}:${web.port}/",
    "$${x}",
    "${web.prot}",
    "${a",
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 70_000)
    | st.sampled_from([10**39, -(10**12), 0.5, 1e300, float("inf"), float("nan"), 8080.0, -0.0])
    | texts()
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(8), inner, max_size=3),
    max_leaves=6,
)
_PERCENT = st.integers(0, 99)
_MOST_MORE = 3
_NEVER = 10**9


@st.composite
def documents(draw: st.DrawFn, schema: Mapping[str, Any], usual: int | None = None) -> Any:
    """Documents of the schema: a third of them right as far as the schema goes, the others with ever more mistakes.

    `usual` is the percentage of optional fields that are given; all kinds of documents by default.
    """
    wrong = draw(st.sampled_from([0, 0, 1, 3, 10, 30]))
    if usual is None:
        usual = draw(st.sampled_from([4, 15, 35, 60, 90]))
    return _Writer(draw, schema, wrong, usual).value(schema)


class _Writer:
    """Writes one document.

    Args:
        draw: hypothesis' source of choices.
        root: the schema that `$ref` leads into.
        wrong: percentage of values that are anything at all.
        usual: percentage of optional fields that are given.
    """

    def __init__(self, draw: st.DrawFn, root: Mapping[str, Any], wrong: int, usual: int) -> None:
        self._draw = draw
        self._root = root
        self._wrong = wrong
        self._usual = usual

    def value(self, schema: Any) -> Any:
        if not isinstance(schema, dict) or self._chance(self._wrong):
            return self._draw(JUNK)
        schema = self._whole(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._draw(st.sampled_from(schema["enum"]))
        if schema.get("examples") and self._chance(30):
            return self._draw(st.sampled_from(schema["examples"]))
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if kinds is None:
            return self._draw(JUNK)
        chosen = kinds if isinstance(kinds, str) else self._kind(kinds)
        if schema.get("if", {}).get("type") == chosen:
            schema = {**schema, **schema.get("then", {})}
        return self._of_kind(chosen, schema)

    def _kind(self, kinds: Sequence[str]) -> str:
        if "null" in kinds and self._chance(4):
            return "null"
        kind: str = self._draw(st.sampled_from([kind for kind in kinds if kind != "null"]))
        return kind

    def _of_kind(self, kind: str, schema: Mapping[str, Any]) -> Any:
        match kind:
            case "object":
                return self._object(schema)
            case "array":
                least = schema.get("minItems", 0)
                count = self._draw(st.integers(least, max(least, min(schema.get("maxItems", 3), 3))))
                return [self.value(schema.get("items", True)) for _ in range(count)]
            case "string":
                return self._draw(
                    _strings(_patterns(schema), schema.get("minLength", 0), schema.get("maxLength", _NEVER))
                )
            case "integer" | "number":
                low = schema.get("minimum", -5)
                high = schema.get("maximum", low + 100_000)
                return self._draw(st.sampled_from([low, high]) | st.integers(low, high))
            case "boolean":
                return self._draw(st.booleans())
            case _:
                return None

    def _object(self, schema: Mapping[str, Any]) -> Any:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        more = schema.get("additionalProperties", True)
        if not properties and more is True:
            return self._draw(st.dictionaries(texts(8), JUNK, max_size=3))
        data = {}
        for name, inner in properties.items():
            if not self._chance(100 - self._wrong if name in required else self._usual):
                continue
            data[self._mistyped(name) if self._chance(self._wrong // 2) else name] = self.value(inner)
        if more is not False:
            least = schema.get("minProperties", 0)
            for _ in range(self._draw(st.integers(least, max(least, _MOST_MORE)))):
                data[self._name(schema)] = self.value(more)
        if self._chance(self._wrong):
            data[self._draw(texts(12))] = self._draw(JUNK)
        if self._chance(30):
            data = dict(reversed(data.items()))
        return data

    def _name(self, schema: Mapping[str, Any]) -> str:
        shown = [key for example in schema.get("examples", ()) if isinstance(example, dict) for key in example]
        if self._chance(50):
            shown += COMPONENTS
        names = self._whole(schema.get("propertyNames", {}))
        allowed = [name for name in shown if all(re.search(rule, name) for rule in _patterns(names))]
        made = _strings(_patterns(names), names.get("minLength", 0), names.get("maxLength", _NEVER))
        name: str = self._draw(st.sampled_from(allowed) if allowed and self._chance(80) else made)
        return name

    def _mistyped(self, name: str) -> str:
        return self._draw(st.sampled_from([name[:-1], name.upper(), name + "s", f" {name}", name.replace("i", "y")]))

    def _chance(self, percent: int) -> bool:
        return percent > 0 and self._draw(_PERCENT) >= 100 - percent

    def _whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            target: Any = self._root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema


def _patterns(schema: Mapping[str, Any]) -> tuple[str, ...]:
    rules = [schema, *schema.get("allOf", ())]
    return tuple(rule["pattern"] for rule in rules if "pattern" in rule)


@cache
def _strings(patterns: tuple[str, ...], least: int, most: int) -> st.SearchStrategy[str]:
    def fits(text: str) -> bool:
        return least <= len(text) <= most and all(re.search(rule, text) for rule in patterns)

    words = [word for word in _WORDS if fits(word)]
    made = st.from_regex(patterns[0]) if patterns else texts()
    return (st.sampled_from(words) | made if words else made).filter(fits)


@cache
def shown_values(kind: str) -> dict[str, Any]:
    """Return for the name of each property what the schema shows for it: for what a document still lacks."""
    found: dict[str, Any] = {}
    for _, part in parts(load(kind)):
        for name, inner in part.get("properties", {}).items():
            values = [inner["const"]] if "const" in inner else inner.get("examples", ())
            if values:
                found.setdefault(name, values[0])
    return found
