"""The real command on a real pseudo-terminal, and off it: colours, ages, widths, and a bar that leaves no trace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bggen.report.table import cells
from tools.pseudo_terminal import Shown, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.cli import ConfigRepo

GENERATOR = str(Path(__file__).parents[2] / "generator")
NONE: Mapping[str, str] = {}
CODE = re.compile(r"\x1b\[[\d;]*m")
# A bar that is drawn, or taken away, over the one before.
BAR = re.compile(r"[^\n]*\r\x1b\[K")
# Whatever the machine of the developer says.
ABOUT_COLORS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM")
READING = ("status", "history", "diff", "show", "validate")
# Every bar is drawn at once.
IMPATIENT = "import bggen.report.bar as bar; bar._PATIENCE = bar._PAUSE = 0; "


def command_of(repo: ConfigRepo, script: str, settings: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return how to start bggen as a process of its own, and the environment for it."""
    env = {name: value for name, value in repo.env.items() if name not in ABOUT_COLORS}
    env |= {"TERM": "xterm-256color", "PYTHONPATH": GENERATOR, "PATH": os.environ["PATH"], **settings}
    return [sys.executable, "-c", f"{script}from bggen.__main__ import run; run()"], env


def on_terminal(
    repo: ConfigRepo,
    *arguments: str,
    columns: int = 100,
    out: bool = True,
    err: bool = True,
    script: str = "",
    settings: Mapping[str, str] = NONE,
) -> Shown:
    command, env = command_of(repo, script, settings)
    return run([*command, *arguments], cwd=repo.path, env=env, columns=columns, out=out, err=err)


def piped(repo: ConfigRepo, *arguments: str, settings: Mapping[str, str] = NONE) -> subprocess.CompletedProcess[str]:
    command, env = command_of(repo, "", settings)
    return subprocess.run([*command, *arguments], cwd=repo.path, env=env, capture_output=True, text=True, check=False)


def stripped(text: str) -> str:
    return CODE.sub("", text)


def squeezed(text: str) -> str:
    return re.sub(r"[ ]+", " ", stripped(text)).replace(" \n", "\n")


@pytest.fixture
def aged(live: ConfigRepo) -> ConfigRepo:
    """`live`, of which the last commit is three hours old."""
    stamp = (datetime.now(UTC) - timedelta(hours=3, minutes=20)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    live.env |= {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
    live.git("commit", "--quiet", "--amend", "--no-edit", "--reset-author")
    live.git("reset", "--quiet", "--soft", "HEAD~2")
    live.git("commit", "--quiet", "--message", "All at once")
    return live


def test_status_has_tiles_and_ages(aged: ConfigRepo) -> None:
    shown = on_terminal(aged, "status")
    assert (shown.code, shown.err) == (0, "")
    head, row = stripped(shown.out).splitlines()
    assert head.split() == ["APP", "ENV", "ACTIVE", "SINCE", "IDLE", "ROLLBACK"]
    assert re.split(r" {2,}", row) == ["hello", "prod", "blue", "1 (v1)", "3 h", "green", "2 (v2) pending", "-"]
    assert "\x1b[97;44m blue  \x1b[0m \x1b[1m1 (v1)\x1b[0m" in shown.out
    assert "\x1b[30;42m green \x1b[0m \x1b[2m2 (v2)\x1b[0m" in shown.out


def test_history_tells_ages(aged: ConfigRepo) -> None:
    head, row = stripped(on_terminal(aged, "history", columns=160).out).splitlines()
    assert head.startswith("AGE  COMMIT")
    assert row.startswith("3 h  ")


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        *((command, {"NO_COLOR": "1"}) for command in (*READING, "hold --reason x --dry-run")),
        ("status", {"TERM": "dumb"}),
        ("status", {"CLICOLOR": "0"}),
    ],
)
def test_whoever_wants_none_gets_the_plain_text(aged: ConfigRepo, command: str, settings: dict[str, str]) -> None:
    plain = piped(aged, *command.split())
    assert "\x1b" not in plain.stdout
    shown = on_terminal(aged, *command.split(), columns=40, settings=settings)
    assert (shown.out, shown.err, shown.code) == (plain.stdout, plain.stderr, plain.returncode)


@pytest.mark.parametrize("settings", [{}, {"NO_COLOR": ""}, {"FORCE_COLOR": "0"}, {"TERM": "vt100", "CLICOLOR": "1"}])
def test_these_are_no_reason_for_plain_text(aged: ConfigRepo, settings: dict[str, str]) -> None:
    assert "\x1b[97;44m" in on_terminal(aged, "status", settings=settings).out
    assert "\x1b" not in piped(aged, "status", settings=settings).stdout


@pytest.mark.parametrize(
    ("command", "name"), [*((command, "FORCE_COLOR") for command in (*READING, "unhold")), ("status", "CLICOLOR_FORCE")]
)
def test_forced_colours_change_nothing_but_colours(aged: ConfigRepo, command: str, name: str) -> None:
    plain = piped(aged, command)
    forced = piped(aged, command, settings={name: "1"})
    assert CODE.search(forced.stdout)
    assert squeezed(forced.stdout) == squeezed(plain.stdout)
    assert (stripped(forced.stderr), forced.returncode) == (plain.stderr, plain.returncode)
    assert piped(aged, command, settings={"NO_COLOR": "1", name: "1"}).stdout == plain.stdout


def test_json_and_streams_are_never_coloured(aged: ConfigRepo) -> None:
    for command in (["status", "--output", "json"], ["render", "--stdout"], ["schema", "app"]):
        shown = on_terminal(aged, *command, settings={"FORCE_COLOR": "1"})
        assert (shown.out, shown.err) == (piped(aged, *command).stdout, "")


def test_the_streams_are_judged_one_by_one(live: ConfigRepo) -> None:
    live.ok("hold", "--reason", "launch")
    both = on_terminal(live, "flip", out=False)
    assert (both.code, both.out) == (3, "")
    assert both.err.startswith("\x1b[1;31merror:\x1b[0m hello/prod is on hold: launch")
    assert "\n\x1b[36mhint:\x1b[0m bggen unhold" in both.err
    assert on_terminal(live, "flip", err=False).err == stripped(both.err)
    shown = on_terminal(live, "unhold", err=False)
    assert "\x1b[32mcommitted\x1b[0m" in shown.out


def test_a_flip_names_both_colours_in_tiles(live: ConfigRepo) -> None:
    first = on_terminal(live, "flip").out.splitlines()[0]
    tiles = "\x1b[97;44m blue \x1b[0m → \x1b[30;42m green \x1b[0m (v2)"
    assert first == f"\x1b[1mhello/prod:\x1b[0m flip {tiles}"


@pytest.mark.parametrize("columns", [1, 20, 40, 60, 80])
def test_tables_fit_into_narrow_terminals(aged: ConfigRepo, columns: int) -> None:
    aged.ok("hold", "--reason", "the launch of the year, and nothing may move before the press has been there")
    for command in ("status", "history"):
        shown = on_terminal(aged, command, columns=columns)
        assert shown.code == 0
        # Below this, words and the names of columns have no room.
        assert all(cells(line) <= max(columns, 20) for line in stripped(shown.out).splitlines())
        by_hand = on_terminal(aged, command, columns=200, settings={"COLUMNS": str(columns)})
        assert by_hand.out == shown.out
    words = "".join(stripped(on_terminal(aged, "status", columns=columns).out).split())
    assert "nothingmaymovebeforethepress" in re.sub(r"IDLE|NOTE", "", words) or columns == 1


def test_a_terminal_without_a_width_is_taken_as_usual(aged: ConfigRepo) -> None:
    usual = on_terminal(aged, "status", columns=80).out
    assert on_terminal(aged, "status", columns=0).out == usual
    for value in ("0", "-3", "wide", "٣"):
        assert on_terminal(aged, "status", columns=80, settings={"COLUMNS": value}).out == usual


@pytest.mark.parametrize(
    ("terminal", "settings"),
    [(True, {}), (True, {"NO_COLOR": "1"}), (True, {"TERM": "dumb"}), (False, {"FORCE_COLOR": "1"})],
)
def test_what_people_wrote_is_never_obeyed(live: ConfigRepo, terminal: bool, settings: dict[str, str]) -> None:  # noqa: FBT001 - a parameter of the test
    hostile = "a\x1b[2J\x1b]0;owned\x07b\x9bc\u202ed\x1b[31m"
    manifest = "apps/hello/prod/manifests/service-hello.yaml"
    live.ok("hold", "--reason", hostile)
    live.ok("flip", "--override-hold", hostile)
    live.env |= {"GIT_AUTHOR_NAME": f"Eve{hostile}"}
    live.git("commit", "--quiet", "--amend", "--reset-author", "--message", hostile)
    live.write(manifest, live.show(manifest).decode().replace("ClusterIP", hostile) + f"# {hostile}\n")
    live.write("apps/hello/prod/manifests/own\x1b[31m.yaml", "kind: X\n")
    seen = ""
    for command in (
        ["status"],
        ["history"],
        ["diff"],
        ["show"],
        ["validate"],
        ["render", "--diff", "--check"],
        ["hold", "--reason", f"{hostile}!", "--dry-run"],
        ["bump", "--image", hostile],
        ["status", "--app", hostile],
    ):
        shown = on_terminal(live, *command, out=terminal, err=terminal, settings=settings)
        printed = shown.out + BAR.sub("", shown.err)
        assert CODE.sub("", printed).replace("\n", "").isprintable(), command
        # What is a code in their words is one of ours, too, so it must have lost what makes it one.
        assert "d\x1b[31m" not in printed
        seen += printed
    assert "d?[31m" in CODE.sub("", seen)
    assert ("\x1b" in seen) == (settings in ({}, {"FORCE_COLOR": "1"}))


@pytest.mark.parametrize("command", ["status", "validate", "render", "render --check"])
def test_long_work_shows_a_bar_that_leaves_no_trace(live: ConfigRepo, command: str) -> None:
    shown = on_terminal(live, *command.split(), script=IMPATIENT)
    assert "━" in shown.err
    assert re.search(r"\d/\d", shown.err)
    # Each is drawn over the one before, and nothing over the last.
    assert BAR.sub("", shown.err) == ""
    assert shown.code == 0
    assert "━" not in shown.out
    without_color = on_terminal(live, *command.split(), script=IMPATIENT, settings={"NO_COLOR": "1"})
    assert "━" in without_color.err
    assert not CODE.search(without_color.err)


@pytest.mark.parametrize("options", [["--quiet"], ["--output", "json"], ["--output", "github"]])
def test_no_bar_for_whoever_waits_for_no_text(live: ConfigRepo, options: list[str]) -> None:
    assert on_terminal(live, "validate", *options, script=IMPATIENT).err == ""


def test_no_bar_where_it_could_not_be_taken_back(live: ConfigRepo) -> None:
    dumb = on_terminal(live, "validate", script=IMPATIENT, settings={"TERM": "dumb"})
    pipe = on_terminal(live, "validate", script=IMPATIENT, err=False, settings={"FORCE_COLOR": "1"})
    assert (dumb.err, pipe.err) == ("", "")


def test_a_bar_is_gone_before_the_error(live: ConfigRepo) -> None:
    live.write("apps/hello/prod/release.yaml", "broken: [\n")
    shown = on_terminal(live, "render", script=IMPATIENT)
    assert shown.code == 1
    assert BAR.sub("", shown.err).startswith("\x1b[1;31merror:\x1b[0m apps/hello/prod/release.yaml")


def test_no_flip_waits_for_what_only_people_look_at(live: ConfigRepo) -> None:
    script = "import os, sys; os._exit = lambda _: print(sorted(sys.modules), file=sys.stderr); "
    shown = on_terminal(live, "flip", err=False, script=script)
    assert "'bggen.report.text'" in shown.err
    for module in ("rich", "bggen.report.bar", "bggen.report.view_text", "bggen.report.ages"):
        assert f"'{module}'" not in shown.err
