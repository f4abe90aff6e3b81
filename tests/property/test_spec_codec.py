"""Properties of a release's canonical data: every spec survives it, and what means one thing has one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from bggen import yamlio
from bggen.spec import spec_from_data, spec_to_data
from tests.support.specs import JSON, full_specs

if TYPE_CHECKING:
    from bggen.model import AppSpec


def turned(data: Any) -> Any:
    """Return data with every mapping's keys the other way round."""
    if isinstance(data, dict):
        return {key: turned(data[key]) for key in reversed(data)}
    return [turned(item) for item in data] if isinstance(data, list) else data


@given(full_specs())
def test_every_spec_survives_its_file_and_has_one_text(spec: AppSpec) -> None:
    text = yamlio.dump(spec_to_data(spec))
    data = yamlio.parse(text.encode(), "blue.yaml").data
    for written in (data, turned(data)):
        kept = spec_from_data(written)
        assert kept == spec
        assert yamlio.dump(spec_to_data(kept)) == text


def paths(data: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [where, *(path for key, value in inside for path in paths(value, (*where, key)))]


def replaced(data: Any, where: tuple[Any, ...], value: Any) -> Any:
    if not where:
        return value
    first, *rest = where
    if isinstance(data, list):
        return [replaced(item, tuple(rest), value) if index == first else item for index, item in enumerate(data)]
    return {**data, first: replaced(data[first], tuple(rest), value)}


@given(full_specs(), st.data(), JSON)
def test_other_data_is_refused_in_one_line_or_means_a_spec(spec: AppSpec, data: st.DataObject, value: Any) -> None:
    good = spec_to_data(spec)
    bad = replaced(good, data.draw(st.sampled_from(paths(good))), value)
    read: AppSpec | None = None
    message = "spec"
    try:
        read = spec_from_data(bad)
    except ValueError as error:
        message = str(error)
    assert message.startswith(("spec", "a key of spec"))
    assert "\n" not in message
    assert read is None or spec_from_data(spec_to_data(read)) == read
