"""`${component.url}` and its relatives."""

from __future__ import annotations

import pytest

from bggen.errors import InvalidError
from bggen.model import Color
from bggen.render.references import resolve
from tests.support.states import app_spec, component

SPEC = app_spec("shop", component("shop", port=80), component("api", port=9090), component("quiet"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("plain", "plain"),
        ("${api.url}", "http://shop-api-blue"),
        ("${api.host}:${api.port}", "shop-api-blue:80"),
        ("${shop.host}", "shop-blue"),
        ("a${api.port}b${api.port}", "a80b80"),
        ("${HOME}", "${HOME}"),
        ("${}", "${}"),
        ("$api.url", "$api.url"),
        ("{api.url}", "{api.url}"),
        ("$${api.url}", "${api.url}"),
        ("$${HOME}", "${HOME}"),
        ("$$${api.url}", "$${api.url}"),
        ("${HOME} ${api.port}}", "${HOME} 80}"),
        ("${api.url", "${api.url"),
        ("${ ${api.port}", "${ 80"),
        ("$(api.url)", "$(api.url)"),
    ],
)
def test_references(text: str, value: str) -> None:
    assert resolve(text, SPEC, Color.BLUE) == value


def test_each_colour_reaches_itself() -> None:
    assert resolve("${api.url}", SPEC, Color.GREEN) == "http://shop-api-green"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${nope.url}", r"\$\{nope\.url\} names no component of shop that has a port"),
        ("${quiet.host}", "names no component of shop that has a port"),
        ("${api.uri}", r"\$\{api\.uri\}: there is no 'uri', only url, host and port"),
        ("${api.}", "there is no ''"),
        ("${.url}", "names no component"),
        ("${api.a.b}", "there is no 'a.b'"),
    ],
)
def test_references_to_nothing(text: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        resolve(text, SPEC, Color.BLUE)
