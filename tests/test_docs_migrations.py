"""docs/migrations.md keeps its word: its files are written and its commands run, one after another."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.cli import ConfigRepo

if TYPE_CHECKING:
    import pytest

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "migrations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(yaml|sh|text)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_file_and_command_of_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repo = ConfigRepo(tmp_path / "config", monkeypatch, capfd)
    repo.git("rm", "--quiet", "-r", "apps")
    repo.git("commit", "--quiet", "-m", "nothing yet")
    seen = {"yaml": 0, "sh": 0, "text": 0}
    for kind, block in BLOCKS:
        seen[kind] += 1
        if kind == "yaml":
            path = repo.path / block.partition("\n")[0].removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")
        elif kind == "sh":
            for line in block.splitlines():
                run(repo, line)
        else:
            command, _, expected = block.partition("\n")
            ran = repo.bggen(*shlex.split(command.removeprefix("$ bggen ")))
            assert "\n".join(line.rstrip() for line in (ran.out + ran.err).splitlines()) + "\n" == expected
    assert seen == {"yaml": 3, "sh": 5, "text": 3}
    repo.ok("validate")


def run(repo: ConfigRepo, line: str) -> None:
    for command in line.split(" && "):
        program, *arguments = shlex.split(command)
        if program == "git":
            repo.git(*arguments)
        else:
            assert program == "bggen"
            repo.ok(*arguments)
