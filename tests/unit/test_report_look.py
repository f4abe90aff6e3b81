"""Styled lines: what a terminal gets, what a pipe gets, and that nothing of people's own words is obeyed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bggen.model import Color
from bggen.report.ages import when
from bggen.report.look import BAD, DIM, GOOD, HINT, PLAIN, PLAIN_LOOK, STRONG, WARNING, Line, Look, spans
from bggen.report.table import cells, table, wrapped
from bggen.report.words import document, patch, subject

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TERMINAL = Look(colors=True, terminal=True, width=80, now=NOW)
STYLES = (PLAIN, STRONG, DIM, GOOD, WARNING, BAD, HINT)
LINES = st.lists(st.tuples(st.text(), st.sampled_from(STYLES)), max_size=4).map(tuple)


def plain(line: Line) -> str:
    return "".join(text for text, _ in spans(line))


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59.9), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=59, hours=23), "59 d"),
        (timedelta(days=60), "2 mo"),
        (timedelta(days=729), "24 mo"),
        (timedelta(days=730), "2 y"),
        (timedelta(days=4000), "10 y"),
        # A clock that is wrong must show.
        (timedelta(minutes=-1), "2026-05-04T12:01:00Z"),
    ],
)
def test_ages(ago: timedelta, shown: str) -> None:
    stamp = (NOW - ago).strftime("%Y-%m-%dT%H:%M:%S.%fZ" if ago.microseconds else "%Y-%m-%dT%H:%M:%SZ")
    assert when(stamp, NOW) == shown
    assert when(stamp, None) == stamp
    assert when(None, NOW) == "-"


@given(st.integers(-100, 10**9), st.integers(0, 10**7))
def test_what_is_older_never_looks_younger(seconds: int, more: int) -> None:
    units = ["just now", "min", "h", "d", "mo", "y"]

    def rank(ago: int) -> tuple[int, int]:
        shown = when((NOW - timedelta(seconds=max(ago, -59))).isoformat(), NOW)
        count, _, unit = shown.partition(" ")
        return (units.index(unit), int(count)) if count.isdigit() else (0, 0)

    assert rank(seconds) <= rank(seconds + more)


@given(LINES)
def test_a_terminal_obeys_nothing_but_our_own_codes(line: Line) -> None:
    for look in (TERMINAL, Look(colors=True)):
        printed = look.paint(line)
        ours = re.compile(rf"\x1b\[(?:{'|'.join(style for style in STYLES if style)}|0)m")
        assert ours.sub("", printed).isprintable()
        codes = ours.findall(printed)
        # Every code of ours is taken back before the next.
        assert [code == "\x1b[0m" for code in codes] == [False, True] * (len(codes) // 2)
    assert Look(terminal=True).paint(line).isprintable()


@given(LINES)
def test_a_pipe_gets_the_bytes_as_they_are(line: Line) -> None:
    assert PLAIN_LOOK.paint(line) == plain(line)


def test_a_tile_is_a_block_with_the_word_in_it() -> None:
    assert TERMINAL.paint((TERMINAL.tile(Color.BLUE),)) == "\x1b[97;44m blue \x1b[0m"
    assert TERMINAL.paint((TERMINAL.tile(Color.GREEN, wide=True),)) == "\x1b[30;42m green \x1b[0m"
    assert TERMINAL.paint((TERMINAL.tile(Color.BLUE, wide=True),)) == "\x1b[97;44m blue  \x1b[0m"
    assert PLAIN_LOOK.tile(Color.BLUE, wide=True) == ("blue", PLAIN)


def test_tabs_become_spaces_on_a_terminal() -> None:
    assert TERMINAL.paint("a\tb") == "a       b"


def test_a_subject_has_tiles_but_for_what_people_wrote() -> None:
    blue, green = TERMINAL.tile(Color.BLUE), TERMINAL.tile(Color.GREEN)
    assert subject("flip blue → green (v2)", TERMINAL) == (
        ("flip ", PLAIN), blue, (" → ", PLAIN), green, (" ", PLAIN), ("(v2)", PLAIN)
    )  # fmt: skip
    for text in ("hold flips: the blue one", "unhold: green is fine", "flip (to blue )", "bump v-blue blueish"):
        assert blue not in subject(text, TERMINAL)
        assert green not in subject(text, TERMINAL)
    for text in ("flip blue → green (v2)", "blue", "", "hold: (a", "park green"):
        assert plain(subject(text, PLAIN_LOOK)) == text


def test_a_patch_is_red_and_green() -> None:
    lines = ["--- a/x", "+++ b/x", "@@ -1 +1 @@", "-old", "+new", " same"]
    assert [style for ((_, style),) in map(spans, patch("\n".join(lines)))] == [STRONG, STRONG, HINT, BAD, GOOD, PLAIN]


def test_yaml_has_keys_and_leaves_blocks_alone() -> None:
    text = 'a: 1\n"b c": |-\n  d: no key\n\n  e: nor this\nf:\n- g: x\n  h: |\n    i: no\n  j: y\n- |\n  k: no\n- l\n'
    lines = list(document(text))
    assert "".join(f"{plain(line)}\n" for line in lines) == text
    keys = [part for line in lines for part, style in spans(line) if style == HINT and part]
    assert keys == ["a", '"b c"', "f", "g", "h", "j"]


@given(st.text("ab:|>-# \n'\"", max_size=60))
def test_yaml_loses_no_character(text: str) -> None:
    assert "".join(f"{plain(line)}\n" for line in document(text)) == text.removesuffix("\n") + "\n"


def test_a_table_is_aligned_whatever_its_cells_look_like() -> None:
    rows: list[list[Line]] = [["a", (("bb", STRONG), (" c", DIM)), "x"], ["日本", "d", "y"], ["e\u0301", "", "z"]]
    lines = list(table(rows, head=["N", "M", ""], look=TERMINAL))
    assert [plain(line) for line in lines] == ["N     M", "a     bb c  x", "日本  d     y", "e\u0301           z"]
    assert {cells(line) - 1 for line in lines[1:]} == {12}


def test_columns_give_way_in_their_order() -> None:
    rows = [["name", "one two three four five six", "x"]]
    look = Look(terminal=True, width=30)
    assert [plain(line) for line in table(rows, head=["A", "B", "C"], look=look, giving_way=[1])] == [
        f"A     B{' ' * 22}C",
        "name  one two three four     x",
        "      five six",
    ]
    rows = [["one two three four five six", "one two three four five six"]]
    look = Look(terminal=True, width=41)
    assert [plain(line) for line in table(rows, head=["A", "B"], look=look, giving_way=[1, 0])] == [
        f"A{' ' * 24}B",
        "one two three four five  one two three",
        "six                      four five six",
    ]


def test_a_table_that_cannot_fit_is_a_list() -> None:
    rows = [["app", "-", "one two three", ""], ["other", "", "four", ""]]
    lines = table(rows, head=["NAME", "NONE", "WHAT", ""], look=Look(terminal=True, width=14), giving_way=[2])
    assert [plain(line) for line in lines] == [
        "NAME  app",
        "WHAT  one two",
        "      three",
        "",
        "NAME  other",
        "WHAT  four",
    ]


@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "))] * 3)),
    st.integers(20, 60),
    st.sets(st.integers(0, 2)),
)
def test_no_line_of_a_table_is_wider_than_the_terminal(
    rows: list[tuple[str, str, str]], width: int, giving_way: set[int]
) -> None:
    look = Look(colors=True, terminal=True, width=width)
    for line in table(rows, head=["A", "B", "C"], look=look, giving_way=giving_way):
        assert cells(line) <= width


@given(st.text("ab 日", max_size=40), st.integers(2, 12))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = [plain(line) for line in wrapped(text, width)]
    assert all(cells(line.rstrip()) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line, following in pairwise(lines):
        # Broken at a space where there is one.
        assert line.endswith(" ") or " " not in line.lstrip() or f"{line}{following}" not in text


def test_a_character_that_is_too_wide_does_not_hang() -> None:
    assert [plain(line) for line in wrapped("日本", 1)] == ["日", "本"]
