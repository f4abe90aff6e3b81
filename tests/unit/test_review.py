"""A request's body: what a reviewer needs is in it, no text leaves its place, and it fits any limit."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bggen import state as state_files
from bggen.model import Color
from bggen.plan import Plan, compare_manifests, env_folder, make_plan
from bggen.render import render
from bggen.review import LEAST, read_machine_block, review
from bggen.review.markdown import cell, code, fence, sentence, visible
from bggen.transitions import BumpRequest, FlipRequest, bump, flip, rollback, rollback_target
from bggen.transitions.result import Transition
from tests.support.states import DIGEST, app_spec, bumped, component, crew_spec, first, shop_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.model import EnvState

NOW = "2026-06-01T12:00:00Z"
MARKDOWN = MarkdownIt("commonmark").enable("table")
HOSTILE = [
    *("`", "``` x", "~~~", "</details>", "--> <!-- <b>", "@acme/all", "#123", "https://evil.example.com", "a|b\\|c"),
    *(
        "\n\n# x",
        "\x1b[31m",
        "\u202eabc",
        "[a](b)",
        "![x](y)",
        "\\",
        " ` ",
        "/close",
        "1. x",
        "- x",
        "deadbeef",
        "GH-1",
    ),
]


def hostile() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(HOSTILE) | st.text(max_size=9), min_size=1, max_size=4).map("".join)


def planned(transition: Transition) -> Plan:
    state, folder = transition.before, env_folder(transition.after.app, transition.after.env)
    current = {manifest.file: manifest.text.encode() for manifest in render(state)}
    rendered = compare_manifests(folder, current, render(transition.after))
    return make_plan(transition, state_files.encode(state) if state.active else {}, rendered)


def bumped_plan(app: str = "shop") -> Plan:
    old = first(replace(shop_spec("v1"), name=app))
    request = BumpRequest(replace(shop_spec("v2"), name=app), 1)
    return planned(bump(old, request))


def two() -> EnvState:
    return bumped(first(shop_spec("v1")), shop_spec("v2"))


def flipped_plan() -> Plan:
    return planned(flip(two(), FlipRequest(NOW)))


def rollback_plan() -> Plan:
    state = flip(two(), FlipRequest(NOW)).after
    return planned(rollback(state, rollback_target(state, None), by="Ann"))


def body(plans: Sequence[Plan], limit: int = 60_000, *, html: bool = True) -> str:
    return review(plans, limit=limit, base="main", html=html).body


def blocks(text: str) -> list[str]:
    return [token.type for token in MARKDOWN.parse(text)]


def whole(text: str, limit: int) -> None:
    """The body is within the limit, and nothing in it was left open."""
    assert len(text) <= limit
    assert len(text.encode()) <= limit
    tokens = MARKDOWN.parse(text)
    html = "".join(token.content for token in tokens if token.type == "html_block")
    assert html.count("<details>") == html.count("</details>")
    lines = text.split("\n")
    for token in tokens:
        if token.type == "fence":
            assert token.map
            assert lines[token.map[1] - 1] == token.markup
    assert read_machine_block(text) is not None
    assert "How to go back" in text


def test_a_flip_says_all_that_a_reviewer_asks() -> None:
    found = review([flipped_plan()], limit=60_000, base="main")
    assert found.title == "shop(prod): flip blue → green (v2)"
    for words in (
        "| takes traffic | **blue**, release 1",
        "waits until all pods of **green** are ready",
        "bggen rollback --app shop --env prod",
        f"`ghcr.io/acme/shop-api:v2@{DIGEST}`",
        "git diff origin/main...HEAD",
    ):
        assert words in found.body
    data = read_machine_block(found.body)
    assert data is not None
    (app,) = data["apps"]
    assert (app["app"], app["action"], app["active"]) == ("shop", "flip", {"before": "blue", "after": "green"})
    assert app["state"]["before"] != app["state"]["after"]
    assert app["images"]["after"]["green"]["api"] == f"ghcr.io/acme/shop-api:v2@{DIGEST}"


def test_each_action_says_what_it_moves() -> None:
    assert "Nothing switches" in body([bumped_plan()])
    assert "This is the way back already" in body([rollback_plan()])
    crew = bumped(first(crew_spec("v1")), crew_spec("v2"))
    text = body([planned(flip(crew, FlipRequest(NOW)))])
    assert "Workers of **blue** stop: 1." in text
    assert text.index("The switch") < text.index("Workers of **blue** stop")


def test_a_configmap_with_another_hash_is_one_change() -> None:
    specs = [
        app_spec("hello", component("hello", port=80, files={"/etc/a.ini": f"x = {value}\nsame\n"}))
        for value in ("1", "2")
    ]
    old = bumped(bumped(first(specs[0]), specs[0]), specs[1])
    before = bumped(first(specs[0]), specs[0])
    text = body([planned(Transition("bump", before, replace(old, saved=None), "bump"))])
    renamed = re.findall(r"^--- a/.*configmap-hello-green-.*\n\+\+\+ b/.*configmap-hello-green-", text, re.MULTILINE)
    assert len(renamed) == 1


def test_a_batch_tells_the_way_back_of_each_action() -> None:
    text = body([BUMP, BUMP, FLIP])
    whole(body([BACK, BUMP, FLIP], LEAST), LEAST)
    assert (text.count("bggen park --app shop"), text.count("bggen rollback --app shop")) == (1, 1)


@given(limit=st.integers(LEAST, 70_000), many=st.integers(1, 9), html=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_body_is_whole_at_any_limit(limit: int, many: int, *, html: bool) -> None:
    whole(body([FLIP, BUMP, BACK][many % 3 : many % 3 + 1] * many, limit, html=html), limit)


def test_azure_and_five_hundred_apps() -> None:
    text = body([BUMP] * 500, 4000)
    whole(text, 4000)
    assert "not in this table: it was cut to fit" in text
    whole(body([FLIP], 4000), 4000)


FLIP, BUMP, BACK = flipped_plan(), bumped_plan(), rollback_plan()


@given(text=hostile().filter(bool))
@settings(deadline=None)
def test_text_in_code_comes_out_as_it_was(text: str) -> None:
    (paragraph,) = [token for token in MARKDOWN.parse(f"- a {code(text)} b\n") if token.type == "inline"]
    assert [child.type for child in paragraph.children or ()] == ["text", "code_inline", "text"]
    assert (paragraph.children or [])[1].content == visible(text)
    assert len([t for t in MARKDOWN.parse(f"|a|b|\n|-|-|\n|{cell(text)}|x|\n") if t.type == "td_open"]) == 2
    fenced = MARKDOWN.parse(fence(["a", text, "b"], "diff"))
    assert [token.type for token in fenced] == ["fence"]
    assert fenced[0].content == f"a\n{visible(text, keep=chr(9))}\nb\n"


@given(text=hostile().filter(lambda text: "${" not in text))
@settings(deadline=None, max_examples=30)
def test_no_text_of_a_plan_changes_the_structure(text: str) -> None:
    def plan(word: str) -> Plan:
        state = two()
        web = state.green.spec.components["web"] if state.green else component("web")
        evil = replace(web, env={"A": word}, files={"/etc/a": f"x{word}\n"})
        spec = replace(shop_spec("v2"), components={**shop_spec("v2").components, "web": evil})
        after = replace(bumped(first(shop_spec("v1")), spec), active=Color.GREEN)
        change = replace(FLIP.changes[0], after=f"x{word}\n".encode(errors="replace"))
        return Plan(
            Transition("flip", two(), after, word, notes=(word,), warnings=(word,)), (change,), ("left" + word,)
        )

    texts = [body([plan(word)]) for word in (text, "harmless")]
    assert blocks(texts[0]) == blocks(texts[1])
    assert read_machine_block(texts[0]) is not None
    assert visible(f"left{text}") in "".join(
        child.content for token in MARKDOWN.parse(texts[0]) for child in token.children or ()
    )


@pytest.mark.parametrize(
    "text", ["see a.b", "ask @bob", "see #12", "at deadbeef", "www.x", "1. x", "- x", "PROJ-12", ""]
)
def test_only_plain_words_stand_outside_of_code(text: str) -> None:
    assert sentence(text) == code(text)
    assert sentence("it was parked: its pods start (3 of 5)") == "it was parked: its pods start (3 of 5)"


@pytest.mark.parametrize("text", ["", "<!-- bggen-review: {} -->", "<!-- bggen-review: [ -->", "bggen-review: {x}"])
def test_no_block_is_none(text: str) -> None:
    assert read_machine_block(text) is None


@given(text=hostile())
def test_the_block_for_scripts_holds_any_text_and_ends_where_it_should(text: str) -> None:
    for html in (True, False):
        made = review([BUMP], limit=60_000, base=text, html=html).body
        data = read_machine_block(made)
        assert data is not None
        assert data["base"] == text
        assert blocks(made) == blocks(review([BUMP], limit=60_000, base="main", html=html).body)
        assert made.splitlines()[-1].count("-->") == int(html)
        assert read_machine_block(made.replace("\n", "\r\n")) == data
